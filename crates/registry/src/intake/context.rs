//! What an import must know of what is already held: whom its references may mean, which record a key
//! leads to, where the counties lie.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use kernel::{Clocks, CommitNumber, Day, RecordId, UnitId, Value, name_key};
use security::Permit;
use shape::{Geometry, RegionIndex};
use standard::{Dataset, Field, FieldKind, Storage};

use super::error::IntakeError;
use super::references::{Referable, Reference, ReferenceIndex};
use crate::ledger::{Ledger, LedgerError, Looked, Version};

/// What is known before the first row is read.
pub struct Context {
    /// By dataset: the records that this dataset's fields may refer to.
    pub references: BTreeMap<String, ReferenceIndex>,
    /// The commit up to which this is known.
    pub based_on: CommitNumber,
    /// The education unit that answers for a division, by division.
    pub unit_of_division: HashMap<RecordId, RecordId>,
    /// Outlines of the counties by record of their division, where the dataset has coordinates.
    pub counties: Arc<RegionIndex>,
}

impl Context {
    /// Reads what an import of `dataset` needs.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn load(
        ledger: &Ledger,
        permit: &Permit,
        dataset: &Dataset,
        day: Day,
    ) -> Result<Context, LedgerError> {
        let based_on = ledger.head().await?.number;
        let mut targets: BTreeSet<&str> = dataset
            .fields
            .iter()
            .filter_map(|field| match &field.kind {
                FieldKind::Ref(target) => Some(target.as_str()),
                _ => None,
            })
            .collect();
        let has_coordinates = dataset
            .fields
            .iter()
            .any(|field| field.kind == FieldKind::Lon);
        if targets.contains("education_unit") {
            targets.insert("division");
        }
        let mut references = BTreeMap::new();
        for target in targets {
            let named = ledger.standard().dataset(target);
            if named.is_some_and(Dataset::holds_personal_data) {
                // Persons are found by lookups, never by a list of all their names.
                references.insert(target.to_owned(), ReferenceIndex::default());
                continue;
            }
            references.insert(
                target.to_owned(),
                reference_index(ledger, permit, target, day).await?,
            );
        }
        let unit_of_division = unit_of_division(ledger, permit, day).await?;
        let counties = if has_coordinates {
            county_index(ledger, permit, day).await?
        } else {
            Vec::new()
        };
        Ok(Context {
            references,
            based_on,
            unit_of_division,
            counties: Arc::new(RegionIndex::new(counties)),
        })
    }

    /// The unit that answers for a division or for the nearest division above it.
    pub fn unit_for(&self, division: RecordId) -> Option<RecordId> {
        let divisions = self.references.get("division")?;
        let unit_of = |each: &RecordId| self.unit_of_division.get(each).copied();
        unit_of(&division).or_else(|| divisions.ancestors(division).iter().find_map(unit_of))
    }
}

/// The records of a dataset by every code and name that they have or had.
async fn reference_index(
    ledger: &Ledger,
    permit: &Permit,
    dataset: &str,
    day: Day,
) -> Result<ReferenceIndex, LedgerError> {
    let table = ledger.table(dataset)?;
    let code = table.position("code");
    let name = table.position("name");
    let former_names = table.position("former_names");
    let parent = table.position("parent");
    let level = table.position("level");
    let mut versions: BTreeMap<RecordId, Vec<Version>> = BTreeMap::new();
    ledger
        .read_open(permit, dataset, |version| {
            versions.entry(version.record).or_default().push(version)
        })
        .await?;
    Ok(ReferenceIndex::new(versions.into_iter().map(
        |(record, mut stretches)| {
            // The stretch of the day first, then the later ones, then the earlier.
            stretches.sort_by_key(|stretch| {
                let holds = stretch.from <= day && stretch.to.is_none_or(|to| day < to);
                (!holds, std::cmp::Reverse(stretch.from))
            });
            let texts = |position: Option<usize>| -> Vec<String> {
                let mut texts: Vec<String> = Vec::new();
                for stretch in &stretches {
                    let text = position
                        .and_then(|position| stretch.values.get(position))
                        .and_then(Value::as_text);
                    for part in text
                        .unwrap_or_default()
                        .split('|')
                        .filter(|part| !part.is_empty())
                    {
                        if !texts.iter().any(|known| known == part) {
                            texts.push(part.to_owned());
                        }
                    }
                }
                texts
            };
            let first = |position: Option<usize>| {
                position.and_then(|position| {
                    stretches
                        .first()
                        .and_then(|stretch| stretch.values.get(position))
                })
            };
            let mut names = texts(name);
            names.extend(texts(former_names));
            Referable {
                record,
                codes: texts(code),
                names,
                parent: first(parent).and_then(Value::as_int).map(RecordId::new),
                level: first(level).and_then(Value::as_text).map(str::to_owned),
            }
        },
    )))
}

