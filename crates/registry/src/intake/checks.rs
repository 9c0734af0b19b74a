//! The checks of a dataset, with the functions that look at what is held.

use std::sync::Arc;

use columns::{
    Arg, Cell, CheckSql, Checker, CheckerTables, ColumnType, Function, Limits, builtin_functions,
};
use kernel::RecordId;
use standard::{CheckKind, Dataset};

use super::context::Context;
use super::typing::staged_schema;

/// The checks of a dataset, planned. `context` gives the functions that look at what is held; without it
/// they are there by name only, which is enough to find mistakes in the definitions.
///
/// # Errors
/// Every check whose SQL cannot be used.
pub fn checker_for(
    standard: &standard::Standard,
    dataset: &Dataset,
    context: Option<&Arc<Context>>,
) -> Result<Checker, Vec<columns::SqlFault>> {
    let checks: Vec<CheckSql> = standard
        .checks_for(&dataset.name)
        .iter()
        .map(|check| match check.kind {
            CheckKind::Row => CheckSql::Row(check.sql.clone()),
            CheckKind::Set => CheckSql::Set(check.sql.clone()),
        })
        .collect();
    let mut functions = builtin_functions();
    functions.extend(held_functions(context));
    Checker::new(
        &checks,
        CheckerTables::staged(staged_schema(dataset)),
        &functions,
        Limits::default(),
    )
}

/// SQL functions that look at what is held.
fn held_functions(context: Option<&Arc<Context>>) -> Vec<Function> {
    let in_division = context.cloned();
    let in_province = context.cloned();
    let division_level = context.cloned();
    vec![
        Function {
            name: "in_division".to_owned(),
            args: vec![ColumnType::Int, ColumnType::Real, ColumnType::Real],
            returns: ColumnType::Bool,
            body: Arc::new(move |args| match (args, &in_division) {
                ([Arg::Int(division), Arg::Real(lon), Arg::Real(lat)], Some(context)) => {
                    within(context, RecordId::new(*division), *lon, *lat)
                        .map_or(Cell::Null, Cell::Bool)
                }
                _ => Cell::Null,
            }),
        },
        Function {
            name: "in_province".to_owned(),
            args: vec![ColumnType::Real, ColumnType::Real],
            returns: ColumnType::Bool,
            body: Arc::new(move |args| match (args, &in_province) {
                ([Arg::Real(lon), Arg::Real(lat)], Some(context))
                    if !context.counties.is_empty() =>
                {
                    Cell::Bool(context.counties.locate(*lon, *lat).is_some())
                }
                _ => Cell::Null,
            }),
        },
        Function {
            name: "division_level".to_owned(),
            args: vec![ColumnType::Int],
            returns: ColumnType::Text,
            body: Arc::new(move |args| match (args, &division_level) {
                ([Arg::Int(division)], Some(context)) => context
                    .references
                    .get("division")
                    .and_then(|divisions| divisions.get(RecordId::new(*division)))
                    .and_then(|entry| entry.level.clone())
                    .map_or(Cell::Null, Cell::Text),
                _ => Cell::Null,
            }),
        },
    ]
}

/// Whether a point lies in a division or, where the division is below the counties, in its county;
/// `None` where no outline is held.
fn within(context: &Context, division: RecordId, lon: f64, lat: f64) -> Option<bool> {
    let divisions = context.references.get("division")?;
    if context.counties.is_empty() {
        return None;
    }
    let found = context.counties.locate(lon, lat).map(RecordId::new);
    Some(match (found, divisions.at_level(division, "county")) {
        (Some(found), Some(county)) => found == county,
        (Some(found), None) => divisions.ancestors(found).contains(&division),
        (None, _) => false,
    })
}
