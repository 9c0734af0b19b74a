//! The statements over held columns that lists are made of. Values are parameters, never text.

use std::collections::HashMap;

use ::columns::{Cell, ColumnsError, Table};

use super::{Filter, Found, Headline, Institutions, Order, Totals};
use crate::held::View;
use crate::search::{like_pattern, looks_like_initials};

/// The school year with which each institution counts beside it ([`crate::counting`]).
const WITH_YEAR: &str =
    r#" LEFT JOIN years y ON y."institution" = r.record_id AND y."latest" AND r."operating""#;
/// The division of each institution beside it.
const WITH_DIVISION: &str = r#" LEFT JOIN divisions d ON d.record_id = r."division""#;

/// A condition with its parameters.
#[derive(Default)]
struct Where {
    conditions: Vec<String>,
    parameters: Vec<Cell>,
}

impl Where {
    /// Adds a parameter and answers its place.
    fn parameter(&mut self, cell: Cell) -> String {
        self.parameters.push(cell);
        format!("${}", self.parameters.len())
    }

    fn text(&mut self, text: &str) -> String {
        self.parameter(Cell::Text(text.to_owned()))
    }

    fn of(filter: &Filter) -> Where {
        let mut own = Where::default();
        if filter.nothing {
            own.conditions.push("false".to_owned());
        }
        if let Some(text) = &filter.text {
            own.find_text(text);
        }
        if let Some(division) = filter.division {
            let place = own.parameter(Cell::Int(division));
            own.conditions.push(format!(
                r#"r."division" IN (
                    SELECT a.record_id FROM divisions a
                    LEFT JOIN divisions b ON a."parent" = b.record_id
                    LEFT JOIN divisions c ON b."parent" = c.record_id
                    LEFT JOIN divisions e ON c."parent" = e.record_id
                    WHERE a.record_id = {place} OR b.record_id = {place} OR c.record_id = {place}
                        OR e.record_id = {place} OR e."parent" = {place})"#
            ));
        }
        if let Some(units) = &filter.units {
            let from = own.parameter(Cell::Int(i64::from(units.start)));
            let to = own.parameter(Cell::Int(i64::from(units.end)));
            own.conditions.push(format!(
                "r.unit_position >= {from} AND r.unit_position < {to}"
            ));
        }
        for (field, many, codes) in &filter.codes {
            own.find_codes(field, *many, codes);
        }
        if let Some(counted) = filter.counted {
            let place = own.parameter(Cell::Bool(counted));
            own.conditions.push(format!(r#"r."counted" = {place}"#));
        }
        if let Some(parent) = filter.parent {
            let place = own.parameter(Cell::Int(parent));
            own.conditions.push(format!(r#"r."parent" = {place}"#));
        }
        own
    }

    fn find_text(&mut self, text: &str) {
        let part = self.text(&like_pattern(text));
        let mut any = vec![
            format!(r#"r."name" LIKE {part}"#),
            format!(r#"r."former_names" LIKE {part}"#),
        ];
        if looks_like_initials(text) {
            let initials = self.text(&like_pattern(&text.to_ascii_lowercase()));
            any.push(format!("r.initials LIKE {initials}"));
            any.push(format!(r#"r."code" LIKE {part}"#));
        }
        self.conditions.push(format!("({})", any.join(" OR ")));
    }

    fn find_codes(&mut self, field: &str, many: bool, codes: &[String]) {
        if codes.is_empty() {
            self.conditions.push("false".to_owned());
            return;
        }
        if many {
            let any: Vec<String> = codes
                .iter()
                .map(|code| {
                    let place = self.text(&like_pattern(&format!("|{code}|")));
                    format!(r#"concat('|', r."{field}", '|') LIKE {place}"#)
                })
                .collect();
            self.conditions.push(format!("({})", any.join(" OR ")));
            return;
        }
        let places: Vec<String> = codes.iter().map(|code| self.text(code)).collect();
        self.conditions
            .push(format!(r#"r."{field}" IN ({})"#, places.join(", ")));
    }

    fn clause(&self) -> String {
        if self.conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", self.conditions.join(" AND "))
        }
    }
}

async fn ask(list: &Institutions, sql: &str, parameters: &[Cell]) -> Result<Table, ColumnsError> {
    let others = [
        ("years", &list.years),
        ("divisions", list.labels.divisions.view()),
    ];
    list.view.query_with(&others, sql, parameters).await
}

/// See [`Institutions::totals`].
pub(super) async fn totals(list: &Institutions, filter: &Filter) -> Result<Totals, ColumnsError> {
    let own = Where::of(filter);
    let sql = format!(
        r#"SELECT count(*) AS institutions,
            sum(CASE WHEN r."origin" = 'synthetic' THEN 1 ELSE 0 END) AS synthetic,
            sum(CASE WHEN r."operating" THEN 1 ELSE 0 END) AS operating,
            sum(CASE WHEN r."operating" AND r."counted" THEN 1 ELSE 0 END) AS schools,
            sum(y."pupils") AS pupils, sum(y."classes") AS classes, sum(y."fulltime_teachers") AS teachers,
            sum(y."building_area") AS area,
            sum(CASE WHEN y."classes" IS NOT NULL THEN y."pupils" END) AS in_classes,
            sum(CASE WHEN y."pupils" IS NOT NULL THEN y."classes" END) AS with_pupils,
            sum(CASE WHEN y."fulltime_teachers" IS NOT NULL THEN y."pupils" END) AS with_teachers,
            sum(CASE WHEN y."pupils" IS NOT NULL THEN y."fulltime_teachers" END) AS teaching
        FROM rows r{WITH_YEAR}{}"#,
        own.clause()
    );
    let table = ask(list, &sql, &own.parameters).await?;
    let count = |column| {
        table
            .int(column, 0)
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(0)
    };
    Ok(Totals {
        institutions: count(0),
        synthetic: count(1),
        operating: count(2),
        schools: count(3),
        pupils: table.int(4, 0),
        classes: table.int(5, 0),
        teachers: table.int(6, 0),
        area: table.real(7, 0),
        class_size: super::over(table.int(8, 0), table.int(9, 0)),
        pupils_per_teacher: super::over(table.int(10, 0), table.int(11, 0)),
    })
}

/// What a list is ordered by: the expression, and what must be joined for it.
fn order_by(key: &str) -> (&'static [&'static str], &'static str) {
    match key {
        "code" => (&[r#"r."code""#], ""),
        "name" => (&["r.initials", r#"r."name""#], ""),
        "type" => (&[r#"r."type""#], ""),
        "sponsor" => (&[r#"r."sponsor""#], ""),
        "run_by" => (&[r#"r."run_by""#], ""),
        "urban_rural" => (&[r#"r."urban_rural""#], ""),
        "division" => (&[r#"d."code""#], WITH_DIVISION),
        "stages" => (&[r#"r."stages""#], ""),
        "counted" => (&[r#"r."counted""#], ""),
        "campus_kind" => (&[r#"r."campus_kind""#], ""),
        "parent" => (&[r#"r."parent""#], ""),
        "founded" => (&[r#"r."founded""#], ""),
        "closed" => (&[r#"r."closed""#], ""),
        "status" => (&[r#"r."status""#], ""),
        "origin" => (&[r#"r."origin""#], ""),
        "school_year" => (&[r#"y."school_year""#], WITH_YEAR),
        "pupils" => (&[r#"y."pupils""#], WITH_YEAR),
        "classes" => (&[r#"y."classes""#], WITH_YEAR),
        "fulltime_teachers" => (&[r#"y."fulltime_teachers""#], WITH_YEAR),
        "building_area" => (&[r#"y."building_area""#], WITH_YEAR),
        "mean_class_size" => (&[r#"CAST(y."pupils" AS DOUBLE) / y."classes""#], WITH_YEAR),
        "pupils_per_teacher" => (
            &[r#"CAST(y."pupils" AS DOUBLE) / y."fulltime_teachers""#],
            WITH_YEAR,
        ),
        // The order of the unit tree, which is the order in which rows are held.
        _ => (&["r.unit_position"], ""),
    }
}

/// Whether a list can be sorted by a column.
pub(super) fn sorts(key: &str) -> bool {
    key == "unit" || !order_by(key).0.contains(&"r.unit_position")
}

/// See [`Institutions::find`].
pub(super) async fn find(
    list: &Institutions,
    filter: &Filter,
    order: &Order,
    part: Option<(u64, u64)>,
) -> Result<Vec<Found>, ColumnsError> {
    let own = Where::of(filter);
    let (expressions, join) = order_by(&order.key);
    let direction = if order.descending { "DESC" } else { "ASC" };
    let by: Vec<String> = expressions
        .iter()
        .map(|expression| format!("{expression} {direction} NULLS LAST"))
        .collect();
    let limit = part.map_or(String::new(), |(offset, size)| {
        format!(" LIMIT {size} OFFSET {offset}")
    });
    let sql = format!(
        "SELECT r.record_id AS record_id, r.unit_position AS unit_position FROM rows r{join}{} \
         ORDER BY {}, r.record_id{limit}",
        own.clause(),
        by.join(", "),
    );
    let table = ask(list, &sql, &own.parameters).await?;
    Ok((0..table.rows())
        .filter_map(|row| {
            Some(Found {
                record: table.int(0, row)?,
                position: table.int(1, row)?,
            })
        })
        .collect())
}

const HEADLINE: &str =
    r#""institution", "school_year", "pupils", "classes", "fulltime_teachers", "building_area""#;

/// The headline in a row of a table that has the columns of a school year.
pub(super) fn headline(table: &Table, row: usize) -> Headline {
    let int = |name: &str| {
        table
            .position(name)
            .and_then(|column| table.int(column, row))
    };
    Headline {
        school_year: table
            .position("school_year")
            .and_then(|column| table.text(column, row))
            .unwrap_or_default()
            .to_owned(),
        pupils: int("pupils"),
        classes: int("classes"),
        teachers: int("fulltime_teachers"),
        area: table
            .position("building_area")
            .and_then(|column| table.real(column, row)),
    }
}

fn places(records: &[i64]) -> (String, Vec<Cell>) {
    let places: Vec<String> = (1..=records.len())
        .map(|place| format!("${place}"))
        .collect();
    (
        places.join(", "),
        records.iter().map(|record| Cell::Int(*record)).collect(),
    )
}

/// See [`Institutions::headlines`].
pub(super) async fn headlines(
    years: &View,
    records: &[i64],
) -> Result<HashMap<i64, Headline>, ColumnsError> {
    if records.is_empty() || years.is_empty() {
        return Ok(HashMap::new());
    }
    let (places, parameters) = places(records);
    let sql =
        format!(r#"SELECT {HEADLINE} FROM rows WHERE "latest" AND "institution" IN ({places})"#);
    let table = years.query(&sql, &parameters).await?;
    Ok((0..table.rows())
        .filter_map(|row| Some((table.int(0, row)?, headline(&table, row))))
        .collect())
}

/// See [`Institutions::years_of`].
pub(super) async fn years_of(years: &View, record: i64) -> Result<Vec<Headline>, ColumnsError> {
    let sql = format!(
        r#"SELECT {HEADLINE} FROM rows WHERE "institution" = $1 ORDER BY "school_year" DESC"#
    );
    let table = years.query(&sql, &[Cell::Int(record)]).await?;
    Ok((0..table.rows()).map(|row| headline(&table, row)).collect())
}

/// See [`Institutions::names_of`].
pub(super) async fn names(
    view: &View,
    records: &[i64],
) -> Result<HashMap<i64, String>, ColumnsError> {
    if records.is_empty() {
        return Ok(HashMap::new());
    }
    let (places, parameters) = places(records);
    let sql = format!(r#"SELECT record_id, "name" FROM rows WHERE record_id IN ({places})"#);
    let table = view.query(&sql, &parameters).await?;
    Ok((0..table.rows())
        .filter_map(|row| Some((table.int(0, row)?, table.text(1, row)?.to_owned())))
        .collect())
}
