//! The engine on both databases: who may, what follows, two at once, crashes, time limits.

mod browser;
mod cases;
mod exports;
mod files;
mod grants;
mod graph;
mod notices;
mod pages;
mod receivers;
mod timers;

use std::collections::BTreeMap;
use std::sync::Arc;

use db::testing::TestPlace;
use futures::future::BoxFuture;
use kernel::{AccountId, CommitNumber, Day, FixedClock, UnitId};
use security::{
    Config, FixedDirectory, GrantId, NewAccount, Permit, Security, SystemRandom, UnitLevel,
    UnitLife, UnitStretch,
};
use standard::{SourceFile, Standard};

use crate::{
    Act, Carried, CaseId, Decided, Effect, EffectFault, NoticeSettings, Opening, Parts, Workflow,
};

/// A unit of the tests: a province 1, cities 2 and 3, counties 4 and 5 below 2, a school 6 below 4.
pub(crate) const PROVINCE: UnitId = UnitId(1);
pub(crate) const CITY: UnitId = UnitId(2);
pub(crate) const OTHER_CITY: UnitId = UnitId(3);
pub(crate) const COUNTY: UnitId = UnitId(4);
pub(crate) const OTHER_COUNTY: UnitId = UnitId(5);
pub(crate) const SCHOOL: UnitId = UnitId(6);

const TREE: [(UnitId, Option<UnitId>); 6] = [
    (PROVINCE, None),
    (CITY, Some(PROVINCE)),
    (OTHER_CITY, Some(PROVINCE)),
    (COUNTY, Some(CITY)),
    (OTHER_COUNTY, Some(CITY)),
    (SCHOOL, Some(COUNTY)),
];

const LEVELS: [(UnitId, UnitLevel); 6] = [
    (PROVINCE, UnitLevel::Province),
    (CITY, UnitLevel::City),
    (OTHER_CITY, UnitLevel::City),
    (COUNTY, UnitLevel::County),
    (OTHER_COUNTY, UnitLevel::County),
    (SCHOOL, UnitLevel::Institution),
];

/// A process with every way: a school asks, the county checks, the city decides, the other room carries out.
pub(crate) const LOAN: &str = r#"name = "loan"
title = { zh = "借用", en = "Loan" }
about = { zh = "测试", en = "Test" }
source = "test"
confidence = "proposal"
begin = { action = "read" }
files = { most = 2, bytes = 1000, kinds = ["pdf", "png"], kept_days = 30 }

[[field]]
name = "what"
title = { zh = "什么", en = "What" }
kind = "text"
required = true
max_length = 20

[[field]]
name = "days"
title = { zh = "天数", en = "Days" }
kind = "int"
min = 1
max = 30

[[state]]
name = "check"
title = { zh = "待核", en = "To check" }
start = true
kind = "open"
limit = { working_days = 5, remind_before = 1, then = "escalate", source = "test", confidence = "proposal" }

[[state]]
name = "decision"
title = { zh = "待批", en = "To decide" }
kind = "open"
limit = { days = 2, then = "remind", source = "test", confidence = "proposal" }

[[state]]
name = "back"
title = { zh = "退回", en = "Returned" }
kind = "returned"
limit = { hours = 48, then = "lapse", to = "lapsed", source = "test", confidence = "proposal" }

[[state]]
name = "lent"
title = { zh = "已借", en = "Lent" }
kind = "done"
effect = { name = "test.lend", refused_to = "not_lent" }

[[state]]
name = "not_lent"
title = { zh = "未借", en = "Not lent" }
kind = "refused"

[[state]]
name = "no"
title = { zh = "不借", en = "Refused" }
kind = "refused"

[[state]]
name = "withdrawn"
title = { zh = "撤回", en = "Withdrawn" }
kind = "withdrawn"

[[state]]
name = "lapsed"
title = { zh = "失效", en = "Lapsed" }
kind = "lapsed"

[[move]]
name = "pass"
title = { zh = "通过", en = "Pass" }
from = ["check"]
to = "decision"
who = [{ posts = ["statistician"], relation = "above" }]
not_applicant = true

