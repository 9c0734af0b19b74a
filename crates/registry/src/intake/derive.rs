//! What follows from what a row says, for fields that it leaves blank: the type from the name, the stages
//! and the counting from the type, the unit from the division. What is derived is marked as inferred and
//! never speaks against a record that is held.

use std::collections::HashMap;

use columns::{ColumnBuilder, ColumnType, ColumnsError};
use kernel::RecordId;
use standard::{Dataset, Standard};

use super::context::Context;
use super::typing::Batch;

/// Fills blanks of institution rows; leaves other datasets alone.
pub(super) struct Deriver<'a> {
    standard: &'a Standard,
    context: &'a Context,
    /// Places of the fields among the stored fields.
    places: Option<Places>,
}

#[derive(Clone, Copy)]
struct Places {
    name: usize,
    kind: usize,
    kind_inferred: usize,
    stages: usize,
    counted: usize,
    unit: usize,
    division: usize,
    status: usize,
    origin: usize,
    campus: usize,
    lon: usize,
    datum_origin: usize,
}

impl<'a> Deriver<'a> {
    /// Prepares for a dataset.
    pub(super) fn new(
        dataset: &'a Dataset,
        standard: &'a Standard,
        context: &'a Context,
    ) -> Deriver<'a> {
        let place = |name: &str| dataset.stored_fields().position(|field| field.name == name);
        let places = (dataset.name == "institution")
            .then(|| {
                Some(Places {
                    name: place("name")?,
                    kind: place("type")?,
                    kind_inferred: place("type_inferred")?,
                    stages: place("stages")?,
                    counted: place("counted")?,
                    unit: place("unit")?,
                    division: place("division")?,
                    status: place("status")?,
                    origin: place("origin")?,
                    campus: place("campus_kind")?,
                    lon: place("lon")?,
                    datum_origin: place("datum_origin")?,
                })
            })
            .flatten();
        Deriver {
            standard,
            context,
            places,
        }
    }

    /// The batch with its blanks filled.
    ///
    /// # Errors
    /// Only when table and definitions disagree.
    pub(super) fn derive(&self, mut batch: Batch, datum: &str) -> Result<Batch, ColumnsError> {
        let Some(places) = self.places else {
            return Ok(batch);
        };
        let table = batch.table.clone();
        let rules = self.standard.type_rules();
        let name = |row| table.text(places.name, row).unwrap_or_default();
        let guess = |row| rules.school_type(name(row)).map(|guess| guess.code);
        // The type of each row, and whether it was guessed.
        let kinds: Vec<(Option<&str>, bool)> = (0..table.rows())
            .map(|row| match table.text(places.kind, row) {
                Some(stated) => (Some(stated), false),
                None => (guess(row), true),
            })
            .collect();
        let kind_of = |row: usize| kinds.get(row).copied().unwrap_or_default();
        let mut known: HashMap<&str, OfType<'_>> = HashMap::new();
        for kind in kinds.iter().filter_map(|(kind, _)| *kind) {
            known.entry(kind).or_insert_with(|| self.of_type(kind));
        }
        let of_type = |row| kind_of(row).0.and_then(|kind| known.get(kind));
        let named = |row| rules.campus_kind(name(row)).map(|guess| guess.code);
        fill_blanks(&mut batch, places.kind, |row| {
            Derived::text(kind_of(row).0.filter(|_| kind_of(row).1))
        })?;
        fill_blanks(&mut batch, places.kind_inferred, |row| {
            let (kind, guessed) = kind_of(row);
            Derived::Bool(guessed && kind.is_some())
        })?;
        fill_blanks(&mut batch, places.stages, |row| {
            Derived::text(of_type(row).and_then(|known| known.stages.as_deref()))
        })?;
        fill_blanks(&mut batch, places.counted, |row| {
            let counted = of_type(row).and_then(|known| known.counted);
            counted.map_or(Derived::Nothing, Derived::Bool)
        })?;
        fill_blanks(&mut batch, places.campus, |row| {
            let by_type = of_type(row).and_then(|known| known.campus);
            Derived::text(by_type.or_else(|| named(row)))
        })?;
        fill_blanks(&mut batch, places.unit, |row| {
            let division = table.int(places.division, row).map(RecordId::new);
            let unit = division.and_then(|division| self.context.unit_for(division));
            unit.map_or(Derived::Nothing, |unit| Derived::Int(unit.get()))
        })?;
        fill_blanks(&mut batch, places.status, |_| Derived::Text("open"))?;
        fill_blanks(&mut batch, places.origin, |_| Derived::Text("real"))?;
        fill_blanks(&mut batch, places.datum_origin, |row| {
            Derived::text(table.real(places.lon, row).map(|_| datum))
        })?;
        Ok(batch)
    }

    fn of_type(&self, kind: &str) -> OfType<'a> {
        let types = self.standard.code_set("school_type");
        let Some(entry) = types.and_then(|set| set.entry(kind)) else {
            return OfType::default();
        };
        let stages = entry.extra_many("stages").join("|");
        OfType {
            stages: Some(stages).filter(|stages| !stages.is_empty()),
            counted: entry
                .extra("counts_as_school")
                .map(|counts| counts == "yes"),
            campus: entry.extra("campus_kind"),
        }
    }
}

/// What follows from a type of institution.
#[derive(Default)]
struct OfType<'a> {
    stages: Option<String>,
    counted: Option<bool>,
    campus: Option<&'a str>,
}

/// What a blank is filled with.
enum Derived<'d> {
    Nothing,
    Text(&'d str),
    Int(i64),
    Bool(bool),
}

impl<'d> Derived<'d> {
    fn text(text: Option<&'d str>) -> Self {
        text.map_or(Self::Nothing, Self::Text)
    }
}

/// Fills the blanks of a column, except where a row clears it, and marks what was filled as inferred.
fn fill_blanks<'d>(
    batch: &mut Batch,
    place: usize,
    derived: impl Fn(usize) -> Derived<'d>,
) -> Result<(), ColumnsError> {
    let table = &batch.table;
    let rows = table.rows();
    let is_blank = |row: &usize| table.is_null(place, *row);
    let (Some(kind), true) = (
        table.schema().column_type(place),
        (0..rows).any(|row| is_blank(&row)),
    ) else {
        return Ok(());
    };
    let cleared = batch.cleared.get(place).map_or(&[][..], Vec::as_slice);
    let mut builder = ColumnBuilder::new(kind);
    let mut inferred = vec![false; rows];
    for (row, flag) in inferred.iter_mut().enumerate() {
        let number = u32::try_from(row).unwrap_or(u32::MAX);
        if !is_blank(&row) {
            match kind {
                ColumnType::Text => builder.append_text(table.text(place, row)),
                _ => builder.append(&table.cell(place, row)),
            }
            continue;
        }
        if cleared.binary_search(&number).is_ok() {
            builder.append_null();
            continue;
        }
        *flag = true;
        match derived(row) {
            Derived::Text(text) => builder.append_text(Some(text)),
            Derived::Int(number) => builder.append_int(Some(number)),
            Derived::Bool(truth) => builder.append_bool(Some(truth)),
            Derived::Nothing => {
                *flag = false;
                builder.append_null();
            }
        }
    }
    batch.table = table.with_column(place, builder)?;
    batch.inferred.insert(place, inferred);
    Ok(())
}
