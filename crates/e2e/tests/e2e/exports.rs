//! An export of many persons, from the list to the file: asked for, decided in the inbox, fetched under its trace
//! number.

use db::testing::TestPlace;
use testkit::fixtures::institution;
use testkit::{Answer, Client, TestApp};

/// Persons who cannot exist: no number begins so, and none of them has one.
const PEOPLE: &str = "姓名,所在学校,性别,出生日期,监护人电话\n\
    欧阳不在,雁塔路小学,男,2015-03-04,13900000017\n\
    司马乌有,雁塔路小学,女,2014-05-06,13900000025\n\
    公孙没有,雁塔路小学,女,2013-07-08,13900000033\n";

const NAMES: [&str; 3] = ["欧阳不在", "司马乌有", "公孙没有"];

/// Asks for the file; where it leads.
async fn ask(registrar: &Client, shown: &str, purpose: &str, recipient: &str) -> Answer {
    let fields = [
        ("shown", shown),
        ("purpose", purpose),
        ("reference", "JJ-2026-7"),
        ("recipient", recipient),
    ];
    registrar.form("/people/export", &fields).await
}

/// The case that the leader is asked for, decided.
async fn decide(leader: &Client, step: &str) {
    let inbox = leader.get("/inbox").await;
    let case = inbox
        .addresses()
        .into_iter()
        .find(|address| {
            address.starts_with("/cases/") && address[7..].bytes().all(|byte| byte.is_ascii_digit())
        })
        .unwrap_or_else(|| panic!("nothing to decide:\n{}", inbox.text()));
    let page = leader.get(&case).await;
    for words in ["数据导出审批", "人员", "基教股", "学籍管理"] {
        assert!(page.text().contains(words), "{words}:\n{}", page.text());
    }
    for name in NAMES {
        assert!(!page.text().contains(name), "the case holds no person");
    }
    let of = |name: &str| {
        page.attribute(&format!("input[name={name}]"), "value")
            .unwrap()
    };
    let (version, key) = (of("version"), of("key"));
    let fields = [
        ("version", version.as_str()),
        ("key", key.as_str()),
        ("move", step),
        ("note", "同意"),
    ];
    let moved = leader.form(&format!("{case}/move"), &fields).await;
    assert_eq!(moved.status, 303, "{}", moved.text());
}

/// The file of the request of that number.
async fn fetch(registrar: &Client, request: i64) -> Answer {
    let onward = registrar.get(&format!("/exports/{request}/file")).await;
    assert_eq!(onward.status, 303, "{}", onward.text());
    registrar.get(onward.location()).await
}

async fn follow(place: &TestPlace) {
    let app = TestApp::start(place).await;
    app.load(&[institution("雁塔路小学", "610113")]).await;
    app.import("person", "people.csv", PEOPLE).await.unwrap();
    let security = app.app.security();
    security
        .put_setting(&app.permit(), "export_approval_above", "2")
        .await
        .unwrap();
    let registrar = app.signed_in("registrar", Some("610113")).await;
    let colleague = app.signed_in("registrar", Some("610113")).await;
    let leader = app.signed_in("cio", Some("610113")).await;

    let form = registrar.get("/people/export").await;
    assert_eq!(form.status, 200, "{}", form.text());
    assert!(form.text().contains("超过 2 人"), "{}", form.text());
    assert_eq!(ask(&registrar, "masked", "enrolment", "").await.status, 422);
    assert_eq!(
        ask(&registrar, "full", "extra_service", "基教股")
            .await
            .status,
        422,
        "consent is each person's own"
    );
    let asked = ask(&registrar, "masked", "enrolment", "基教股").await;
    assert_eq!(
        (asked.status.as_u16(), asked.location()),
        (303, "/exports"),
        "{}",
        asked.text()
    );
    assert!(registrar.get("/exports").await.text().contains("待审批"));
    // Not before it is decided, not another's.
    assert_eq!(registrar.get("/exports/1/file").await.status, 404);
    let forced = format!(
        "/people/file?as_of={}&in_full=0&purpose=enrolment&reference=JJ-2026-7&export=1",
        app.app.registry().today()
    );
    assert_eq!(registrar.get(&forced).await.status, 403);

    decide(&leader, "approve").await;
    assert_eq!(colleague.get("/exports/1/file").await.status, 404);
    assert_eq!(colleague.get(&forced).await.status, 403);
    let file = fetch(&registrar, 1).await;
    assert_eq!(file.status, 200, "{}", file.text());
    let name = file.header("content-disposition").to_owned();
    let trace = name
        .split("people-")
        .nth(1)
        .and_then(|rest| rest.split(".csv").next())
        .unwrap()
        .to_owned();
    let text = file.text();
    assert!(text.contains(&trace) && text.contains("欧*"), "{text}");
    for secret in NAMES.into_iter().chain(["13900000017", "2015-03-04"]) {
        assert!(!text.contains(secret), "{secret} is masked: {text}");
    }
    let own = registrar.get("/exports").await.text();
    assert!(
        own.contains(&trace) && own.contains("/exports/1/file"),
        "{own}"
    );
    // What was approved masked is not given in full.
    let fuller = forced.replace("in_full=0", "in_full=1");
    assert_eq!(registrar.get(&fuller).await.status, 403);

    let asked = ask(&registrar, "full", "enrolment", "基教股").await;
    assert_eq!(asked.status, 303, "{}", asked.text());
    decide(&leader, "approve").await;
    let text = fetch(&registrar, 2).await.text();
    for name in NAMES {
        assert!(text.contains(name), "{name}: {text}");
    }
    let filter = security::AuditFilter {
        action: Some("exported".to_owned()),
        ..security::AuditFilter::default()
    };
    let found = security
        .audit_search(&app.permit(), &filter, None, 10)
        .await
        .unwrap();
    let detail = found.entries[0].detail.as_ref().unwrap();
    assert_eq!(
        (detail.persons, detail.purpose.as_str(), detail.in_full),
        (Some(3), "enrolment", Some(true))
    );
    assert!(security.verify_audit().await.is_ok());
    app.stop().await;
}

db::on_both_engines! {
    async fn the_applicant_gets_the_file_after_a_leader_approved(place: &TestPlace) {
        follow(place).await;
    }
}