/// The unit of that code or name: an education unit, or an institution.
///
/// # Errors
/// [`IntakeError::UnknownUnit`] where no unit, or more than one, is called so.
pub async fn unit_named(
    ledger: &Ledger,
    permit: &Permit,
    text: &str,
) -> Result<UnitId, IntakeError> {
    let day = ledger.clock().today();
    for dataset in ["education_unit", "institution"] {
        match reference_index(ledger, permit, dataset, day)
            .await?
            .resolve(text, &[])
        {
            Reference::Found(record) | Reference::Superseded { record, .. } => {
                return Ok(UnitId::new(record.get()));
            }
            Reference::Ambiguous(_) | Reference::Unknown => {}
        }
    }
    Err(IntakeError::UnknownUnit(text.to_owned()))
}

async fn unit_of_division(
    ledger: &Ledger,
    permit: &Permit,
    day: Day,
) -> Result<HashMap<RecordId, RecordId>, LedgerError> {
    let table = ledger.table("education_unit")?;
    let divisions = table.position("divisions");
    // Where several units name a division (a bureau, and a zone that lies across counties), the one that
    // answers for the fewest is the nearest.
    let mut units: HashMap<RecordId, (usize, RecordId)> = HashMap::new();
    ledger
        .read(permit, "education_unit", Clocks::latest(day), |version| {
            let listed = divisions
                .and_then(|position| version.values.get(position))
                .and_then(Value::as_text);
            let listed: Vec<RecordId> = listed
                .unwrap_or_default()
                .split('|')
                .filter_map(|text| text.parse().ok())
                .collect();
            let this = (listed.len(), version.record);
            for division in listed {
                let nearest = units.entry(division).or_insert(this);
                *nearest = this.min(*nearest);
            }
        })
        .await?;
    Ok(units
        .into_iter()
        .map(|(division, (_, unit))| (division, unit))
        .collect())
}

/// The outlines of the counties on a day.
async fn county_index(
    ledger: &Ledger,
    permit: &Permit,
    day: Day,
) -> Result<Vec<(i64, shape::MultiPolygon)>, LedgerError> {
    let divisions = ledger.table("division")?;
    let level = divisions.position("level");
    let mut counties = BTreeSet::new();
    ledger
        .read(permit, "division", Clocks::latest(day), |version| {
            let own = level
                .and_then(|position| version.values.get(position))
                .and_then(Value::as_text);
            if own == Some("county") {
                counties.insert(version.record.get());
            }
        })
        .await?;
    let boundaries = ledger.table("division_boundary")?;
    let division = boundaries.position("division");
    let geometry = boundaries.position("geometry");
    let mut outlines = Vec::new();
    ledger
        .read(
            permit,
            "division_boundary",
            Clocks::latest(day),
            |version| {
                let record = division
                    .and_then(|position| version.values.get(position))
                    .and_then(Value::as_int);
                let bytes = geometry
                    .and_then(|position| version.values.get(position))
                    .and_then(Value::as_bytes);
                if let (Some(record), Some(bytes)) = (record, bytes)
                    && let (true, Ok(Geometry::MultiPolygon(outline))) =
                        (counties.contains(&record), shape::wkb::decode(bytes))
                {
                    outlines.push((record, outline));
                }
            },
        )
        .await?;
    Ok(outlines)
}

/// A match key's value, hashed: 128 bits, so that two keys never meet by chance.
pub type KeyHash = u128;

