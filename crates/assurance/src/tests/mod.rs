//! The room on both engines, and its pages as a browser takes them.

mod browser;
mod flow;
mod pages;
mod watch;

use std::collections::HashMap;
use std::sync::Arc;

use db::testing::TestPlace;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use kernel::{AccountId, CommitNumber, Day, FixedClock, Millis, UnitId};
use security::{
    Config, FixedDirectory, NewAccount, Permit, Security, SystemRandom, UnitLevel, UnitLife,
    UnitStretch,
};
use standard::{SourceFile, Standard};
use workflow::Workflow;

use crate::{
    Assurance, CertificateRole, Chain, Directory, Node, NodeCertificate, Parts, Seen, UnitEntry,
    UnitNames,
};

pub(crate) const PASSWORD: &str = "Wei-he-2026-liu";

pub(crate) const PROVINCE: UnitId = UnitId::new(1);
pub(crate) const CITY: UnitId = UnitId::new(2);
pub(crate) const COUNTY: UnitId = UnitId::new(3);
pub(crate) const SCHOOL: UnitId = UnitId::new(4);
pub(crate) const OTHER_COUNTY: UnitId = UnitId::new(5);

const NAMES: [(UnitId, &str); 5] = [
    (PROVINCE, "某省教育厅"),
    (CITY, "某市教育局"),
    (COUNTY, "某县教育局"),
    (SCHOOL, "第一小学"),
    (OTHER_COUNTY, "邻县教育局"),
];

/// Posts of the tests' own, so that the release's may change.
const POSTS: &str = r#"
[[post]]
name = "test_officer"
title = { zh = "测试信息员", en = "Test officer" }
about = { zh = "只管本单位", en = "Own unit only" }
actions = ["read", "read_security", "manage_security"]
scope = "own"
sees = "internal"
levels = ["province", "city", "county", "institution"]
training = ["test_course"]

[[post]]
name = "test_security"
title = { zh = "测试安全员", en = "Test security" }
about = { zh = "管下级", en = "The subtree" }
actions = ["read", "read_security", "manage_security"]
scope = "subtree"
sees = "internal"
levels = ["province", "city", "county", "institution"]
training = ["test_course"]

[[post]]
name = "test_head"
title = { zh = "测试一把手", en = "Test head" }
about = { zh = "只看安全情况", en = "Sees the state of security" }
actions = ["read", "read_security"]
scope = "subtree"
sees = "internal"
levels = ["province", "city", "county", "institution"]

[[post]]
name = "test_reader"
title = { zh = "测试读者", en = "Test reader" }
about = { zh = "只看", en = "Reads only" }
actions = ["read"]
scope = "subtree"
sees = "internal"
levels = ["province", "city", "county", "institution"]

[[post]]
name = "test_guarded"
title = { zh = "测试须培训岗位", en = "Test guarded" }
about = { zh = "须先培训", en = "Needs training" }
actions = ["read"]
scope = "subtree"
sees = "internal"
levels = ["province", "city", "county", "institution"]
training = ["test_course"]
"#;

const COURSES: &str = r#"
[[course]]
name = "test_course"
title = { zh = "测试课程", en = "Test course" }
about = { zh = "测试", en = "Test" }
hours = 4
valid_months = 12
source = "测试"
confidence = "proposal"
"#;

struct Names(Arc<UnitNames>);

impl Directory for Names {
    fn units(&self) -> BoxFuture<'_, Result<Arc<UnitNames>, String>> {
        async { Ok(Arc::clone(&self.0)) }.boxed()
    }
}

/// A node whose chains and certificates are what a test says.
#[derive(Default)]
pub(crate) struct TestNode {
    pub(crate) seen: std::sync::Mutex<HashMap<&'static str, Result<Seen, String>>>,
    pub(crate) until: std::sync::Mutex<Vec<Millis>>,
}

impl Node for TestNode {
    fn certificates(&self) -> Result<Vec<NodeCertificate>, String> {
        let until = self.until.lock().unwrap();
        let certificate = |until: &Millis| NodeCertificate {
            role: CertificateRole::Server,
            subject: "CN=test.example".to_owned(),
            until: *until,
        };
        Ok(until.iter().map(certificate).collect())
    }

    fn verify(&self, chain: Chain) -> BoxFuture<'_, Result<Seen, String>> {
        let seen = self.seen.lock().unwrap().get(chain.as_str()).cloned();
        async { seen.unwrap_or_else(|| Ok(Seen::default())) }.boxed()
    }
}

pub(crate) struct House {
    pub(crate) security: Security,
    pub(crate) assurance: Assurance,
    pub(crate) clock: Arc<FixedClock>,
    work: db::Db,
    standard: Arc<Standard>,
    pub(crate) node: Arc<TestNode>,
}

pub(crate) fn operator() -> Permit {
    Permit::for_operator("cli").unwrap()
}

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

