//! Whether the log is whole.

use std::sync::PoisonError;

use kernel::Millis;

use crate::api::Security;
use crate::error::SecurityError;
use crate::evidence::model::{AuditFault, AuditFaultKind, AuditReport};
use crate::evidence::{rules, store};
use crate::model::{AuditAction, Subject};

/// How many entries are held in memory.
const AT_ONCE: i64 = 2_000;

impl Security {
    /// Goes through the whole log: every hash, every index row, what was dropped, and where it ends. What is
    /// wrong is in the report, the first fault only: what comes after it proves nothing.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn audit_report(&self) -> Result<AuditReport, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let detailed = self.has_evidence_tables(&mut tx).await?;
        let segments = match detailed {
            true => store::segments(&mut tx).await?,
            false => Vec::new(),
        };
        let mut report = AuditReport::default();
        let mut attested = segments.is_empty();
        for segment in &segments {
            if segment.first != report.number.saturating_add(1) || segment.last < segment.first {
                return Ok(report.broken(segment.first, AuditFaultKind::Dropped));
            }
            report.number = segment.last;
            report.hash.clone_from(&segment.hash);
        }
        report.dropped = report.number;
        let dropped = Subject::audit(report.number, &report.hash);
        loop {
            let entries = store::after(&mut tx, report.number, AT_ONCE, detailed).await?;
            let Some((last, _)) = entries.last() else {
                break;
            };
            let digests = match detailed {
                true => store::index_digests(&mut tx, report.number, last.number).await?,
                false => std::collections::BTreeMap::new(),
            };
            for (entry, hash) in entries {
                let number = report.number.saturating_add(1);
                if entry.number != number {
                    return Ok(report.broken(number, AuditFaultKind::Missing));
                }
                if rules::chained(&report.hash, &entry) != hash {
                    // The first one after what was dropped hangs on the segment's hash.
                    return Ok(report.broken(number, AuditFaultKind::Changed));
                }
                let written = entry.detail.as_ref().map(|detail| &*detail.people_digest);
                let stored = digests.get(&number).map(|digest| &**digest);
                if written.unwrap_or_default() != stored.unwrap_or_default() {
                    return Ok(report.broken(number, AuditFaultKind::Persons));
                }
                attested |= entry.action == AuditAction::AuditPruned.as_str()
                    && entry.subject == dropped.as_str();
                report.number = number;
                report.entries = report.entries.saturating_add(1);
                report.hash = hash;
            }
        }
        let next = report.number.saturating_add(1);
        if store::end(&mut tx).await? != (report.number, report.hash.clone()) {
            return Ok(report.broken(next, AuditFaultKind::End));
        }
        if !attested {
            let first = report.dropped;
            return Ok(report.broken(first, AuditFaultKind::Dropped));
        }
        if detailed
            && let Some(stray) = store::stray_index(&mut tx, report.dropped, report.number).await?
        {
            return Ok(report.broken(stray, AuditFaultKind::Persons));
        }
        Ok(report)
    }

    /// Goes through the log now and keeps what was found, for pages and findings.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn check_audit(&self) -> Result<(Millis, AuditReport), SecurityError> {
        let report = self.audit_report().await?;
        let checked = (self.0.clock.now(), report);
        let mut state = self
            .0
            .audit_state
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *state = Some(checked.clone());
        Ok(checked)
    }

    /// When the log was last gone through since the program was started, and what was found.
    #[must_use]
    pub fn audit_state(&self) -> Option<(Millis, AuditReport)> {
        let state = self
            .0
            .audit_state
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    /// [`Security::audit_report`], with a fault as an error; how many entries the log has.
    ///
    /// # Errors
    /// [`SecurityError::AuditBroken`] with the first number that is missing or was changed.
    pub async fn verify_audit(&self) -> Result<i64, SecurityError> {
        let report = self.audit_report().await?;
        match report.fault {
            Some(fault) => Err(SecurityError::AuditBroken(fault.number)),
            None => Ok(report.entries),
        }
    }
}

impl AuditReport {
    fn broken(mut self, number: i64, kind: AuditFaultKind) -> Self {
        self.fault = Some(AuditFault { number, kind });
        self
    }
}
