//! Decisions about factors: who owes one, which codes are taken, how often codes are sent. Pure.

use kernel::Millis;

use super::model::{Duty, Factor, FirstChange, SentCode, SetBy, SignInPolicy};
use crate::random::{Random, RandomError};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// How long a second step may take.
pub(crate) const PENDING: i64 = 5 * MINUTE;
/// How many wrong tries end it.
pub(crate) const PENDING_TRIES: i64 = 5;
/// How long the password that was given last lets one change factors.
pub(crate) const CONFIRMED: i64 = 10 * MINUTE;
/// How long a sent code is good.
pub(crate) const CODE_LIFE: i64 = 5 * MINUTE;
/// How many wrong tries use it up.
pub(crate) const CODE_TRIES: i64 = 5;
/// How many recovery codes there are.
pub(crate) const RECOVERY_CODES: usize = 10;
/// How long a challenge to a passkey is good.
pub(crate) const CHALLENGE: i64 = 5 * MINUTE;

/// What is known about an account that has just shown its first factor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing<'a> {
    pub(crate) now: Millis,
    /// The names of the posts it holds now.
    pub(crate) posts: &'a [String],
    pub(crate) factors: &'a [Factor],
    /// Since when a factor is asked for and not there.
    pub(crate) demanded_since: Option<Millis>,
    pub(crate) password_set: Millis,
    pub(crate) set_by: SetBy,
    /// Whether it came with its password: one who comes from elsewhere owes none here.
    pub(crate) by_password: bool,
}

/// Whether a policy asks these posts for a second factor.
pub(crate) fn is_demanded(policy: &SignInPolicy, posts: &[String]) -> bool {
    policy
        .second_factor_posts
        .iter()
        .any(|wanted| (wanted == "*" && !posts.is_empty()) || posts.contains(wanted))
}

/// Whether what an account has satisfies the policy.
pub(crate) fn satisfies(policy: &SignInPolicy, factors: &[Factor], now: Millis) -> bool {
    factors
        .iter()
        .any(|factor| factor.counts(now) && policy.accepts(factor.kind))
}

/// The moment from which the demand is in force; `None` where none is or it is satisfied.
pub(crate) fn due(policy: &SignInPolicy, standing: Standing<'_>) -> Option<Millis> {
    if !is_demanded(policy, standing.posts) || satisfies(policy, standing.factors, standing.now) {
        return None;
    }
    let since = standing.demanded_since.unwrap_or(standing.now);
    Some(since.add(policy.second_factor_days.saturating_mul(DAY)))
}

/// Whether a password has to be changed: the first one, or one that is too old.
pub(crate) fn password_is_due(policy: &SignInPolicy, standing: Standing<'_>) -> bool {
    let is_first = match policy.first_change {
        FirstChange::Off => false,
        FirstChange::Generated => standing.set_by == SetBy::Program,
        FirstChange::All => standing.set_by != SetBy::Holder,
    };
    let age = standing.now.since(standing.password_set);
    let is_old = policy.password_days > 0 && age >= policy.password_days.saturating_mul(DAY);
    is_first || is_old
}

/// What a session that begins now owes.
pub(crate) fn duties(policy: &SignInPolicy, standing: Standing<'_>) -> Vec<Duty> {
    let mut owed = Vec::new();
    if standing.by_password && password_is_due(policy, standing) {
        owed.push(Duty::Password);
    }
    if due(policy, standing).is_some_and(|due| due <= standing.now) {
        owed.push(Duty::Factor);
    }
    owed
}

/// The paths that answer to a session that owes something, beside the public ones.
pub(crate) fn answers_in_duty(duty: Duty, path: &str) -> bool {
    let own = match duty {
        Duty::Password => path == "/account/password",
        Duty::Factor => path.starts_with("/account/factors"),
    };
    own || matches!(path, "/signout" | "/account/confirm")
}

/// Digits as they are typed: blanks and hyphens between them do not count.
pub(crate) fn digits(typed: &str) -> String {
    typed
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .map(|letter| match letter {
            // Full-width digits of a Chinese input method.
            '\u{ff10}'..='\u{ff19}' => {
                char::from_digit(u32::from(letter) - 0xff10, 10).unwrap_or(letter)
            }
            other => other,
        })
        .collect()
}

