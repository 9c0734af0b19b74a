//! What follows from what a row says, for fields that it leaves blank: the type from the name, the stages
//! and the counting from the type, the unit from the division. What is derived is marked as inferred and
//! never speaks against a record that is held.

use columns::{Cell, ColumnBuilder, ColumnsError};
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
        let rows = batch.table.rows();
        let wanted = [
            places.kind,
            places.kind_inferred,
            places.stages,
            places.counted,
            places.unit,
            places.status,
            places.origin,
            places.campus,
            places.datum_origin,
        ];
        let mut builders: Vec<(usize, ColumnBuilder, Vec<bool>)> = Vec::new();
        for place in wanted {
            if let Some(kind) = batch.table.schema().column_type(place) {
                builders.push((place, ColumnBuilder::new(kind), vec![false; rows]));
            }
        }
        let types = self.standard.code_set("school_type");
        for row in 0..rows {
            let name = batch.table.text(places.name, row).unwrap_or_default();
            let stated = batch.table.text(places.kind, row).map(str::to_owned);
            let guess = match &stated {
                Some(_) => None,
                None => self
                    .standard
                    .type_rules()
                    .school_type(name)
                    .map(|guess| guess.code.to_owned()),
            };
            let kind = stated.clone().or(guess.clone());
            let entry = kind
                .as_deref()
                .and_then(|code| types.and_then(|set| set.entry(code)));
            let division = batch.table.int(places.division, row).map(RecordId::new);
            for (place, builder, inferred) in &mut builders {
                let held = batch.table.cell(*place, row);
                let number = u32::try_from(row).unwrap_or(u32::MAX);
                let cleared = batch
                    .cleared
                    .get(*place)
                    .is_some_and(|rows| rows.binary_search(&number).is_ok());
                if held != Cell::Null || cleared {
                    builder.append(&held);
                    continue;
                }
                let derived = match *place {
                    place if place == places.kind => text(guess.clone()),
                    place if place == places.kind_inferred => Cell::Bool(guess.is_some()),
                    place if place == places.stages => text(
                        entry
                            .map(|entry| entry.extra_many("stages").join("|"))
                            .filter(|stages| !stages.is_empty()),
                    ),
                    place if place == places.counted => entry
                        .and_then(|entry| entry.extra("counts_as_school"))
                        .map_or(Cell::Null, |counts| Cell::Bool(counts == "yes")),
                    place if place == places.campus => {
                        let by_name = self
                            .standard
                            .type_rules()
                            .campus_kind(name)
                            .map(|guess| guess.code.to_owned());
                        let by_type = entry
                            .and_then(|entry| entry.extra("campus_kind"))
                            .map(str::to_owned);
                        text(by_type.or(by_name))
                    }
                    place if place == places.unit => division
                        .and_then(|division| self.context.unit_for(division))
                        .map_or(Cell::Null, |unit| Cell::Int(unit.get())),
                    place if place == places.status => text(Some("open".to_owned())),
                    place if place == places.origin => text(Some("real".to_owned())),
                    place if place == places.datum_origin => {
                        text(batch.table.real(places.lon, row).map(|_| datum.to_owned()))
                    }
                    _ => Cell::Null,
                };
                if let (true, Some(flag)) = (derived != Cell::Null, inferred.get_mut(row)) {
                    *flag = true;
                }
                builder.append(&derived);
            }
        }
        for (place, builder, inferred) in builders {
            batch.inferred.insert(place, inferred);
            batch.table = batch.table.with_column(place, builder)?;
        }
        Ok(batch)
    }
}

fn text(value: Option<String>) -> Cell {
    value.map_or(Cell::Null, Cell::Text)
}
