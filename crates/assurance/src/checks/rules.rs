//! What follows from verifications and certificates.

use kernel::Millis;

use super::{Chain, Check, CheckOutcome, NodeCertificate};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Whether the job must go through the chains: one was not gone through within a day.
pub(crate) fn is_due(last: &[Check], now: Millis) -> bool {
    Chain::ALL.into_iter().any(|chain| {
        !last
            .iter()
            .any(|check| check.chain == chain && now.since(check.ended) < DAY)
    })
}

/// The faults that the last verification of a chain found; 0 where it was whole or could not be gone through.
pub(crate) fn faults(last: &[Check], chain: Chain) -> i64 {
    last.iter()
        .filter(|check| check.chain == chain && check.outcome == CheckOutcome::Broken)
        .map(|check| check.seen.faults.max(1))
        .sum()
}

/// How many chains nobody got through to the end of within so many days.
pub(crate) fn unverified(last: &[Check], days: i64, now: Millis) -> usize {
    let is_known = |chain: &Chain| {
        last.iter().any(|check| {
            check.chain == *chain
                && check.outcome != CheckOutcome::Failed
                && now.since(check.ended) <= days.saturating_mul(DAY)
        })
    };
    Chain::ALL.iter().filter(|chain| !is_known(chain)).count()
}

/// How long a certificate holds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Life {
    /// It ended.
    Over,
    /// It ends within the days of the rule.
    Ending,
    /// It holds.
    Long,
}

pub(crate) fn life(until: Millis, days: i64, now: Millis) -> Life {
    let left = until.since(now);
    if left <= 0 {
        Life::Over
    } else if left <= days.saturating_mul(DAY) {
        Life::Ending
    } else {
        Life::Long
    }
}

/// Certificates that ended or end within the days of the rule, and whether one ended.
pub(crate) fn ending(certificates: &[NodeCertificate], days: i64, now: Millis) -> (usize, bool) {
    let lives: Vec<Life> = certificates
        .iter()
        .map(|certificate| life(certificate.until, days, now))
        .collect();
    let ending = lives.iter().filter(|life| **life != Life::Long).count();
    (ending, lives.contains(&Life::Over))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{CertificateRole, Seen};

    fn check(chain: Chain, outcome: CheckOutcome, ended: i64) -> Check {
        Check {
            chain,
            outcome,
            seen: Seen::default(),
            began: Millis::new(ended),
            ended: Millis::new(ended),
            actor: String::new(),
        }
    }

    #[test]
    fn a_chain_that_was_not_gone_through_is_never_taken_for_whole() {
        let now = Millis::new(100 * DAY);
        assert_eq!(unverified(&[], 2, now), 2);
        let whole = check(Chain::Ledger, CheckOutcome::Whole, 99 * DAY);
        let failed = check(Chain::Audit, CheckOutcome::Failed, 99 * DAY);
        let old = check(Chain::Audit, CheckOutcome::Whole, 97 * DAY);
        assert_eq!(unverified(&[whole.clone(), failed.clone()], 2, now), 1);
        assert_eq!(unverified(&[whole.clone(), old.clone()], 2, now), 1);
        assert_eq!(unverified(&[whole.clone(), old.clone()], 3, now), 0);
        assert!(is_due(&[whole, old], now), "a day is over");
        assert_eq!(faults(&[failed], Chain::Audit), 0);
        let broken = check(Chain::Audit, CheckOutcome::Broken, 99 * DAY);
        assert_eq!(faults(&[broken], Chain::Audit), 1);
    }

    #[test]
    fn a_certificate_is_told_of_before_it_ends() {
        let now = Millis::new(100 * DAY);
        let of = |days: i64| NodeCertificate {
            role: CertificateRole::Server,
            subject: "CN=test".to_owned(),
            until: Millis::new(days * DAY),
        };
        assert_eq!(ending(&[of(131), of(130), of(101)], 30, now), (2, false));
        assert_eq!(ending(&[of(100)], 30, now), (1, true));
        assert_eq!(ending(&[], 30, now), (0, false));
    }
}
