//! The SQL of a search of the log.

use db::{DbError, Tx};
use kernel::Value;

use crate::evidence::search::{AuditFilter, Within};
use crate::evidence::store::{columns, entry_of};
use crate::model::AuditEntry;

/// A statement as it grows.
struct Conditions {
    sql: Vec<String>,
    params: Vec<Value>,
}

impl Conditions {
    /// Adds a condition; `?` in it stands for the value.
    fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.params.push(value.into());
        let place = format!("${}", self.params.len());
        self.sql.push(condition.replace('?', &place));
    }

    fn add_text(&mut self, condition: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.add(condition, value.as_str());
        }
    }

    /// Values that begin with a text: from it on, and before everything that comes after it.
    fn add_beginning(&mut self, column: &str, value: Option<&String>) {
        if let Some(value) = value {
            let condition = format!("substr({column}, 1, {}) = ?", value.chars().count());
            self.add(&condition, value.as_str());
        }
    }
}

/// Entries before a number, the latest first.
pub(super) async fn search(
    tx: &mut Tx,
    within: &Within,
    filter: &AuditFilter,
    before: i64,
    most: i64,
    detailed: bool,
) -> Result<Vec<AuditEntry>, DbError> {
    let asks_detail =
        filter.person.is_some() || filter.trace.is_some() || filter.operation.is_some();
    if !detailed && asks_detail {
        return Ok(Vec::new());
    }
    let mut conditions = Conditions {
        sql: Vec::new(),
        params: Vec::new(),
    };
    conditions.add("number < ?", before);
    if let Some(from) = filter.from {
        conditions.add("at >= ?", from.start());
    }
    if let Some(to) = filter.to {
        conditions.add("at < ?", to.add_days(1).start());
    }
    conditions.add_text("actor = ?", filter.actor.as_ref());
    conditions.add_text("action = ?", filter.action.as_ref());
    conditions.add_text("outcome = ?", filter.outcome.as_ref());
    conditions.add_text("trace = ?", filter.trace.as_ref());
    conditions.add_text("operation = ?", filter.operation.as_ref());
    conditions.add_beginning("subject", filter.subject.as_ref());
    conditions.add_beginning("address", filter.address.as_ref());
    if let Some(person) = filter.person {
        conditions.add(
            "number IN (SELECT number FROM audit_person WHERE person = ?)",
            person,
        );
    }
    if let Within::Units(units) = within {
        conditions.sql.push(of_units(units, detailed));
    }
    conditions.params.push(most.into());
    let sql = format!(
        "SELECT {} FROM audit WHERE {} ORDER BY number DESC LIMIT ${}",
        columns(detailed),
        conditions.sql.join(" AND "),
        conditions.params.len()
    );
    let rows = tx.fetch_all(&sql, &conditions.params).await?;
    rows.iter().map(|row| entry_of(row, detailed)).collect()
}

/// Acts in the name of some units. Their numbers stand in the text: there may be more of them than a statement
/// takes values.
fn of_units(units: &[kernel::UnitId], detailed: bool) -> String {
    if units.is_empty() {
        return "1 = 0".to_owned();
    }
    let ids: Vec<String> = units.iter().map(|unit| unit.get().to_string()).collect();
    let ids = ids.join(", ");
    let held =
        format!("actor IN (SELECT 'account:' || account FROM account_grant WHERE unit IN ({ids}))");
    if detailed {
        format!("(unit IN ({ids}) OR (unit IS NULL AND {held}))")
    } else {
        held
    }
}
