//! `weihe demo`

use testkit::program::{Served, run};

#[tokio::test]
async fn the_first_start_shows_a_sign_in_and_the_second_keeps_the_data() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), &["demo", "--no-serve", "--format", "json"])
        .ended_with(0)
        .json();
    assert_eq!(first["user"], "admin");
    assert!(first["password"].as_str().unwrap().len() >= 12);
    let head = |ran: testkit::program::Ran| ran.json()["head"].to_string();
    let before = head(run(folder.path(), &["verify", "--format", "json"]).ended_with(0));
    let served = Served::start(folder.path(), &["demo"]);
    let page = reqwest::get(format!("{}/signin", served.url()))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("合成数据"), "{page}");
    assert_eq!(served.terminate(), Some(0));
    let after = head(run(folder.path(), &["verify", "--format", "json"]).ended_with(0));
    assert_eq!(before, after);
}
