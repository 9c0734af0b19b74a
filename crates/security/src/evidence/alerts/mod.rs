//! Alerts on unusual reading: raised by a job from the audit log, shown to the security administrator.

mod model;
pub(crate) mod rules;
mod store;

pub use model::{Alert, AlertId};

use kernel::{Day, Millis};
use standard::{Action, AlertKind, AlertRule};

use crate::api::Security;
use crate::error::SecurityError;
use crate::evidence::Note;
use crate::model::{AuditAction, Subject};
use crate::permit::{Denied, Permit};
use crate::store as numbers;

impl Security {
    /// Gives the thresholds of the definitions; the first ones given stay.
    pub fn use_alerts(&self, rules: &[AlertRule]) {
        let _ = self.0.alerts.set(rules.to_vec());
    }

    /// The thresholds that are in use.
    #[must_use]
    pub fn alert_rules(&self) -> &[AlertRule] {
        self.0.alerts.get().map_or(&[], Vec::as_slice)
    }

    /// Looks at the readings since the last time, the day before included, and raises what is unusual; how many
    /// alerts were raised. What was raised for a day is not raised for it again.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn scan_readings(&self) -> Result<usize, SecurityError> {
        let now = self.0.clock.now();
        let mut tx = self.0.work.read().await?;
        if self.alert_rules().is_empty() || !self.has_evidence_tables(&mut tx).await? {
            return Ok(0);
        }
        let scanned = store::scanned(&mut tx).await?;
        // A first scan does not go back through the whole log.
        let earliest = now.day().add_days(-7);
        let first = scanned.day().add_days(-1).max(earliest).min(now.day());
        // A window that begins the day before ends in the first day.
        let facts = store::facts(&mut tx, first.add_days(-1).start()).await?;
        let mut raised = Vec::new();
        for (actor, facts) in rules::by_actor(facts) {
            let mut day = first;
            while day <= now.day() {
                for rule in self.alert_rules() {
                    let usual = self.usual(&mut tx, rule, &actor, &facts, day).await?;
                    if let Some(found) = rules::judge(rule, &facts, day, usual) {
                        raised.push((rule.name.clone(), actor.clone(), day, found));
                    }
                }
                day = day.add_days(1);
            }
        }
        drop(tx);
        let mut tx = self.0.work.write().await?;
        let mut fresh = 0_usize;
        for (rule, actor, day, found) in raised {
            if store::is_raised(&mut tx, &rule, &actor, day).await? {
                continue;
            }
            let id = numbers::next_number(&mut tx, "alert").await?;
            store::raise(&mut tx, id, &rule, &actor, day, &found, now).await?;
            fresh = fresh.saturating_add(1);
        }
        store::set_scanned(&mut tx, now).await?;
        tx.commit().await?;
        Ok(fresh)
    }

    /// The middle day of an account before a day, where the rule asks for it and the day is far enough above
    /// the rule's floor for it to matter.
    async fn usual(
        &self,
        tx: &mut db::Tx,
        rule: &AlertRule,
        actor: &str,
        facts: &[rules::Fact],
        day: Day,
    ) -> Result<Option<i64>, SecurityError> {
        let AlertKind::OwnPattern {
            history_days,
            active_days,
            ..
        } = &rule.kind
        else {
            return Ok(None);
        };
        if rules::total_of(rule, facts, day) < rule.persons.max(1) {
            return Ok(None);
        }
        let from = day.add_days(history_days.saturating_neg());
        let totals = store::day_totals(tx, actor, from.start(), day.start(), rule.masked).await?;
        Ok(rules::usual(totals, *active_days))
    }

    /// The alerts that nobody has looked into, the latest first, for the person responsible for security.
    ///
    /// # Errors
    /// [`SecurityError::Denied`] without [`Action::ManageSecurity`]; [`SecurityError::Db`].
    pub async fn alerts_open(&self, permit: &Permit) -> Result<Vec<Alert>, SecurityError> {
        let mut alerts = self.alerts(permit).await?;
        alerts.retain(|alert| alert.closed.is_none());
        Ok(alerts)
    }

    /// The alerts on accounts within reach, open ones first, the latest 500.
    ///
    /// # Errors
    /// [`SecurityError::Denied`] without [`Action::ManageSecurity`]; [`SecurityError::Db`].
    pub async fn alerts(&self, permit: &Permit) -> Result<Vec<Alert>, SecurityError> {
        permit.require(Action::ManageSecurity)?;
        let units = self.units();
        let mut tx = self.0.work.read().await?;
        if !self.has_evidence_tables(&mut tx).await? {
            return Ok(Vec::new());
        }
        let mut alerts = store::alerts(&mut tx, 500).await?;
        alerts.retain(|alert| match alert.unit {
            Some(unit) => permit.sees(&units, unit),
            None => permit.reaches_everything(),
        });
        Ok(alerts)
    }

    /// Says that an alert was looked into, and what came of it.
    ///
    /// # Errors
    /// [`Denied::Hidden`] for an alert out of reach; [`SecurityError::NoNote`] without a word;
    /// [`SecurityError::Db`].
    pub async fn close_alert(
        &self,
        permit: &Permit,
        id: AlertId,
        note: &str,
    ) -> Result<(), SecurityError> {
        let within = self.alerts(permit).await?;
        let Some(alert) = within.iter().find(|alert| alert.id == id) else {
            return Err(Denied::Hidden.into());
        };
        let note: String = note.trim().chars().take(1_000).collect();
        if note.is_empty() {
            return Err(SecurityError::NoNote);
        }
        if alert.actor == permit.actor().to_string() {
            // Nobody looks into what they did themselves.
            return Err(SecurityError::OwnMatter);
        }
        let mut tx = self.0.work.write().await?;
        let by = permit.actor().to_string();
        let now: Millis = self.0.clock.now();
        if store::close(&mut tx, id, &by, &note, now).await? {
            let done = Note::done(AuditAction::AlertClosed, Subject::alert(id.0));
            self.note(&mut tx, permit, done).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
