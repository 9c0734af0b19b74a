//! Persons from a file to sealed rows and back: on both engines, with people who cannot exist: the division of their
//! numbers, 619999, is none, and no commune ever had it.

use std::path::Path;

use db::on_both_engines;
use db::testing::TestPlace;
use kernel::{Clocks, CommitNumber, Day, RecordId};
use security::Permit;
use standard::{Sensitivity, SourceFile, Standard};

use super::model::{Asked, CONSENT, PERSON, Refusal, Statement};
use super::{Persons, rules};
use crate::api::Registry;
use crate::imports::Request;
use crate::intake::{Class, IntakeError, Progress, TypedRow, commit_row, prepare_row};
use crate::ledger::{Finding, LedgerError, PartState, SealedFault};
use crate::testing::{noon, permit, permit_of, registry_of};

const SCHOOLS: &str = "学校标识码,学校名称,区县,办学类型\n2161000001,甲小学,雁塔区,211\n2161000002,乙小学,碑林区,211\n";

/// Values that no file of the program may hold.
const SECRETS: [&str; 6] = [
    "欧阳不在",
    "司马乌有",
    "619999201503040017",
    "13900000017",
    "乌有乡无名村",
    "对不存在的花生过敏",
];

/// An ID number with a right check character that nobody can have.
pub(crate) fn impossible_id(birth: &str, serial: u32) -> String {
    let body = format!("619999{birth}{serial:03}");
    let check = kernel::codes::check_character(&body).unwrap();
    format!("{body}{check}")
}

/// Posts that see personal data, beside those of the release.
const POSTS: &str = "[[post]]\nname = \"keeper\"\ntitle = { zh = \"学籍员\", en = \"Keeper\" }\nabout = { zh = \"测试\", en = \"Test\" }\nlevels = [\"province\", \"city\", \"county\", \"institution\"]\nactions = [\"read\", \"edit\", \"import\", \"export\", \"reverse\", \"read_personal\"]\nscope = \"subtree\"\nsees = \"sensitive\"\n\n[[post]]\nname = \"caller\"\ntitle = { zh = \"联络员\", en = \"Caller\" }\nabout = { zh = \"测试\", en = \"Test\" }\nlevels = [\"province\", \"city\", \"county\", \"institution\"]\nactions = [\"read\", \"edit\", \"import\", \"read_personal\"]\nscope = \"subtree\"\nsees = \"personal\"\n";

pub(crate) fn standard_with_keepers() -> Standard {
    let overlay = [SourceFile {
        path: "posts.toml".to_owned(),
        bytes: POSTS.as_bytes().to_vec(),
    }];
    Standard::load_with_overlay(&standard::embedded_files(), &overlay).unwrap()
}

pub(crate) async fn with_schools(place: &TestPlace) -> Registry {
    let registry = registry_of(place, noon(), standard_with_keepers()).await;
    run(&registry, &permit(), "institution", SCHOOLS)
        .await
        .unwrap();
    registry
}

async fn run(
    registry: &Registry,
    who: &Permit,
    dataset: &str,
    text: &str,
) -> Result<(i64, crate::intake::Plan), IntakeError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("名单.csv");
    std::fs::write(&file, text).unwrap();
    let request = Request {
        effective: "2024-09-01".to_owned(),
        ..Request::default()
    };
    let imports = registry.imports();
    let (id, finished) = imports
        .run_now(who, dataset, &file, &request, false, Progress::silent())
        .await?;
    Ok((id, finished.plan))
}

pub(crate) fn people() -> String {
    format!(
        "姓名,所在学校,证件类型,身份证号,性别,出生日期,监护人电话,家庭住址,健康提示\n\
         欧阳不在,2161000001,居民身份证,{},男,2015-03-04,13900000017,某省某市某县乌有乡无名村 1 号,对不存在的花生过敏\n\
         司马乌有,2161000002,居民身份证,{},女,2010-05-06,13900000025,,\n",
        impossible_id("20150304", 1),
        impossible_id("20100506", 2),
    )
}

