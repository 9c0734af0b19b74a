//! The lives of divisions: which code and name each had from when to when, and the days on which maps change.

use std::collections::{BTreeSet, HashMap};

use kernel::{Day, Value};
use registry::Registry;
use security::Permit;

use crate::error::GeoError;
use crate::layers::{BOUNDARY, DIVISION};

/// One stretch of a division's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Life {
    /// First day.
    pub(crate) from: Day,
    /// The day after the last; `None` while it lasts.
    pub(crate) to: Option<Day>,
    /// The code then.
    pub(crate) code: String,
    /// The name then.
    pub(crate) name: String,
    /// A code of `division_kind`.
    pub(crate) kind: Option<String>,
    /// The record above.
    pub(crate) parent: Option<i64>,
    /// Where this is known from.
    pub(crate) source: Option<String>,
}

/// Every division that there ever was.
#[derive(Debug, Default)]
pub(crate) struct Histories {
    by_code: HashMap<String, Vec<i64>>,
    lives: HashMap<i64, Vec<Life>>,
    names: HashMap<i64, String>,
}

impl Histories {
    /// Reads them from the ledger, as known now.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(crate) async fn read(registry: &Registry, permit: &Permit) -> Result<Self, GeoError> {
        let table = registry.ledger().table(DIVISION)?;
        let [code, name, kind, parent, source] =
            ["code", "name", "kind", "parent", "source"].map(|field| table.position(field));
        let mut histories = Self::default();
        registry
            .ledger()
            .read_open(permit, DIVISION, |version| {
                let value =
                    |place: Option<usize>| place.and_then(|place| version.values.get(place));
                let text =
                    |place: Option<usize>| value(place).and_then(Value::as_text).map(str::to_owned);
                let life = Life {
                    from: version.from,
                    to: version.to,
                    code: text(code).unwrap_or_default(),
                    name: text(name).unwrap_or_default(),
                    kind: text(kind),
                    parent: value(parent).and_then(Value::as_int),
                    source: text(source),
                };
                histories.add(version.record.get(), life);
            })
            .await?;
        Ok(histories)
    }

    fn add(&mut self, record: i64, life: Life) {
        let records = self.by_code.entry(life.code.clone()).or_default();
        if !records.contains(&record) {
            records.push(record);
        }
        self.names.insert(record, life.name.clone());
        self.lives.entry(record).or_default().push(life);
    }

    /// The records that have or had a code.
    pub(crate) fn records(&self, code: &str) -> &[i64] {
        self.by_code.get(code).map_or(&[], Vec::as_slice)
    }

    /// The stretches of a record's life, in order.
    pub(crate) fn lives(&self, record: i64) -> &[Life] {
        self.lives.get(&record).map_or(&[], Vec::as_slice)
    }

    /// The last name of a record.
    pub(crate) fn name(&self, record: i64) -> Option<&str> {
        self.names.get(&record).map(String::as_str)
    }

    /// Bytes that it takes, about.
    pub(crate) fn memory(&self) -> usize {
        self.names.len() * 500
    }
}

/// The days on which a division or an outline changes, as known now.
#[derive(Debug, Default)]
pub(crate) struct Turns(Vec<Day>);

impl Turns {
    /// Reads them from the ledger.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(crate) async fn read(registry: &Registry, permit: &Permit) -> Result<Self, GeoError> {
        let mut days = BTreeSet::new();
        for dataset in [DIVISION, BOUNDARY] {
            registry
                .ledger()
                .read_open(permit, dataset, |version| {
                    days.insert(version.from);
                    days.extend(version.to);
                })
                .await?;
        }
        Ok(Self(days.into_iter().collect()))
    }

    /// The last of them that is not after a day.
    pub(crate) fn last_before(&self, day: Day) -> Day {
        let after = self.0.partition_point(|turn| *turn <= day);
        let last = after.checked_sub(1).and_then(|place| self.0.get(place));
        last.copied().unwrap_or(Day::BEGINNING)
    }

    /// Bytes that it takes, about.
    pub(crate) fn memory(&self) -> usize {
        self.0.len() * size_of::<Day>() + 64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_between_two_turns_are_alike() {
        let day = |text: &str| Day::parse(text).unwrap();
        let turns = Turns(vec![day("2002-01-01"), day("2021-01-29")]);
        assert_eq!(turns.last_before(day("2021-01-28")), day("2002-01-01"));
        assert_eq!(turns.last_before(day("2021-01-29")), day("2021-01-29"));
        assert_eq!(turns.last_before(day("1999-01-01")), Day::BEGINNING);
    }
}
