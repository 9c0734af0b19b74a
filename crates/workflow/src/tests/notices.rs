use super::browser::Browser;
use super::receivers::{HookReceiver, MailReceiver};
use super::{COUNTY, SCHOOL, house_with, operator};
use crate::notices::send;
use crate::notices::settings::{Hook, MailSecurity, MailServer, NoticeSettings};
use crate::store;
use kernel::Clock as _;

const SECRET: &str = "0123456789abcdef0123";

fn mail(port: u16) -> MailServer {
    MailServer {
        host: "127.0.0.1".to_owned(),
        port,
        security: MailSecurity::None,
        user: String::new(),
        password: String::new(),
        from: "渭河 <weihe@edu.example>".to_owned(),
        domains: vec!["edu.example".to_owned()],
    }
}

fn hook(url: String) -> Hook {
    Hook {
        name: "office".to_owned(),
        url,
        secret: SECRET.to_owned(),
        private: true,
    }
}

fn settings(mail: Option<MailServer>, hook: Vec<Hook>) -> NoticeSettings {
    let settings = NoticeSettings {
        address: "https://weihe.example/".to_owned(),
        mail,
        hook,
    };
    settings.check().unwrap();
    settings
}

/// The text of a mail whose body is base64 or quoted-printable.
fn body(message: &str) -> String {
    let (head, body) = message.split_once("\n\n").unwrap();
    let body = body.replace('\n', "");
    if head.contains("base64") {
        let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body);
        return String::from_utf8(decoded.unwrap()).unwrap();
    }
    let bytes: Vec<u8> = body.replace("=\r", "").into_bytes();
    let mut plain = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'=' && at + 2 < bytes.len() {
            let digits = std::str::from_utf8(&bytes[at + 1..at + 3]).unwrap();
            if let Ok(byte) = u8::from_str_radix(digits, 16) {
                plain.push(byte);
                at += 3;
                continue;
            }
        }
        plain.push(bytes[at]);
        at += 1;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

