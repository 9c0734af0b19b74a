//! Searching the log: for the audit administrator only.

mod model;
mod store;

pub use model::{AuditFilter, AuditPage};

use kernel::UnitId;
use standard::Action;

use crate::api::Security;
use crate::error::SecurityError;
use crate::evidence::Note;
use crate::model::{AuditAction, AuditEntry, Subject};
use crate::permit::Permit;
use crate::rules;

/// The entries that a permit reaches.
#[derive(Debug, Clone)]
pub(crate) enum Within {
    /// All of them.
    Everything,
    /// Those of acts in the name of these units, and of the accounts that hold a post there where an entry
    /// names no unit (sign-ins, entries of earlier releases).
    Units(Vec<UnitId>),
}

impl Security {
    /// Entries that a filter lets through, the latest first, from before an entry on.
    ///
    /// # Errors
    /// [`SecurityError::Denied`] without [`Action::ReadAudit`]; [`SecurityError::Db`].
    pub async fn audit_search(
        &self,
        permit: &Permit,
        filter: &AuditFilter,
        before: Option<i64>,
        most: i64,
    ) -> Result<AuditPage, SecurityError> {
        permit.require(Action::ReadAudit)?;
        let within = self.within(permit);
        let mut tx = self.0.work.read().await?;
        let detailed = self.has_evidence_tables(&mut tx).await?;
        let mut filter = filter.clone();
        if let Some(actor) = &filter.actor {
            filter.actor = self.actor_of(&mut tx, actor).await?;
        }
        let before = before.unwrap_or(i64::MAX);
        let asked = most.saturating_add(1);
        let mut entries = store::search(&mut tx, &within, &filter, before, asked, detailed).await?;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let more = entries.len() > most;
        entries.truncate(most);
        let next = entries.last().filter(|_| more).map(|entry| entry.number);
        Ok(AuditPage { entries, next })
    }

    /// Records that the log is taken out as a file, or searched for one person.
    ///
    /// # Errors
    /// [`SecurityError::Denied`] without [`Action::ReadAudit`]; [`SecurityError::Db`]: then show nothing.
    pub async fn note_audit_read(
        &self,
        permit: &Permit,
        filter: &AuditFilter,
        is_export: bool,
    ) -> Result<(), SecurityError> {
        permit.require(Action::ReadAudit)?;
        let subject = match filter.person {
            Some(person) => Subject::record("person", person),
            None => Subject::dataset("audit"),
        };
        let action = match is_export {
            true => AuditAction::Exported,
            false => AuditAction::AuditRead,
        };
        let note = Note::done(action, subject).dataset("audit");
        self.note_alone(permit, note).await?;
        Ok(())
    }

    fn within(&self, permit: &Permit) -> Within {
        if permit.reaches_everything() {
            return Within::Everything;
        }
        let tree = self.units();
        let units = permit
            .ranges(&tree)
            .into_iter()
            .flatten()
            .filter_map(|position| tree.unit_at(position))
            .collect();
        Within::Units(units)
    }

    /// The actor that a search names: `account:17`, `job:import`, or a name to sign in with. A name that nobody
    /// has finds nothing.
    async fn actor_of(
        &self,
        tx: &mut db::Tx,
        named: &str,
    ) -> Result<Option<String>, SecurityError> {
        if named.contains(':') {
            return Ok(Some(named.to_owned()));
        }
        let known = match rules::grant::login(named) {
            Some(login) => crate::store::account_by_login(tx, &login).await?,
            None => None,
        };
        Ok(Some(known.map_or_else(
            || named.to_owned(),
            |account| format!("account:{}", account.id),
        )))
    }
}

/// What an entry says, one value for each of [`COLUMNS`], as the exported file has it.
pub(crate) fn cells(entry: &AuditEntry) -> Vec<String> {
    let detail = entry.detail.clone().unwrap_or_default();
    let number = |number: Option<i64>| number.map_or_else(String::new, |n| n.to_string());
    vec![
        entry.number.to_string(),
        entry.at.iso(),
        entry.actor.clone(),
        entry.action.clone(),
        entry.subject.clone(),
        entry.outcome.clone(),
        entry.address.clone(),
        number(detail.unit.map(|unit| unit.get())),
        detail.post,
        number(detail.grant.map(|grant| grant.0)),
        number(detail.session),
        detail.operation,
        detail.purpose,
        detail.reason,
        detail.dataset,
        number(detail.persons),
        number(detail.records),
        detail.level,
        detail
            .in_full
            .map_or("", |full| if full { "full" } else { "masked" })
            .to_owned(),
        detail.trace,
    ]
}

/// The columns of the exported file.
pub(crate) const COLUMNS: [&str; 20] = [
    "number",
    "at",
    "actor",
    "action",
    "subject",
    "outcome",
    "address",
    "unit",
    "post",
    "grant",
    "session",
    "operation",
    "purpose",
    "reason",
    "dataset",
    "persons",
    "records",
    "level",
    "shown",
    "trace",
];
