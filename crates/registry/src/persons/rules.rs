//! Decisions about personal data. Pure.

use kernel::{Day, Value};
use security::Permit;
use standard::{
    Dataset, ErasureRule, Field, LegalBasis, Purpose, Retention, RetentionStart, Sensitivity,
    Standard,
};

use super::model::{Asked, Consent, Refusal};
use crate::ledger::Version;

/// The relation of a person to themselves.
pub const ITSELF: &str = "本人";

/// The most sensitive level that a purpose and a permit show together.
pub fn level_for(permit: &Permit, purpose: &Purpose) -> Sensitivity {
    permit.sensitivity().min(purpose.sees)
}

/// What is asked for in full, held against the definitions, the permit and the consents.
///
/// # Errors
/// The first reason against it.
pub fn may_read_in_full<'s>(
    standard: &'s Standard,
    permit: &Permit,
    asked: &Asked,
    birth: Option<Day>,
    consents: &[Consent],
    today: Day,
) -> Result<&'s Purpose, Refusal> {
    let purpose = standard
        .purpose(&asked.purpose)
        .filter(|purpose| level_for(permit, purpose).is_sealed())
        .ok_or(Refusal::Purpose)?;
    if !is_reference(&asked.reference) {
        return Err(Refusal::Reference);
    }
    if purpose.basis != LegalBasis::Consent {
        return Ok(purpose);
    }
    let given = consents
        .iter()
        .find(|consent| consent.purpose == purpose.name && consent.state == "given")
        .ok_or(Refusal::Consent)?;
    let is_child = purpose
        .guardian_consent_under
        .is_some_and(|age| birth.is_none_or(|birth| is_under(birth, age, today)));
    if is_child && !given.by_guardian {
        return Err(Refusal::Guardian);
    }
    Ok(purpose)
}

/// What is taken out of a list as a file, held against the definitions and the permit. In full never for a purpose that
/// rests on consent: each person gives it or does not.
///
/// # Errors
/// The first reason against it.
pub fn may_export<'s>(
    standard: &'s Standard,
    permit: &Permit,
    asked: &Asked,
    in_full: bool,
) -> Result<&'s Purpose, Refusal> {
    let purpose = standard
        .purpose(&asked.purpose)
        .filter(|purpose| level_for(permit, purpose).is_sealed())
        .ok_or(Refusal::Purpose)?;
    if !is_reference(&asked.reference) {
        return Err(Refusal::Reference);
    }
    if in_full && purpose.basis == LegalBasis::Consent {
        return Err(Refusal::Consent);
    }
    Ok(purpose)
}

/// Whether a text is a reference: 1 to 64 letters, digits, `.`, `-` or `_`. Free text would end in the audit log.
pub fn is_reference(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_'))
}

/// Whether somebody born on a day is younger than so many years on another. Who is born on 29 February comes of an age
/// on 1 March of other years.
pub fn is_under(birth: Day, years: i32, today: Day) -> bool {
    today.full_years_since(birth) < years
}

/// The same day so many years later; `None` beyond the calendar.
fn years_later(day: Day, years: i32) -> Option<Day> {
    let (year, month, of_month) = day.ymd();
    let year = year.checked_add(years)?;
    Day::from_ymd(year, month, of_month)
        .or_else(|_| Day::from_ymd(year, month, 28).map(|day| day.add_days(1)))
        .ok()
}

/// Whether the retention period of a record is over: of its versions that stand, with the day of the last commit.
pub fn is_over(retention: &Retention, standing: &[&Version], recorded: Day, today: Day) -> bool {
    let from = match retention.from {
        RetentionStart::Recorded => Some(recorded),
        RetentionStart::Ended => {
            let ends = standing.iter().map(|version| version.to);
            // A record of which nothing stands ended with the commit that took it away.
            ends.collect::<Option<Vec<Day>>>()
                .map(|ends| ends.into_iter().max().unwrap_or(recorded))
        }
    };
    from.and_then(|from| years_later(from, retention.years))
        .is_some_and(|day| day <= today)
}

