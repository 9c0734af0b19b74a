//! Who may change a field and when it takes values: `owner`, `valid_from` and `closed` of the definitions.

use kernel::{Clocks, Day, RecordId, Value};
use security::Permit;
use standard::{Dataset, Field, Owner, UnitLevel};

use super::plan::Detail;
use super::work::Work;
use crate::ledger::{Ledger, LedgerError};

/// The level at which someone acts. Who acts at one may change the fields of that level and of those below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A school for itself, or a central school.
    Institution,
    /// A county bureau or a development zone.
    County,
    /// A city bureau, or a unit that reports to the province itself.
    City,
    /// The province.
    Province,
    /// The program itself and whoever operates it.
    Program,
}

impl Level {
    /// The level of a permit: that of the highest unit it was granted for.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn of(ledger: &Ledger, permit: &Permit) -> Result<Level, LedgerError> {
        if permit.actor().account().is_none() {
            return Ok(Level::Program);
        }
        if permit.reaches_everything() {
            return Ok(Level::Province);
        }
        let kind = ledger.table("education_unit")?.position("kind");
        let now = Clocks::latest(ledger.clock().today());
        let mut level = Level::Institution;
        for unit in permit.units() {
            let record = RecordId::new(unit.get());
            let held = ledger.record(permit, "education_unit", record, now).await?;
            let kind = held
                .as_ref()
                .and_then(|version| version.values.get(kind?))
                .and_then(Value::as_text);
            let kind = kind.map_or(UnitLevel::Institution, UnitLevel::of_unit_kind);
            level = level.max(match kind {
                UnitLevel::Province => Level::Province,
                UnitLevel::City => Level::City,
                UnitLevel::County => Level::County,
                UnitLevel::Institution => Level::Institution,
            });
        }
        Ok(level)
    }

    /// Whether a field may be changed at this level.
    pub fn may_change(self, field: &Field) -> bool {
        let owner = match field.owner {
            Owner::Province => Level::Province,
            Owner::City => Level::City,
            Owner::County => Level::County,
            Owner::Institution => Level::Institution,
            Owner::System => Level::Program,
        };
        self >= owner
    }
}

/// What the rows of one file may say.
pub(super) struct Rights {
    level: Level,
    /// What the program itself writes into a field of its own for a new record, where that is not blank.
    datum: &'static str,
    /// The one row of a form, whose fields of the program the form itself fills.
    is_form: bool,
    /// Places among the stored fields that may be refused.
    watched: Vec<usize>,
}

/// A row that says something of watched fields.
pub(super) struct Saying<'a> {
    /// The row in the file.
    pub row: usize,
    /// The day from which it holds.
    pub from: Day,
    /// The record is new: whoever adds it says all of it first.
    pub is_new: bool,
    /// Whether the row's type was guessed.
    pub type_is_inferred: bool,
    /// What the row says by place, as stored and as people read it.
    pub said: &'a [(usize, Value, String)],
}

impl Rights {
    /// The rights of a level over the fields of a dataset.
    pub(super) fn new(level: Level, dataset: &Dataset, datum: &'static str, is_form: bool) -> Self {
        let watched = dataset
            .stored_fields()
            .enumerate()
            .filter(|(_, field)| {
                field.valid_from.is_some() || field.closed.is_some() || !level.may_change(field)
            })
            .map(|(place, _)| place)
            .collect();
        Self {
            level,
            datum,
            is_form,
            watched,
        }
    }

    /// The places among the stored fields of which [`Self::refuse`] must hear.
    pub(super) fn watched(&self) -> &[usize] {
        &self.watched
    }

    /// Refuses a row that says what it may not, each field with its cause. Answers whether it did.
    pub(super) fn refuse(&self, work: &mut Work<'_>, saying: &Saying<'_>) -> bool {
        let dataset = work.dataset;
        let mut is_refused = false;
        for (place, value, shown) in saying.said {
            let Some(field) = dataset.stored_fields().nth(*place) else {
                continue;
            };
            let Some((code, detail)) = self.objection(field, value, saying) else {
                continue;
            };
            work.refuse(saying.row, code, &field.name, shown.clone(), detail);
            is_refused = true;
        }
        is_refused
    }

    /// Why a row may not say this of a field.
    fn objection(
        &self,
        field: &Field,
        value: &Value,
        saying: &Saying<'_>,
    ) -> Option<(&'static str, Detail)> {
        if let Some(day) = field.closed.filter(|closed| saying.from >= *closed) {
            return Some(("FIELD-CLOSED", dated(day, "起停用", "closed from")));
        }
        if let Some(day) = field.valid_from.filter(|first| saying.from < *first) {
            return Some(("FIELD-NOT-YET", dated(day, "起启用", "in use from")));
        }
        if self.level.may_change(field) {
            return None;
        }
        let is_allowed = match (field.owner, saying.is_new) {
            (Owner::System, _) if self.is_form => true,
            (Owner::System, true) => self.is_what_the_program_says(field, value, saying),
            (_, is_new) => is_new && field.owner != Owner::System,
        };
        if is_allowed {
            return None;
        }
        let (zh, en) = match field.owner {
            Owner::Province => ("由省级维护", "kept by the province"),
            Owner::City => ("由市级维护", "kept by the city"),
            Owner::County => ("由县级维护", "kept by the county"),
            Owner::Institution => ("由学校(机构)维护", "kept by the institution"),
            Owner::System => ("由系统维护", "kept by the program"),
        };
        let (zh, en) = (zh.to_owned(), en.to_owned());
        Some(("FIELD-OWNER", Detail { zh, en }))
    }

    /// Whether a new record has in a field of the program what the program would write there itself.
    fn is_what_the_program_says(&self, field: &Field, value: &Value, saying: &Saying<'_>) -> bool {
        match (field.name.as_str(), value) {
            (_, Value::Null) => true,
            ("origin", Value::Text(origin)) => origin == "real",
            ("datum_origin", Value::Text(datum)) => datum == self.datum,
            ("type_inferred", Value::Int(inferred)) => (*inferred != 0) == saying.type_is_inferred,
            _ => false,
        }
    }
}

fn dated(day: Day, zh: &str, en: &str) -> Detail {
    Detail {
        zh: format!("{day} {zh}"),
        en: format!("{en} {day}"),
    }
}
