//! From what a file says of another record (a code of today or of ten years ago, a name, a name with the
//! city beside it) to that record.

use std::collections::{BTreeMap, HashMap};

use kernel::RecordId;
use kernel::text::{name_key, normalise_text};

/// What is known of a record that others may refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referable {
    /// The record.
    pub record: RecordId,
    /// The codes it has or had; those in force first.
    pub codes: Vec<String>,
    /// The names it has or had; those in force first.
    pub names: Vec<String>,
    /// The record above it.
    pub parent: Option<RecordId>,
    /// Its level, where the dataset has levels (a code of `division_level`).
    pub level: Option<String>,
}

/// What a text in a file refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// One record.
    Found(RecordId),
    /// One record, under a code that is no longer in force; the code in force stands beside it.
    Superseded {
        /// The record.
        record: RecordId,
        /// The code in force.
        now: String,
    },
    /// Several records that nothing in the row tells apart.
    Ambiguous(Vec<RecordId>),
    /// None.
    Unknown,
}

/// A name beside the reference that says under which record it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clue<'a> {
    /// A level of the tree, or `self` for the name of the record itself.
    pub level: &'a str,
    /// The name as it stands in the file.
    pub name: &'a str,
}

/// The records of one dataset by code and by name.
#[derive(Debug, Default)]
pub struct ReferenceIndex {
    records: BTreeMap<RecordId, Referable>,
    by_code: HashMap<String, RecordId>,
    by_name: HashMap<String, Vec<RecordId>>,
}

