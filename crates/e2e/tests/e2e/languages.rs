//! Pages in English show the English titles of what the definitions name: no page mixes the languages where both
//! are there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use db::testing::TestPlace;
use testkit::fixtures::institution;
use testkit::{Answer, Client, TODAY, TestApp};

/// Every label of the definitions that is written in both languages: Chinese → English.
fn labels(app: &TestApp) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for file in app.app.standard().files() {
        let text = String::from_utf8_lossy(&file.bytes);
        for part in text.split("zh = \"").skip(1) {
            let Some((zh, rest)) = part.split_once("\", en = \"") else {
                continue;
            };
            let en = rest.split('"').next().unwrap_or_default();
            if !zh.contains('"') && zh.chars().count() > 2 && zh != en {
                labels.insert(zh.to_owned(), en.to_owned());
            }
        }
    }
    labels
}

/// Pages that show both languages on purpose: the dictionary, and what reads files of a Chinese office.
fn shows_both(path: &str) -> bool {
    [
        "/accounts/bulk",
        "/dictionary",
        "/imports",
        "/institutions",
        "/map",
    ]
    .iter()
    .any(|start| path.starts_with(start))
}

/// Labels in Chinese that stand on a page in English, as words of their own.
fn mixed(answer: &Answer, labels: &BTreeMap<String, String>) -> Vec<String> {
    let is_html = answer.header("content-type").starts_with("text/html");
    if !is_html {
        return Vec::new();
    }
    let html = answer.html();
    let words: BTreeSet<String> = html
        .root_element()
        .text()
        .flat_map(|text| text.split([',', '·', '→', ';', '\n']))
        .map(|text| text.trim().to_owned())
        .collect();
    labels
        .iter()
        .filter(|(zh, _)| words.contains(zh.as_str()))
        .map(|(zh, en)| format!("{zh} for {en}"))
        .collect()
}

/// So many pages of one kind are looked at: units differ in their names, not in their words.
const OF_A_KIND: usize = 3;

/// An address without what tells one record from another.
fn kind_of(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let path: Vec<&str> = path
        .split('/')
        .map(
            |part| match part.bytes().any(|byte| byte.is_ascii_digit()) {
                true => "#",
                false => part,
            },
        )
        .collect();
    let keys: Vec<&str> = query
        .split('&')
        .map(|pair| pair.split('=').next().unwrap_or_default())
        .collect();
    format!("{}?{}", path.join("/"), keys.join("&"))
}

/// Follows every link from the start, and answers what was met in Chinese, and how many pages were looked at.
async fn follow(client: &Client, labels: &BTreeMap<String, String>) -> (usize, BTreeSet<String>) {
    let mut seen: BTreeSet<String> = BTreeSet::from(["/".to_owned()]);
    let mut waiting: VecDeque<String> = seen.iter().cloned().collect();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let (mut looked, mut met) = (0, BTreeSet::new());
    while let Some(path) = waiting.pop_front() {
        let answer = client.get_with(&path, &[("accept-language", "en")]).await;
        looked += 1;
        for what in mixed(&answer, labels) {
            met.insert(format!("{path}: {what}"));
        }
        for next in answer.addresses() {
            let next = next.split('#').next().unwrap_or_default().to_owned();
            let bare = next.split('?').next().unwrap_or_default();
            let is_page = !["/assets", "/tiles", "/language", "/signout"]
                .iter()
                .any(|start| bare.starts_with(start));
            // Lists in other orders show the same words.
            let is_other_order = next.contains("sort=") || next.contains("page=");
            if !is_page || shows_both(bare) || is_other_order || !seen.insert(next.clone()) {
                continue;
            }
            let met = kinds.entry(kind_of(&next)).or_insert(0);
            *met += 1;
            if *met <= OF_A_KIND {
                waiting.push_back(next);
            }
        }
        assert!(looked < 600, "the pages go on for ever: {path}");
    }
    (looked, met)
}

/// What the pages of security duties and cases can show.
async fn furnish(app: &TestApp) {
    app.load(&[institution("雁塔路小学", "610113")]).await;
    let school = app.unit("雁塔路小学").await.to_string();
    let county = app
        .signed_in("security_administrator", Some("610113"))
        .await;
    let officer = app
        .signed_in("information_officer", Some("雁塔路小学"))
        .await;
    let system = [
        ("unit", school.as_str()),
        ("name", "School site"),
        ("kind", "website"),
        ("level", "3"),
    ];
    let incident = [
        ("unit", school.as_str()),
        ("title", "Page defaced"),
        ("kind", "attack"),
        ("level", "iii"),
        ("found_day", TODAY),
        ("found_time", "00:00"),
    ];
    let schedule = [
        ("title", "Holiday"),
        ("from", TODAY),
        ("to", TODAY),
        ("hour", "18:00"),
        ("below", "all"),
    ];
    let duty = [
        ("duty", "cio"),
        ("name", "Head"),
        ("post", "Head"),
        ("phone", "029-00000000"),
        ("from", TODAY),
    ];
    let applying = [
        ("key", "0123456789abcdef0123456789abcdef"),
        ("unit", "610113"),
        ("post", "statistician"),
        ("reason", "test"),
    ];
    for (client, address, fields) in [
        (&officer, "/assurance/systems/new".to_owned(), &system[..]),
        (
            &officer,
            "/assurance/incidents/new".to_owned(),
            &incident[..],
        ),
        (&county, "/assurance/reports/new".to_owned(), &schedule[..]),
        (&officer, format!("/assurance/units/{school}"), &duty[..]),
        (
            &officer,
            "/cases/new/grant_application".to_owned(),
            &applying[..],
        ),
    ] {
        let answer = client.form(&address, fields).await;
        let faults = answer.words(".error, [role=alert]").join(" | ");
        assert_eq!(answer.status, 303, "{address}: {faults}");
    }
}

#[tokio::test]
async fn pages_in_english_show_english_titles() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    furnish(&app).await;
    let labels = labels(&app);
    assert!(labels.len() > 300, "{}", labels.len());
    let mut met = BTreeSet::new();
    let mut pages = 0;
    for (post, unit) in [
        ("system_administrator", None),
        ("security_administrator", None),
        ("security_administrator", Some("610113")),
        ("audit_administrator", None),
        ("cio", Some("610113")),
        ("information_officer", Some("雁塔路小学")),
        ("registrar", Some("610113")),
    ] {
        let client = app.signed_in(post, unit).await;
        let (looked, mixed) = follow(&client, &labels).await;
        pages += looked;
        met.extend(mixed);
    }
    assert!(pages > 150, "only {pages} pages were met");
    assert_eq!(met, BTreeSet::new());
    app.stop().await;
    place.remove().await.unwrap();
}
