//! What tables there are, told the same way on both engines.

use std::fmt::Write as _;

use kernel::Value;

use crate::{ColumnType, Db, DbError, Engine, Row, Tx, identifier};

/// A table as it stands in the database.
#[derive(Debug, Default)]
pub(crate) struct TableShape {
    pub(crate) name: String,
    pub(crate) columns: Vec<ColumnShape>,
    primary_key: Vec<String>,
    /// Unique constraints, indexes and foreign keys, as lines.
    rest: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct ColumnShape {
    pub(crate) name: String,
    /// `BIGINT`, `TEXT`, `BYTES`, or the engine's own name in capitals.
    pub(crate) kind: String,
    nullable: bool,
    default: Option<String>,
}

/// A listing of tables, columns, keys and indexes, in which two databases differ only where their
/// schemas do, whatever engine they are on. Made for golden files.
///
/// # Errors
/// Any [`DbError`].
pub async fn schema_text(db: &Db) -> Result<String, DbError> {
    let mut tx = db.read().await?;
    let mut text = String::new();
    for name in table_names(&mut tx).await? {
        if let Some(shape) = table_shape(&mut tx, &name).await? {
            let _ = shape.write(&mut text);
        }
    }
    Ok(text)
}

async fn table_names(tx: &mut Tx) -> Result<Vec<String>, DbError> {
    let sql = match tx.engine() {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
        }
        Engine::Postgres => {
            "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relkind = 'r' ORDER BY c.relname"
        }
    };
    let rows = tx.fetch_all(sql, &[]).await?;
    rows.iter()
        .map(|row| Ok(row.text("name")?.to_owned()))
        .collect()
}

/// A table that is there, with its columns in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTable {
    /// Its name.
    pub name: String,
    /// The name of each column and what it holds.
    pub columns: Vec<(String, ColumnType)>,
}

/// The tables whose names begin with `prefix`, as they stand in the database, whoever made them.
///
/// # Errors
/// [`DbError::Query`] where a column is of none of the three storage types, or a name is none that this
/// house gives; any [`DbError`].
pub async fn stored_tables(tx: &mut Tx, prefix: &str) -> Result<Vec<StoredTable>, DbError> {
    let mut tables = Vec::new();
    for name in table_names(tx).await? {
        if !name.starts_with(prefix) {
            continue;
        }
        let Some(shape) = table_shape(tx, identifier::check(&name)?).await? else {
            continue;
        };
        let mut columns = Vec::with_capacity(shape.columns.len());
        for column in shape.columns {
            identifier::check(&column.name)?;
            let kind = ColumnType::named(&column.kind).ok_or_else(|| {
                DbError::query(format!(
                    "the column `{}` of `{name}` holds {}, which is no storage type",
                    column.name, column.kind
                ))
            })?;
            columns.push((column.name, kind));
        }
        tables.push(StoredTable { name, columns });
    }
    Ok(tables)
}

impl TableShape {
    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "table {}", self.name)?;
        for column in &self.columns {
            write!(text, "  {} {}", column.name, column.kind)?;
            // SQLite alone would let a key hold NULL.
            if !column.nullable || self.primary_key.contains(&column.name) {
                write!(text, " not null")?;
            }
            if let Some(default) = &column.default {
                write!(text, " default {default}")?;
            }
            writeln!(text)?;
        }
        if !self.primary_key.is_empty() {
            writeln!(text, "  primary key ({})", self.primary_key.join(", "))?;
        }
        let mut rest = self.rest.clone();
        rest.sort();
        for line in rest {
            writeln!(text, "  {line}")?;
        }
        writeln!(text)
    }
}

/// The shape of a table; `None` where there is none of this name.
pub(crate) async fn table_shape(tx: &mut Tx, name: &str) -> Result<Option<TableShape>, DbError> {
    let shape = match tx.engine() {
        Engine::Sqlite => of_sqlite(tx, name).await?,
        Engine::Postgres => of_postgres(tx, name).await?,
    };
    Ok(Some(shape).filter(|shape| !shape.columns.is_empty()))
}

async fn of_sqlite(tx: &mut Tx, name: &str) -> Result<TableShape, DbError> {
    let mut shape = TableShape {
        name: name.to_owned(),
        ..TableShape::default()
    };
    let sql = "SELECT name, type, \"notnull\" AS must, dflt_value, pk FROM pragma_table_info($1) ORDER BY cid";
    let mut keys = Vec::new();
    for row in tx.fetch_all(sql, &[name.into()]).await? {
        shape.columns.push(ColumnShape {
            name: row.text("name")?.to_owned(),
            kind: common_type(row.text("type")?),
            nullable: !row.bool("must")?,
            default: row.opt_text("dflt_value")?.map(str::to_owned),
        });
        keys.push((row.int("pk")?, row.text("name")?.to_owned()));
    }
    keys.retain(|(place, _)| *place > 0);
    keys.sort();
    shape.primary_key = keys.into_iter().map(|(_, name)| name).collect();
    let sql = "SELECT l.name, l.\"unique\" AS is_unique, l.origin, s.sql FROM pragma_index_list($1) l \
               LEFT JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name";
    for index in tx.fetch_all(sql, &[name.into()]).await? {
        let columns = sqlite_index_columns(tx, index.text("name")?).await?;
        match index.text("origin")? {
            "pk" => {}
            "u" => shape.rest.push(format!("unique ({columns})")),
            _ => {
                let condition = index
                    .opt_text("sql")?
                    .and_then(condition_of)
                    .map(str::to_owned);
                let is_unique = index.bool("is_unique")?;
                shape.rest.push(index_line(
                    index.text("name")?,
                    &columns,
                    is_unique,
                    condition,
                ));
            }
        }
    }
    shape.rest.extend(sqlite_foreign_keys(tx, name).await?);
    Ok(shape)
}

