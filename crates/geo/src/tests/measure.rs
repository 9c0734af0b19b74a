use std::sync::Arc;
use std::time::Instant;

use super::house::House;
use crate::Geo;
use crate::pages::figures_json::figures;
use crate::pages::tile::tile;
use crate::pages::{division_show, map, panel, table};
use kernel::{Clock, SystemClock};
use registry::{Parts, Registry};
use security::{Config, Permit, Security, SystemRandom};
use shape::{Bounds, Point, Tile};
use ui::Url;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measure() {
    let Ok(folder) = std::env::var("GEO_DATA") else {
        return;
    };
    let helper = House::empty().await;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let standard = Arc::new(standard::embedded().unwrap());
    let ledger = db::Db::connect(&format!("sqlite://{folder}/ledger.db"), "ledger")
        .await
        .unwrap();
    let work = db::Db::connect(&format!("sqlite://{folder}/work.db"), "work")
        .await
        .unwrap();
    let security = Security::open(security::Parts {
        ledger: ledger.clone(),
        work: work.clone(),
        posts: standard.posts().to_vec(),
        clock: Arc::clone(&clock),
        random: Arc::new(SystemRandom),
        config: Config::for_tests(),
    })
    .await
    .unwrap();
    let registry = Registry::open(Parts {
        ledger,
        work,
        standard,
        security,
        clock,
        node: "test".into(),
        files: folder.clone().into(),
    })
    .await
    .unwrap();
    let geo = Geo::new(registry.clone());
    let permit = Permit::for_operator("cli").unwrap();
    macro_rules! timed {
        ($name:expr, $work:expr) => {{
            let started = Instant::now();
            let answer = $work;
            println!(
                "{:40} {:8.1} ms",
                $name,
                started.elapsed().as_secs_f64() * 1e3
            );
            answer
        }};
    }
    timed!(
        "scene of today",
        geo.moment(&permit, None, None).await.unwrap()
    );
    timed!("warm", geo.warm().await.unwrap());
    timed!(
        "moment again",
        geo.moment(&permit, None, None).await.unwrap()
    );
    for round in ["first", "second"] {
        println!("--- {round}");
        let mut shell = helper.shell("/map");
        shell.frame = ui::gallery::sample_frame();
        let html = timed!(
            "/map",
            map::page(&geo, &permit, shell).await.unwrap().to_html()
        );
        println!("    {} bytes", html.len());
        std::fs::write("/tmp/geo-map.html", &html).unwrap();
        let mut shell =
            helper.shell("/map?points=1&figure=pupils_per_teacher&kind=all&as_of=2025-09-01");
        shell.frame = ui::gallery::sample_frame();
        let html = timed!(
            "/map points, other day",
            map::page(&geo, &permit, shell).await.unwrap().to_html()
        );
        println!("    {} bytes", html.len());
        std::fs::write("/tmp/geo-map-points.html", &html).unwrap();
        let html = timed!(
            "/map within a county",
            map::page(&geo, &permit, helper.shell("/map?within=610113&points=1"))
                .await
                .unwrap()
                .to_html()
        );
        println!("    {} bytes", html.len());
        let answer = timed!(
            "figures.json county",
            figures(&geo, &permit, &helper.shell("/map/figures.json"))
                .await
                .unwrap()
        );
        println!(
            "    {} bytes {} {:?}",
            serde_json::to_vec(&answer).unwrap().len(),
            answer.note,
            answer.total
        );
        for class in &answer.classes {
            println!("    {} {}", class.label, class.colour);
        }
        let answer = timed!(
            "figures.json township",
            figures(
                &geo,
                &permit,
                &helper.shell("/map/figures.json?level=township")
            )
            .await
            .unwrap()
        );
        println!(
            "    {} values, {} missing, {} bytes",
            answer.values.len(),
            answer.missing,
            serde_json::to_vec(&answer).unwrap().len()
        );
        for figure in ["pupils_per_teacher", "institutions", "pupils", "population"] {
            let answer = timed!(
                figure,
                figures(
                    &geo,
                    &permit,
                    &helper.shell(&format!("/map/figures.json?figure={figure}"))
                )
                .await
                .unwrap()
            );
            println!("    {:?} {}", answer.total, answer.note);
        }
        timed!(
            "panel",
            panel::fragment(&geo, &permit, "610113", &helper.shell("/map/place/610113"))
                .await
                .unwrap()
        );
        let html = timed!(
            "/map/table",
            table::page(&geo, &permit, helper.shell("/map/table"))
                .await
                .unwrap()
                .to_html()
        );
        println!("    {} bytes", html.len());
        let html = timed!(
            "/divisions/610113",
            division_show::page(&geo, &permit, "610113", helper.shell("/divisions/610113"))
                .await
                .unwrap()
                .to_html()
        );
        println!("    {} bytes", html.len());
        for (layer, z) in [
            ("county", 6),
            ("township", 6),
            ("township", 9),
            ("institution", 0),
            ("institution", 6),
            ("institution", 10),
            ("institution", 14),
        ] {
            let at = Tile::at(Point::new(108.94, 34.26), z);
            let address = (
                layer.to_owned(),
                z.to_string(),
                at.x.to_string(),
                format!("{}.mvt", at.y),
            );
            let stored = timed!(
                format!("tile {layer} {z}"),
                tile(&geo, &permit, &address, &Url::parse("/t?as_of=2025-09-02"))
                    .await
                    .unwrap()
            );
            println!("    {} bytes", stored.gzip.len());
        }
    }
    let house = House {
        geo: geo.clone(),
        registry,
        permit: Permit::for_operator("cli").unwrap(),
        ..helper
    };
    let bounds = Bounds {
        west: 105.0,
        south: 31.0,
        east: 112.0,
        north: 40.0,
    };
    for z in 0..=10 {
        let sum = super::points::sum_at(&house, &permit, z, &bounds, "").await;
        println!("z{z}: {sum}");
    }
    let started = Instant::now();
    let mut count = 0;
    for z in 5..=10 {
        let first = Tile::at(Point::new(bounds.west, bounds.north), z);
        let last = Tile::at(Point::new(bounds.east, bounds.south), z);
        for y in first.y..=last.y {
            for x in first.x..=last.x {
                let address = (
                    "county".to_owned(),
                    z.to_string(),
                    x.to_string(),
                    format!("{y}.mvt"),
                );
                tile(&geo, &permit, &address, &Url::parse("/t"))
                    .await
                    .unwrap();
                count += 1;
            }
        }
    }
    println!(
        "{count} fresh county tiles: {:.0} per second",
        f64::from(count) / started.elapsed().as_secs_f64()
    );
    let started = Instant::now();
    for _ in 0..500 {
        tile(
            &geo,
            &permit,
            &(
                "county".to_owned(),
                "6".to_owned(),
                "51".to_owned(),
                "25.mvt".to_owned(),
            ),
            &Url::parse("/t"),
        )
        .await
        .unwrap();
    }
    println!(
        "kept tiles: {:.0} per second",
        500.0 / started.elapsed().as_secs_f64()
    );
}
