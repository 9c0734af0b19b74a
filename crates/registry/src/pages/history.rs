//! A record's history: commit by commit, field by field, what was held and what it became.

use std::collections::BTreeSet;

use kernel::{CommitNumber, Day, Value};
use maud::{Markup, html};
use standard::Field;
use ui::{Event, Text};

use super::shown::{Showing, effective_day};
use super::words::{Actors, reason, source};
use crate::ledger::{Commit, Version};

/// What one commit made of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The commit.
    pub number: CommitNumber,
    /// What it did, stretch by stretch.
    pub pieces: Vec<Piece>,
}

/// What became of one stretch of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// First day.
    pub from: Day,
    /// The day after the last.
    pub to: Option<Day>,
    /// What happened on these days.
    pub deed: Deed,
}

/// What happened on a stretch of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// The record is there where it was not before.
    Added,
    /// Fields have other values: place, what was held, what it became.
    Changed(Vec<(usize, Value, Value)>),
    /// The record is no longer there.
    Ended,
}

fn overlap(one: &Version, other: &Version) -> bool {
    one.to.is_none_or(|end| other.from < end) && other.to.is_none_or(|end| one.from < end)
}

fn differences(old: &Version, new: &Version) -> Vec<(usize, Value, Value)> {
    old.values
        .iter()
        .zip(&new.values)
        .enumerate()
        .filter(|(_, (before, after))| before != after)
        .map(|(place, (before, after))| (place, before.clone(), after.clone()))
        .collect()
}

/// The steps of a record's life as known up to a commit, the latest first. `versions` are all of it.
pub(super) fn steps(versions: &[&Version], known: CommitNumber) -> Vec<Step> {
    let mut numbers: BTreeSet<CommitNumber> = BTreeSet::new();
    for version in versions {
        numbers.insert(version.since);
        numbers.extend(version.until);
    }
    let mut steps = Vec::new();
    for number in numbers.into_iter().rev().filter(|number| *number <= known) {
        let opened: Vec<&Version> = versions
            .iter()
            .filter(|version| version.since == number)
            .copied()
            .collect();
        let closed: Vec<&Version> = versions
            .iter()
            .filter(|version| version.until == Some(number))
            .copied()
            .collect();
        let mut pieces = Vec::new();
        for new in &opened {
            let before: Vec<&&Version> = closed.iter().filter(|old| overlap(old, new)).collect();
            let deed = match before.as_slice() {
                [] => Deed::Added,
                [old, ..] => match differences(old, new) {
                    // What is left of a stretch that was cut.
                    same if same.is_empty() => continue,
                    changed => Deed::Changed(changed),
                },
            };
            pieces.push(Piece {
                from: new.from,
                to: new.to,
                deed,
            });
        }
        pieces.extend(ended(&opened, &closed));
        pieces.sort_by_key(|piece| piece.from);
        if !pieces.is_empty() {
            steps.push(Step { number, pieces });
        }
    }
    steps
}

/// Days of closed stretches on which nothing stands any more.
fn ended(opened: &[&Version], closed: &[&Version]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for old in closed {
        let mut next = Some(old.from);
        let mut covering: Vec<&&Version> = opened.iter().filter(|new| overlap(old, new)).collect();
        covering.sort_by_key(|new| new.from);
        for new in covering {
            let Some(start) = next else { break };
            if start < new.from {
                pieces.push(Piece {
                    from: start,
                    to: Some(new.from),
                    deed: Deed::Ended,
                });
            }
            next = new.to.map(|end| end.max(start));
        }
        if let Some(start) = next.filter(|start| old.to.is_none_or(|end| *start < end)) {
            pieces.push(Piece {
                from: start,
                to: old.to,
                deed: Deed::Ended,
            });
        }
    }
    pieces
}

