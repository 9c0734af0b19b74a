//! Where one message ends and the next begins (RFC 9112 §6): nobody hides a request within another.

use std::time::Duration;

use db::testing::TestPlace;
use testkit::TestApp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Less than a connection may be silent: whoever took the second request for a part of the first would wait longer.
const LONGEST: Duration = Duration::from_secs(10);

const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// Sends a form with these headers and this body, and the other request right after it. Answers all that was said.
async fn say(app: &TestApp, headers: &str, body: &str) -> String {
    let address = app.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let kind = "content-type: application/x-www-form-urlencoded";
    let message =
        format!("POST /signin HTTP/1.1\r\nhost: x\r\n{kind}\r\n{headers}\r\n\r\n{body}{HIDDEN}");
    stream.write_all(message.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let read = tokio::time::timeout(LONGEST, stream.read_to_end(&mut said)).await;
    // A connection that is cut off after its answer has said all it had to say.
    let _ = read.unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

fn statuses(said: &str) -> Vec<&str> {
    said.split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| answer.split(' ').next().unwrap())
        .collect()
}

#[tokio::test]
async fn a_message_with_two_lengths_hides_no_request() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    // A form without its token is refused, and what follows it is a request of its own.
    let plain = say(&app, "content-length: 3", "a=b").await;
    assert_eq!(statuses(&plain), ["403", "200"], "{plain}");
    // The length would take in the second request; by the chunks it stands outside. Such a message is refused, or
    // ends where its chunks do, whether or not the connection is then given up.
    let longer = format!(
        "content-length: {}\r\ntransfer-encoding: chunked",
        5 + HIDDEN.len()
    );
    let both = say(&app, &longer, "0\r\n\r\n").await;
    let both = statuses(&both);
    let is_right = matches!(both.as_slice(), ["400"] | ["403"] | ["403", "200"]);
    assert!(is_right, "{both:?}");
    for wrong in [
        "content-length: 3\r\ncontent-length: 90",
        "content-length: 3, 90",
        "content-length: +3",
        "content-length: -1",
        "transfer-encoding: xchunked",
        "transfer-encoding: chunked, identity",
        "transfer-encoding : chunked",
    ] {
        let refused = say(&app, wrong, "a=b").await;
        assert_eq!(statuses(&refused), ["400"], "{wrong}: {refused}");
    }
    app.stop().await;
    place.remove().await.unwrap();
}