[[move]]
name = "return"
title = { zh = "退回", en = "Return" }
from = ["check", "decision"]
to = "back"
who = [{ posts = ["statistician"], relation = "above" }]
not_applicant = true
note = "required"

[[move]]
name = "lend"
title = { zh = "批准", en = "Lend" }
from = ["decision"]
to = "lent"
who = [{ posts = ["statistician"], relation = "above" }, { action = "manage_settings", relation = "within" }]
not_applicant = true
not_after = ["pass"]

[[move]]
name = "refuse"
title = { zh = "不批", en = "Refuse" }
from = ["decision"]
to = "no"
who = [{ posts = ["statistician"], relation = "above" }]
not_applicant = true

[[move]]
name = "again"
title = { zh = "再次提交", en = "Again" }
from = ["back"]
to = "check"
who = [{ relation = "applicant" }]
edits = true

[[move]]
name = "withdraw"
title = { zh = "撤回", en = "Withdraw" }
from = ["check", "decision", "back"]
to = "withdrawn"
who = [{ relation = "applicant" }]
note = "none"
"#;

/// A process that ends with an approval that another room asks for later.
const PASS: &str = r#"
name = "pass"
title = { zh = "通行", en = "Pass" }
about = { zh = "测试", en = "Test" }
source = "test"
confidence = "proposal"
begin = { anyone = true }

[[field]]
name = "what"
title = { zh = "内容", en = "What" }
kind = "text"

[[state]]
name = "review"
title = { zh = "待审批", en = "Under review" }
start = true
kind = "open"

[[state]]
name = "given"
title = { zh = "已批准", en = "Given" }
kind = "done"
effect = { name = "workflow.approval", refused_to = "no", valid_days = 7 }

[[state]]
name = "no"
title = { zh = "不批", en = "Refused" }
kind = "refused"

[[move]]
name = "give"
title = { zh = "批准", en = "Give" }
from = ["review"]
to = "given"
who = [{ action = "manage_accounts", relation = "within" }]
not_applicant = true
"#;

pub(crate) fn standard() -> Standard {
    let mut files = standard::embedded_files();
    files.push(SourceFile {
        path: "workflows/pass.toml".to_owned(),
        bytes: PASS.as_bytes().to_vec(),
    });
    files.push(SourceFile {
        path: "workflows/loan.toml".to_owned(),
        bytes: LOAN.as_bytes().to_vec(),
    });
    Standard::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

pub(crate) struct House {
    pub(crate) workflow: Workflow,
    pub(crate) security: Security,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) folder: tempfile::TempDir,
}

/// Someone with a post: the account, the grant and its permit.
pub(crate) struct Person {
    pub(crate) id: AccountId,
    pub(crate) grant: GrantId,
    pub(crate) permit: Permit,
}

pub(crate) async fn house(place: &TestPlace) -> House {
    // A Wednesday.
    let clock = Arc::new(FixedClock::at_noon(Day::from_ymd(2026, 11, 25).unwrap()));
    house_at(place, clock, standard(), NoticeSettings::default()).await
}

pub(crate) async fn house_with(place: &TestPlace, notices: NoticeSettings) -> House {
    let clock = Arc::new(FixedClock::at_noon(Day::from_ymd(2026, 11, 25).unwrap()));
    house_at(place, clock, standard(), notices).await
}

