//! Clients that send drop by drop are ended, and meanwhile others are answered.

use std::time::Duration;

use db::testing::TestPlace;
use server::{Patience, Settings};
use testkit::TestApp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A test that waits longer hangs.
const LONGEST: Duration = Duration::from_secs(30);
/// Between two drops: far less than any limit, so that every limit meets a client that is still sending.
const DROP: Duration = Duration::from_millis(10);

fn impatient(settings: &mut Settings) {
    settings.patience = Patience {
        header: Duration::from_millis(200),
        form: Duration::from_millis(200),
        upload_pause: Duration::from_millis(200),
        upload_least: 4096,
        answer_pause: Duration::from_millis(200),
        answer_least: 4096,
    };
}

/// Sends a beginning, then one drop after the other until the other side ends the connection. Answers what
/// it said.
async fn drip(app: &TestApp, beginning: &str, drop: &str) -> String {
    let address = app.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(beginning.as_bytes()).await.unwrap();
    let (mut from, mut to) = stream.split();
    let mut said = Vec::new();
    let sending = async {
        // Whoever has no drop is only silent.
        while !drop.is_empty() && to.write_all(drop.as_bytes()).await.is_ok() {
            tokio::time::sleep(DROP).await;
        }
        std::future::pending::<()>().await;
    };
    let reading = async {
        let mut part = [0; 4096];
        loop {
            match from.read(&mut part).await {
                Ok(0) | Err(_) => return,
                Ok(count) => said.extend_from_slice(&part[..count]),
            }
        }
    };
    let ended = async {
        tokio::select! {
            () = sending => {}
            () = reading => {}
        }
    };
    tokio::time::timeout(LONGEST, ended).await.unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

fn post(path: &str, kind: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\naccept: text/html\r\ncontent-type: {kind}\r\ncontent-length: 9000\r\n\r\n"
    )
}

#[tokio::test]
async fn slow_headers_and_silence_end_the_connection() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start_with(&place, impatient).await;
    drip(&app, "GET /signin HTTP/1.1\r\nhost: x\r\n", "x-a: b\r\n").await;
    drip(&app, "", "").await;
    // A connection that was used and is then left open.
    let said = drip(&app, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n", "").await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    assert_eq!(app.visitor().fetch("/healthz").await.status, 200);
    app.stop().await;
    place.remove().await.unwrap();
}

#[tokio::test]
async fn a_slow_body_is_answered_with_408_and_the_connection_closed() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start_with(&place, impatient).await;
    let forms = [
        post("/signin", "application/x-www-form-urlencoded"),
        post("/signin", "multipart/form-data; boundary=b"),
        post("/imports", "multipart/form-data; boundary=b"),
    ];
    for beginning in forms {
        let said = drip(&app, &beginning, "x").await;
        let is_refused = said.starts_with("HTTP/1.1 303") || said.starts_with("HTTP/1.1 401");
        // An upload of nobody is refused before it is read.
        assert!(
            said.starts_with("HTTP/1.1 408") || (beginning.contains("/imports") && is_refused),
            "{said}"
        );
        if said.starts_with("HTTP/1.1 408") {
            assert!(said.contains("server.too_slow"), "{said}");
            assert!(said.to_lowercase().contains("connection: close"), "{said}");
        }
    }
    assert_eq!(app.visitor().fetch("/signin").await.status, 200);
    app.stop().await;
    place.remove().await.unwrap();
}