/// A table by hashed keys, which need no second hashing.
pub type KeyMap<V> = HashMap<KeyHash, V, std::hash::BuildHasherDefault<Folding>>;

/// The hasher of a [`KeyMap`]: folds the hash that the key is.
#[derive(Debug, Default, Clone)]
pub struct Folding(u64);

impl Hasher for Folding {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let word = part
                .iter()
                .rev()
                .fold(0, |word, byte| word << 8 | u64::from(*byte));
            self.0 = self.0.rotate_left(5) ^ word;
        }
    }

    fn write_u128(&mut self, key: u128) {
        // The lower half alone is as good as random.
        self.0 = (key & u128::from(u64::MAX)) as u64;
    }
}

/// Hashes the values of a key; `None` when one of them is empty.
pub fn key_hash<'p>(
    level: usize,
    parts: impl IntoIterator<Item = &'p KeyPart<'p>>,
) -> Option<KeyHash> {
    let mut low = DefaultHasher::new();
    let mut high = DefaultHasher::new();
    1u8.hash(&mut high);
    level.hash(&mut low);
    level.hash(&mut high);
    for part in parts {
        match part {
            KeyPart::None => return None,
            KeyPart::Int(number) => {
                number.hash(&mut low);
                number.hash(&mut high);
            }
            KeyPart::Text(key) => {
                key.hash(&mut low);
                key.hash(&mut high);
            }
        }
    }
    Some((u128::from(high.finish()) << 64) | u128::from(low.finish()))
}

/// One value of a key.
#[derive(Debug, Clone)]
pub enum KeyPart<'a> {
    /// Blank.
    None,
    /// A number or a record.
    Int(i64),
    /// The [`kernel::name_key`] of a text.
    Text(Cow<'a, str>),
}

impl<'a> KeyPart<'a> {
    /// A text, by its [`kernel::name_key`]; an empty one is blank.
    pub fn of_text(text: &'a str) -> KeyPart<'a> {
        if text.is_empty() {
            return KeyPart::None;
        }
        KeyPart::Text(name_key(text))
    }
}

/// The records that are held, by their match keys.
#[derive(Debug, Default)]
pub struct KeyIndex {
    /// For each key of the dataset: hash → records, each with whether a stronger key of it is filled in.
    levels: Vec<KeyMap<Vec<(RecordId, bool)>>>,
    /// Unique keys that records out of the permit's reach hold. Of these records nothing else is known.
    elsewhere: KeyMap<RecordId>,
}

/// What the keys of a row lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// One record.
    One(RecordId),
    /// Several.
    Many(Vec<RecordId>),
    /// None: a new record.
    Nothing,
    /// The row fills no key.
    NoKey,
}

