//! Codes on their way by SMS and mail: six digits, five minutes, five tries, not too often.

use std::net::IpAddr;

use kernel::AccountId;

use super::model::{FactorKind, SentCode, StoredFactor};
use super::{FactorFault, rules, store};
use crate::api::Security;
use crate::crypto;
use crate::error::SecurityError;
use crate::rules::web::address_group;
use crate::store::next_number;

const MINUTE: i64 = 60_000;

impl Security {
    /// The address of a factor that is sent to.
    pub(super) fn address_of(&self, stored: &StoredFactor) -> Result<String, SecurityError> {
        let place = place_of(stored.factor.account, stored.factor.kind);
        let plain = self.node_key()?.open(&place, &stored.secret)?;
        Ok(String::from_utf8_lossy(&plain).into_owned())
    }

    fn code_mark(&self, number: i64, code: &str) -> Result<String, SecurityError> {
        let parts: [&[u8]; 2] = [&number.to_le_bytes(), code.as_bytes()];
        Ok(crypto::hex(&self.node_key()?.mark("weihe code 1", &parts)))
    }

    /// Sends a code to the address of a factor.
    pub(super) async fn send_code(
        &self,
        stored: &StoredFactor,
        from: Option<IpAddr>,
    ) -> Result<(), SecurityError> {
        let kind = stored.factor.kind;
        if !kind.is_sent() {
            return Err(FactorFault::Address.into());
        }
        let address = self.address_of(stored)?;
        let key = self.node_key()?;
        let target = crypto::hex(&key.mark("weihe code target 1", &[address.as_bytes()]));
        let group = address_group(from);
        let place = crypto::hex(&key.mark("weihe code place 1", &[group.as_bytes()]));
        let code = rules::six_digits(self.0.random.as_ref())?;
        let now = self.0.clock.now();
        let account = stored.factor.account;

        let mut tx = self.0.work.write().await?;
        // Taking the number first makes two requests at once take turns.
        let number = next_number(&mut tx, "factor_code").await?;
        let recent = store::recent_codes(
            &mut tx,
            account,
            &target,
            &place,
            now.add(-rules::CODES_WITHIN),
        )
        .await?;
        if rules::next_code_at(&recent, account, &target, &place, now).is_some() {
            return Err(FactorFault::TooOften.into());
        }
        let sent = SentCode {
            number,
            account,
            factor: stored.factor.id,
            mark: self.code_mark(number, &code)?,
            target,
            place,
            sent: now,
            expires: now.add(rules::CODE_LIFE),
            tries: 0,
        };
        store::insert_code(&mut tx, &sent).await?;
        tx.commit().await?;
        let minutes = rules::CODE_LIFE / MINUTE;
        match self.deliver(kind, &address, &code, minutes).await? {
            None => Err(FactorFault::NoGateway.into()),
            Some(false) => Err(FactorFault::NotSent.into()),
            Some(true) => Ok(()),
        }
    }

    /// Whether this is the code that was sent last for a factor. It counts as a try and is used up by being right.
    pub(super) async fn take_code(
        &self,
        stored: &StoredFactor,
        typed: &str,
    ) -> Result<bool, SecurityError> {
        let now = self.0.clock.now();
        let typed = rules::digits(typed);
        let mut tx = self.0.work.write().await?;
        let Some(sent) = store::try_code(&mut tx, stored.factor.id).await? else {
            return Ok(false);
        };
        let mark = self.code_mark(sent.number, &typed)?;
        let right = sent.account == stored.factor.account
            && sent.tries <= rules::CODE_TRIES
            && now < sent.expires
            && mark == sent.mark;
        let taken = right && store::spend_code(&mut tx, sent.number, &mark).await?;
        tx.commit().await?;
        Ok(taken)
    }
}

/// What a sealed secret of a factor is bound to.
pub(super) fn place_of(account: AccountId, kind: FactorKind) -> String {
    format!("factor:{account}:{}", kind.as_str())
}
