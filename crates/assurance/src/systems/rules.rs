//! What the register lacks, what is late, and what a form must say.

use kernel::Day;
use standard::AssuranceRules;

use super::model::{KINDS, System, SystemGap};

/// The same day of the month so many months later; at the end of a shorter month its last day.
pub(crate) fn add_months(day: Day, months: i64) -> Day {
    let (year, month, of_month) = day.ymd();
    let total = i64::from(year) * 12 + i64::from(month) - 1 + months;
    let year = i32::try_from(total.div_euclid(12)).unwrap_or(i32::MAX);
    let month = u32::try_from(total.rem_euclid(12) + 1).unwrap_or(1);
    (1..=of_month)
        .rev()
        .find_map(|of_month| Day::from_ymd(year, month, of_month).ok())
        .unwrap_or(Day::END)
}

/// When the next assessment is due; `None` where no rule says.
pub(crate) fn assessment_due(rules: &AssuranceRules, system: &System) -> Option<Day> {
    let months = rules.protection_level(system.level?)?.assessment_months?;
    Some(add_months(system.assessed?, months))
}

/// What is missing or late of a system in use, the gravest first. One that is out of use lacks nothing.
pub(crate) fn gaps(rules: &AssuranceRules, system: &System, today: Day) -> Vec<SystemGap> {
    if system.retired.is_some_and(|retired| retired <= today) {
        return Vec::new();
    }
    let mut gaps = Vec::new();
    match system.level.and_then(|level| rules.protection_level(level)) {
        None => gaps.push(SystemGap::NoLevel),
        Some(level) => {
            if level.filing && (system.filing_number.is_empty() || system.filed.is_none()) {
                gaps.push(SystemGap::NotFiled);
            }
            if level.assessment_months.is_some() && system.assessed.is_none() {
                gaps.push(SystemGap::NeverAssessed);
            }
        }
    }
    if let Some(due) = assessment_due(rules, system) {
        let notice = i32::try_from(rules.days("assessment_notice")).unwrap_or(i32::MAX);
        if due < today {
            gaps.push(SystemGap::AssessmentOverdue(due));
        } else if due.days_since(today) <= notice {
            gaps.push(SystemGap::AssessmentSoon(due));
        }
    }
    let lacking = [
        (system.in_charge.is_empty(), SystemGap::NoneInCharge),
        (system.run_by.is_empty(), SystemGap::NoneRuns),
        (system.used_by.is_empty(), SystemGap::NoneUses),
        (
            system.contact.is_empty() || system.contact_phone.is_empty(),
            SystemGap::NoContact,
        ),
        (
            system.domain.is_empty() && system.addresses.is_empty(),
            SystemGap::NoAddress,
        ),
    ];
    gaps.extend(
        lacking
            .into_iter()
            .filter_map(|(lacks, gap)| lacks.then_some(gap)),
    );
    gaps.sort_unstable();
    gaps
}

/// Why an entry is refused: a field and the message of its fault.
pub(crate) fn faults(
    rules: &AssuranceRules,
    system: &System,
    today: Day,
) -> Vec<(&'static str, &'static str)> {
    let mut faults = Vec::new();
    if system.name.is_empty() {
        faults.push(("name", "ui-fault-required"));
    }
    if !KINDS.contains(&system.kind.as_str()) {
        faults.push(("kind", "ui-fault-choice"));
    }
    let level_is_known = system
        .level
        .is_none_or(|level| rules.protection_level(level).is_some());
    if !level_is_known {
        faults.push(("level", "ui-fault-choice"));
    }
    if !system.domain.is_empty() && !is_domain(&system.domain) {
        faults.push(("domain", "assurance-fault-domain"));
    }
    if !system.addresses.split_whitespace().all(is_address) {
        faults.push(("addresses", "assurance-fault-address"));
    }
    for (field, day) in [("filed", system.filed), ("assessed", system.assessed)] {
        if day.is_some_and(|day| day > today) {
            faults.push((field, "assurance-fault-future"));
        }
    }
    if !is_phone(&system.contact_phone) {
        faults.push(("contact_phone", "assurance-fault-phone"));
    }
    faults
}

/// Digits, blanks, hyphens, a plus and an extension: the telephone of an office.
pub(crate) fn is_phone(text: &str) -> bool {
    text.len() <= 32
        && text.chars().all(|letter| {
            letter.is_ascii_digit() || matches!(letter, ' ' | '-' | '+' | '(' | ')' | '转' | ',')
        })
}

