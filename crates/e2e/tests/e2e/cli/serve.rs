//! `weihe serve`

use testkit::program::{Served, run};

#[tokio::test]
async fn it_tells_its_address_answers_and_ends_in_order_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["serve"]);
    let health = reqwest::get(format!("{}/healthz", served.url()))
        .await
        .unwrap();
    assert_eq!(health.status(), 200);
    assert_eq!(served.terminate(), Some(0));
    let said = run(folder.path(), &["verify", "--format", "json"])
        .ended_with(0)
        .json();
    assert_eq!(said["findings"].as_array().unwrap().len(), 0);
}
