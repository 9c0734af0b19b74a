//! A mail server and a web server on this machine that write down what they get.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail server: every message with its receiver.
pub(super) struct MailReceiver {
    pub(super) port: u16,
    pub(super) got: Arc<Mutex<Vec<(String, String)>>>,
}

impl MailReceiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&kept)));
            }
        });
        Self { port, got }
    }
}

async fn talk(stream: TcpStream, got: Arc<Mutex<Vec<(String, String)>>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 test ESMTP\r\n").await.unwrap();
    let mut to = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let word = line.to_uppercase();
        let answer: &[u8] = if word.starts_with("EHLO") {
            b"250-test\r\n250 8BITMIME\r\n"
        } else if word.starts_with("RCPT TO") {
            to = line.clone();
            if to.contains("nobody@") {
                b"550 no such user\r\n"
            } else {
                b"250 ok\r\n"
            }
        } else if word.starts_with("DATA") {
            write.write_all(b"354 go on\r\n").await.unwrap();
            let mut message = String::new();
            while let Ok(Some(line)) = lines.next_line().await {
                if line == "." {
                    break;
                }
                message.push_str(&line);
                message.push('\n');
            }
            got.lock().unwrap().push((to.clone(), message));
            b"250 taken\r\n"
        } else if word.starts_with("QUIT") {
            write.write_all(b"221 bye\r\n").await.unwrap();
            return;
        } else {
            b"250 ok\r\n"
        };
        write.write_all(answer).await.unwrap();
    }
}

/// A request that came: its head and its body.
pub(super) type Got = (String, String);

/// A web server that answers with the given statuses, the last one for ever.
pub(super) struct HookReceiver {
    pub(super) port: u16,
    pub(super) got: Arc<Mutex<Vec<Got>>>,
}

impl HookReceiver {
    pub(super) async fn start(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        let answers = answers.to_vec();
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let answer =
                    answers[number.min(answers.len() - 1)].replace("PORT", &port.to_string());
                number += 1;
                let kept = Arc::clone(&kept);
                tokio::spawn(answer_one(stream, answer, kept));
            }
        });
        Self { port, got }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }
}

async fn answer_one(mut stream: TcpStream, answer: String, got: Arc<Mutex<Vec<Got>>>) {
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap_or(0);
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-length")
                        .then(|| value.trim().parse::<usize>().unwrap())
                })
                .unwrap_or(0);
            if body.len() >= length {
                got.lock().unwrap().push((head.to_owned(), body.to_owned()));
                break;
            }
        }
        if count == 0 {
            return;
        }
    }
    let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
}
