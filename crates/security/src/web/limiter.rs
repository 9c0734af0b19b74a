//! Who asks too often: one bucket for each caller and kind of request, in memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use kernel::AccountId;

use crate::routes::Load;
use crate::rules::rate::{Bucket, Rates};
use crate::rules::web::address_group;

/// More callers than this are not kept in mind while some of them have gone.
const MOST: usize = 50_000;

/// Who is counted: an account with all of its sessions and tokens, or whoever comes from an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Caller {
    Account(AccountId, bool),
    Address(String),
}

/// The buckets.
#[derive(Debug)]
pub(super) struct Limiter {
    began: Instant,
    buckets: Mutex<HashMap<Caller, Bucket>>,
}

impl Limiter {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            buckets: Mutex::default(),
        }
    }

    /// Counts a request; where it is one too many, after how many seconds the next one is looked at.
    pub(super) fn count(
        &self,
        rates: &Rates,
        account: Option<AccountId>,
        address: Option<IpAddr>,
        load: Load,
    ) -> Result<(), u64> {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let is_heavy = load == Load::Heavy;
        let (caller, most) = match account {
            Some(account) if is_heavy => (Caller::Account(account, true), rates.heavy),
            Some(account) => (Caller::Account(account, false), rates.ordinary),
            None => (Caller::Address(address_group(address)), rates.visitors),
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST {
            buckets.retain(|_, bucket| !bucket.is_idle(now));
        }
        buckets
            .entry(caller)
            .or_insert_with(|| Bucket::full(most, now))
            .take(most, now)
    }
}
