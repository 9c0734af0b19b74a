//! The intake through the imports, on files made for one question each.

mod dates;
mod keys;
mod narrowed;
mod owners;
mod words;

use db::on_both_engines;
use kernel::{Clocks, Day, Value};

use crate::api::Registry;
use crate::imports::{Finished, Request};
use crate::intake::{self, Class, IntakeError, Plan, Progress};
use crate::ledger::{LedgerError, Version};
use crate::testing::{permit, registry};

async fn try_import(
    registry: &Registry,
    dataset: &str,
    name: &str,
    bytes: impl AsRef<[u8]>,
    request: Request,
) -> Result<(i64, Finished), IntakeError> {
    import_as(&permit(), registry, dataset, name, bytes, request).await
}

async fn import_as(
    permit: &security::Permit,
    registry: &Registry,
    dataset: &str,
    name: &str,
    bytes: impl AsRef<[u8]>,
    request: Request,
) -> Result<(i64, Finished), IntakeError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    registry
        .imports()
        .run_now(permit, dataset, &file, &request, false, Progress::silent())
        .await
}

async fn import(registry: &Registry, dataset: &str, text: &str, request: Request) -> (i64, Plan) {
    let (id, finished) = try_import(registry, dataset, "file.csv", text, request)
        .await
        .unwrap();
    (id, finished.plan)
}

fn on(day: &str) -> Request {
    Request {
        effective: day.to_owned(),
        ..Request::default()
    }
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

async fn institutions(registry: &Registry, as_of: Day) -> Vec<Version> {
    let mut found = Vec::new();
    registry
        .ledger()
        .read(&permit(), "institution", Clocks::latest(as_of), |version| {
            found.push(version)
        })
        .await
        .unwrap();
    found
}

fn text<'v>(registry: &Registry, version: &'v Version, field: &str) -> Option<&'v str> {
    let place = registry
        .ledger()
        .table("institution")
        .unwrap()
        .position(field)
        .unwrap();
    version.values[place].as_text()
}