/// Whether everything is kept by consent alone.
pub fn is_by_consent_only(standard: &Standard, dataset: &Dataset) -> bool {
    dataset.purposes.iter().all(|name| {
        let purpose = standard.purpose(name);
        purpose.is_some_and(|purpose| purpose.basis == LegalBasis::Consent)
    })
}

/// Whether a reason for erasure holds.
///
/// # Errors
/// Why it does not.
pub fn may_erase(
    standard: &Standard,
    reason: &str,
    all_over: bool,
    by_consent_only: bool,
) -> Result<(), Refusal> {
    let reason = standard.erasure_reason(reason).ok_or(Refusal::Reason)?;
    match reason.allowed {
        ErasureRule::Always => Ok(()),
        ErasureRule::RetentionOver if all_over => Ok(()),
        ErasureRule::RetentionOver => Err(Refusal::Retention),
        ErasureRule::ConsentOnly if by_consent_only => Ok(()),
        ErasureRule::ConsentOnly => Err(Refusal::Duty),
    }
}

/// The value of a field in a version.
pub fn value<'v>(dataset: &Dataset, version: &'v Version, field: &str) -> Option<&'v Value> {
    let place = dataset
        .stored_fields()
        .position(|each| each.name == field)?;
    version.values.get(place)
}

/// A day in a version.
pub fn day(dataset: &Dataset, version: &Version, field: &str) -> Option<Day> {
    let days = value(dataset, version, field)?.as_int()?;
    i32::try_from(days).ok().map(Day::new)
}

/// The fields that a permit sees, each with its place among a version's values.
pub fn seen_fields<'d>(dataset: &'d Dataset, permit: &Permit) -> Vec<(usize, &'d Field)> {
    dataset
        .stored_fields()
        .enumerate()
        .filter(|(_, field)| permit.sees_field(field.sensitivity))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_child_is_under_14_until_the_birthday() {
        let birth = on("2012-05-04");
        assert!(is_under(birth, 14, on("2026-05-03")));
        assert!(!is_under(birth, 14, on("2026-05-04")));
        let leap = on("2012-02-29");
        assert!(is_under(leap, 14, on("2026-02-28")));
        assert!(!is_under(leap, 14, on("2026-03-01")));
    }

    #[test]
    fn a_reference_is_a_number_and_no_sentence() {
        assert!(is_reference("SL-2026.031"));
        for wrong in ["", "王某要求", "a b", &"x".repeat(65)] {
            assert!(!is_reference(wrong), "{wrong}");
        }
    }

    #[test]
    fn reasons_for_erasure_hold_or_say_why_not() {
        let standard = standard::embedded().unwrap();
        let may = |reason, over, consent| may_erase(&standard, reason, over, consent);
        assert_eq!(may("retention_over", false, true), Err(Refusal::Retention));
        assert_eq!(may("retention_over", true, false), Ok(()));
        assert_eq!(may("consent_withdrawn", true, false), Err(Refusal::Duty));
        assert_eq!(may("consent_withdrawn", false, true), Ok(()));
        assert_eq!(may("without_basis", false, false), Ok(()));
        assert_eq!(may("because", true, true), Err(Refusal::Reason));
        assert!(!is_by_consent_only(
            &standard,
            standard.dataset("person").unwrap()
        ));
    }

    #[test]
    fn a_period_runs_from_the_end_of_the_record_or_from_its_last_commit() {
        let period = |years, from| Retention {
            years,
            from,
            source: String::new(),
            confidence: standard::Confidence::Proposal,
        };
        let (recorded, today) = (on("2020-01-01"), on("2026-03-02"));
        let ended = period(3, RetentionStart::Ended);
        assert!(is_over(
            &period(6, RetentionStart::Recorded),
            &[],
            recorded,
            today
        ));
        assert!(!is_over(
            &period(7, RetentionStart::Recorded),
            &[],
            recorded,
            today
        ));
        assert!(is_over(&ended, &[], recorded, today));
    }
}
