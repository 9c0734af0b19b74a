//! A registry of its own for a test of this crate.

use std::sync::Arc;

use db::testing::TestPlace;
use kernel::{Clock, Day, FixedClock};
use security::{Config, Security, SeededRandom};

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