impl House {
    pub(crate) async fn new(place: &TestPlace) -> Self {
        let clock = Arc::new(FixedClock::at_noon(day("2026-03-05")));
        let overlay =
            [("posts.toml", POSTS), ("assurance.toml", COURSES)].map(|(path, text)| SourceFile {
                path: path.to_owned(),
                bytes: text.as_bytes().to_vec(),
            });
        let standard =
            Arc::new(Standard::load_with_overlay(&standard::embedded_files(), &overlay).unwrap());
        let ledger = place.open("ledger").await.unwrap();
        let work = place.open("work").await.unwrap();
        let security = Security::open(security::Parts {
            ledger: ledger.clone(),
            work: work.clone(),
            posts: standard.posts().to_vec(),
            lines: standard.lines().to_vec(),
            datasets: standard.dataset_names(),
            clock: Arc::<FixedClock>::clone(&clock),
            random: Arc::new(SystemRandom),
            config: Config::for_tests(),
        })
        .await
        .unwrap();
        let life = |unit: UnitId, parent: Option<UnitId>| UnitLife {
            unit,
            stretches: vec![UnitStretch {
                from: Day::BEGINNING,
                to: None,
                parent,
            }],
        };
        let lives = [
            life(PROVINCE, None),
            life(CITY, Some(PROVINCE)),
            life(COUNTY, Some(CITY)),
            life(SCHOOL, Some(COUNTY)),
            life(OTHER_COUNTY, Some(CITY)),
        ];
        let mut tx = ledger.write().await.unwrap();
        security::api::put_units(&mut tx, CommitNumber::new(1), &lives, &[])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        security.reload_units().await.unwrap();
        let levels = [
            (PROVINCE, UnitLevel::Province, ""),
            (CITY, UnitLevel::City, ""),
            (COUNTY, UnitLevel::County, ""),
            (SCHOOL, UnitLevel::Institution, ""),
            (OTHER_COUNTY, UnitLevel::County, ""),
        ];
        security.set_directory(Arc::new(FixedDirectory::new(&security, &levels)));
        let node = Arc::new(TestNode::default());
        let assurance = open(&work, &security, &standard, &clock, Arc::clone(&node)).await;
        security.add_grant_condition(assurance.grant_condition());
        Self {
            security,
            assurance,
            clock,
            work,
            standard,
            node,
        }
    }

    /// The room as another process would open it on the same databases.
    pub(crate) async fn opened_again(&self) -> Assurance {
        let node = Arc::clone(&self.node);
        open(
            &self.work,
            &self.security,
            &self.standard,
            &self.clock,
            node,
        )
        .await
    }

    pub(crate) async fn account(&self, login: &str) -> AccountId {
        let new = NewAccount {
            login: login.to_owned(),
            display: login.to_owned(),
            password: Some(PASSWORD.to_owned()),
        };
        let (id, _) = self
            .security
            .create_account(&operator(), new)
            .await
            .unwrap();
        id
    }

    /// The permit of a new account with a post.
    pub(crate) async fn permit(&self, login: &str, post: &str, unit: UnitId) -> Permit {
        let account = self.account(login).await;
        // What comes before a post is another test's matter.
        let first = Permit::for_operator("first-start").unwrap();
        let grant = self
            .security
            .grant(&first, account, post, Some(unit), None)
            .await
            .unwrap();
        self.security.permit_for_grant(grant).await.unwrap()
    }
}

async fn open(
    work: &db::Db,
    security: &Security,
    standard: &Arc<Standard>,
    clock: &Arc<FixedClock>,
    node: Arc<TestNode>,
) -> Assurance {
    let entry = |(unit, name): &(UnitId, &str)| {
        let entry = UnitEntry {
            code: unit.to_string(),
            name: (*name).to_owned(),
            initials: String::new(),
        };
        (*unit, entry)
    };
    let workflow = Workflow::open(workflow::Parts {
        work: work.clone(),
        standard: Arc::clone(standard),
        security: security.clone(),
        clock: Arc::<FixedClock>::clone(clock),
        seal: None,
        files: None,
        notices: workflow::NoticeSettings::default(),
    })
    .await
    .unwrap();
    let names: HashMap<UnitId, UnitEntry> = NAMES.iter().map(entry).collect();
    Assurance::open(Parts {
        work: work.clone(),
        security: security.clone(),
        standard: Arc::clone(standard),
        clock: Arc::<FixedClock>::clone(clock),
        workflow: Some(workflow),
        directory: Arc::new(Names(Arc::new(UnitNames(names)))),
        sources: Vec::new(),
        node: Some(node),
    })
    .await
    .unwrap()
}

#[test]
fn every_message_is_there_in_both_languages() {
    let catalogue = ui::Catalogue::new(vec![crate::messages(), security::messages()]);
    assert_eq!(catalogue.problems(), [] as [String; 0]);
}
