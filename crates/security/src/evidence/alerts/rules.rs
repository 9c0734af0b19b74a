//! When reading is unusual, pure.

use std::collections::BTreeMap;

use kernel::{Day, Millis, UnitId};
use standard::{AlertKind, AlertRule};

/// A reading or an export of persons, as the audit log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) actor: String,
    pub(crate) at: Millis,
    pub(crate) persons: i64,
    pub(crate) in_full: bool,
    pub(crate) unit: Option<UnitId>,
}

/// What an alert is raised with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) from: Millis,
    pub(crate) to: Millis,
    pub(crate) persons: i64,
    pub(crate) usual: Option<i64>,
    pub(crate) unit: Option<UnitId>,
}

/// The facts of each account in the order of time.
pub(crate) fn by_actor(facts: Vec<Fact>) -> BTreeMap<String, Vec<Fact>> {
    let mut by: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for fact in facts {
        by.entry(fact.actor.clone()).or_default().push(fact);
    }
    for facts in by.values_mut() {
        facts.sort_by_key(|fact| fact.at);
    }
    by
}

fn counts(rule: &AlertRule, fact: &Fact) -> bool {
    rule.masked || fact.in_full
}

/// How many persons an account read on a day, as the rule counts.
pub(crate) fn total_of(rule: &AlertRule, facts: &[Fact], day: Day) -> i64 {
    facts
        .iter()
        .filter(|fact| fact.at.day() == day && counts(rule, fact))
        .fold(0_i64, |sum, fact| sum.saturating_add(fact.persons))
}

/// The middle one of the days with readings; `None` where there were too few of them to say what is usual.
pub(crate) fn usual(mut totals: Vec<i64>, active_days: usize) -> Option<i64> {
    if totals.len() < active_days.max(1) {
        return None;
    }
    totals.sort_unstable();
    totals.get(totals.len() / 2).copied()
}

/// Whether a day of an account is unusual by a rule. `facts` are in the order of time and reach back a day
/// before the one that is judged.
pub(crate) fn judge(
    rule: &AlertRule,
    facts: &[Fact],
    day: Day,
    usual: Option<i64>,
) -> Option<Found> {
    if rule.persons <= 0 {
        return None;
    }
    let counted: Vec<&Fact> = facts.iter().filter(|fact| counts(rule, fact)).collect();
    match &rule.kind {
        AlertKind::Many { minutes } => many(rule, &counted, day, minutes.saturating_mul(60_000)),
        AlertKind::OutsideHours { from, to, weekdays } => {
            let outside = |fact: &&Fact| {
                let (hour, _, _) = fact.at.time_of_day();
                let is_work = (*from..*to).contains(&hour) && weekdays.contains(&weekday(day));
                fact.at.day() == day && !is_work
            };
            summed(rule, counted.into_iter().filter(outside).collect(), None)
        }
        AlertKind::OwnPattern { factor, .. } => {
            let usual = usual?;
            let of_day: Vec<&Fact> = counted
                .into_iter()
                .filter(|fact| fact.at.day() == day)
                .collect();
            let found = summed(rule, of_day, Some(usual))?;
            (found.persons >= usual.saturating_mul(*factor)).then_some(found)
        }
    }
}

/// The fullest window that ends on the day.
fn many(rule: &AlertRule, facts: &[&Fact], day: Day, window: i64) -> Option<Found> {
    let mut best: Option<Found> = None;
    let mut first = 0_usize;
    let mut sum = 0_i64;
    for last in facts {
        sum = sum.saturating_add(last.persons);
        while let Some(early) = facts.get(first) {
            if last.at.since(early.at) < window {
                break;
            }
            sum = sum.saturating_sub(early.persons);
            first = first.saturating_add(1);
        }
        let is_more = best.as_ref().is_none_or(|best| sum > best.persons);
        if last.at.day() == day && sum >= rule.persons && is_more {
            best = Some(Found {
                from: facts.get(first).map_or(last.at, |fact| fact.at),
                to: last.at,
                persons: sum,
                usual: None,
                unit: last.unit,
            });
        }
    }
    best
}