/// A name of the DNS, without scheme, port or path; Chinese ones too.
fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .chars()
                    .all(|letter| letter.is_alphanumeric() || letter == '-')
        })
}

/// An address of the internet protocol, or a network of them (`10.1.0.0/16`).
fn is_address(text: &str) -> bool {
    let (address, prefix) = text.split_once('/').unwrap_or((text, "0"));
    match address.parse::<std::net::IpAddr>() {
        Ok(address) => {
            let most = if address.is_ipv4() { 32 } else { 128 };
            prefix.parse::<u8>().is_ok_and(|prefix| prefix <= most)
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn complete() -> System {
        System {
            name: "门户网站".to_owned(),
            kind: "website".to_owned(),
            in_charge: "办公室".to_owned(),
            run_by: "信息中心".to_owned(),
            used_by: "全体".to_owned(),
            domain: "edu.example.cn".to_owned(),
            level: Some(3),
            filing_number: "61010012345-00001".to_owned(),
            filed: Some(day("2024-05-01")),
            assessed: Some(day("2025-06-30")),
            contact: "信息中心".to_owned(),
            contact_phone: "029-00000000".to_owned(),
            ..System::default()
        }
    }

    #[test]
    fn a_level_three_system_is_assessed_every_year() {
        let standard = standard::embedded().unwrap();
        let rules = standard.assurance();
        let gaps = |today: &str| super::gaps(rules, &complete(), day(today));
        assert_eq!(gaps("2026-04-30"), []);
        let due = day("2026-06-30");
        assert_eq!(gaps("2026-05-01"), [SystemGap::AssessmentSoon(due)]);
        assert_eq!(gaps("2026-06-30"), [SystemGap::AssessmentSoon(due)]);
        assert_eq!(gaps("2026-07-01"), [SystemGap::AssessmentOverdue(due)]);
        let never = System {
            assessed: None,
            ..complete()
        };
        assert_eq!(
            super::gaps(rules, &never, day("2026-01-01")),
            [SystemGap::NeverAssessed]
        );
        let second = System {
            level: Some(2),
            ..never
        };
        assert_eq!(super::gaps(rules, &second, day("2026-01-01")), []);
    }

    #[test]
    fn an_empty_entry_lacks_everything_and_a_retired_one_nothing() {
        let standard = standard::embedded().unwrap();
        let rules = standard.assurance();
        let today = day("2026-03-02");
        let empty = System::default();
        assert_eq!(
            super::gaps(rules, &empty, today),
            [
                SystemGap::NoLevel,
                SystemGap::NoneInCharge,
                SystemGap::NoneRuns,
                SystemGap::NoneUses,
                SystemGap::NoContact,
                SystemGap::NoAddress,
            ]
        );
        let retired = System {
            retired: Some(today),
            ..empty
        };
        assert_eq!(super::gaps(rules, &retired, today), []);
        assert!(!super::gaps(rules, &retired, today.add_days(-1)).is_empty());
    }

    #[test]
    fn an_entry_is_refused_with_all_its_faults() {
        let standard = standard::embedded().unwrap();
        let rules = standard.assurance();
        let today = day("2026-03-02");
        assert_eq!(faults(rules, &complete(), today), []);
        let wrong = System {
            kind: "castle".to_owned(),
            level: Some(9),
            domain: "https://edu.example.cn/".to_owned(),
            addresses: "10.0.0.1 10.0.0.0/40".to_owned(),
            assessed: Some(day("2026-03-03")),
            contact_phone: "<b>1".to_owned(),
            ..System::default()
        };
        let fields: Vec<&str> = faults(rules, &wrong, today)
            .iter()
            .map(|(field, _)| *field)
            .collect();
        assert_eq!(
            fields,
            [
                "name",
                "kind",
                "level",
                "domain",
                "addresses",
                "assessed",
                "contact_phone"
            ]
        );
        assert!(is_address("10.1.0.0/16") && is_address("2001:db8::1") && !is_address("edu"));
        assert!(is_domain("教育.example.cn") && !is_domain("localhost") && !is_domain("a..b"));
    }

    #[test]
    fn months_end_where_they_end() {
        assert_eq!(add_months(day("2024-02-29"), 12), day("2025-02-28"));
        assert_eq!(add_months(day("2025-08-31"), 6), day("2026-02-28"));
        assert_eq!(add_months(day("2025-11-15"), 2), day("2026-01-15"));
    }
}
