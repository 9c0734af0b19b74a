//! What the program does by itself while it serves.

use std::time::Duration;

use kernel::{Clocks, CommitNumber};
use security::Permit;
use security::people::BATCH;
use standard::UnitRule;
use tokio::task::JoinSet;

use crate::App;
use crate::store::{plain_totals, total};

/// Sessions and failed sign-ins that no longer count are forgotten so often.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// Readings are held against the thresholds so often.
const READINGS_EVERY: Duration = Duration::from_secs(300);

/// Whether the ledger and the audit log must be gone through again is asked so often, and first so long after the
/// start, when people sign in.
const VERIFY_EVERY: Duration = Duration::from_secs(600);

/// Another program, such as `weihe import`, may commit into the same ledger: units are looked at so often.
const UNITS_EVERY: Duration = Duration::from_secs(3);

/// Time limits of cases, and what was decided, are looked at so often.
const CASES_EVERY: Duration = Duration::from_secs(5);

/// A rotation of keys that was cut off is looked for so often.
const ROTATION_EVERY: Duration = Duration::from_secs(60);

/// The jobs of a served program. They end when this is dropped; none of them holds a transaction for long.
#[derive(Debug)]
pub struct Jobs(JoinSet<()>);

impl App {
    /// Starts them, and takes up imports that the last end of the program interrupted.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn start_jobs(&self) -> Result<Jobs, registry::intake::IntakeError> {
        let resumed = self.registry().imports().resume().await?;
        if resumed > 0 {
            tracing::info!(resumed, "imports that were interrupted go on");
        }
        let mut jobs = JoinSet::new();
        jobs.spawn(sweep(self.clone()));
        jobs.spawn(follow_units(self.clone()));
        jobs.spawn(look_at_readings(self.clone()));
        jobs.spawn(verify(self.clone()));
        jobs.spawn(warm(self.clone()));
        jobs.spawn(escalate(self.clone()));
        jobs.spawn(move_cases(self.clone()));
        jobs.spawn(ask_again(self.clone()));
        jobs.spawn(rotate_keys(self.clone()));
        Ok(Jobs(jobs))
    }
}

impl Jobs {
    /// How many are under way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reports that are overdue are looked for so often.
const ESCALATE_EVERY: Duration = Duration::from_secs(60);

/// Tells the units above of reports that did not come. What was told is kept, so nothing is lost or told twice when
/// the program ends in between.
async fn escalate(app: App) {
    let mut every = tokio::time::interval(ESCALATE_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if let Err(error) = app.assurance().escalate_incidents().await {
            tracing::error!(%error, "overdue reports of incidents could not be told");
        }
        if let Err(error) = app.assurance().escalate_reports().await {
            tracing::error!(%error, "missing daily reports could not be told");
        }
    }
}

async fn sweep(app: App) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    loop {
        every.tick().await;
        if let Err(error) = app.security().sweep().await {
            tracing::error!(%error, "what has expired could not be removed");
        }
        if let Err(error) = app.security().people().keep_erasures().await {
            tracing::error!(%error, "the list of erasures could not be kept outside the ledger");
        }
        match app.registry().imports().expire().await {
            Ok(0) => {}
            Ok(imports) => tracing::info!(imports, "uploads of personal data have expired"),
            Err(error) => tracing::error!(%error, "uploads that have expired could not be removed"),
        }
        match app.registry().imports().sweep_incoming().await {
            Ok(0) => {}
            Ok(files) => tracing::warn!(files, "uploads that never came in whole were deleted"),
            Err(error) => {
                tracing::error!(%error, "uploads that never came in whole could not be deleted");
            }
        }
    }
}

/// Moves cases whose time limit ran out, and carries out what was decided.
async fn move_cases(app: App) {
    let mut every = tokio::time::interval(CASES_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if let Err(error) = app.workflow().begin_exports().await {
            tracing::error!(%error, "exports that wait could not be put before those who decide");
        }
        if let Err(error) = app.workflow().run_timers().await {
            tracing::error!(%error, "the time limits of cases could not be looked at");
        }
        if let Err(error) = app.workflow().deliver_waiting().await {
            tracing::error!(%error, "notices could not be sent");
        }
        if let Err(error) = app.workflow().carry_out_waiting().await {
            tracing::error!(%error, "what was decided could not be carried out");
        }
    }
}

