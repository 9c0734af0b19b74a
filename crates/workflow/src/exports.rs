//! Exports of many persons, decided in the inbox: `security` keeps what was asked for, a case of the process
//! `export_approval` decides, and what was decided is told to `security` in the name of who decided.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use security::{Denied, Export, ExportId, ExportRequest, Permit, Security, SecurityError};
use standard::StateKind;

use crate::api::Workflow;
use crate::effects::{Carried, Decided, Effect, EffectFault};
use crate::error::WorkflowError;
use crate::model::{CaseId, Opening};

/// The name of the effect in definitions.
pub(crate) const NAME: &str = "security.export";
/// The process that decides.
const PROCESS: &str = "export_approval";
/// Its field with the number of the request.
const REQUEST: &str = "request";

/// What a case of an export is about.
pub(crate) fn origin(request: ExportId) -> String {
    format!("export:{}", request.0)
}

/// Tells `security` what was decided.
pub(crate) struct ExportEffect(pub(crate) Security);

impl Effect for ExportEffect {
    fn carry_out<'a>(
        &'a self,
        decided: &'a Decided,
    ) -> BoxFuture<'a, Result<Carried, EffectFault>> {
        Box::pin(self.settle(decided))
    }
}

impl ExportEffect {
    async fn settle(&self, decided: &Decided) -> Result<Carried, EffectFault> {
        let id = decided
            .fields
            .get(REQUEST)
            .and_then(|number| number.parse().ok())
            .map(ExportId)
            .ok_or(EffectFault::Refused("workflow.form"))?;
        let done = Carried { trace: origin(id) };
        if decided.kind == StateKind::Withdrawn {
            let applicant = decided
                .applicant
                .ok_or(EffectFault::Refused("workflow.form"))?;
            self.0
                .withdraw_export(applicant, id)
                .await
                .map_err(|error| fault(&error))?;
            return Ok(done);
        }
        let grant = decided
            .decided_grant
            .ok_or(EffectFault::Refused("security.no_grant"))?;
        // The permit is made anew: who lost the post meanwhile decides nothing any more.
        let permit = self
            .0
            .permit_for_grant(grant)
            .await
            .map_err(|error| fault(&error))?;
        if permit.actor().account() != decided.decided_by {
            return Err(EffectFault::Refused("security.no_grant"));
        }
        self.0
            .decide_export(&permit, id, decided.kind == StateKind::Done)
            .await
            .map_err(|error| fault(&error))?;
        Ok(done)
    }
}

/// What passes is tried again; what a rule refuses is refused.
fn fault(error: &SecurityError) -> EffectFault {
    match error {
        SecurityError::Db(_) | SecurityError::Random(_) => EffectFault::Later(error.to_string()),
        refused => EffectFault::Refused(refused.code()),
    }
}

impl Workflow {
    /// Asks for an export of more persons than may be taken out without a leader's approval, and has it decided in the
    /// inbox. `recipient` is the unit or department that the file goes to; `link` the address of this program at
    /// which the same person fetches it once it is approved.
    ///
    /// # Errors
    /// Those of [`Security::ask_export`]; [`WorkflowError`].
    pub async fn ask_export(
        &self,
        permit: &Permit,
        export: &Export<'_>,
        recipient: &str,
        link: &str,
    ) -> Result<CaseId, WorkflowError> {
        let security = &self.0.security;
        let request = security.ask_export(permit, export, recipient, link).await?;
        self.begin_export(permit, &request).await
    }

    /// Begins the case of every request that has none: the program ended between the two. A job's work. Answers how
    /// many were begun.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn begin_exports(&self) -> Result<usize, WorkflowError> {
        let permit = Permit::for_job("workflow").map_err(SecurityError::from)?;
        let mut begun = 0;
        for request in self.0.security.exports_waiting(&permit).await? {
            if self.case_of(&permit, &origin(request.id)).await?.is_none() {
                self.begin_export(&permit, &request).await?;
                begun += 1;
            }
        }
        Ok(begun)
    }

    async fn begin_export(
        &self,
        permit: &Permit,
        request: &ExportRequest,
    ) -> Result<CaseId, WorkflowError> {
        let mut fields = BTreeMap::from([
            (REQUEST.to_owned(), request.id.0.to_string()),
            ("dataset".to_owned(), request.dataset.clone()),
            ("persons".to_owned(), request.persons.to_string()),
            ("level".to_owned(), request.level.as_str().to_owned()),
            ("purpose".to_owned(), request.purpose.clone()),
            ("recipient".to_owned(), request.recipient.clone()),
        ]);
        if request.in_full {
            fields.insert("in_full".to_owned(), "1".to_owned());
        }
        fields.retain(|_, value| !value.is_empty());
        self.open_case(
            permit,
            Opening {
                workflow: PROCESS.to_owned(),
                unit: request.unit,
                fields,
                origin: Some(origin(request.id)),
                link: Some("/exports".to_owned()),
                due: None,
                applicant: Some(request.account),
            },
        )
        .await
    }

    /// What the reader asked for, the latest first, each with its case.
    pub(crate) async fn exports(
        &self,
        permit: &Permit,
    ) -> Result<Vec<(ExportRequest, Option<CaseId>)>, WorkflowError> {
        let own = self.0.security.own_exports(permit).await?;
        self.with_cases(permit, own).await
    }

    /// What waits for the reader's decision, the oldest first, each with its case.
    pub(crate) async fn exports_to_decide(
        &self,
        permit: &Permit,
    ) -> Result<Vec<(ExportRequest, Option<CaseId>)>, WorkflowError> {
        let waiting = self.0.security.exports_to_decide(permit).await?;
        self.with_cases(permit, waiting).await
    }

    async fn with_cases(
        &self,
        permit: &Permit,
        requests: Vec<ExportRequest>,
    ) -> Result<Vec<(ExportRequest, Option<CaseId>)>, WorkflowError> {
        let mut known = Vec::with_capacity(requests.len());
        for request in requests {
            let case = self.case_of(permit, &origin(request.id)).await?;
            known.push((request, case));
        }
        Ok(known)
    }

    /// The address at which the reader fetches the file of an approved request of their own.
    pub(crate) async fn export_file(
        &self,
        permit: &Permit,
        id: ExportId,
    ) -> Result<String, WorkflowError> {
        let link = self.0.security.export_link(permit, id).await?;
        let link = link
            .filter(|link| crate::cases::is_local(link))
            .ok_or(SecurityError::Denied(Denied::Hidden))?;
        let joint = if link.contains('?') { '&' } else { '?' };
        Ok(format!("{link}{joint}export={}", id.0))
    }
}