pub(crate) async fn found(registry: &Registry, who: &Permit, text: &str) -> Vec<RecordId> {
    let clocks = Clocks::latest(registry.today());
    let persons = Persons::new(registry, who).unwrap();
    let shown = persons.called(text, clocks).await.unwrap();
    shown
        .versions
        .iter()
        .map(|version| version.record)
        .collect()
}

fn text(registry: &Registry, version: &crate::ledger::Version, field: &str) -> Option<String> {
    let place = registry
        .ledger()
        .table(PERSON)
        .unwrap()
        .position(field)
        .unwrap();
    version.values[place].as_text().map(str::to_owned)
}

pub(crate) fn asked(purpose: &str) -> Asked {
    Asked {
        purpose: purpose.to_owned(),
        reference: "SL-2026.001".to_owned(),
    }
}

async fn findings(registry: &Registry) -> Vec<Finding> {
    registry
        .ledger()
        .verify(|_, _| true)
        .await
        .unwrap()
        .findings
}

/// What the audit log says of erasures.
async fn said_of_erasures(registry: &Registry) -> Vec<String> {
    let entries = registry.security().audit_entries(0, 10_000).await.unwrap();
    entries
        .into_iter()
        .filter(|entry| entry.action.starts_with("person_erased"))
        .map(|entry| {
            let reason = entry.detail.unwrap().reason;
            format!(
                "{} {} {reason} {} {}",
                entry.action, entry.outcome, entry.actor, entry.subject
            )
        })
        .collect()
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    let wanted = [
        secret.as_bytes().to_vec(),
        secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    wanted.iter().any(|wanted| {
        bytes
            .windows(wanted.len())
            .any(|window| window == wanted.as_slice())
    })
}

on_both_engines! {
    async fn persons_of_a_file_become_sealed_rows_and_are_read_in_full_for_a_purpose_only(place: &TestPlace) {
        let registry = with_schools(place).await;
        let (_, plan) = run(&registry, &permit(), PERSON, &people()).await.unwrap();
        assert_eq!(plan.count(Class::New), 2, "{:#?}", plan.causes);
        assert_eq!(findings(&registry).await, []);
        // The plan names nobody in full.
        let told = serde_json::to_string(&plan).unwrap();
        assert!(!SECRETS.iter().any(|secret| told.contains(secret)), "{told}");

        let [ouyang] = found(&registry, &permit(), "欧阳 不在").await[..] else { panic!() };
        assert_eq!(found(&registry, &permit(), &impossible_id("20150304", 1)).await, [ouyang]);
        assert_eq!(found(&registry, &permit(), "欧阳").await, []);
        // An ordinary read gives no personal field.
        let clocks = Clocks::latest(registry.today());
        let closed = registry.ledger().record(&permit(), PERSON, ouyang, clocks).await.unwrap().unwrap();
        assert_eq!(text(&registry, &closed, "name"), None);
        assert!(closed.sealed.iter().all(|part| part.state == PartState::Closed && part.blob.is_some()));

        let who = permit();
        let persons = Persons::new(&registry, &who).unwrap();
        let (version, recorded) = persons.in_full(ouyang, &asked("enrolment"), clocks).await.unwrap().unwrap();
        assert_eq!(text(&registry, &version, "name").as_deref(), Some("欧阳不在"));
        // The school roll has no business with health.
        assert_eq!(text(&registry, &version, "health_note"), None);
        let (version, later) = persons.in_full(ouyang, &asked("emergency"), clocks).await.unwrap().unwrap();
        assert_eq!(text(&registry, &version, "health_note").as_deref(), Some("对不存在的花生过敏"));
        assert!(later.number() > recorded.number());
        let refused = |asked: Asked| { let persons = &persons; async move { persons.in_full(ouyang, &asked, clocks).await.unwrap().unwrap_err() } };
        assert_eq!(refused(asked("curiosity")).await, Refusal::Purpose);
        assert_eq!(refused(Asked { reference: "家长要求".to_owned(), ..asked("enrolment") }).await, Refusal::Reference);
        registry.security().verify_audit().await.unwrap();
    }

    async fn the_same_file_again_writes_nothing_and_an_edit_is_reversed(place: &TestPlace) {
        let registry = with_schools(place).await;
        run(&registry, &permit(), PERSON, &people()).await.unwrap();
        let head = registry.ledger().head().await.unwrap();
        let (_, plan) = run(&registry, &permit(), PERSON, &people()).await.unwrap();
        assert_eq!((plan.count(Class::Unchanged), plan.count(Class::New)), (2, 0));
        assert_eq!(registry.ledger().head().await.unwrap().number, head.number);

        let (id, plan) = run(&registry, &permit(), PERSON, &people().replace("13900000017", "13900000033")).await.unwrap();
        assert_eq!((plan.count(Class::Unchanged), plan.count(Class::Changed)), (1, 1));
        assert_eq!(plan.changed_fields.keys().collect::<Vec<_>>(), ["guardian_phone"]);
        let change = &plan.examples["changed"][0].changes[0];
        assert_eq!((change.old.as_str(), change.new.as_str()), ("139****0017", "139****0033"));
        let [ouyang] = found(&registry, &permit(), "欧阳不在").await[..] else { panic!() };
        let phone = async || {
            let versions = registry.ledger().open_versions_in_full(&permit(), PERSON, &[ouyang]).await.unwrap();
            text(&registry, versions.last().unwrap(), "guardian_phone").unwrap()
        };
        assert_eq!(phone().await, "13900000033");
        registry.imports().reverse(&permit(), id, "误传", &Progress::silent()).await.unwrap();
        assert_eq!(phone().await, "13900000017");
        assert_eq!(findings(&registry).await, []);
    }

    async fn a_form_corrects_one_field_and_leaves_the_sealed_others(place: &TestPlace) {
        let registry = with_schools(place).await;
        run(&registry, &permit(), PERSON, &people()).await.unwrap();
        let [ouyang] = found(&registry, &permit(), "欧阳不在").await[..] else { panic!() };
        let row = TypedRow {
            target: Some(ouyang),
            cells: vec![("address".to_owned(), "某省某市某县子虚乡".to_owned())],
            from: Some(Day::parse("2026-01-01").unwrap()),
            ..TypedRow::default()
        };
        let prepared = prepare_row(registry.ledger(), &permit(), PERSON, &row).await.unwrap();
        commit_row(registry.ledger(), &permit(), &prepared, &row).await.unwrap();
        let versions = registry.ledger().open_versions_in_full(&permit(), PERSON, &[ouyang]).await.unwrap();
        assert_eq!(versions.len(), 2);
        assert_eq!(text(&registry, &versions[0], "address").as_deref(), Some("某省某市某县乌有乡无名村 1 号"));
        assert_eq!(text(&registry, &versions[1], "address").as_deref(), Some("某省某市某县子虚乡"));
        assert_eq!(text(&registry, &versions[1], "health_note").as_deref(), Some("对不存在的花生过敏"));
        assert_eq!(findings(&registry).await, []);
    }

    async fn what_was_altered_moved_or_taken_away_is_found(place: &TestPlace) {
        let registry = with_schools(place).await;
        run(&registry, &permit(), PERSON, &people()).await.unwrap();
        let [ouyang] = found(&registry, &permit(), "欧阳不在").await[..] else { panic!() };
        let [sima] = found(&registry, &permit(), "司马乌有").await[..] else { panic!() };
        let sealed = |record, fault| Finding::Sealed { dataset: PERSON.to_owned(), record, fault };
        for (statement, wanted) in [
            // The blob of one person under another.
            (format!("UPDATE d_person SET sealed_personal = (SELECT sealed_personal FROM d_person WHERE record_id = {sima}) WHERE record_id = {ouyang}"),
             vec![sealed(ouyang, SealedFault::Closed)]),
            (format!("UPDATE d_person SET sealed_personal = NULL WHERE record_id = {ouyang}"), vec![sealed(ouyang, SealedFault::Gone)]),
            (format!("UPDATE d_person SET digest_personal = digest_sensitive WHERE record_id = {ouyang}"), Vec::new()),
        ] {
            let mut tx = registry.ledger().db().write().await.unwrap();
            tx.execute(&statement, &[]).await.unwrap();
            let changed = tx;
            changed.commit().await.unwrap();
            let found = findings(&registry).await;
            if wanted.is_empty() {
                assert!(matches!(found[0], Finding::Root(_)), "{found:?}");
            } else {
                assert_eq!(found, wanted, "{statement}");
            }
        }
    }

    async fn a_permit_gives_what_its_post_sees_and_nothing_of_other_units(place: &TestPlace) {
        let registry = with_schools(place).await;
        run(&registry, &permit(), PERSON, &people()).await.unwrap();
        let [ouyang] = found(&registry, &permit(), "欧阳不在").await[..] else { panic!() };
        let [sima] = found(&registry, &permit(), "司马乌有").await[..] else { panic!() };
        let own = permit_of(&registry, "caller", "2161000001").await;
        let clocks = Clocks::latest(registry.today());
        assert_eq!(found(&registry, &own, "欧阳不在").await, [ouyang]);
        assert_eq!(found(&registry, &own, "司马乌有").await, []);
        let persons = Persons::new(&registry, &own).unwrap();
        for answer in [persons.in_full(sima, &asked("enrolment"), clocks).await, persons.in_full(RecordId::new(999_999), &asked("enrolment"), clocks).await] {
            assert!(matches!(answer, Err(LedgerError::NoRecord(..))), "{answer:?}");
        }
        // The post does not see what is sensitive, whatever the purpose.
        let (version, _) = persons.in_full(ouyang, &asked("emergency"), clocks).await.unwrap().unwrap();
        assert_eq!(text(&registry, &version, "name").as_deref(), Some("欧阳不在"));
        assert_eq!(text(&registry, &version, "health_note"), None);
        // Nor may it write over it blindly.
        let refused = run(&registry, &own, PERSON, &people()).await;
        assert!(matches!(refused, Err(IntakeError::Unseen(ref titles)) if titles[0].1 == "Health note"), "{refused:?}");
        let plain = permit_of(&registry, "statistician", "610113").await;
        assert!(Persons::new(&registry, &plain).is_err());
        let refused = run(&registry, &plain, PERSON, "姓名,所在学校\n某人,2161000001\n").await;
        assert!(matches!(refused, Err(IntakeError::Unseen(_))), "{refused:?}");
    }

    async fn the_exact_query_reaches_beyond_the_permit_and_tells_next_to_nothing(place: &TestPlace) {
        let registry = with_schools(place).await;
        run(&registry, &permit(), PERSON, &people()).await.unwrap();
        let own = permit_of(&registry, "caller", "2161000001").await;
        let persons = Persons::new(&registry, &own).unwrap();
        let number = impossible_id("20100506", 2);
        let exact = persons.exact("司马乌有", &number, &asked("enrolment")).await.unwrap().unwrap().unwrap();
        assert_eq!((exact.keeper.as_str(), exact.in_force, exact.pending.len()), ("乙小学", true, 0));
        let cases = registry.cases().unwrap();
        let [sima] = found(&registry, &permit(), "司马乌有").await[..] else { panic!() };
        for of in [sima.get(), sima.get() * 10] {
            let fields = [("request", "1"), ("dataset", PERSON), ("persons", "5"), ("level", "personal"), ("purpose", "enrolment")];
            let opening = workflow::Opening {
                workflow: "export_approval".to_owned(),
                unit: Some(registry.security().units().roots()[0]),
                fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
                origin: Some(format!("person:{of}/test")),
                ..workflow::Opening::default()
            };
            cases.open_case(&permit(), opening).await.unwrap();
        }
        let begun = std::time::Instant::now();
        let exact = persons.exact("司马乌有", &number, &asked("enrolment")).await.unwrap().unwrap().unwrap();
        assert!(begun.elapsed() >= super::exact::TAKES);
        assert_eq!(exact.pending, ["export_approval"]);
        let begun = std::time::Instant::now();
        assert_eq!(persons.exact("司马无有", &number, &asked("enrolment")).await.unwrap().unwrap(), None);
        assert!(begun.elapsed() >= super::exact::TAKES);
        for (name, number) in [("司马", number.as_str()), ("司马乌有", &impossible_id("20100506", 4)), ("欧阳不在", &number), ("", "")] {
            assert_eq!(persons.exact(name, number, &asked("enrolment")).await.unwrap().unwrap(), None);
        }
        for _ in 0..20 {
            let _ = persons.exact("甲", "乙", &asked("enrolment")).await.unwrap();
        }
        assert_eq!(persons.exact("司马乌有", &number, &asked("enrolment")).await.unwrap(), Err(Refusal::TooMany));
        // Somebody else is not kept from it.
        let other = permit_of(&registry, "keeper", "610113").await;
        let persons = Persons::new(&registry, &other).unwrap();
        assert!(persons.exact("司马乌有", &number, &asked("enrolment")).await.unwrap().unwrap().is_some());
    }

    async fn consent_is_recorded_and_asked_for_children_from_a_guardian(place: &TestPlace) {
        let registry = with_schools(place).await;
        run(&registry, &permit(), PERSON, &people()).await.unwrap();
        let who = permit_of(&registry, "keeper", "610113").await;
        let [ouyang] = found(&registry, &who, "欧阳不在").await[..] else { panic!() };
        let persons = Persons::new(&registry, &who).unwrap();
        let clocks = Clocks::latest(registry.today());
        let full = async || persons.in_full(ouyang, &asked("extra_service"), clocks).await.unwrap().map(|_| ());
        let state = async |state: &str, relation: &str| {
            let statement = Statement {
                purpose: "extra_service".to_owned(),
                state: state.to_owned(),
                given_by: "欧阳监护".to_owned(),
                relation: relation.to_owned(),
                ..Statement::default()
            };
            persons.state(ouyang, &statement).await.unwrap().unwrap();
        };
        assert_eq!(full().await, Err(Refusal::Consent));
        state("given", rules::ITSELF).await;
        assert_eq!(full().await, Err(Refusal::Guardian));
        state("given", "母亲").await;
        assert_eq!(full().await, Ok(()));
        state("withdrawn", "母亲").await;
        assert_eq!(full().await, Err(Refusal::Consent));
        assert_eq!(persons.consents(ouyang).await.unwrap().len(), 1);
        assert_eq!(registry.ledger().count(&permit(), CONSENT, clocks).await.unwrap(), 1);
        assert_eq!(findings(&registry).await, []);
    }

    async fn everything_on_a_person_is_given_out_and_erased_and_the_chain_still_verifies(place: &TestPlace) {
        let registry = with_schools(place).await;
        run(&registry, &permit(), PERSON, &people()).await.unwrap();
        run(&registry, &permit(), PERSON, &people().replace("13900000017", "13900000033")).await.unwrap();
        let who = permit_of(&registry, "keeper", "610113").await;
        let persons = Persons::new(&registry, &who).unwrap();
        let [ouyang] = found(&registry, &who, "欧阳不在").await[..] else { panic!() };
        let statement = Statement { purpose: "extra_service".to_owned(), state: "given".to_owned(), relation: "母亲".to_owned(), ..Statement::default() };
        persons.state(ouyang, &statement).await.unwrap().unwrap();
        let (lives, _) = persons.everything(ouyang, &asked("data_subject_request")).await.unwrap().unwrap();
        let counts: Vec<(&str, usize)> = lives.iter().map(|life| (life.dataset.as_str(), life.versions.len())).collect();
        assert_eq!(counts, [(PERSON, 2), (CONSENT, 1)]);
        let phones: Vec<_> = lives[0].versions.iter().map(|(version, _)| text(&registry, version, "guardian_phone").unwrap()).collect();
        assert_eq!(phones, ["13900000033", "13900000017"]);

        assert_eq!(persons.erase(ouyang, "retention_over").await.unwrap(), Err(Refusal::Retention));
        assert_eq!(persons.erase(ouyang, "consent_withdrawn").await.unwrap(), Err(Refusal::Duty));
        let head = registry.ledger().head().await.unwrap();
        assert_eq!(persons.erase(ouyang, "without_basis").await.unwrap(), Ok(()));
        assert_eq!(persons.erase(ouyang, "without_basis").await.unwrap(), Err(Refusal::Erased));
        assert_eq!(found(&registry, &permit(), "欧阳不在").await, []);
        assert_eq!(found(&registry, &permit(), &impossible_id("20150304", 1)).await, []);
        let report = registry.ledger().verify(|_, _| true).await.unwrap();
        assert_eq!((report.findings, report.erased.into_iter().collect::<Vec<_>>(), report.head), (vec![], vec![ouyang], head.hash));
        let versions = registry.ledger().open_versions_in_full(&permit(), PERSON, &[ouyang]).await.unwrap();
        assert!(versions.iter().all(|version| version.is_erased() && text(&registry, version, "name").is_none()));
        let clocks = Clocks::latest(registry.today());
        assert_eq!(persons.in_full(ouyang, &asked("emergency"), clocks).await.unwrap().unwrap_err(), Refusal::Erased);
        // Nothing more is written of them; the file again is a new person.
        let row = TypedRow { target: Some(ouyang), cells: vec![("address".to_owned(), "某处".to_owned())], ..TypedRow::default() };
        let prepared = prepare_row(registry.ledger(), &permit(), PERSON, &row).await;
        let refused = match prepared { Ok(prepared) => commit_row(registry.ledger(), &permit(), &prepared, &row).await.map(|_| ()), Err(error) => Err(error) };
        assert!(refused.is_err());
        // A commit of before can still be reversed; what was erased stays so.
        registry.ledger().reverse(&permit(), CommitNumber::new(head.number.get()), "误录").await.unwrap();
        let (_, plan) = run(&registry, &permit(), PERSON, &people()).await.unwrap();
        assert_eq!((plan.count(Class::New), plan.count(Class::Unchanged)), (1, 1));
        assert_eq!(findings(&registry).await, []);
    }

    async fn an_end_after_the_ledger_forgot_a_person_is_made_up_for_at_the_start(place: &TestPlace) {
        let registry = with_schools(place).await;
        run(&registry, &permit(), PERSON, &people()).await.unwrap();
        let who = permit_of(&registry, "keeper", "610113").await;
        let [ouyang] = found(&registry, &who, "欧阳不在").await[..] else { panic!() };
        let erasure = || security::people::Erasure { reason: "without_basis".to_owned() };
        registry.ledger().erase_person(&who, ouyang, erasure()).await.unwrap();
        assert_eq!(said_of_erasures(&registry).await, [] as [String; 0]);
        drop(registry);
        for _ in 0..2 {
            let registry = registry_of(place, noon(), standard_with_keepers()).await;
            let said = format!("person_erased done without_basis {} person:{ouyang}", who.actor());
            assert_eq!(said_of_erasures(&registry).await, [said]);
            assert_eq!(findings(&registry).await, []);
        }
    }

    async fn who_is_erased_is_emptied_where_an_older_ledger_holds_them(place: &TestPlace) {
        let registry = with_schools(place).await;
        run(&registry, &permit(), PERSON, &people()).await.unwrap();
        let [ouyang] = found(&registry, &permit(), "欧阳不在").await[..] else { panic!() };
        let mut tx = registry.ledger().db().read().await.unwrap();
        let row = tx.fetch_one("SELECT sealed_personal, sealed_sensitive FROM d_person WHERE record_id = $1", &[ouyang.into()]).await.unwrap();
        let parts = row.into_values();
        drop(tx);
        let admin = permit();
        let persons = Persons::new(&registry, &admin).unwrap();
        persons.erase(ouyang, "without_basis").await.unwrap().unwrap();
        assert_eq!(said_of_erasures(&registry).await.len(), 2);
        // What a backup from before holds, once the room of security took the key away again.
        let mut tx = registry.ledger().db().write().await.unwrap();
        let values = [parts[0].clone(), parts[1].clone(), ouyang.into()];
        tx.execute("UPDATE d_person SET sealed_personal = $1, sealed_sensitive = $2 WHERE record_id = $3", &values).await.unwrap();
        tx.commit().await.unwrap();
        drop(registry);
        let registry = registry_of(place, noon(), standard_with_keepers()).await;
        let mut tx = registry.ledger().db().read().await.unwrap();
        let row = tx.fetch_one("SELECT count(*) AS number FROM d_person WHERE sealed_personal IS NOT NULL OR sealed_sensitive IS NOT NULL", &[]).await.unwrap();
        // The other person stays.
        assert_eq!(row.int("number").unwrap(), 1);
        drop(tx);
        assert_eq!(findings(&registry).await, []);
    }

    async fn nobody_erases_who_has_records_beyond_their_reach(place: &TestPlace) {
        let registry = with_schools(place).await;
        run(&registry, &permit(), PERSON, &people()).await.unwrap();
        let [ouyang] = found(&registry, &permit(), "欧阳不在").await[..] else { panic!() };
        let moved = TypedRow { target: Some(ouyang), cells: vec![("school".to_owned(), "2161000002".to_owned())], from: Some(Day::from_ymd(2026, 3, 1).unwrap()), ..TypedRow::default() };
        let prepared = prepare_row(registry.ledger(), &permit(), PERSON, &moved).await.unwrap();
        commit_row(registry.ledger(), &permit(), &prepared, &moved).await.unwrap();
        let former = permit_of(&registry, "keeper", "2161000001").await;
        let persons = Persons::new(&registry, &former).unwrap();
        assert_eq!(persons.erase(ouyang, "without_basis").await.unwrap(), Err(Refusal::Above));
        assert_eq!(said_of_erasures(&registry).await, [] as [String; 0]);
        let above = permit_of(&registry, "keeper", "6101").await;
        let persons = Persons::new(&registry, &above).unwrap();
        assert_eq!(persons.erase(ouyang, "without_basis").await.unwrap(), Ok(()));
    }

    async fn served_columns_hold_no_personal_data(place: &TestPlace) {
        let registry = with_schools(place).await;
        run(&registry, &permit(), PERSON, &people()).await.unwrap();
        let clocks = Clocks::latest(registry.today());
        for dataset in registry.standard().datasets() {
            let view = registry.view(&permit(), &dataset.name, clocks).await.unwrap();
            for field in dataset.stored_fields().filter(|field| field.sensitivity >= Sensitivity::Personal) {
                assert_eq!(view.column(&field.name), None, "{}.{}", dataset.name, field.name);
            }
        }
        let view = registry.view(&permit(), PERSON, clocks).await.unwrap();
        assert_eq!(view.len(), 2);
        assert_eq!(view.column("initials"), None);
        let columns: Vec<usize> = (0..view.table().schema().len()).collect();
        for column in columns {
            for row in view.rows() {
                let cell = format!("{:?}", view.table().cell(column, row));
                assert!(!SECRETS.iter().any(|secret| cell.contains(secret)), "{cell}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_of_the_program_holds_a_plain_value() {
    let place = TestPlace::sqlite().unwrap();
    let registry = with_schools(&place).await;
    let security = registry.security();
    let account = security::NewAccount {
        login: "keeper".to_owned(),
        display: "某".to_owned(),
        password: None,
    };
    let (account, _) = security.create_account(&permit(), account).await.unwrap();
    let grant = security
        .grant(&permit(), account, "keeper", None, None)
        .await
        .unwrap();
    let who = security.permit_for_grant(grant).await.unwrap();
    // As a browser sends it: received in parts, planned, approved; one row is refused.
    let bad = people().replace("2010-05-06", "2010-13-06");
    let mut target = registry.imports().receive("abc.part", None).await.unwrap();
    for part in bad.as_bytes().chunks(17) {
        target.write(part).await.unwrap();
    }
    let path = target.path().to_owned();
    target.finish().await.unwrap();
    let request = Request::default();
    let id = registry
        .imports()
        .submit(&who, Some(grant.0), PERSON, "名单.csv", &path, &request)
        .await
        .unwrap();
    let waited = async {
        loop {
            let import = registry.imports().find(&who, id).await.unwrap().unwrap();
            if !import.state.is_running() {
                return import;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let import = tokio::time::timeout(std::time::Duration::from_secs(60), waited)
        .await
        .unwrap();
    assert_eq!(import.state.as_str(), "planned", "{:?}", import.error);
    let plan: crate::intake::Plan = serde_json::from_str(import.plan.as_deref().unwrap()).unwrap();
    assert_eq!((plan.count(Class::New), plan.count(Class::Refused)), (1, 1));
    let refused = registry.imports().refused_file(id, standard::Lang::Zh);
    let refused = registry.imports().read_kept(&refused).await.unwrap();
    assert!(String::from_utf8(refused).unwrap().contains("司马乌有"));
    run(&registry, &permit(), PERSON, &people()).await.unwrap();
    let [ouyang] = found(&registry, &permit(), "欧阳不在").await[..] else {
        panic!()
    };
    run(
        &registry,
        &permit(),
        PERSON,
        &people().replace("无名村 1 号", "无名村 2 号"),
    )
    .await
    .unwrap();
    let mut secrets: Vec<String> = SECRETS.iter().map(|secret| (*secret).to_owned()).collect();
    secrets.push(impossible_id("20150304", 1));
    let look = |when: &str| {
        let imports = registry.imports().folder(0);
        let uploads = imports.parent().unwrap().parent().unwrap();
        let (ledger, _) = place.address("ledger");
        let databases = Path::new(ledger.trim_start_matches("sqlite://"))
            .parent()
            .unwrap();
        for folder in [databases, uploads] {
            let files = files(folder);
            assert!(folder != databases || files.iter().any(|(_, bytes)| holds(bytes, "甲小学")));
            for (name, bytes) in files {
                for secret in &secrets {
                    assert!(!holds(&bytes, secret), "{when}: {secret} stands in {name}");
                }
            }
        }
    };
    look("after import, refusal and edit");
    // What waits is put aside in time, and nothing of its rows is left.
    let mut tx = registry.imports().work().write().await.unwrap();
    tx.execute("UPDATE import SET updated = 0", &[])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(registry.imports().expire().await.unwrap() > 0);
    assert_eq!(registry.imports().expire().await.unwrap(), 0);
    let import = registry.imports().find(&who, id).await.unwrap().unwrap();
    assert_eq!(import.state.as_str(), "discarded");
    let plan: crate::intake::Plan = serde_json::from_str(import.plan.as_deref().unwrap()).unwrap();
    assert_eq!(plan.count(Class::New), 1);
    assert!(plan.examples.is_empty() && plan.causes[0].examples.is_empty());
    assert!(!registry.imports().folder(id).exists());
    let admin = permit();
    let persons = Persons::new(&registry, &admin).unwrap();
    persons
        .erase(ouyang, "without_basis")
        .await
        .unwrap()
        .unwrap();
    look("after erasure");
    drop(registry);
    place.remove().await.unwrap();
}
