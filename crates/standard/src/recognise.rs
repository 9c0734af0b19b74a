//! Column headers of real files, recognised.

use std::collections::BTreeMap;

use crate::fold::{fold, without_brackets};
use crate::model::{Dataset, Field};

/// Ranks of a header for a field; lower fits better.
const NAME: usize = 0;
const TITLE: usize = 1;
const FIRST_ALIAS: usize = 2;
/// Added when the header fits only without what stands in its brackets.
const WITHOUT_BRACKETS: usize = 1000;

/// Two columns of a file that name the same field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rival<'d> {
    /// Place of the column that fits best, or comes first.
    pub taken: usize,
    /// Place of the other.
    pub other: usize,
    /// The field.
    pub field: &'d Field,
}

impl Dataset {
    /// The field that a column header names, by its name, titles or aliases.
    pub fn recognise(&self, header: &str) -> Option<&Field> {
        self.candidates(header)
            .into_iter()
            .next()
            .map(|(_, field)| field)
    }

    /// The fields of all columns of a file at once. Each field takes the column that fits it best; a column
    /// that loses goes to the next field that knows it (`区县` beside `行政区划代码` becomes the county-name
    /// hint). Columns that nothing knows, and second columns of a field, are `None`.
    pub fn assign(&self, headers: &[&str]) -> Vec<Option<&Field>> {
        // Real fields choose before hints, the best fit first.
        let mut bids: Vec<(bool, usize, usize, usize)> = Vec::new();
        for (column, header) in headers.iter().enumerate() {
            for (rank, field) in self.candidates(header) {
                let place = self
                    .fields
                    .iter()
                    .position(|other| other.name == field.name)
                    .unwrap_or(usize::MAX);
                bids.push((field.hint.is_some(), rank, column, place));
            }
        }
        bids.sort_unstable();
        let mut by_column: BTreeMap<usize, usize> = BTreeMap::new();
        let mut taken: Vec<usize> = Vec::new();
        for (_, _, column, place) in bids {
            if by_column.contains_key(&column) || taken.contains(&place) {
                continue;
            }
            by_column.insert(column, place);
            taken.push(place);
        }
        (0..headers.len())
            .map(|column| {
                by_column
                    .get(&column)
                    .and_then(|place| self.fields.get(*place))
            })
            .collect()
    }

    /// Columns that name a field for which another column was taken: nothing in the headers says which is meant.
    /// Not among them are columns that only help to recognise, and those that fit only without their brackets
    /// beside one that fits as it is.
    pub fn rivals(&self, headers: &[&str]) -> Vec<Rival<'_>> {
        let assigned = self.assign(headers);
        let mut rivals = Vec::new();
        for (column, header) in headers.iter().enumerate() {
            if assigned.get(column).is_some_and(Option::is_some) {
                continue;
            }
            let candidates = self.candidates(header);
            let (Some((_, field)), true) = (
                candidates.first().copied(),
                candidates.iter().all(|(_, field)| field.hint.is_none()),
            ) else {
                continue;
            };
            let taken = assigned
                .iter()
                .position(|other| other.is_some_and(|other| other.name == field.name));
            let Some(taken) = taken else { continue };
            let taken_header = headers.get(taken).copied().unwrap_or_default();
            if !fits_in_brackets(field, header) || fits_in_brackets(field, taken_header) {
                rivals.push(Rival {
                    taken,
                    other: column,
                    field,
                });
            }
        }
        rivals
    }

    /// Fields that know the header, best first. At equal rank a real field goes before a hint.
    fn candidates(&self, header: &str) -> Vec<(usize, &Field)> {
        // No header is so long; a file of one endless line is told from it at once.
        if header.len() > LONGEST_HEADER {
            return Vec::new();
        }
        let key = fold(header);
        let short = fold(&without_brackets(header));
        let mut found: Vec<(usize, bool, &Field)> = self
            .fields
            .iter()
            .filter_map(|field| {
                let rank = rank(field, &key)
                    .or_else(|| rank(field, &short).map(|rank| rank + WITHOUT_BRACKETS))?;
                Some((rank, field.hint.is_some(), field))
            })
            .collect();
        found.sort_by_key(|(rank, is_hint, _)| (*is_hint, *rank));
        found
            .into_iter()
            .map(|(rank, _, field)| (rank, field))
            .collect()
    }
}

/// Whether a header is the field's without what stands in its brackets, as 所属学校(名称) is 所属学校's.
fn fits_in_brackets(field: &Field, header: &str) -> bool {
    let short = fold(&without_brackets(header));
    short != fold(header) && rank(field, &short).is_some()
}

/// Bytes of the longest text that may be a header.
const LONGEST_HEADER: usize = 600;

fn rank(field: &Field, key: &str) -> Option<usize> {
    if key.is_empty() {
        return None;
    }
    let titles = [&field.title.zh, &field.title.en];
    if fold(&field.name) == key {
        return Some(NAME);
    }
    if titles.into_iter().any(|title| fold(title) == key) {
        return Some(TITLE);
    }
    let alias = field.aliases.iter().position(|alias| fold(alias) == key)?;
    Some(FIRST_ALIAS + alias)
}