pub(crate) async fn house_at(
    place: &TestPlace,
    clock: Arc<FixedClock>,
    standard: Standard,
    notices: NoticeSettings,
) -> House {
    let (ledger, work) = (
        place.open("ledger").await.unwrap(),
        place.open("work").await.unwrap(),
    );
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
    if security.units().is_empty() {
        let lives: Vec<UnitLife> = TREE
            .iter()
            .map(|(unit, parent)| UnitLife {
                unit: *unit,
                stretches: vec![UnitStretch {
                    from: Day::new(0),
                    to: None,
                    parent: *parent,
                }],
            })
            .collect();
        let mut tx = ledger.write().await.unwrap();
        security::api::put_units(&mut tx, CommitNumber::new(1), &lives, &[])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        security.reload_units().await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let known = LEVELS.map(|(unit, level)| (unit, level, ""));
    security.set_directory(Arc::new(FixedDirectory::new(&security, &known)));
    let workflow = Workflow::open(Parts {
        work,
        standard: Arc::new(standard),
        security: security.clone(),
        clock: Arc::<FixedClock>::clone(&clock),
        seal: Some(Arc::new(XorSeal)),
        files: Some(folder.path().to_owned()),
        notices,
    })
    .await
    .unwrap();
    House {
        workflow,
        security,
        clock,
        folder,
    }
}

/// A stand-in that shows whether everything goes through the seal.
struct XorSeal;

impl crate::Seal for XorSeal {
    fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, crate::SealFault> {
        let mut blob: Vec<u8> = plain.iter().map(|byte| byte ^ 0x5a).collect();
        blob.extend_from_slice(place.as_bytes());
        Ok(blob)
    }

    fn open(&self, place: &str, blob: &[u8]) -> Result<Vec<u8>, crate::SealFault> {
        let body = blob
            .strip_suffix(place.as_bytes())
            .ok_or_else(|| crate::SealFault("another place".to_owned()))?;
        Ok(body.iter().map(|byte| byte ^ 0x5a).collect())
    }
}

pub(crate) fn operator() -> Permit {
    Permit::for_operator("cli").unwrap()
}

impl House {
    pub(crate) async fn account(&self, login: &str) -> AccountId {
        let new = NewAccount {
            login: login.to_owned(),
            display: format!("测试{login}"),
            password: Some("Wei-He river 2026".to_owned()),
        };
        self.security
            .create_account(&operator(), new)
            .await
            .unwrap()
            .0
    }

    pub(crate) async fn person(&self, login: &str, post: &str, unit: Option<UnitId>) -> Person {
        let id = self.account(login).await;
        let grant = self
            .security
            .grant(&operator(), id, post, unit, None)
            .await
            .unwrap();
        Person {
            id,
            grant,
            permit: self.security.permit_for_grant(grant).await.unwrap(),
        }
    }

    pub(crate) async fn begin(&self, who: &Person) -> CaseId {
        let opening = Opening {
            workflow: "loan".to_owned(),
            fields: fields(&[("what", "投影仪"), ("days", "3")]),
            ..Opening::default()
        };
        self.workflow.open_case(&who.permit, opening).await.unwrap()
    }

    pub(crate) async fn version(&self, case: CaseId) -> i64 {
        self.workflow.case(&operator(), case).await.unwrap().version
    }

    pub(crate) async fn state(&self, case: CaseId) -> String {
        self.workflow.case(&operator(), case).await.unwrap().state
    }

    pub(crate) async fn act(
        &self,
        who: &Person,
        case: CaseId,
        step: &str,
        note: &str,
    ) -> Result<i64, crate::WorkflowError> {
        let act = Act {
            step: step.to_owned(),
            version: self.version(case).await,
            key: format!("{step}-{}-{}", who.id, self.version(case).await),
            note: note.to_owned(),
            fields: None,
            grant: Some(who.grant),
        };
        self.workflow.act(&who.permit, case, &act, None).await
    }
}

pub(crate) fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// An effect that does what the test says, and counts.
pub(crate) struct Lending {
    pub(crate) answers: std::sync::Mutex<Vec<Result<Carried, EffectFault>>>,
    pub(crate) asked: std::sync::atomic::AtomicUsize,
}

impl Lending {
    pub(crate) fn new(answers: Vec<Result<Carried, EffectFault>>) -> Arc<Self> {
        Arc::new(Self {
            answers: std::sync::Mutex::new(answers),
            asked: std::sync::atomic::AtomicUsize::new(0),
        })
    }

    pub(crate) fn done(trace: &str) -> Result<Carried, EffectFault> {
        Ok(Carried {
            trace: trace.to_owned(),
        })
    }
}

impl Effect for Lending {
    fn carry_out<'a>(&'a self, _: &'a Decided) -> BoxFuture<'a, Result<Carried, EffectFault>> {
        self.asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let answer = self.answers.lock().unwrap().remove(0);
        Box::pin(async move { answer })
    }
}

#[test]
fn every_message_is_there_in_both_languages() {
    let catalogue = ui::Catalogue::new(vec![crate::messages()]);
    assert_eq!(catalogue.problems(), [] as [String; 0]);
}