/// Whether a time step may be accepted: later than the last one that was.
pub(crate) fn is_fresh_step(last: i64, step: i64) -> bool {
    step > last
}

/// Letters and digits that cannot be taken for each other on paper.
const READABLE: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// A recovery code: two groups of five, about 49 bits, which a lock-out protects.
pub(crate) fn recovery_code(random: &dyn Random) -> Result<String, RandomError> {
    let mut code = String::with_capacity(11);
    while code.len() < 11 {
        if code.len() == 5 {
            code.push('-');
            continue;
        }
        let mut byte = [0_u8; 1];
        random.fill(&mut byte)?;
        let [drawn] = byte;
        // 248 = 8 × 31: beyond it the first letters would come up more often.
        if drawn < 248
            && let Some(letter) = READABLE.get(usize::from(drawn) % READABLE.len())
        {
            code.push(char::from(*letter));
        }
    }
    Ok(code)
}

/// A recovery code as typed from paper.
pub(crate) fn recovery_typed(typed: &str) -> String {
    digits(typed).to_lowercase()
}

/// A code of six digits, each value as likely as the others.
pub(crate) fn six_digits(random: &dyn Random) -> Result<String, RandomError> {
    loop {
        let mut bytes = [0_u8; 4];
        random.fill(&mut bytes)?;
        let drawn = u32::from_le_bytes(bytes);
        // The largest multiple of a million that fits.
        if drawn < 4_294_000_000 {
            return Ok(format!("{:06}", drawn % 1_000_000));
        }
    }
}

/// Why no code is sent now: the moment from which one is.
///
/// One a minute and five in a quarter of an hour for an account and for an address it goes to; thirty in a
/// quarter of an hour for those who ask from one place, which a school may share.
pub(crate) fn next_code_at(
    recent: &[SentCode],
    account: kernel::AccountId,
    target: &str,
    place: &str,
    now: Millis,
) -> Option<Millis> {
    const QUARTER: i64 = 15 * MINUTE;
    type Concerns<'a> = &'a dyn Fn(&SentCode) -> bool;
    let limits: [(Concerns<'_>, usize, i64); 5] = [
        (&|code| code.account == account, 1, MINUTE),
        (&|code| code.target == target, 1, MINUTE),
        (&|code| code.account == account, 5, QUARTER),
        (&|code| code.target == target, 5, QUARTER),
        (&|code| code.place == place, 30, QUARTER),
    ];
    limits
        .iter()
        .filter_map(|(concerns, most, within)| {
            let mut sent: Vec<Millis> = recent
                .iter()
                .filter(|code| concerns(code) && now.since(code.sent) < *within)
                .map(|code| code.sent)
                .collect();
            sent.sort_unstable();
            let place = sent.len().checked_sub(*most)?;
            sent.get(place).map(|sent| sent.add(*within))
        })
        .max()
}

/// How far back [`next_code_at`] looks.
pub(crate) const CODES_WITHIN: i64 = 15 * MINUTE;

/// A telephone number to send to, without blanks and hyphens.
pub(crate) fn phone(typed: &str) -> Option<String> {
    let number = digits(typed);
    let plain = number.strip_prefix('+').unwrap_or(&number);
    let fits = (5..=15).contains(&plain.len()) && plain.chars().all(|digit| digit.is_ascii_digit());
    fits.then_some(number)
}

/// A mail address to send to. Only what every mail server knows; nothing that could end a line.
pub(crate) fn mail(typed: &str) -> Option<String> {
    let address = typed.trim();
    let (local, host) = address.rsplit_once('@')?;
    let plain = |text: &str, more: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || more.contains(letter))
    };
    let fits = address.len() <= 254
        && plain(local, ".-_+")
        && plain(host, ".-")
        && host.contains('.')
        && address.parse::<lettre::Address>().is_ok();
    fits.then(|| address.to_owned())
}