impl KeyIndex {
    /// Indexes the records of a dataset that stand on a day or later. Where keys hold personal data these are the
    /// records that `looked` may mean and the permit reaches; nothing is known of others.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(crate) async fn load(
        ledger: &Ledger,
        permit: &Permit,
        dataset: &Dataset,
        looked: &Looked,
    ) -> Result<KeyIndex, LedgerError> {
        let table = ledger.table(&dataset.name)?;
        let keys: Vec<Vec<(usize, Storage)>> = dataset
            .match_keys
            .iter()
            .map(|key| {
                key.fields
                    .iter()
                    .filter_map(|name| {
                        let position = table.position(name)?;
                        Some((
                            position,
                            dataset.field(name).map_or(Storage::Text, Field::storage),
                        ))
                    })
                    .collect()
            })
            .collect();
        let mut levels: Vec<KeyMap<Vec<(RecordId, bool)>>> = vec![KeyMap::default(); keys.len()];
        let unique: Vec<bool> = dataset.match_keys.iter().map(|key| key.unique).collect();
        let mut elsewhere: KeyMap<RecordId> = KeyMap::default();
        let is_sealed: Vec<bool> = keys
            .iter()
            .map(|fields| {
                fields
                    .iter()
                    .any(|(place, _)| table.level_of(*place).is_some())
            })
            .collect();
        if is_sealed.contains(&true) {
            for version in ledger.candidates(permit, &dataset.name, looked).await? {
                let mut stronger = false;
                for (level, (fields, known)) in keys.iter().zip(&mut levels).enumerate() {
                    let parts: Vec<KeyPart<'_>> = fields
                        .iter()
                        .map(|(position, _)| part_of(version.values.get(*position)))
                        .collect();
                    let Some(hash) = key_hash(level, &parts) else {
                        continue;
                    };
                    if is_sealed.get(level) == Some(&true) {
                        let holders = known.entry(hash).or_default();
                        if !holders.iter().any(|(record, _)| *record == version.record) {
                            holders.push((version.record, stronger));
                        }
                    }
                    stronger = true;
                }
            }
        }
        if !is_sealed.contains(&false) {
            return Ok(KeyIndex { levels, elsewhere });
        }
        ledger
            .read_open_beyond(permit, &dataset.name, |version, is_reached| {
                let mut stronger = false;
                for (level, (fields, known)) in keys.iter().zip(&mut levels).enumerate() {
                    if is_sealed.get(level) == Some(&true) {
                        continue;
                    }
                    if !is_reached && !unique.get(level).copied().unwrap_or(false) {
                        continue;
                    }
                    let parts: Vec<KeyPart<'_>> = fields
                        .iter()
                        .map(|(position, _)| part_of(version.values.get(*position)))
                        .collect();
                    if let Some(hash) = key_hash(level, &parts) {
                        if !is_reached {
                            elsewhere.insert(hash, version.record);
                            continue;
                        }
                        let holders = known.entry(hash).or_default();
                        if !holders.iter().any(|(record, _)| *record == version.record) {
                            holders.push((version.record, stronger));
                        }
                        stronger = true;
                    }
                }
            })
            .await?;
        Ok(KeyIndex { levels, elsewhere })
    }

    /// The first unique key of a row that a record out of reach holds, unless the row's own record holds it
    /// too: its place among the match keys.
    pub fn taken_elsewhere(
        &self,
        row_keys: &[Option<KeyHash>],
        own: Option<RecordId>,
    ) -> Option<usize> {
        if self.elsewhere.is_empty() {
            return None;
        }
        row_keys.iter().enumerate().find_map(|(level, hash)| {
            let hash = (*hash)?;
            let other = *self.elsewhere.get(&hash)?;
            let holders = self.levels.get(level).and_then(|known| known.get(&hash));
            let is_own = own.is_some_and(|own| {
                own == other || holders.is_some_and(|all| all.iter().any(|(held, _)| *held == own))
            });
            (!is_own).then_some(level)
        })
    }

    /// The record that a row's keys lead to. A weaker key does not lead to a record that has a stronger
    /// one filled in where the row has another value for it.
    pub fn find(&self, row_keys: &[Option<KeyHash>]) -> Match {
        let mut had_stronger = false;
        for (known, hash) in self.levels.iter().zip(row_keys) {
            let Some(hash) = hash else { continue };
            let holders: Vec<RecordId> = known
                .get(hash)
                .into_iter()
                .flatten()
                .filter(|(_, stronger)| !(had_stronger && *stronger))
                .map(|(record, _)| *record)
                .collect();
            match holders.as_slice() {
                [] => {}
                [only] => return Match::One(*only),
                many => return Match::Many(many.to_vec()),
            }
            had_stronger = true;
        }
        if had_stronger {
            Match::Nothing
        } else {
            Match::NoKey
        }
    }
}

fn part_of(value: Option<&Value>) -> KeyPart<'_> {
    match value {
        Some(Value::Int(number)) => KeyPart::Int(*number),
        Some(Value::Text(text)) => KeyPart::of_text(text),
        _ => KeyPart::None,
    }
}

/// The unit under which rows of a version's unit are committed together: the unit itself where it is an
/// office, the office above where it is an institution.
pub fn reporting_unit(
    units: &security::UnitTree,
    offices: &BTreeSet<UnitId>,
    unit: UnitId,
) -> UnitId {
    if unit == crate::ledger::COMMON || offices.contains(&unit) {
        return unit;
    }
    units.parent(unit).unwrap_or(unit)
}