async fn sqlite_index_columns(tx: &mut Tx, index: &str) -> Result<String, DbError> {
    let sql = "SELECT name FROM pragma_index_info($1) ORDER BY seqno";
    let rows = tx.fetch_all(sql, &[index.into()]).await?;
    names_of(&rows)
}

async fn sqlite_foreign_keys(tx: &mut Tx, name: &str) -> Result<Vec<String>, DbError> {
    let sql = "SELECT id, \"table\" AS target, \"from\" AS here, \"to\" AS there FROM pragma_foreign_key_list($1) ORDER BY id, seq";
    let mut found: Vec<(i64, String, Vec<String>, Vec<String>)> = Vec::new();
    for row in tx.fetch_all(sql, &[name.into()]).await? {
        let here = row.text("here")?.to_owned();
        let there = row.opt_text("there")?.unwrap_or("?").to_owned();
        match found
            .last_mut()
            .filter(|last| Some(last.0) == row.opt_int("id").ok().flatten())
        {
            Some((_, _, heres, theres)) => {
                heres.push(here);
                theres.push(there);
            }
            None => found.push((
                row.int("id")?,
                row.text("target")?.to_owned(),
                vec![here],
                vec![there],
            )),
        }
    }
    let line = |(_, target, here, there): &(i64, String, Vec<String>, Vec<String>)| {
        foreign_key_line(&here.join(", "), target, &there.join(", "))
    };
    Ok(found.iter().map(line).collect())
}

async fn of_postgres(tx: &mut Tx, name: &str) -> Result<TableShape, DbError> {
    let mut shape = TableShape {
        name: name.to_owned(),
        ..TableShape::default()
    };
    let table = [Value::from(name)];
    let sql = "SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS must, \
               pg_get_expr(d.adbin, d.adrelid) AS dflt_value \
               FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
               JOIN pg_namespace n ON n.oid = c.relnamespace \
               LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
               WHERE n.nspname = current_schema() AND c.relname = $1 AND c.relkind = 'r' \
               AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
    for row in tx.fetch_all(sql, &table).await? {
        shape.columns.push(ColumnShape {
            name: row.text("name")?.to_owned(),
            kind: common_type(row.text("type")?),
            nullable: !row.bool("must")?,
            default: row
                .opt_text("dflt_value")?
                .map(|default| without_casts(default).to_owned()),
        });
    }
    let sql = "SELECT i.relname AS name, x.indisunique AS is_unique, coalesce(k.contype::text, '') AS origin, \
               pg_get_expr(x.indpred, x.indrelid) AS condition, \
               (SELECT string_agg(coalesce(a.attname, '?'), ', ' ORDER BY u.place) \
                FROM unnest(x.indkey) WITH ORDINALITY AS u (number, place) \
                LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = u.number) AS columns \
               FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid \
               JOIN pg_namespace n ON n.oid = c.relnamespace \
               LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.contype IN ('p', 'u') \
               WHERE n.nspname = current_schema() AND c.relname = $1";
    for index in tx.fetch_all(sql, &table).await? {
        let columns = index.text("columns")?;
        match index.text("origin")? {
            "p" => shape.primary_key = columns.split(", ").map(str::to_owned).collect(),
            "u" => shape.rest.push(format!("unique ({columns})")),
            _ => {
                let condition = index
                    .opt_text("condition")?
                    .map(|text| plain_condition(text).to_owned());
                let is_unique = index.bool("is_unique")?;
                shape.rest.push(index_line(
                    index.text("name")?,
                    columns,
                    is_unique,
                    condition,
                ));
            }
        }
    }
    let sql = "SELECT t.relname AS target, \
               (SELECT string_agg(a.attname, ', ' ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place) \
                JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number) AS here, \
               (SELECT string_agg(a.attname, ', ' ORDER BY u.place) FROM unnest(k.confkey) WITH ORDINALITY AS u (number, place) \
                JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number) AS there \
               FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid \
               JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = current_schema() AND c.relname = $1 AND k.contype = 'f'";
    for key in tx.fetch_all(sql, &table).await? {
        shape.rest.push(foreign_key_line(
            key.text("here")?,
            key.text("target")?,
            key.text("there")?,
        ));
    }
    Ok(shape)
}

fn names_of(rows: &[Row]) -> Result<String, DbError> {
    let mut names = Vec::with_capacity(rows.len());
    for row in rows {
        names.push(row.opt_text("name")?.unwrap_or("?"));
    }
    Ok(names.join(", "))
}

fn index_line(name: &str, columns: &str, is_unique: bool, condition: Option<String>) -> String {
    let kind = if is_unique { "unique index" } else { "index" };
    let ending = condition.map_or_else(String::new, |text| {
        format!(" where {}", plain_condition(&text))
    });
    format!("{kind} {name} ({columns}){ending}")
}

fn foreign_key_line(here: &str, target: &str, there: &str) -> String {
    format!("foreign key ({here}) references {target} ({there})")
}

fn common_type(name: &str) -> String {
    match name.to_ascii_uppercase().as_str() {
        "BYTEA" | "BLOB" => "BYTES".to_owned(),
        other => other.to_owned(),
    }
}

/// `'x'::text` is how PostgreSQL writes a default of `'x'`.
fn without_casts(expression: &str) -> &str {
    expression
        .split_once("::")
        .map_or(expression, |(plain, _)| plain)
}

fn condition_of(index_sql: &str) -> Option<&str> {
    index_sql
        .rsplit_once(" WHERE ")
        .map(|(_, condition)| condition)
}

fn plain_condition(text: &str) -> &str {
    let trimmed = text.trim();
    trimmed
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or(trimmed)
}