/// Raises alerts on unusual reading.
async fn look_at_readings(app: App) {
    let mut every = tokio::time::interval(READINGS_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        match app.security().scan_readings().await {
            Ok(0) => {}
            Ok(raised) => tracing::warn!(raised, "alerts on unusual reading were raised"),
            Err(error) => tracing::error!(%error, "readings could not be looked at"),
        }
    }
}

/// Looks again who is asked in open cases.
async fn ask_again(app: App) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    loop {
        every.tick().await;
        if let Err(error) = app.workflow().ask_again().await {
            tracing::error!(%error, "who is asked in open cases could not be looked at");
        }
        if let Err(error) = app.workflow().forget_sent().await {
            tracing::error!(%error, "what was sent could not be forgotten");
        }
        if let Err(error) = app.workflow().sweep_files().await {
            tracing::error!(%error, "files past their time could not be deleted");
        }
    }
}

/// Goes through the ledger and the audit log once a day, and drops whole months of the log that are past their
/// retention. What was found is kept, so a restart neither hides a fault nor begins all over.
async fn verify(app: App) {
    let (Ok(verifier), Ok(sweeper)) = (Permit::for_job("verify"), Permit::for_job("sweep")) else {
        return;
    };
    loop {
        tokio::time::sleep(VERIFY_EVERY).await;
        match app.assurance().must_verify().await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                tracing::error!(%error, "when the chains were last verified could not be read");
                continue;
            }
        }
        match app.assurance().verify_chains(&verifier).await {
            // A log that is not whole is not pruned: what is there stays as it is found.
            Ok(true) => prune(&app, &sweeper).await,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "what a verification found could not be kept"),
        }
    }
}

async fn prune(app: &App, sweeper: &Permit) {
    match app.security().prune_audit(sweeper).await {
        Ok(Some(pruned)) => tracing::info!(
            first = pruned.first,
            last = pruned.last,
            "entries of the audit log past their retention were dropped"
        ),
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "the audit log could not be pruned"),
    }
}

/// Carries on a rotation of keys that was cut off, whoever began it.
async fn rotate_keys(app: App) {
    let mut every = tokio::time::interval(ROTATION_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let people = app.security().people();
    loop {
        every.tick().await;
        match people.run_rotation(BATCH, |_| true).await {
            Ok(None) => {}
            Ok(Some(rotation)) => tracing::info!(
                kind = %rotation.kind,
                target = rotation.target,
                rows = rotation.done,
                "a rotation of keys was carried to its end"
            ),
            Err(error) => tracing::error!(%error, "a rotation of keys could not be carried on"),
        }
    }
}

/// Reads the unit tree again after another program wrote units.
async fn follow_units(app: App) {
    let mut every = tokio::time::interval(UNITS_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seen: Option<CommitNumber> = None;
    loop {
        every.tick().await;
        let last = match last_units(&app).await {
            Ok(last) => last,
            Err(error) => {
                tracing::warn!(%error, "the commits of units could not be looked at");
                continue;
            }
        };
        let is_news = seen.is_some_and(|seen| seen != last);
        seen = Some(last);
        if is_news && let Err(error) = app.security().reload_units().await {
            tracing::error!(%error, "the unit tree could not be read again");
            seen = None;
        }
    }
}

async fn last_units(app: &App) -> Result<CommitNumber, registry::ledger::LedgerError> {
    let mut last = CommitNumber::NONE;
    for dataset in app.standard().datasets() {
        if matches!(dataset.unit, UnitRule::SelfUnit { .. }) {
            let ledger = app.registry().ledger();
            last = last.max(
                ledger
                    .last_commit_of(&dataset.name, CommitNumber::LATEST)
                    .await?,
            );
        }
    }
    Ok(last)
}

/// Loads what the first pages will ask for.
async fn warm(app: App) {
    let Ok(permit) = Permit::for_job("columns") else {
        return;
    };
    let registry = app.registry();
    let clocks = Clocks::latest(registry.today());
    for dataset in ["institution", "institution_year", "division"] {
        if let Err(error) = registry.view(&permit, dataset, clocks).await {
            tracing::warn!(dataset, %error, "a dataset could not be loaded ahead");
        }
    }
    // The home page compares with the year before.
    for figure in plain_totals(app.standard().figures()) {
        if let Err(error) = total(registry, &permit, &figure.numerator, clocks).await {
            tracing::warn!(figure = figure.name, %error, "a figure could not be worked out ahead");
        }
    }
}
