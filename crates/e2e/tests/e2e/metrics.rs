//! `GET /metrics`

use db::testing::TestPlace;
use testkit::TestApp;
use testkit::fixtures::institution;

db::on_both_engines! {
    async fn requests_commits_and_rows_are_counted(place: &TestPlace) {
        let app = TestApp::start(place).await;
        app.load(&[institution("雁塔路小学", "610113")]).await;
        let client = app.visitor();
        client.get("/institutions/1?q=%E7%8E%8B").await;
        let answer = client.fetch("/metrics").await;
        assert_eq!(answer.status, 200);
        let text = answer.text();
        let head = app.app.registry().ledger().head().await.unwrap().number;
        for line in [
            "weihe_request_duration_seconds_count{method=\"GET\",route=\"/institutions/{id}\",status=\"303\"} 1",
            "weihe_rows{dataset=\"institution\"} 1",
            "weihe_imports{state=\"done\"} 1",
            &format!("weihe_head_commit {head}"),
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is missing:\n{text}");
        }
        for name in ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "process_start_time_seconds", "weihe_held_bytes"] {
            assert!(text.contains(&format!("# TYPE {name} ")), "{name} is missing:\n{text}");
        }
        for database in ["ledger", "work"] {
            assert!(text.contains(&format!("weihe_database_up{{database=\"{database}\"}} 1\n")), "{text}");
        }
        assert_eq!(faults(&text), [] as [String; 0]);
        // A count that is kept follows the next commit.
        app.load(&[institution("莲湖路小学", "610104")]).await;
        let again = client.fetch("/metrics").await.text();
        assert!(again.contains("weihe_rows{dataset=\"institution\"} 2\n"), "{again}");
        // What someone typed is in no label.
        assert!(!text.contains("%E7"));
        app.stop().await;
    }
}

db::on_both_engines! {
    async fn it_is_told_that_a_database_is_gone(place: &TestPlace) {
        let app = TestApp::start(place).await;
        assert_eq!(app.visitor().fetch("/metrics").await.status, 200);
        let [_, (_, work)] = app.app.databases();
        work.close().await;
        let answer = app.visitor().fetch("/metrics").await;
        assert_eq!(answer.status, 200);
        let text = answer.text();
        assert!(text.contains("weihe_database_up{database=\"ledger\"} 1\n"), "{text}");
        assert!(text.contains("weihe_database_up{database=\"work\"} 0\n"), "{text}");
        assert!(text.contains("process_resident_memory_bytes"), "{text}");
        assert_eq!(faults(&text), [] as [String; 0]);
        app.stop().await;
    }
}

/// What of a text is not in the format of Prometheus: every sample of a metric that was introduced, with a
/// number, and all samples of a metric together.
fn faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut introduced: Vec<&str> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let name = rest.split(' ').next().unwrap();
            if introduced.contains(&name) {
                faults.push(format!("{name} is introduced twice"));
            }
            introduced.push(name);
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (series, number) = line.rsplit_once(' ').unwrap_or((line, ""));
        let name = series.split('{').next().unwrap();
        let of_last = introduced.last().is_some_and(|last| {
            let part = name.strip_prefix(last);
            part.is_some_and(|part| ["", "_bucket", "_sum", "_count"].contains(&part))
        });
        if !of_last || number.parse::<f64>().is_err() {
            faults.push(line.to_owned());
        }
    }
    faults
}

#[tokio::test]
async fn it_is_not_there_for_other_machines() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let answer = app
        .visitor()
        .get_with("/metrics", &[("x-forwarded-for", "192.0.2.1")])
        .await;
    assert_eq!(answer.status, 404);
    app.stop().await;
    place.remove().await.unwrap();
}

#[tokio::test]
async fn with_a_token_only_who_knows_it_reads() {
    let place = TestPlace::sqlite().unwrap();
    let token = |settings: &mut server::Settings| settings.metrics_token = Some("river".to_owned());
    let app = TestApp::start_with(&place, token).await;
    let client = app.visitor();
    assert_eq!(client.fetch("/metrics").await.status, 404);
    let answer = client
        .get_with("/metrics", &[("authorization", "Bearer river")])
        .await;
    assert_eq!(answer.status, 200);
    app.stop().await;
    place.remove().await.unwrap();
}
