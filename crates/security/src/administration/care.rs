//! Accounts that whoever manages them should look at: those that nobody uses, those without a second factor.
//! What the whole security of a unit owes is found by a higher room.

use std::collections::BTreeSet;

use kernel::AccountId;

use super::store;
use crate::accounts::AccountWithGrants;
use crate::api::Security;
use crate::error::SecurityError;
use crate::model::AccountKind;

const DAY: i64 = 24 * 3_600_000;
/// Days without use after which an account is to be looked at. Ours; GB/T 22239-2019 8.1.4.2 c asks that
/// accounts which are superfluous or out of date go, and gives no number.
pub(crate) const UNUSED_DAYS: i64 = 90;

/// Which accounts are to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// Those that may act and that nobody has used for [`UNUSED_DAYS`]; those made since do not count.
    Unused,
    /// People who may sign in and have no second factor of their own.
    WithoutFactor,
}

impl Care {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Unused, Self::WithoutFactor];

    /// The word in addresses and the end of the message's key.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::WithoutFactor => "factor",
        }
    }
}

impl Security {
    /// Keeps of some accounts those that are to be looked at.
    pub(crate) async fn keep_those_to_look_at(
        &self,
        accounts: &mut Vec<AccountWithGrants>,
        care: Care,
    ) -> Result<(), SecurityError> {
        let now = self.0.clock.now();
        let before = now.add(-UNUSED_DAYS * DAY);
        let with_factor: BTreeSet<AccountId> = match care {
            Care::Unused => BTreeSet::new(),
            Care::WithoutFactor => {
                let mut tx = self.0.work.read().await?;
                let found = store::with_factor(&mut tx, now).await?;
                found.into_iter().collect()
            }
        };
        accounts.retain(|AccountWithGrants { account, .. }| {
            account.may_act(now.day())
                && match care {
                    Care::Unused => account.last_used.unwrap_or(account.created) < before,
                    Care::WithoutFactor => {
                        account.kind == AccountKind::Person && !with_factor.contains(&account.id)
                    }
                }
        });
        Ok(())
    }
}
