//! Who has a duty on a day, and what is missing.

use std::collections::BTreeMap;

use kernel::Day;
use standard::AssuranceRules;

use super::model::{DutyBody, DutyEvent, Gap, Holder};

/// What holds for a duty on a day: the event with the latest first day up to it, and of several the one that was
/// recorded last (a correction).
pub(crate) fn latest<'e>(events: &'e [DutyEvent], duty: &str, on: Day) -> Option<&'e DutyEvent> {
    events
        .iter()
        .filter(|event| event.body.duty() == duty && event.body.from() <= on)
        .max_by_key(|event| (event.body.from(), event.number))
}

/// Who has a duty on a day, until when.
pub(crate) fn holder<'e>(
    events: &'e [DutyEvent],
    duty: &str,
    on: Day,
) -> Option<(&'e Holder, Option<Day>)> {
    match &latest(events, duty, on)?.body {
        DutyBody::Named { holder, until, .. } if until.is_none_or(|until| on < until) => {
            Some((holder, *until))
        }
        _ => None,
    }
}

/// Who has the duties of a unit on a day.
pub(crate) fn holders(events: &[DutyEvent], on: Day) -> BTreeMap<String, Holder> {
    events
        .iter()
        .map(|event| event.body.duty())
        .filter_map(|duty| Some((duty.to_owned(), holder(events, duty, on)?.0.clone())))
        .collect()
}

/// What is missing or ends soon, in the order of the definitions.
pub(crate) fn gaps<'r>(
    rules: &'r AssuranceRules,
    events: &[DutyEvent],
    on: Day,
) -> Vec<(&'r str, Gap)> {
    let soon = i32::try_from(rules.days("duty_notice")).unwrap_or(i32::MAX);
    let gap = |duty: &str| match holder(events, duty, on) {
        Some((_, Some(until)))
            if until.days_since(on) <= soon && successor(events, duty, until).is_none() =>
        {
            Some(Gap::EndsSoon(until))
        }
        Some(_) => None,
        None => Some(match latest(events, duty, on).map(|event| &event.body) {
            None => Gap::Missing,
            Some(DutyBody::Ended { from, .. }) => Gap::Ended(*from),
            Some(DutyBody::Named { from, until, .. }) => Gap::Ended(until.unwrap_or(*from)),
        }),
    };
    rules
        .duties
        .iter()
        .filter_map(|duty| Some((duty.name.as_str(), gap(&duty.name)?)))
        .collect()
}

/// Who follows on the day on which the present one ends.
fn successor<'e>(events: &'e [DutyEvent], duty: &str, on: Day) -> Option<&'e Holder> {
    holder(events, duty, on).map(|(holder, _)| holder)
}

#[cfg(test)]
mod tests {
    use kernel::Millis;
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn event(number: i64, body: DutyBody) -> DutyEvent {
        DutyEvent {
            number,
            body,
            at: Millis::new(0),
            actor: "account:1".to_owned(),
        }
    }

    fn named(name: &str, from: &str, until: Option<&str>) -> DutyBody {
        DutyBody::Named {
            duty: "cio".to_owned(),
            holder: Holder {
                name: name.to_owned(),
                ..Holder::default()
            },
            from: day(from),
            until: until.map(day),
        }
    }

    fn who(events: &[DutyEvent], on: &str) -> Option<String> {
        holder(events, "cio", day(on)).map(|(holder, _)| holder.name.clone())
    }

    #[test]
    fn a_correction_of_the_past_does_not_put_the_successor_out() {
        let events = [
            event(1, named("甲", "2025-09-01", None)),
            event(2, named("乙", "2026-02-01", None)),
            event(3, named("甲(更正)", "2025-09-01", None)),
        ];
        assert_eq!(who(&events, "2025-08-31"), None);
        assert_eq!(who(&events, "2026-01-31").unwrap(), "甲(更正)");
        assert_eq!(who(&events, "2026-02-01").unwrap(), "乙");
    }

    #[test]
    fn what_ended_is_missing_and_what_ends_is_pointed_out_unless_a_successor_is_named() {
        let standard = standard::embedded().unwrap();
        let rules = standard.assurance();
        let cio = |events: &[DutyEvent], on: &str| {
            gaps(rules, events, day(on))
                .into_iter()
                .find(|(duty, _)| *duty == "cio")
                .map(|(_, gap)| gap)
        };
        let mut events = vec![event(1, named("甲", "2025-09-01", Some("2026-03-01")))];
        assert_eq!(cio(&events, "2025-08-01"), Some(Gap::Missing));
        assert_eq!(cio(&events, "2025-12-01"), None);
        assert_eq!(
            cio(&events, "2026-02-20"),
            Some(Gap::EndsSoon(day("2026-03-01")))
        );
        assert_eq!(
            cio(&events, "2026-03-01"),
            Some(Gap::Ended(day("2026-03-01")))
        );
        events.push(event(2, named("乙", "2026-03-01", None)));
        assert_eq!(cio(&events, "2026-02-20"), None);
        events.push(event(
            3,
            DutyBody::Ended {
                duty: "cio".to_owned(),
                from: day("2026-05-01"),
            },
        ));
        assert_eq!(
            cio(&events, "2026-05-02"),
            Some(Gap::Ended(day("2026-05-01")))
        );
        assert!(Gap::Missing.is_missing() && !Gap::EndsSoon(day("2026-03-01")).is_missing());
    }

    proptest! {
        /// Against a plain replay: day by day, the event that begins last up to the day decides.
        #[test]
        fn one_holder_at_most_and_it_is_who_a_replay_says(
            steps in prop::collection::vec((0_i32..30, prop::option::of(1_i32..20), prop::bool::ANY), 0..12),
        ) {
            let mut events = Vec::new();
            for (number, (from, length, ends)) in (1_i64..).zip(&steps) {
                let from = Day::new(*from);
                let body = if *ends {
                    DutyBody::Ended { duty: "cio".to_owned(), from }
                } else {
                    DutyBody::Named {
                        duty: "cio".to_owned(),
                        holder: Holder { name: number.to_string(), ..Holder::default() },
                        from,
                        until: length.map(|length| from.add_days(length)),
                    }
                };
                events.push(event(number, body));
            }
            for on in (0..60).map(Day::new) {
                let mut plain: Option<&DutyEvent> = None;
                for event in &events {
                    let later = plain.is_none_or(|known| known.body.from() <= event.body.from());
                    if event.body.from() <= on && later {
                        plain = Some(event);
                    }
                }
                let expected = plain.and_then(|event| match &event.body {
                    DutyBody::Named { holder, until, .. } if until.is_none_or(|until| on < until) => Some(holder.name.clone()),
                    _ => None,
                });
                prop_assert_eq!(holder(&events, "cio", on).map(|(holder, _)| holder.name.clone()), expected);
            }
        }
    }
}