async fn one(registry: &Registry, as_of: &str) -> Version {
    let mut found = institutions(registry, day(as_of)).await;
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn codes(plan: &Plan) -> Vec<&str> {
    plan.causes
        .iter()
        .map(|cause| cause.code.as_str())
        .collect()
}

const SCHOOL: &str =
    "学校标识码,学校名称,区县,办学类型,地址\n2161000001,渭河小学,雁塔区,211,长安南路 1 号\n";

on_both_engines! {
    async fn a_blank_says_nothing_and_a_dash_clears(place: &TestPlace) {
        let registry = registry(place).await;
        import(&registry, "institution", SCHOOL, on("2020-09-01")).await;
        let (_, plan) = import(&registry, "institution", "学校标识码,学校名称,地址\n2161000001,渭河小学,\n", on("2020-09-01")).await;
        assert_eq!(plan.count(Class::Unchanged), 1, "{:?}", plan.causes);
        assert_eq!(text(&registry, &one(&registry, "2025-01-01").await, "address"), Some("长安南路 1 号"));
        let (_, plan) = import(&registry, "institution", "学校标识码,学校名称,地址\n2161000001,渭河小学,-\n", on("2020-09-01")).await;
        assert_eq!(plan.count(Class::Changed), 1, "{:?}", plan.causes);
        assert_eq!(text(&registry, &one(&registry, "2025-01-01").await, "address"), None);
    }

    async fn a_change_in_the_past_is_found_on_both_clocks(place: &TestPlace) {
        let registry = registry(place).await;
        import(&registry, "institution", SCHOOL, on("2015-09-01")).await;
        let before = registry.ledger().head().await.unwrap().number;
        let renamed = SCHOOL.replace("渭河小学", "渭河实验小学");
        let (_, plan) = import(&registry, "institution", &renamed, on("2019-09-01")).await;
        assert_eq!((plan.count(Class::Changed), plan.changed_fields.get("name")), (1, Some(&1)));
        let change = &plan.examples["changed"][0].changes[0];
        assert_eq!((change.old.as_str(), change.new.as_str()), ("渭河小学", "渭河实验小学"));
        assert_eq!(text(&registry, &one(&registry, "2018-01-01").await, "name"), Some("渭河小学"));
        let now = one(&registry, "2020-01-01").await;
        assert_eq!(text(&registry, &now, "name"), Some("渭河实验小学"));
        let then = Clocks { as_of: day("2020-01-01"), as_known_on: before };
        let known = registry.ledger().record(&permit(), "institution", now.record, then).await.unwrap().unwrap();
        assert_eq!(text(&registry, &known, "name"), Some("渭河小学"));
        let history = registry.ledger().history(&permit(), "institution", now.record).await.unwrap();
        assert_eq!(history.len(), 3, "the first version, its trimmed rest, the new one");
        assert!(history.iter().all(|(_, commit)| commit.as_ref().unwrap().source.name == "file.csv"));
    }

    async fn what_a_complete_list_lacks_is_proposed_as_closed_and_never_deleted(place: &TestPlace) {
        let registry = registry(place).await;
        let both = format!("{SCHOOL}2161000002,渭水小学,雁塔区,211,\n2161000003,秦岭小学,碑林区,211,\n");
        import(&registry, "institution", &both, on("2020-09-01")).await;
        let request = Request { complete_for: "雁塔区教育局".to_owned(), ..on("2024-09-01") };
        let (id, plan) = import(&registry, "institution", SCHOOL, request).await;
        assert_eq!((plan.count(Class::Unchanged), plan.missing_count), (1, 1));
        assert_eq!(plan.missing[0].label, "渭水小学");
        let status = |schools: &[Version], name: &str| {
            let school = schools.iter().find(|version| text(&registry, version, "name") == Some(name)).unwrap();
            text(&registry, school, "status").map(str::to_owned)
        };
        let after = institutions(&registry, day("2025-01-01")).await;
        assert_eq!(after.len(), 3);
        assert_eq!(status(&after, "渭水小学").as_deref(), Some("closed"));
        assert_eq!(status(&after, "秦岭小学").as_deref(), Some("open"));
        assert_eq!(status(&institutions(&registry, day("2023-01-01")).await, "渭水小学").as_deref(), Some("open"));

        registry.imports().reverse(&permit(), id, "wrong list", &Progress::silent()).await.unwrap();
        assert_eq!(status(&institutions(&registry, day("2025-01-01")).await, "渭水小学").as_deref(), Some("open"));
        assert_eq!(registry.ledger().verify(|_, _| true).await.unwrap().findings, Vec::new());
    }

    async fn an_import_that_later_ones_touched_is_not_reversed_and_says_which_records(place: &TestPlace) {
        let registry = registry(place).await;
        let (first, _) = import(&registry, "institution", SCHOOL, on("2020-09-01")).await;
        import(&registry, "institution", &SCHOOL.replace("1 号", "9 号"), on("2021-09-01")).await;
        let refused = registry.imports().reverse(&permit(), first, "too late", &Progress::silent()).await;
        let Err(IntakeError::Ledger(LedgerError::Conflict { records, .. })) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(records, vec![one(&registry, "2022-01-01").await.record]);
    }

    async fn a_file_of_many_counties_is_one_commit_a_county(place: &TestPlace) {
        let registry = registry(place).await;
        let before = registry.ledger().head().await.unwrap().number.get();
        let file = "学校名称,区县\n甲小学,雁塔区\n乙小学,碑林区\n丙小学,雁塔区\n";
        let (id, finished) = try_import(&registry, "institution", "file.csv", file, Request::default()).await.unwrap();
        let written = finished.written.unwrap();
        assert_eq!((written.committed, written.opened), (2, 3));
        let commits = registry.ledger().commits_of_import(&permit(), id).await.unwrap();
        assert_eq!(commits.iter().map(|commit| commit.opened).sum::<i64>(), 3);
        assert!(commits.iter().all(|commit| commit.unit.is_some() || commit.opened > 1));
        assert_eq!(registry.ledger().head().await.unwrap().number.get(), before + 2);
        assert!(registry.ledger().verify(|_, _| true).await.unwrap().findings.is_empty());
    }

    async fn rows_may_refer_to_rows_of_the_same_file(place: &TestPlace) {
        let registry = registry(place).await;
        let file = "学校名称,区县,办学类型,上级学校\n渭河小学渭南教学点,雁塔区,218,渭河小学\n渭河小学,雁塔区,211,\n";
        let (_, plan) = import(&registry, "institution", file, Request::default()).await;
        assert_eq!(plan.count(Class::New), 2, "{:?} {:?}", plan.causes, plan.columns);
        let schools = institutions(&registry, registry.today()).await;
        let parent = registry.ledger().table("institution").unwrap().position("parent").unwrap();
        let site = schools.iter().find(|version| !version.values[parent].is_null()).unwrap();
        let school = schools.iter().find(|version| version.values[parent].is_null()).unwrap();
        assert_eq!(site.values[parent], Value::from(school.record));
        let (_, again) = import(&registry, "institution", file, Request::default()).await;
        assert_eq!(again.count(Class::Unchanged), 2, "{:?}", again.causes);
    }

    async fn rare_characters_and_every_middle_dot_arrive_whole(place: &TestPlace) {
        let registry = registry(place).await;
        // 𣲘 and 𬇙 stand in plane 2; 䶮 and U+9FEB are of GB 18030-2022.
        let names = ["𣲘河小学", "𬇙水小学", "䶮桥小学", "\u{9FEB}小学"];
        let mut rows = String::from("学校名称,区县\n");
        for name in names {
            rows += &format!("{name},雁塔区\n");
        }
        for dot in ['·', '•', '・', '‧', '∙', '⋅'] {
            rows += &format!("买买提{dot}吐尔逊小学,碑林区\n");
        }
        let (_, plan) = import(&registry, "institution", &rows, Request::default()).await;
        assert_eq!((plan.count(Class::New), plan.count(Class::Refused)), (5, 5), "one school under six dots: {:?}", plan.causes);
        let schools = institutions(&registry, registry.today()).await;
        for name in names.iter().copied().chain(["买买提·吐尔逊小学"]) {
            assert!(schools.iter().any(|version| text(&registry, version, "name") == Some(name)), "{name}");
        }
    }

    async fn a_new_work_database_beside_an_old_ledger_takes_every_row(place: &TestPlace) {
        let registry = registry(place).await;
        let (first, _) = import(&registry, "institution", "学校名称,区县\n甲小学,雁塔区\n乙小学,雁塔区\n", Request::default()).await;
        let work = place.open("work").await.unwrap();
        let mut tx = work.write().await.unwrap();
        tx.execute("DELETE FROM import", &[]).await.unwrap();
        tx.execute("UPDATE import_number SET number = 0", &[]).await.unwrap();
        tx.commit().await.unwrap();
        let (second, _) = import(&registry, "institution", "学校名称,区县\n丙小学,雁塔区\n丁小学,雁塔区\n", Request::default()).await;
        assert!(second > first);
        assert_eq!(institutions(&registry, day("2026-03-02")).await.len(), 4);
    }

    async fn a_school_answers_to_its_county_rather_than_to_a_zone_across_counties(place: &TestPlace) {
        let registry = registry(place).await;
        import(&registry, "institution", "学校名称,区县\n甲小学,长安区\n", Request::default()).await;
        let unit = intake::context::unit_named(registry.ledger(), &permit(), "610116").await.unwrap();
        let school = one(&registry, "2026-03-02").await;
        let parent = registry.ledger().table("institution").unwrap().position("unit").unwrap();
        assert_eq!(school.values[parent].as_int(), Some(unit.get()));
    }

    async fn two_programs_that_import_the_same_schools_at_once_make_each_once(place: &TestPlace) {
        let (one, other) = (registry(place).await, registry(place).await);
        let mut text = String::from("学校名称,区县\n");
        for number in 0..200 {
            text.push_str(&format!("第{number}小学,{}\n", if number < 100 { "雁塔区" } else { "碑林区" }));
        }
        let (first, second) = tokio::join!(
            import(&one, "institution", &text, Request::default()),
            import(&other, "institution", &text, Request::default()),
        );
        let new = (first.1.count(Class::New), second.1.count(Class::New));
        assert_eq!(institutions(&one, day("2026-03-02")).await.len(), 200, "{new:?}");
    }

    async fn a_complete_list_closes_nothing_while_rows_of_it_are_in_doubt(place: &TestPlace) {
        let registry = registry(place).await;
        import(&registry, "institution", "学校名称,区县\n甲小学,雁塔区\n乙小学,雁塔区\n丙小学,雁塔区\n", Request::default()).await;
        let complete = |unit: &str| Request { complete_for: unit.to_owned(), ..Request::default() };
        let refused = "学校名称,区县,建校年月\n甲小学,雁塔区,\n乙小学,雁塔区,不知道\n";
        let (_, plan) = import(&registry, "institution", refused, complete("610113")).await;
        assert_eq!(plan.count(Class::Refused), 1);
        assert!(plan.missing.iter().all(|missing| missing.proposal.is_none()), "{:?}", plan.missing);
        let (_, plan) = import(&registry, "institution", "学校名称,区县\n丁小学,碑林区\n", complete("610113")).await;
        assert!(plan.missing.iter().all(|missing| missing.proposal.is_none()), "not its list");
        let (_, plan) = import(&registry, "institution", "学校名称,区县\n甲小学,雁塔区\n乙小学,雁塔区\n", complete("610113")).await;
        assert_eq!(plan.missing.iter().filter(|missing| missing.proposal.is_some()).count(), 1);
    }

    async fn an_ambiguous_row_goes_to_review(place: &TestPlace) {
        let registry = registry(place).await;
        let two = "学校标识码,学校名称,区县,办学类型\n2161000001,渭河小学,雁塔区,211\n2161000002,渭河小学,雁塔区,218\n";
        import(&registry, "institution", two, Request::default()).await;
        let (_, plan) = import(&registry, "institution", "学校名称,区县,地址\n渭河小学,雁塔区,某路\n", Request::default()).await;
        let held = plan.count(Class::Review) + plan.count(Class::Unchanged) + plan.count(Class::Changed);
        assert_eq!(held, 1, "{:?}", plan.counts);
        assert_eq!(plan.count(Class::New), 0, "never a third school of the name");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_outlines_and_coordinates_are_refused_with_what_is_wrong() {
    let place = db::testing::TestPlace::sqlite().unwrap();
    let registry = registry(&place).await;
    let bow_tie = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"610113"},
        "geometry":{"type":"Polygon","coordinates":[[[108.9,34.2],[109.0,34.3],[109.0,34.2],[108.9,34.3],[108.9,34.2]]]}}]}"#;
    let swapped = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"610113"},
        "geometry":{"type":"Polygon","coordinates":[[[34.2,108.9],[34.3,108.9],[34.3,109.0],[34.2,109.0],[34.2,108.9]]]}}]}"#;
    for (file, code) in [
        (bow_tie, "GEOMETRY-RING-CROSSES-ITSELF"),
        (swapped, "GEOMETRY-SWAPPED-AXES"),
    ] {
        let (_, finished) = try_import(
            &registry,
            "division_boundary",
            "outline.geojson",
            file,
            Request::default(),
        )
        .await
        .unwrap();
        assert_eq!(
            finished.plan.count(Class::Refused),
            1,
            "{:?}",
            finished.plan.causes
        );
        let cause = finished
            .plan
            .causes
            .iter()
            .find(|cause| cause.code == code)
            .unwrap();
        assert!(!cause.examples[0].detail.zh.is_empty());
        assert_eq!(finished.written.unwrap().committed, 0);
    }
    let points = "学校名称,区县,经度,纬度\n甲小学,雁塔区,34.2,108.9\n乙小学,雁塔区,10895.3,34.2\n丙小学,雁塔区,0,0\n";
    let (_, plan) = import(&registry, "institution", points, Request::default()).await;
    assert_eq!(plan.count(Class::Refused), 3, "{:?}", plan.causes);
    assert_eq!(codes(&plan).len(), 3, "three causes: {:?}", codes(&plan));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_reader_could_not_use_is_refused_by_name() {
    let place = db::testing::TestPlace::sqlite().unwrap();
    let registry = registry(&place).await;
    let features = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{"code":"610113"},"geometry":{"type":"LineString","coordinates":[[108.9,34.2],[109.0,34.3]]}},
        {"type":"Feature","properties":{"code":"610113"},"geometry":{"type":"Polygon","coordinates":[[[108.9,34.2],[109.0,34.2],[109.0,34.3],[108.9,34.2]]]}}]}"#;
    let (_, finished) = try_import(
        &registry,
        "division_boundary",
        "outline.geojson",
        features,
        Request::default(),
    )
    .await
    .unwrap();
    let cause = finished
        .plan
        .causes
        .iter()
        .find(|cause| cause.code == "ROW-FEATURE")
        .unwrap();
    assert_eq!(cause.rows, 1, "{cause:?}");
    let detail = &cause.examples[0].detail;
    assert!(
        detail.zh.contains("LineString") && detail.en.contains("LineString"),
        "{detail:?}"
    );
    assert_ne!(detail.zh, detail.en);

    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, header) in ["学校名称", "区县", "备注", "地址"].iter().enumerate() {
        sheet.write(0, column as u16, *header).unwrap();
    }
    for (row, name) in ["甲小学", "乙小学"].iter().enumerate() {
        sheet.write(row as u32 + 1, 0, *name).unwrap();
        sheet.write(row as u32 + 1, 1, "雁塔区").unwrap();
    }
    sheet.write(1, 2, 126_100_004_352_000_000.0).unwrap();
    let broken = rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!");
    sheet.write(2, 3, broken).unwrap();
    let (_, finished) = try_import(
        &registry,
        "institution",
        "schools.xlsx",
        workbook.save_to_buffer().unwrap(),
        Request::default(),
    )
    .await
    .unwrap();
    let found = codes(&finished.plan);
    assert!(found.contains(&"CELL-LOST-DIGITS"), "{found:?}");
    assert_eq!(finished.plan.count(Class::New), 0, "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_changes_nothing_and_says_what_to_do() {
    let place = db::testing::TestPlace::sqlite().unwrap();
    let registry = registry(&place).await;
    let head = registry.ledger().head().await.unwrap();
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().write(0, 0, "学校名称").unwrap();
    let whole = workbook.save_to_buffer().unwrap();
    let truncated = whole[..whole.len() / 2].to_vec();
    let files: [(&str, Vec<u8>); 4] = [
        ("truncated.xlsx", truncated),
        ("no-columns.csv", b"a,b\n1,2\n".to_vec()),
        ("picture.csv", b"\x89PNG\r\n\x1a\n0000".to_vec()),
        ("broken.csv", b"\xff\xfe\xfd\xfc\x00\x01\x02".to_vec()),
    ];
    for (name, bytes) in files {
        let error = try_import(&registry, "institution", name, bytes, Request::default())
            .await
            .unwrap_err();
        assert!(
            !error.code().is_empty() && error.to_string().len() > 20,
            "{name}: {error}"
        );
    }
    let unknown = try_import(
        &registry,
        "institutions",
        "a.csv",
        SCHOOL,
        Request::default(),
    )
    .await
    .unwrap_err();
    assert!(
        unknown.to_string().contains("did you mean `institution`"),
        "{unknown}"
    );
    assert_eq!(registry.ledger().head().await.unwrap(), head);
}
