//! Store tests on both engines and the way through the gate, as a browser takes it.

mod accounts;
mod administration;
mod attack;
mod browser;
mod clients;
mod device;
mod evidence;
mod evidence_pages;
mod exports;
mod factors;
mod flow;
mod grants;
mod hardening;
mod identity;
mod units;

use std::sync::Arc;

use db::testing::TestPlace;
use kernel::{Day, FixedClock};
use standard::{
    Action, At, Confidence, DatasetName, Label, Line, Post, Scope, Sensitivity, UnitLevel,
};

use crate::{Config, Parts, Permit, Security, SystemRandom};

pub(crate) struct House {
    pub(crate) security: Security,
    pub(crate) clock: Arc<FixedClock>,
}

impl House {
    pub(crate) fn now(&self) -> kernel::Millis {
        kernel::Clock::now(&*self.clock)
    }
}

pub(crate) fn post(name: &str, actions: &[Action], scope: Scope) -> Post {
    Post {
        title: Label {
            zh: format!("岗位{name}"),
            en: format!("post {name}"),
        },
        ..Post::new(name, actions, scope, Sensitivity::Internal)
    }
}

pub(crate) async fn house(place: &TestPlace) -> House {
    house_with(place, |_| {}).await
}

pub(crate) async fn house_with(place: &TestPlace, change: impl FnOnce(&mut Config)) -> House {
    let mut config = Config::for_tests();
    change(&mut config);
    let clock = Arc::new(FixedClock::at_noon(Day::from_ymd(2026, 11, 23).unwrap()));
    let administrator = [Action::Read, Action::ManageAccounts, Action::ManageSettings];
    let security = Security::open(Parts {
        ledger: place.open("ledger").await.unwrap(),
        work: place.open("work").await.unwrap(),
        posts: vec![
            post("planner", &[Action::Read, Action::Export], Scope::Subtree),
            post("statistician", &[Action::Read, Action::Edit], Scope::Own),
            Post {
                sees: Sensitivity::Sensitive,
                ..post("registrar", &[Action::Read, Action::Export], Scope::Subtree)
            },
            post("leader", &[Action::Read, Action::Approve], Scope::Subtree),
            post(
                "guard",
                &[Action::Read, Action::ManageSecurity],
                Scope::Subtree,
            ),
            post("watcher", &[Action::ReadAudit], Scope::Subtree),
            Post {
                levels: vec![UnitLevel::Institution],
                ..post("clerk", &[Action::Read], Scope::Own)
            },
            Post {
                may_grant: ["planner", "statistician", "clerk", "administrator"]
                    .map(str::to_owned)
                    .to_vec(),
                ..post("administrator", &administrator, Scope::Subtree)
            },
            Post {
                may_grant: vec!["auditor".to_owned()],
                ..post(
                    "auditor",
                    &[Action::Read, Action::ReadAudit, Action::ManageAccounts],
                    Scope::Subtree,
                )
            },
        ],
        lines: vec![Line {
            name: "finance".to_owned(),
            title: Label::default(),
            datasets: Some(vec!["division".to_owned(), "budget".to_owned()]),
            source: "test".to_owned(),
            confidence: Confidence::Proposal,
            at: At {
                file: "lines.toml".into(),
                line: 1,
            },
        }],
        datasets: ["division", "budget", "institution"]
            .map(|name| DatasetName {
                name: name.to_owned(),
                title: Label::default(),
                is_common: name == "division",
            })
            .to_vec(),
        clock: Arc::<FixedClock>::clone(&clock),
        random: Arc::new(SystemRandom),
        config,
    })
    .await
    .unwrap();
    House { security, clock }
}

pub(crate) fn operator() -> Permit {
    Permit::for_operator("cli").unwrap()
}

#[test]
fn every_message_is_there_in_both_languages() {
    let catalogue = ui::Catalogue::new(vec![crate::messages()]);
    assert_eq!(catalogue.problems(), [] as [String; 0]);
    let faults = [
        crate::PasswordFault::TooShort,
        crate::PasswordFault::TooLong,
        crate::PasswordFault::TooPlain,
        crate::PasswordFault::HoldsName,
        crate::PasswordFault::Common,
        crate::PasswordFault::Reused,
    ];
    let text = catalogue.text(ui::Language::Chinese);
    for fault in faults {
        assert!(text.has(fault.code()), "{}", fault.code());
    }
}

/// The words of actions stand in one function; a new one without words would be told to an auditor as code.
#[test]
fn every_action_of_the_log_has_its_words() {
    let words = ui::Catalogue::new(vec![crate::messages()]);
    let text = words.text(ui::Language::Chinese);
    assert!(crate::AuditAction::ALL.len() > 40);
    for action in crate::AuditAction::ALL {
        let key = format!("security-audit-do-{}", action.as_str().replace('_', "-"));
        assert!(text.has(&key), "{key}");
    }
}
