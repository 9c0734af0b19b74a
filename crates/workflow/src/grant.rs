//! What an approved application for a post leads to: the grant, in the name of who approved it.

use futures::future::BoxFuture;
use kernel::{Day, UnitId};
use security::{NewGrant, Security, SecurityError};

use crate::effects::{Carried, Decided, Effect, EffectFault};

/// The name of the effect in definitions.
pub(crate) const NAME: &str = "security.grant";

/// Gives the post that a case asks for.
pub(crate) struct GrantEffect(pub(crate) Security);

impl Effect for GrantEffect {
    fn carry_out<'a>(
        &'a self,
        decided: &'a Decided,
    ) -> BoxFuture<'a, Result<Carried, EffectFault>> {
        Box::pin(self.grant(decided))
    }
}

impl GrantEffect {
    async fn grant(&self, decided: &Decided) -> Result<Carried, EffectFault> {
        let (Some(account), Some(post)) = (decided.applicant, decided.fields.get("post")) else {
            return Err(EffectFault::Refused("workflow.form"));
        };
        let unit = decided
            .fields
            .get("unit")
            .and_then(|unit| unit.parse().ok())
            .map(UnitId::new)
            .ok_or(EffectFault::Refused("workflow.no_unit"))?;
        let until = match decided.fields.get("until") {
            Some(day) => Some(Day::parse(day).map_err(|_| EffectFault::Refused("workflow.form"))?),
            None => None,
        };
        let grant = decided
            .decided_grant
            .ok_or(EffectFault::Refused("security.no_grant"))?;
        // The permit is made anew: who lost the post meanwhile gives nothing any more.
        let permit = self
            .0
            .permit_for_grant(grant)
            .await
            .map_err(|error| fault(&error))?;
        if permit.actor().account() != decided.decided_by {
            return Err(EffectFault::Refused("security.no_grant"));
        }
        // Asked again after a crash: what is there already is done.
        let held = self
            .0
            .holders(&[Some(unit)])
            .await
            .map_err(|error| fault(&error))?;
        let same = held
            .iter()
            .find(|grant| grant.account == account && grant.post == *post && grant.until == until);
        let id = match same {
            Some(grant) => grant.id,
            None => self
                .0
                .give_approved(
                    &permit,
                    account,
                    &NewGrant {
                        until,
                        ..NewGrant::of(post, Some(unit))
                    },
                )
                .await
                .map_err(|error| fault(&error))?,
        };
        Ok(Carried {
            trace: format!("grant:{}", id.0),
        })
    }
}

/// What passes is tried again; what a rule refuses is refused.
fn fault(error: &SecurityError) -> EffectFault {
    match error {
        SecurityError::Db(_) | SecurityError::Random(_) => EffectFault::Later(error.to_string()),
        refused => EffectFault::Refused(refused.code()),
    }
}
