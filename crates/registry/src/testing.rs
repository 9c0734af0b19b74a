//! A registry of its own for a test of this crate.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use db::testing::TestPlace;
use kernel::{Clock, Day, FixedClock};
use security::{Config, Security, SeededRandom};
use workflow::{NoticeSettings, Workflow};

use crate::api::{Parts, Registry};

/// A registry at noon of 2026-03-02, with the seeds in it.
pub(crate) async fn registry(place: &TestPlace) -> Registry {
    registry_at(place, noon()).await
}

/// The clock of [`registry`].
pub(crate) fn noon() -> Arc<dyn Clock> {
    Arc::new(FixedClock::at_noon(Day::from_ymd(2026, 3, 2).unwrap()))
}

/// A registry with a clock of the test's own.
pub(crate) async fn registry_at(place: &TestPlace, clock: Arc<dyn Clock>) -> Registry {
    registry_of(place, clock, standard::embedded().unwrap()).await
}

/// A registry under the definitions with a part of the file of a dataset written otherwise.
pub(crate) async fn registry_where(
    place: &TestPlace,
    dataset: &str,
    from: &str,
    to: &str,
) -> Registry {
    let path = format!("datasets/{dataset}.toml");
    let mut files = standard::embedded_files();
    let file = files.iter_mut().find(|file| file.path == path).unwrap();
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    assert!(text.contains(from), "{path} has no {from}");
    file.bytes = text.replacen(from, to, 1).into_bytes();
    registry_of(place, noon(), standard::Standard::load(&files).unwrap()).await
}

/// A registry with definitions of the test's own.
pub(crate) async fn registry_of(
    place: &TestPlace,
    clock: Arc<dyn Clock>,
    standard: standard::Standard,
) -> Registry {
    let standard = Arc::new(standard);
    let ledger = place.open("ledger").await.unwrap();
    let work = place.open("work").await.unwrap();
    let security = Security::open(security::Parts {
        ledger: ledger.clone(),
        work: work.clone(),
        posts: standard.posts().to_vec(),
        lines: standard.lines().to_vec(),
        datasets: standard.dataset_names(),
        clock: Arc::clone(&clock),
        random: Arc::new(SeededRandom::new(7)),
        config: Config::for_tests(),
    })
    .await
    .unwrap();
    let files = tempfile::tempdir().unwrap().keep();
    let workflow = Workflow::open(workflow::Parts {
        work: work.clone(),
        standard: Arc::clone(&standard),
        security: security.clone(),
        clock: Arc::clone(&clock),
        seal: None,
        files: None,
        notices: NoticeSettings::default(),
    })
    .await
    .unwrap();
    let registry = Registry::open(Parts {
        ledger,
        work,
        standard,
        security,
        workflow: Some(workflow),
        clock,
        node: "test".to_owned(),
        files,
        limits: crate::read::Limits::default(),
    })
    .await
    .unwrap();
    crate::seed::plant(registry.ledger(), &permit())
        .await
        .unwrap();
    registry
}

/// A permit over everything.
pub(crate) fn permit() -> security::Permit {
    security::Permit::for_operator("cli").unwrap()
}

/// So many people were made.
static PEOPLE: AtomicU32 = AtomicU32::new(0);

/// A permit of someone who holds a post for a unit, named by its code or name.
pub(crate) async fn permit_of(registry: &Registry, post: &str, unit: &str) -> security::Permit {
    let unit = crate::intake::context::unit_named(registry.ledger(), &permit(), unit)
        .await
        .unwrap();
    let security = registry.security();
    let account = security::NewAccount {
        login: format!("{post}-{}", PEOPLE.fetch_add(1, Ordering::Relaxed)),
        display: "某".to_owned(),
        password: None,
    };
    let (account, _) = security.create_account(&permit(), account).await.unwrap();
    let grant = security
        .grant(&permit(), account, post, Some(unit), None)
        .await
        .unwrap();
    security.permit_for_grant(grant).await.unwrap()
}