/// The steps as a timeline. `fields` are those that the reader may see, by place.
pub(super) fn events(
    text: &Text,
    showing: &Showing<'_>,
    fields: &[(usize, &Field)],
    steps: &[Step],
    commits: &[Commit],
    actors: &Actors,
) -> Vec<Event> {
    steps
        .iter()
        .map(|step| {
            let commit = commits.iter().find(|commit| commit.number == step.number);
            let who = commit.map_or(String::new(), |commit| actors.name(text, &commit.actor));
            let from = commit.map_or(String::new(), |commit| source(text, commit));
            let reason = commit.map_or(String::new(), |commit| reason(text, commit));
            let about: Vec<&str> =
                [who.as_str(), from.as_str(), reason.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
            Event {
                when: commit.map_or(String::new(), |commit| commit.time.to_string()),
                title: title(text, showing, fields, step),
                about: about.join(" · "),
                body: Some(html! {
                    @for piece in &step.pieces { (piece_markup(text, showing, fields, piece)) }
                    p { a href=(format!("/commits/{}", step.number)) { (text.with("registry-commit-number", &[("number", &step.number.to_string())])) } }
                }),
            }
        })
        .collect()
}

fn title(text: &Text, showing: &Showing<'_>, fields: &[(usize, &Field)], step: &Step) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut added = false;
    for piece in &step.pieces {
        match &piece.deed {
            Deed::Added => added = true,
            Deed::Ended => {}
            Deed::Changed(changes) => {
                for (place, _, _) in changes {
                    let field = fields
                        .iter()
                        .find(|(own, _)| own == place)
                        .map(|(_, field)| *field);
                    if let Some(name) = field.map(|field| field.title.get(showing.lang))
                        && !names.contains(&name)
                    {
                        names.push(name);
                    }
                }
            }
        }
    }
    if !names.is_empty() {
        let joined = names.join(if showing.lang == standard::Lang::Zh {
            "、"
        } else {
            ", "
        });
        return text.with("registry-history-changed", &[("fields", &joined)]);
    }
    if added {
        return text.get("registry-history-added");
    }
    let only_ended = step.pieces.iter().all(|piece| piece.deed == Deed::Ended);
    text.get(if only_ended {
        "registry-history-ended"
    } else {
        "registry-history-other"
    })
}

fn piece_markup(
    text: &Text,
    showing: &Showing<'_>,
    fields: &[(usize, &Field)],
    piece: &Piece,
) -> Markup {
    let from = effective_day(text, piece.from);
    let period = match piece.to {
        None => text.with("registry-effective-from", &[("from", &from)]),
        Some(to) => text.with(
            "registry-effective-between",
            &[("from", &from), ("to", &to.to_string())],
        ),
    };
    html! {
        @match &piece.deed {
            Deed::Added => p { (period) },
            Deed::Ended => p { (period) ": " (text.get("registry-history-ended")) },
            Deed::Changed(changes) => {
                p { (period) }
                @for (place, old, new) in changes {
                    @if let Some((_, field)) = fields.iter().find(|(own, _)| own == place) {
                        (change_markup(text, field.title.get(showing.lang), &showing.text(field, old), &showing.text(field, new)))
                    }
                }
            }
        }
    }
}

/// One changed field: what was held, struck out, and what it became.
pub(super) fn change_markup(text: &Text, title: &str, old: &str, new: &str) -> Markup {
    let none = text.get("registry-blank");
    let or_none = |words: &str| {
        if words.is_empty() {
            none.clone()
        } else {
            words.to_owned()
        }
    };
    html! {
        p.changes { (title) ": " del { (or_none(old)) } " → " ins { (or_none(new)) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{RecordId, UnitId};

    fn version(since: i64, until: Option<i64>, from: i32, to: Option<i32>, name: &str) -> Version {
        Version {
            record: RecordId::new(1),
            unit: UnitId::new(1),
            since: CommitNumber::new(since),
            until: until.map(CommitNumber::new),
            from: Day::new(from),
            to: to.map(Day::new),
            values: vec![Value::Text(name.to_owned())],
            sealed: Vec::new(),
        }
    }

    fn deeds(versions: &[Version], known: i64) -> Vec<(i64, Vec<(i32, &'static str)>)> {
        let versions: Vec<&Version> = versions.iter().collect();
        steps(&versions, CommitNumber::new(known))
            .into_iter()
            .map(|step| {
                let pieces = step
                    .pieces
                    .iter()
                    .map(|piece| {
                        let word = match piece.deed {
                            Deed::Added => "added",
                            Deed::Changed(_) => "changed",
                            Deed::Ended => "ended",
                        };
                        (piece.from.get(), word)
                    })
                    .collect();
                (step.number.get(), pieces)
            })
            .collect()
    }

    #[test]
    fn a_change_is_told_and_the_rest_of_the_stretch_it_cut_is_not() {
        let life = [
            version(1, Some(2), 0, None, "甲"),
            version(2, None, 0, Some(10), "甲"),
            version(2, None, 10, None, "乙"),
        ];
        assert_eq!(
            deeds(&life, 9),
            [(2, vec![(10, "changed")]), (1, vec![(0, "added")])]
        );
        assert_eq!(deeds(&life, 1), [(1, vec![(0, "added")])]);
    }

    #[test]
    fn an_end_is_told_with_its_day() {
        let life = [
            version(1, Some(3), 0, None, "甲"),
            version(3, None, 0, Some(7), "甲"),
        ];
        assert_eq!(
            deeds(&life, 9),
            [(3, vec![(7, "ended")]), (1, vec![(0, "added")])]
        );
    }
}
