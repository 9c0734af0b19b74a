//! Exports of personal data: each is recorded under a trace number, and one of many persons needs the approval
//! of a leader first.
//!
//! What was asked for and how far it has come is kept here. One place decides: a case of a process of the room
//! above, which calls [`Security::decide_export`] with the permit of the person who decided there.

mod model;
pub(crate) mod rules;
mod store;

pub use model::{Export, ExportId, ExportRequest, ExportState, ExportTicket};

use kernel::{AccountId, RecordId};
use standard::Action;

use crate::api::Security;
use crate::crypto;
use crate::error::SecurityError;
use crate::evidence::{Note, model::count};
use crate::model::{AuditAction, Outcome, Subject, safe_name};
use crate::permit::{Denied, Permit};
use crate::store as numbers;

const DAY: i64 = 86_400_000;

impl Security {
    /// From how many persons on an export needs approval: more than this many.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn export_limit(&self) -> Result<i64, SecurityError> {
        let setting = self.setting(rules::LIMIT_SETTING).await?;
        Ok(rules::limit(setting.as_deref()))
    }

    /// Begins an export: records it with a new trace number, lasting before this answers. Send nothing where
    /// it fails. `approved` is what it rests on, where it needs approval.
    ///
    /// # Errors
    /// [`SecurityError::ApprovalNeeded`] where the export is of more persons than the limit and nothing in force
    /// covers it; [`SecurityError::Denied`] without [`Action::Export`] or beyond what the permit sees;
    /// [`SecurityError::NoPurpose`]; [`SecurityError::Db`].
    pub async fn begin_export(
        &self,
        permit: &Permit,
        export: &Export<'_>,
        approved: Option<ExportId>,
    ) -> Result<ExportTicket, SecurityError> {
        check(permit, export)?;
        let persons = distinct(export.persons);
        let limit = self.export_limit().await?;
        // Whoever works at the machine itself has nobody to ask; the entry stays.
        let asker = permit.actor().account().filter(|_| persons > limit);
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        let (mut subject, mut used) = (Subject::dataset(export.dataset), None);
        match (asker, approved) {
            (None, _) => {}
            (Some(_), None) => return Err(SecurityError::ApprovalNeeded(limit)),
            (Some(account), Some(id)) => {
                let wanted = rules::Wanted {
                    account,
                    dataset: export.dataset,
                    selection: &selection_hash(export.selection),
                    persons,
                    level: export.level,
                    in_full: export.in_full,
                };
                let held = store::request(&mut tx, id).await?;
                if !held.is_some_and(|held| rules::covers(&held, &wanted, now)) {
                    return Err(SecurityError::ApprovalNeeded(limit));
                }
                used = Some(id);
                subject = Subject::export(id.0);
            }
        }
        let number = numbers::next_number(&mut tx, "trace").await?;
        let mut letters = [0_u8; 4];
        self.0.random.fill(&mut letters)?;
        let trace = rules::trace(now.day(), number, letters);
        if let Some(id) = used {
            store::count_download(&mut tx, id, &trace).await?;
        }
        let note = Note::done(AuditAction::Exported, subject)
            .dataset(export.dataset)
            .persons(export.persons)
            .records(export.records)
            .purpose(export.purpose)
            .reason(export.reason)
            .shown(export.level, export.in_full)
            .trace(&trace);
        self.note(&mut tx, permit, note).await?;
        tx.commit().await?;
        Ok(ExportTicket { trace, at: now })
    }

    /// Asks for an export that needs approval. `recipient` is the unit or department that the file goes to; `link`
    /// the address of this program at which it is fetched, kept sealed. For the room that has it decided.
    ///
    /// # Errors
    /// As [`Security::begin_export`]; [`SecurityError::NoGrant`] for whoever is no person.
    pub async fn ask_export(
        &self,
        permit: &Permit,
        export: &Export<'_>,
        recipient: &str,
        link: &str,
    ) -> Result<ExportRequest, SecurityError> {
        check(permit, export)?;
        let Some(account) = permit.actor().account() else {
            return Err(SecurityError::NoGrant);
        };
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        let id = ExportId(numbers::next_number(&mut tx, "export_request").await?);
        let request = ExportRequest {
            id,
            account,
            unit: permit.units().first().copied(),
            dataset: safe_name(export.dataset),
            selection: selection_hash(export.selection),
            persons: distinct(export.persons),
            level: export.level,
            in_full: export.in_full,
            purpose: safe_name(export.purpose),
            reason: safe_name(export.reason),
            state: ExportState::Asked,
            asked: now,
            decided: None,
            decided_by: String::new(),
            recipient: recipient.trim().chars().take(100).collect(),
            trace: String::new(),
            expires: now.add(rules::ASKED_DAYS.saturating_mul(DAY)),
            downloads: 0,
        };
        let link = match self.keeps_node_key() {
            true => Some(self.seal_for_room(&link_place(id), link.as_bytes())?),
            false => None,
        };
        store::insert(&mut tx, &request, link).await?;
        let note = Note::done(AuditAction::ExportAsked, Subject::export(id.0))
            .dataset(export.dataset)
            .records(export.records)
            .purpose(export.purpose)
            .reason(export.reason)
            .shown(export.level, export.in_full);
        self.note(&mut tx, permit, note).await?;
        tx.commit().await?;
        Ok(request)
    }

    /// Approves or refuses a request. What was decided meanwhile stays as it is; the same decision by the same
    /// person is made once.
    ///
    /// # Errors
    /// [`Denied::Hidden`] for one out of reach; [`SecurityError::OwnMatter`] for one's own;
    /// [`SecurityError::Settled`] where it was decided or has expired; [`SecurityError::Db`].
    pub async fn decide_export(
        &self,
        permit: &Permit,
        id: ExportId,
        approve: bool,
    ) -> Result<(), SecurityError> {
        permit.require(Action::Approve)?;
        let days = self.setting(rules::DAYS_SETTING).await?;
        let days = rules::download_days(days.as_deref());
        let units = self.units();
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        let Some(request) = store::request(&mut tx, id).await? else {
            return Err(Denied::Hidden.into());
        };
        rules::may_decide(permit, &units, &request)?;
        if permit.actor().account() == Some(request.account) {
            return Err(SecurityError::OwnMatter);
        }
        let state = match approve {
            true => ExportState::Approved,
            false => ExportState::Refused,
        };
        let by = permit.actor().to_string();
        if request.state == state && request.decided_by == by {
            return Ok(());
        }
        if rules::state_on(&request, now) != ExportState::Asked {
            return Err(SecurityError::Settled);
        }
        let expires = now.add(days.saturating_mul(DAY));
        if !store::decide(&mut tx, id, state, &by, now, expires).await? {
            return Err(SecurityError::Settled);
        }
        let outcome = match approve {
            true => Outcome::Done,
            false => Outcome::Refused,
        };
        let entry = Note::done(AuditAction::ExportDecided, Subject::export(id.0))
            .outcome(outcome)
            .dataset(&request.dataset);
        self.note(&mut tx, permit, entry).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What the person behind the permit asked for, the latest first.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn own_exports(&self, permit: &Permit) -> Result<Vec<ExportRequest>, SecurityError> {
        let Some(account) = permit.actor().account() else {
            return Ok(Vec::new());
        };
        let now = self.0.clock.now();
        let mut tx = self.0.work.read().await?;
        let mut requests = store::of_account(&mut tx, account).await?;
        for request in &mut requests {
            request.state = rules::state_on(request, now);
        }
        Ok(requests)
    }

    /// Takes back what an account asked for. One that was decided stays as it is.
    ///
    /// # Errors
    /// [`Denied::Hidden`] for another's; [`SecurityError::Db`].
    pub async fn withdraw_export(
        &self,
        account: AccountId,
        id: ExportId,
    ) -> Result<(), SecurityError> {
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        let Some(request) = store::request(&mut tx, id).await? else {
            return Err(Denied::Hidden.into());
        };
        if request.account != account {
            return Err(Denied::Hidden.into());
        }
        let by = format!("account:{account}");
        if store::decide(&mut tx, id, ExportState::Withdrawn, &by, now, now).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    /// The address at which the file of one's own approved request is fetched; `None` where it is not approved, is
    /// another's, or no address was kept.
    ///
    /// # Errors
    /// [`SecurityError::Db`], [`SecurityError::Seal`].
    pub async fn export_link(
        &self,
        permit: &Permit,
        id: ExportId,
    ) -> Result<Option<String>, SecurityError> {
        let now = self.0.clock.now();
        let mut tx = self.0.work.read().await?;
        let Some(request) = store::request(&mut tx, id).await? else {
            return Ok(None);
        };
        let is_own = permit.actor().account() == Some(request.account);
        if !is_own || rules::state_on(&request, now) != ExportState::Approved {
            return Ok(None);
        }
        let Some(sealed) = store::link(&mut tx, id).await? else {
            return Ok(None);
        };
        let plain = self.open_for_room(&link_place(id), &sealed)?;
        Ok(String::from_utf8(plain).ok())
    }

    /// All requests that wait, the oldest first: for the job that has them decided.
    ///
    /// # Errors
    /// [`SecurityError::Denied`] unless the permit holds the whole node; [`SecurityError::Db`].
    pub async fn exports_waiting(
        &self,
        permit: &Permit,
    ) -> Result<Vec<ExportRequest>, SecurityError> {
        if !permit.reaches_everything() {
            return Err(Denied::Hidden.into());
        }
        let now = self.0.clock.now();
        let mut tx = self.0.work.read().await?;
        let mut requests = store::asked(&mut tx).await?;
        requests.retain(|request| rules::state_on(request, now) == ExportState::Asked);
        Ok(requests)
    }

    /// What waits for a decision of the permit's holder, the oldest first.
    ///
    /// # Errors
    /// [`SecurityError::Db`]; empty without [`Action::Approve`].
    pub async fn exports_to_decide(
        &self,
        permit: &Permit,
    ) -> Result<Vec<ExportRequest>, SecurityError> {
        if !permit.allows(Action::Approve) {
            return Ok(Vec::new());
        }
        let units = self.units();
        let now = self.0.clock.now();
        let mut tx = self.0.work.read().await?;
        let mut requests = store::asked(&mut tx).await?;
        requests.retain(|request| {
            rules::state_on(request, now) == ExportState::Asked
                && permit.actor().account() != Some(request.account)
                && rules::may_decide(permit, &units, request).is_ok()
        });
        Ok(requests)
    }
}

fn link_place(id: ExportId) -> String {
    format!("export_request:{}:link", id.0)
}

fn check(permit: &Permit, export: &Export<'_>) -> Result<(), SecurityError> {
    permit.require(Action::Export)?;
    if !permit.sees_dataset(export.dataset) || !permit.sees_field(export.level) {
        return Err(Denied::Hidden.into());
    }
    if export.in_full && export.purpose.trim().is_empty() {
        return Err(SecurityError::NoPurpose);
    }
    Ok(())
}

fn distinct(persons: &[RecordId]) -> i64 {
    let distinct: std::collections::BTreeSet<RecordId> = persons.iter().copied().collect();
    count(distinct.len())
}

/// What is selected may hold a name that was searched for, so only its hash is kept.
fn selection_hash(selection: &str) -> String {
    crypto::hex(&crypto::sha256(selection.as_bytes()))
}
