//! The outlines of the real province: how heavy the page is, and that its layers tile.

use std::fs;

use kernel::{Day, Value};
use shape::{Geometry, Topology, wkb};

use super::house::House;
use crate::pages::map;

fn outlines() -> Topology {
    let path = testfiles::root().join("crates/demo/data/boundaries.topojson");
    Topology::read(&fs::read(path).unwrap()).unwrap()
}

#[tokio::test]
async fn the_map_page_of_the_province_is_light() {
    let house = House::empty().await;
    let topology = outlines();
    let rows: Vec<Vec<(&str, Value)>> = topology
        .layer("county")
        .iter()
        .map(|region| {
            let bytes = wkb::encode(&Geometry::MultiPolygon(region.outline.clone()));
            vec![
                ("division", Value::Int(house.divisions[&region.code])),
                ("geometry", Value::Bytes(bytes)),
            ]
        })
        .collect();
    assert_eq!(rows.len(), 107);
    house
        .commit("division_boundary", Day::BEGINNING, rows, None)
        .await;
    // As heavy as it gets: an address with everything in it, the whole frame, points.
    let mut shell =
        house.shell("/map?figure=pupils_per_teacher&kind=all&as_of=2025-09-01&points=1");
    shell.frame = ui::gallery::sample_frame();
    let html = map::page(&house.geo, &house.permit, shell)
        .await
        .unwrap()
        .to_html();
    assert_eq!(html.matches("<path class=\"fill-").count(), 107);
    let paths: usize = html
        .split(" d=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(str::len)
        .sum();
    println!(
        "map page of 107 counties: {} bytes, outlines {paths}",
        html.len()
    );
    // Institutions in the panel and points of the picture take some more.
    assert!(html.len() <= 52_000, "{} bytes", html.len());
}