impl ReferenceIndex {
    /// Indexes the records. Where two records ever had the same code, the one that has it now is meant.
    pub fn new(records: impl IntoIterator<Item = Referable>) -> ReferenceIndex {
        let mut index = ReferenceIndex::default();
        let mut former: Vec<(String, RecordId)> = Vec::new();
        for entry in records {
            for (place, code) in entry.codes.iter().enumerate() {
                if place == 0 {
                    index.by_code.insert(code.clone(), entry.record);
                } else {
                    former.push((code.clone(), entry.record));
                }
            }
            for name in &entry.names {
                let holders = index
                    .by_name
                    .entry(name_key(name).into_owned())
                    .or_default();
                if !holders.contains(&entry.record) {
                    holders.push(entry.record);
                }
            }
            index.records.insert(entry.record, entry);
        }
        for (code, record) in former {
            index.by_code.entry(code).or_insert(record);
        }
        index
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// What is known of a record.
    pub fn get(&self, record: RecordId) -> Option<&Referable> {
        self.records.get(&record)
    }

    /// The code in force of a record, or its name where it has none.
    pub fn label(&self, record: RecordId) -> String {
        self.get(record)
            .and_then(|entry| entry.names.first().or(entry.codes.first()))
            .cloned()
            .unwrap_or_else(|| record.to_string())
    }

    /// The record that a text refers to; `text` may be empty where only clues are given.
    pub fn resolve(&self, text: &str, clues: &[Clue<'_>]) -> Reference {
        let text = normalise_text(text);
        if let Some(found) = self.by_code_text(&text) {
            return found;
        }
        let name = if text.is_empty() {
            clues
                .iter()
                .find(|clue| clue.level == "self")
                .map_or("", |clue| clue.name)
        } else {
            text.as_ref()
        };
        if name.is_empty() {
            return self.by_clues_alone(clues);
        }
        let found = self.by_name_under(name, clues);
        match found {
            Reference::Unknown => self
                .by_path(name)
                .map_or(Reference::Unknown, Reference::Found),
            other => other,
        }
    }

    /// Codes as they come: six, nine or twelve digits, with zeros behind, or as a spreadsheet's number.
    fn by_code_text(&self, text: &str) -> Option<Reference> {
        let code = text.strip_suffix(".0").unwrap_or(text);
        let mut candidates = vec![code.to_owned()];
        if !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit()) {
            for length in [6, 9] {
                if let Some((front, back)) = code.split_at_checked(length)
                    && !back.is_empty()
                    && back.bytes().all(|byte| byte == b'0')
                {
                    candidates.push(front.to_owned());
                }
            }
            if code.len() < 6 {
                candidates.push(format!("{code:0<6}"));
            }
        }
        let record = candidates.iter().find_map(|candidate| {
            self.by_code
                .get(candidate)
                .map(|record| (*record, candidate.clone()))
        });
        let (record, used) = record?;
        let now = self.get(record).and_then(|entry| entry.codes.first());
        Some(match now {
            Some(now) if *now != used => Reference::Superseded {
                record,
                now: now.clone(),
            },
            _ => Reference::Found(record),
        })
    }

    fn by_name_under(&self, name: &str, clues: &[Clue<'_>]) -> Reference {
        let Some(holders) = self.by_name.get(name_key(name).as_ref()) else {
            return Reference::Unknown;
        };
        let above: Vec<Clue<'_>> = clues
            .iter()
            .filter(|clue| clue.level != "self" && !clue.name.is_empty())
            .copied()
            .collect();
        let fitting: Vec<RecordId> = holders
            .iter()
            .filter(|record| above.iter().all(|clue| self.lies_under(**record, *clue)))
            .copied()
            .collect();
        match fitting.as_slice() {
            [only] => Reference::Found(*only),
            [] => match holders.as_slice() {
                [] => Reference::Unknown,
                many => Reference::Ambiguous(many.to_vec()),
            },
            many => Reference::Ambiguous(many.to_vec()),
        }
    }

    /// Only names of levels are given: the lowest of them is meant, under the others.
    fn by_clues_alone(&self, clues: &[Clue<'_>]) -> Reference {
        for level in ["village", "township", "county", "prefecture", "province"] {
            let Some(own) = clues
                .iter()
                .find(|clue| clue.level == level && !clue.name.is_empty())
            else {
                continue;
            };
            let above: Vec<Clue<'_>> = clues
                .iter()
                .filter(|clue| clue.level != level)
                .copied()
                .collect();
            let found = self.by_name_under(own.name, &above);
            if let Reference::Ambiguous(records) = &found {
                let of_level: Vec<RecordId> = records
                    .iter()
                    .filter(|record| {
                        self.get(**record)
                            .is_some_and(|entry| entry.level.as_deref() == Some(level))
                    })
                    .copied()
                    .collect();
                if let [only] = of_level.as_slice() {
                    return Reference::Found(*only);
                }
            }
            return found;
        }
        Reference::Unknown
    }

    /// A path of names without separators: 陕西省西安市雁塔区.
    fn by_path(&self, text: &str) -> Option<RecordId> {
        let path = name_key(text);
        let mut best: Option<(usize, RecordId)> = None;
        for (start, _) in path.char_indices() {
            let Some(tail) = path.get(start..) else {
                continue;
            };
            let Some(holders) = self.by_name.get(tail) else {
                continue;
            };
            let front = path.get(..start).unwrap_or_default();
            let fitting: Vec<RecordId> = holders
                .iter()
                .filter(|record| {
                    self.ancestors(**record).iter().any(|above| {
                        self.get(*above).is_some_and(|entry| {
                            entry
                                .names
                                .iter()
                                .any(|name| front.ends_with(name_key(name).as_ref()))
                        })
                    })
                })
                .copied()
                .collect();
            if let ([only], true) = (fitting.as_slice(), !front.is_empty())
                && best.is_none_or(|(length, _)| tail.len() > length)
            {
                best = Some((tail.len(), *only));
            }
        }
        best.map(|(_, record)| record)
    }

    fn lies_under(&self, record: RecordId, clue: Clue<'_>) -> bool {
        let wanted = name_key(clue.name);
        self.ancestors(record).iter().any(|above| {
            self.get(*above).is_some_and(|entry| {
                entry
                    .level
                    .as_deref()
                    .is_none_or(|level| level == clue.level)
                    && entry.names.iter().any(|name| name_key(name) == wanted)
            })
        })
    }

    /// The records above one, nearest first.
    pub fn ancestors(&self, record: RecordId) -> Vec<RecordId> {
        let mut above = Vec::new();
        let mut next = self.get(record).and_then(|entry| entry.parent);
        while let Some(parent) = next {
            if above.contains(&parent) {
                break;
            }
            above.push(parent);
            next = self.get(parent).and_then(|entry| entry.parent);
        }
        above
    }

    /// The record itself or the nearest above it that has this level.
    pub fn at_level(&self, record: RecordId, level: &str) -> Option<RecordId> {
        std::iter::once(record)
            .chain(self.ancestors(record))
            .find(|each| {
                self.get(*each)
                    .is_some_and(|entry| entry.level.as_deref() == Some(level))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(
        record: i64,
        codes: &[&str],
        names: &[&str],
        parent: Option<i64>,
        level: &str,
    ) -> Referable {
        Referable {
            record: RecordId::new(record),
            codes: codes.iter().map(|code| (*code).to_owned()).collect(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            parent: parent.map(RecordId::new),
            level: Some(level.to_owned()),
        }
    }

    fn index() -> ReferenceIndex {
        ReferenceIndex::new([
            entry(1, &["610000"], &["陕西省"], None, "province"),
            entry(2, &["610100"], &["西安市"], Some(1), "prefecture"),
            entry(3, &["610300"], &["宝鸡市"], Some(1), "prefecture"),
            entry(4, &["610113"], &["雁塔区"], Some(2), "county"),
            entry(
                5,
                &["610305", "610322"],
                &["凤翔区", "凤翔县"],
                Some(3),
                "county",
            ),
            entry(6, &["610113001"], &["城关街道"], Some(4), "township"),
            entry(7, &["610305001"], &["城关街道"], Some(5), "township"),
        ])
    }

    #[test]
    fn a_code_no_longer_in_force_leads_to_the_record_that_has_taken_its_place() {
        assert_eq!(
            index().resolve("610322", &[]),
            Reference::Superseded {
                record: RecordId::new(5),
                now: "610305".to_owned()
            }
        );
        assert_eq!(
            index().resolve("凤翔县", &[]),
            Reference::Found(RecordId::new(5))
        );
    }

    #[test]
    fn codes_come_in_many_lengths() {
        for text in [
            "610113",
            "610113000000",
            "610113000",
            "610113.0",
            " 610113 ",
        ] {
            assert_eq!(
                index().resolve(text, &[]),
                Reference::Found(RecordId::new(4)),
                "{text}"
            );
        }
        assert_eq!(
            index().resolve("6101", &[]),
            Reference::Found(RecordId::new(2))
        );
    }

    #[test]
    fn a_name_that_occurs_twice_needs_a_clue() {
        let twice = index().resolve("城关街道", &[]);
        assert_eq!(
            twice,
            Reference::Ambiguous(vec![RecordId::new(6), RecordId::new(7)])
        );
        let clue = Clue {
            level: "prefecture",
            name: "宝鸡市",
        };
        assert_eq!(
            index().resolve("城关街道", &[clue]),
            Reference::Found(RecordId::new(7))
        );
    }

    #[test]
    fn names_of_levels_alone_lead_to_the_lowest() {
        let clues = [
            Clue {
                level: "province",
                name: "陕西省",
            },
            Clue {
                level: "prefecture",
                name: "西安市",
            },
            Clue {
                level: "county",
                name: "雁塔区",
            },
        ];
        assert_eq!(
            index().resolve("", &clues),
            Reference::Found(RecordId::new(4))
        );
        assert_eq!(index().resolve("", &[]), Reference::Unknown);
    }

    #[test]
    fn a_path_of_names_is_read_from_its_end() {
        assert_eq!(
            index().resolve("陕西省西安市雁塔区", &[]),
            Reference::Found(RecordId::new(4))
        );
        assert_eq!(
            index().resolve("宝鸡市凤翔区城关街道", &[]),
            Reference::Found(RecordId::new(7))
        );
        assert_eq!(index().resolve("火星", &[]), Reference::Unknown);
    }
}