/// An address as pages show it: enough to know it again.
pub(crate) fn shown(address: &str) -> String {
    let stars = |text: &str, first: usize, last: usize| {
        let letters: Vec<char> = text.chars().collect();
        let hidden = letters.len().saturating_sub(first + last);
        letters
            .iter()
            .enumerate()
            .map(|(at, letter)| {
                if at >= first && at < first + hidden {
                    '*'
                } else {
                    *letter
                }
            })
            .collect::<String>()
    };
    match address.split_once('@') {
        Some((local, host)) => format!("{}@{host}", stars(local, 1, 0)),
        None => stars(address, 3, 4),
    }
}

/// What a holder calls a factor.
pub(crate) fn label(typed: &str) -> String {
    typed
        .trim()
        .chars()
        .filter(|letter| !letter.is_control())
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use kernel::AccountId;

    use super::super::model::{FactorId, FactorKind};
    use super::*;
    use crate::random::SeededRandom;

    fn factor(kind: FactorKind) -> Factor {
        Factor {
            id: FactorId(1),
            account: AccountId::new(1),
            kind,
            label: String::new(),
            ready: true,
            made: Millis::new(0),
            used: None,
            expires: None,
        }
    }

    fn standing<'a>(posts: &'a [String], factors: &'a [Factor], now: i64) -> Standing<'a> {
        Standing {
            now: Millis::new(now),
            posts,
            factors,
            demanded_since: Some(Millis::new(0)),
            password_set: Millis::new(0),
            set_by: SetBy::Holder,
            by_password: true,
        }
    }

    #[test]
    fn administrators_owe_a_second_factor_after_their_days() {
        let policy = SignInPolicy::default();
        let posts = ["system_administrator".to_owned()];
        let none = standing(&posts, &[], 13 * DAY);
        assert_eq!(duties(&policy, none), []);
        assert_eq!(due(&policy, none), Some(Millis::new(14 * DAY)));
        let late = standing(&posts, &[], 14 * DAY);
        assert_eq!(duties(&policy, late), [Duty::Factor]);
        let sms = [factor(FactorKind::Sms)];
        assert_eq!(
            duties(&policy, standing(&posts, &sms, 14 * DAY)),
            [Duty::Factor]
        );
        let totp = [factor(FactorKind::Totp)];
        assert_eq!(duties(&policy, standing(&posts, &totp, 14 * DAY)), []);
        let ended = [Factor {
            expires: Some(Millis::new(1)),
            ..factor(FactorKind::Certificate)
        }];
        assert_eq!(
            duties(&policy, standing(&posts, &ended, 14 * DAY)),
            [Duty::Factor]
        );
        let planner = ["planner".to_owned()];
        assert_eq!(due(&policy, standing(&planner, &[], 99 * DAY)), None);
        let everyone = SignInPolicy {
            second_factor_posts: vec!["*".to_owned()],
            only_cryptographic: false,
            ..policy
        };
        assert!(due(&everyone, standing(&planner, &[], 0)).is_some());
        assert_eq!(due(&everyone, standing(&planner, &sms, 0)), None);
        assert_eq!(due(&everyone, standing(&[], &[], 0)), None);
    }

    #[test]
    fn a_password_is_due_by_age_and_when_the_holder_did_not_choose_it() {
        let policy = SignInPolicy::default();
        let owed = |set_by, day: i64, first_change, password_days| {
            let policy = SignInPolicy {
                first_change,
                password_days,
                ..policy.clone()
            };
            let standing = Standing {
                set_by,
                ..standing(&[], &[], day * DAY)
            };
            duties(&policy, standing) == [Duty::Password]
        };
        assert!(!owed(SetBy::Holder, 89, FirstChange::All, 90));
        assert!(owed(SetBy::Holder, 90, FirstChange::All, 90));
        assert!(!owed(SetBy::Holder, 9000, FirstChange::All, 0));
        assert!(owed(SetBy::Program, 0, FirstChange::Generated, 0));
        assert!(!owed(SetBy::Another, 0, FirstChange::Generated, 0));
        assert!(owed(SetBy::Another, 0, FirstChange::All, 0));
        assert!(!owed(SetBy::Program, 0, FirstChange::Off, 0));
        let elsewhere = Standing {
            by_password: false,
            set_by: SetBy::Program,
            ..standing(&[], &[], 99 * DAY)
        };
        assert_eq!(duties(&policy, elsewhere), []);
    }

    #[test]
    fn a_session_in_duty_reaches_its_page_and_the_way_out() {
        assert!(answers_in_duty(Duty::Password, "/account/password"));
        assert!(!answers_in_duty(Duty::Password, "/account/factors"));
        assert!(answers_in_duty(Duty::Factor, "/account/factors/totp"));
        assert!(answers_in_duty(Duty::Factor, "/signout"));
        for path in ["/", "/account", "/institutions", "/account/post"] {
            assert!(!answers_in_duty(Duty::Password, path));
            assert!(!answers_in_duty(Duty::Factor, path));
        }
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        assert_eq!(digits(" \u{ff11}23 456\u{3000}"), "123456");
        assert_eq!(digits("123-456"), "123456");
        assert_eq!(recovery_typed("ABCDE fghjk"), "abcdefghjk");
        let random = SeededRandom::new(1);
        let code = recovery_code(&random).unwrap();
        assert_eq!((code.len(), code.as_bytes()[5]), (11, b'-'));
        let six = six_digits(&random).unwrap();
        assert!(six.len() == 6 && six.bytes().all(|digit| digit.is_ascii_digit()));
        assert!(is_fresh_step(4, 5) && !is_fresh_step(5, 5) && !is_fresh_step(6, 5));
    }

    #[test]
    fn codes_are_sent_once_a_minute_and_five_times_a_quarter() {
        let sent = |account: i64, target: &str, place: &str, at: i64| SentCode {
            number: 1,
            account: AccountId::new(account),
            factor: FactorId(1),
            mark: String::new(),
            target: target.to_owned(),
            place: place.to_owned(),
            sent: Millis::new(at),
            expires: Millis::new(at + CODE_LIFE),
            tries: 0,
        };
        let next = |recent: &[SentCode], account: i64, target: &str, now: i64| {
            next_code_at(
                recent,
                AccountId::new(account),
                target,
                "p",
                Millis::new(now),
            )
            .map(Millis::get)
        };
        assert_eq!(next(&[], 1, "t", 0), None);
        let one = [sent(1, "t", "p", 0)];
        assert_eq!(next(&one, 1, "t", 30_000), Some(MINUTE));
        assert_eq!(
            next(&one, 2, "t", 30_000),
            Some(MINUTE),
            "the address counts by itself"
        );
        assert_eq!(next(&one, 1, "t", MINUTE), None);
        assert_eq!(next(&one, 2, "u", 30_000), None);
        let five: Vec<SentCode> = (0..5).map(|n| sent(1, "t", "p", n * MINUTE)).collect();
        assert_eq!(next(&five, 1, "t", 5 * MINUTE), Some(15 * MINUTE));
        assert_eq!(next(&five, 1, "t", 15 * MINUTE), None);
        let many: Vec<SentCode> = (0..30)
            .map(|n| sent(n + 9, &n.to_string(), "p", n))
            .collect();
        assert_eq!(next(&many, 1, "t", MINUTE), Some(15 * MINUTE));
    }

    #[test]
    fn addresses_are_plain_and_shown_in_part() {
        assert_eq!(phone("138 0000 0000").as_deref(), Some("13800000000"));
        assert_eq!(
            phone("+86 138-0000-0000").as_deref(),
            Some("+8613800000000")
        );
        for wrong in ["", "110a", "1234", "1234567890123456", "++861380000"] {
            assert_eq!(phone(wrong), None, "{wrong}");
        }
        assert_eq!(
            mail(" wang@edu.example ").as_deref(),
            Some("wang@edu.example")
        );
        for wrong in [
            "wang",
            "@edu.example",
            "wang@edu",
            "a b@edu.example",
            "wang@edu.example\r\nbcc:x@y.z",
            "\"x\"@edu.example",
        ] {
            assert_eq!(mail(wrong), None, "{wrong}");
        }
        assert_eq!(shown("13800001234"), "138****1234");
        assert_eq!(shown("wang@edu.example"), "w***@edu.example");
    }
}