fn summed(rule: &AlertRule, facts: Vec<&Fact>, usual: Option<i64>) -> Option<Found> {
    let (first, last) = (facts.first()?, facts.last()?);
    let persons = facts
        .iter()
        .fold(0_i64, |sum, fact| sum.saturating_add(fact.persons));
    (persons >= rule.persons).then_some(Found {
        from: first.at,
        to: last.at,
        persons,
        usual,
        unit: last.unit,
    })
}

/// The day of the week, 1 for Monday: 1970-01-01 was a Thursday.
pub(crate) fn weekday(day: Day) -> u8 {
    let number = day.get().saturating_add(3).rem_euclid(7).saturating_add(1);
    u8::try_from(number).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600_000;

    /// The thresholds of the release: the histories below are judged by what is shipped.
    fn shipped(name: &str) -> AlertRule {
        let standard = standard::embedded().unwrap();
        let rule = standard.alerts().iter().find(|rule| rule.name == name);
        rule.unwrap().clone()
    }

    fn monday() -> Day {
        let day = Day::from_ymd(2026, 11, 23).unwrap();
        assert_eq!(weekday(day), 1);
        day
    }

    fn fact(at: Millis, persons: i64) -> Fact {
        Fact {
            actor: "account:1".to_owned(),
            at,
            persons,
            in_full: true,
            unit: Some(UnitId::new(3)),
        }
    }

    fn at(day: Day, minutes: i64) -> Millis {
        day.start().add(minutes * 60_000)
    }

    /// A registrar's ordinary day: a case every ten minutes from 8:30 to 17:30, one or two persons each, and
    /// a class list of fifty in the morning.
    fn ordinary(day: Day) -> Vec<Fact> {
        let mut facts: Vec<Fact> = (0..54)
            .map(|turn| fact(at(day, 510 + turn * 10), 1 + turn % 2))
            .collect();
        facts.push(fact(at(day, 600), 50));
        facts.sort_by_key(|fact| fact.at);
        facts
    }

    fn raised(facts: &[Fact], day: Day, totals: &[i64]) -> Vec<&'static str> {
        let names = [
            "many_in_an_hour",
            "many_in_a_day",
            "many_masked",
            "outside_hours",
            "own_pattern",
        ];
        names
            .into_iter()
            .filter(|name| {
                let rule = shipped(name);
                let before = match &rule.kind {
                    AlertKind::OwnPattern { active_days, .. } => {
                        usual(totals.to_vec(), *active_days)
                    }
                    _ => None,
                };
                judge(&rule, facts, day, before).is_some()
            })
            .collect()
    }

    #[test]
    fn ordinary_work_raises_nothing() {
        let day = monday();
        let usual_days = [120, 130, 140, 125, 131, 128, 90];
        assert_eq!(raised(&ordinary(day), day, &usual_days), [] as [&str; 0]);
        // The week of enrolment: four times as much as usual, all day long.
        let busy: Vec<Fact> = (0..54)
            .map(|turn| fact(at(day, 510 + turn * 10), 9))
            .collect();
        assert_eq!(raised(&busy, day, &usual_days), [] as [&str; 0]);
        // A few cases late in the evening, and a masked list of a whole school.
        let mut late = ordinary(day);
        late.extend((0..5).map(|turn| fact(at(day, 22 * 60 + turn * 5), 2)));
        late.push(Fact {
            in_full: false,
            ..fact(at(day, 620), 1_800)
        });
        late.sort_by_key(|fact| fact.at);
        assert_eq!(raised(&late, day, &usual_days), [] as [&str; 0]);
        // Somebody new in the post: nothing is known of what is usual, and it is not much.
        let new: Vec<Fact> = (0..10)
            .map(|turn| fact(at(day, 540 + turn * 30), 15))
            .collect();
        assert_eq!(raised(&new, day, &[3]), [] as [&str; 0]);
    }

    #[test]
    fn unusual_reading_is_not_missed() {
        let day = monday();
        let usual_days = [12, 13, 14, 12, 13];
        let with = |more: Vec<Fact>| {
            let mut facts: Vec<Fact> = (0..12)
                .map(|turn| fact(at(day, 540 + turn * 30), 1))
                .collect();
            facts.extend(more);
            facts.sort_by_key(|fact| fact.at);
            facts
        };
        // One by one, a record every fifteen seconds for an hour.
        let scraped = with(
            (0..240)
                .map(|turn| fact(at(day, 600).add(turn * 15_000), 1))
                .collect(),
        );
        assert_eq!(
            raised(&scraped, day, &usual_days),
            ["many_in_an_hour", "own_pattern"]
        );
        // A whole county taken out as one file.
        let taken = with(vec![fact(at(day, 700), 20_000)]);
        assert_eq!(
            raised(&taken, day, &usual_days),
            [
                "many_in_an_hour",
                "many_in_a_day",
                "many_masked",
                "own_pattern"
            ]
        );
        // Slowly: never many in an hour, but far more than this person ever reads.
        let slow = with(
            (0..9)
                .map(|turn| fact(at(day, 540 + turn * 60), 15))
                .collect(),
        );
        assert_eq!(raised(&slow, day, &usual_days), ["own_pattern"]);
        // At night, and the same at midday on a Sunday.
        let night = with((0..25).map(|turn| fact(at(day, 120 + turn), 1)).collect());
        assert_eq!(
            raised(&night, day, &[40, 40, 40, 40, 40]),
            ["outside_hours"]
        );
        let sunday = day.add_days(-1);
        let weekend: Vec<Fact> = (0..25)
            .map(|turn| fact(at(sunday, 720 + turn), 1))
            .collect();
        assert_eq!(raised(&weekend, sunday, &[40; 5]), ["outside_hours"]);
        // Lists copied page by page, masked.
        let paged: Vec<Fact> = (0..220)
            .map(|turn| Fact {
                in_full: false,
                ..fact(at(day, 540 + turn * 2), 50)
            })
            .collect();
        assert_eq!(raised(&paged, day, &usual_days), ["many_masked"]);
    }

    #[test]
    fn a_window_over_midnight_counts_for_the_day_in_which_it_ends() {
        let day = monday();
        let facts = [
            fact(day.start().add(-HOUR / 4), 150),
            fact(day.start().add(HOUR / 4), 60),
        ];
        let rule = shipped("many_in_an_hour");
        let found = judge(&rule, &facts, day, None).unwrap();
        assert_eq!((found.persons, found.from), (210, facts[0].at));
        assert_eq!(judge(&rule, &facts, day.add_days(-1), None), None);
        // Exactly the window apart is out of it; the threshold itself is in.
        let apart = [fact(day.start(), 150), fact(day.start().add(HOUR), 60)];
        assert_eq!(judge(&rule, &apart, day, None), None);
        let edge = [fact(day.start(), rule.persons)];
        assert!(judge(&rule, &edge, day, None).is_some());
        let below = [fact(day.start(), rule.persons - 1)];
        assert_eq!(judge(&rule, &below, day, None), None);
        let off = AlertRule { persons: 0, ..rule };
        assert_eq!(judge(&off, &edge, day, None), None);
    }

    proptest! {
        /// The sliding window against the plain way: every pair of ends.
        #[test]
        fn the_window_finds_what_counting_every_pair_finds(
            readings in prop::collection::vec((0_i64..2880, 1_i64..90), 0..40)
        ) {
            let day = monday();
            let rule = shipped("many_in_an_hour");
            let mut facts: Vec<Fact> = readings.iter()
                .map(|(minute, persons)| fact(day.add_days(-1).start().add(minute * 60_000), *persons))
                .collect();
            facts.sort_by_key(|fact| fact.at);
            let plain = facts.iter().filter(|last| last.at.day() == day).map(|last| {
                facts.iter()
                    .filter(|one| one.at <= last.at && last.at.since(one.at) < HOUR)
                    .map(|one| one.persons).sum::<i64>()
            }).max().unwrap_or(0);
            let found = judge(&rule, &facts, day, None).map(|found| found.persons);
            prop_assert_eq!(found, (plain >= rule.persons).then_some(plain));
        }
    }
}
