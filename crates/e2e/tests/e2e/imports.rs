//! `/imports`, as far as more than one page or one life of the program is involved.

use std::time::Duration;

use db::testing::TestPlace;
use registry::imports::State;
use testkit::fixtures::many;
use testkit::{Part, TestApp};

const ROWS: usize = 5_000;
/// One change set for each.
const COUNTIES: [&str; 5] = ["610102", "610103", "610104", "610111", "610112"];

async fn head(app: &TestApp) -> i64 {
    app.app
        .registry()
        .ledger()
        .head()
        .await
        .unwrap()
        .number
        .get()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_the_end_of_the_program_interrupts_goes_on_at_the_next_start() {
    let place = TestPlace::sqlite().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |settings: &mut server::Settings| settings.data = folder.path().to_owned();

    let app = TestApp::start_with(&place, in_folder).await;
    let client = app.signed_in("statistician", None).await;
    let file = Part::text(many(ROWS, &COUNTIES)).file_name("schools.csv");
    let sent = client
        .multipart("/imports", |form| {
            form.text("dataset", "institution").part("file", file)
        })
        .await;
    assert_eq!(
        (sent.status.as_u16(), sent.location()),
        (303, "/imports/1"),
        "{}",
        sent.text()
    );
    assert_eq!(app.settled(1).await.state, State::Planned);
    let before = head(&app).await;
    let approved = client.form("/imports/1/approve", &[]).await;
    assert_eq!(approved.status, 303, "{}", approved.text());
    while head(&app).await == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    app.stop().await;

    let app = TestApp::start_with(&place, in_folder).await;
    let ended = app.settled(1).await;
    assert_eq!(ended.state, State::Done, "{:?}", ended.error);
    let report = app
        .app
        .registry()
        .ledger()
        .verify(|_, _| true)
        .await
        .unwrap();
    assert_eq!(report.findings, []);
    let commits = app
        .app
        .registry()
        .ledger()
        .commits_of_import(&app.permit(), 1)
        .await
        .unwrap();
    assert_eq!(commits.len(), COUNTIES.len());
    assert_eq!(
        commits.iter().map(|commit| commit.opened).sum::<i64>(),
        ROWS as i64
    );
    app.stop().await;
    place.remove().await.unwrap();
}