db::on_both_engines! {
    async fn a_notice_goes_by_mail_and_to_a_hook_with_a_link_and_nothing_else(place: &TestPlace) {
        let receiver = MailReceiver::start().await;
        let office = HookReceiver::start(&["204 No Content"]).await;
        let told = settings(Some(mail(receiver.port)), vec![hook(office.url())]);
        let house = house_with(place, told).await;
        let school = house.person("school", "information_officer", Some(SCHOOL)).await;
        let county = house.person("county", "statistician", Some(COUNTY)).await;
        // The page takes addresses of the operator's domains only.
        let mut browser = Browser::of(&house, "county").await;
        assert!(browser.get("/inbox/mail").await.text().contains("edu.example"));
        for wrong in ["li@elsewhere.example", "li", "li@edu.example.evil.example", "a@edu.example, b@x.example"] {
            assert_eq!(browser.post("/inbox/mail", &[("mail", wrong)]).await.status, 422, "{wrong}");
        }
        let saved = browser.post("/inbox/mail", &[("mail", "li@edu.example")]).await;
        assert_eq!(saved.location(), "/inbox/mail?done=saved");
        assert_eq!(house.workflow.mail_of(county.id).await.unwrap().as_deref(), Some("li@edu.example"));

        house.begin(&school).await;
        assert_eq!(house.workflow.deliver_waiting().await.unwrap(), 2);
        assert_eq!(house.workflow.deliver_waiting().await.unwrap(), 0);
        let letters = receiver.got.lock().unwrap().clone();
        assert_eq!(letters.len(), 1);
        assert!(letters[0].0.contains("li@edu.example"));
        let text = body(&letters[0].1);
        assert!(text.contains("https://weihe.example/cases/1"), "{text}");
        assert!(text.contains("有一件事等你办理"), "{text}");
        for private in ["投影仪", "测试", "school", "county"] {
            assert!(!text.contains(private) && !letters[0].1.contains(private), "{private}");
        }
        let got = office.got.lock().unwrap().clone();
        assert_eq!(got.len(), 1);
        let (head, json) = &got[0];
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        let keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["at", "case", "delivery", "kind", "link"]);
        assert_eq!(value["link"], "https://weihe.example/cases/1");
        let seconds = house.clock.now().get() / 1000;
        let signed = send::signature(SECRET, seconds, json);
        assert!(head.contains(&signed), "{head}");
        assert_ne!(signed, send::signature("another secret of some length", seconds, json));
    }

    async fn what_fails_is_sent_again_and_what_is_hopeless_is_given_up(place: &TestPlace) {
        let receiver = MailReceiver::start().await;
        let office = HookReceiver::start(&[
            "500 Broken",
            "302 Found\r\nlocation: http://127.0.0.1:PORT/elsewhere",
            "200 OK",
        ]).await;
        let told = settings(Some(mail(receiver.port)), vec![hook(office.url())]);
        let house = house_with(place, told).await;
        let school = house.person("school", "information_officer", Some(SCHOOL)).await;
        let county = house.person("county", "statistician", Some(COUNTY)).await;
        assert!(house.workflow.set_own_mail(&county.permit, "nobody@edu.example").await.unwrap());
        house.begin(&school).await;
        assert_eq!(house.workflow.deliver_waiting().await.unwrap(), 0);
        assert_eq!(house.workflow.deliver_waiting().await.unwrap(), 0, "not before its time");
        house.clock.advance(60_000);
        assert_eq!(house.workflow.deliver_waiting().await.unwrap(), 0);
        house.clock.advance(600_000);
        assert_eq!(house.workflow.deliver_waiting().await.unwrap(), 1);
        let got = office.got.lock().unwrap().clone();
        assert_eq!(got.len(), 3, "the redirection was not followed: {got:?}");
        assert!(got.iter().all(|(head, _)| head.starts_with("POST /hook ")));
        let number = |head: &str| head.lines().find(|line| line.starts_with("weihe-delivery")).unwrap().to_owned();
        assert_eq!(number(&got[0].0), number(&got[2].0), "the same delivery");
        house.clock.advance(86_400_000);
        assert_eq!(house.workflow.deliver_waiting().await.unwrap(), 0);
        assert_eq!(receiver.got.lock().unwrap().len(), 0);
    }

    async fn a_worker_that_was_killed_leaves_what_it_held_to_the_next(place: &TestPlace) {
        let office = HookReceiver::start(&["200 OK"]).await;
        let house = house_with(place, settings(None, vec![hook(office.url())])).await;
        let school = house.person("school", "information_officer", Some(SCHOOL)).await;
        house.person("county", "statistician", Some(COUNTY)).await;
        house.begin(&school).await;
        let work = place.open("work").await.unwrap();
        let now = house.clock.now();
        let mut tx = work.write().await.unwrap();
        let held = store::claim_delivery(&mut tx, 1, now, now.add(120_000)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(held.unwrap().attempts, 1);
        assert_eq!(house.workflow.deliver_waiting().await.unwrap(), 0, "another holds it");
        house.clock.advance(120_000);
        assert_eq!(house.workflow.deliver_waiting().await.unwrap(), 1);
        assert_eq!(office.got.lock().unwrap().len(), 1);
    }

    async fn an_account_without_an_address_is_told_in_the_program_only(place: &TestPlace) {
        let receiver = MailReceiver::start().await;
        let house = house_with(place, settings(Some(mail(receiver.port)), vec![])).await;
        let school = house.person("school", "information_officer", Some(SCHOOL)).await;
        let county = house.person("county", "statistician", Some(COUNTY)).await;
        house.begin(&school).await;
        assert_eq!(house.workflow.deliver_waiting().await.unwrap(), 0);
        assert_eq!(house.workflow.notices(&county.permit, 0, 10).await.unwrap().1, 1);
        // Nothing leads out of the program.
        let told = crate::Told {
            kind: crate::NoticeKind::Due,
            to: [county.id].into(),
            case: None,
            link: "https://elsewhere.example/".to_owned(),
        };
        house.workflow.notify(&operator(), &told).await.unwrap();
        let (notices, _, _) = house.workflow.notices(&county.permit, 0, 10).await.unwrap();
        assert_eq!(notices[0].link, "/inbox");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_on_this_machine_is_refused_unless_the_operator_says_so() {
    let office = HookReceiver::start(&["200 OK"]).await;
    for url in [
        office.url(),
        format!("http://localhost:{}/hook", office.port),
        format!("http://[::ffff:127.0.0.1]:{}/hook", office.port),
        format!("http://0x7f.1:{}/hook", office.port),
    ] {
        let secret_way = Hook {
            private: false,
            ..hook(url.clone())
        };
        let sent = tokio::task::spawn_blocking(move || send::hook(&secret_way, 1, 2, "{}"));
        assert!(sent.await.unwrap().is_err(), "{url}");
    }
    assert_eq!(office.got.lock().unwrap().len(), 0);
}
