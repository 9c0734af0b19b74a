//! A registry of its own for a test of this crate.

use std::sync::Arc;

use db::testing::TestPlace;
use kernel::{Clock, Day, FixedClock};
use security::{Config, Security, SeededRandom};

use crate::api::{Parts, Registry};

/// A registry at noon of 2026-03-02, with the seeds in it.
pub(crate) async fn registry(place: &TestPlace) -> Registry {
    let clock = Arc::new(FixedClock::at_noon(Day::from_ymd(2026, 3, 2).unwrap()));
    registry_at(place, clock).await
}

/// A registry with a clock of the test's own.
pub(crate) async fn registry_at(place: &TestPlace, clock: Arc<dyn Clock>) -> Registry {
    let standard = Arc::new(standard::embedded().unwrap().clone());
    let ledger = place.open("ledger").await.unwrap();
    let work = place.open("work").await.unwrap();
    let security = Security::open(security::Parts {
        ledger: ledger.clone(),
        work: work.clone(),
        posts: standard.posts().to_vec(),
        clock: Arc::clone(&clock),
        random: Arc::new(SeededRandom::new(7)),
        config: Config::for_tests(),
    })
    .await
    .unwrap();
    let files = tempfile::tempdir().unwrap().keep();
    let registry = Registry::open(Parts {
        ledger,
        work,
        standard,
        security,
        clock,
        node: "test".to_owned(),
        files,
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
