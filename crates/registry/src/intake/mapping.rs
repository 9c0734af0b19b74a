//! Which column of a file is which field: recognised by its header, or said by a mapping file.

use std::collections::BTreeMap;

use kernel::Datum;
use serde::{Deserialize, Serialize};
use standard::{Dataset, Field, FieldKind};
use toml::de::{DeTable, DeValue};

/// A mapping file: what a file's columns are, for files whose headers do not say it.
///
/// ```toml
/// header = false
/// columns = ["name+", "lat", "lon", ""]   # `+`: takes up what a row has too much; "": not read
/// datum = "bd09"
/// encoding = "gb18030"
/// effective_field = "founded"              # the date from which each row holds
/// [map]                                    # header in the file = field; "": not read
/// "校名(全称)" = "name"
/// [constants]                              # field = value for every row that has none
/// sponsor = "811"
/// [values.type]                            # text in the file = text that is meant
/// "公办小学" = "211"
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// Whether the file has a header row; `None`: found out.
    pub header: Option<bool>,
    /// Fields in the order of the file's columns.
    pub columns: Option<Vec<String>>,
    /// Header in the file → field.
    pub map: BTreeMap<String, String>,
    /// Field → value for rows that leave it blank.
    pub constants: BTreeMap<String, String>,
    /// Field → text in the file → text that is meant.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// `wgs84`, `cgcs2000`, `gcj02` or `bd09`.
    pub datum: Option<String>,
    /// Name of the encoding, where it cannot be told.
    pub encoding: Option<String>,
    /// The character between cells, where it cannot be told.
    pub delimiter: Option<String>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// The date field that says from when each row holds, such as `founded` for a list of institutions with
    /// their history. Rows that leave it blank follow the dataset's rule.
    pub effective_field: Option<String>,
    /// The line of each entry in the mapping file, by its path (`map.校名`, `columns.2`).
    #[serde(skip)]
    pub lines: BTreeMap<String, u32>,
}

/// A mapping that cannot be used, or columns that need one. Lines are those of the mapping file; 0 where it
/// is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingFault {
    /// The file is not of the format.
    #[error("the mapping file cannot be read: {0}")]
    Syntax(String),
    /// It has a key that mapping files do not have.
    #[error("mapping file, line {line}: `{key}` is not known here{}", hint(.instead.as_deref()))]
    Key {
        /// Where.
        line: u32,
        /// The key.
        key: String,
        /// The key that was perhaps meant.
        instead: Option<String>,
    },
    /// It names a field that the dataset lacks.
    #[error("mapping file, line {line}: `{field}` is no field of {dataset}{}; the dictionary lists the fields", hint(.instead.as_deref()))]
    Field {
        /// Where.
        line: u32,
        /// The name.
        field: String,
        /// The dataset.
        dataset: String,
        /// The field that was perhaps meant.
        instead: Option<String>,
    },
    /// It gives a value to a column that is never stored.
    #[error(
        "mapping file, line {line}: `{field}` only helps to recognise `{helps}` and takes no values here; write `{helps}`"
    )]
    Hint {
        /// Where.
        line: u32,
        /// The column.
        field: String,
        /// The field that it helps.
        helps: String,
    },
    /// It speaks of a column that the file does not have.
    #[error("mapping file, line {line}: the file has no column “{header}”{}; its columns are: {headers}", hint(.instead.as_deref()))]
    Header {
        /// Where.
        line: u32,
        /// The header it names.
        header: String,
        /// The headers of the file.
        headers: String,
        /// The header that was perhaps meant.
        instead: Option<String>,
    },
    /// It has headers and lists the columns too.
    #[error(
        "mapping file, line {line}: `map` has no effect beside `columns`; leave one of them out"
    )]
    Beside {
        /// Where.
        line: u32,
    },
    /// It makes two columns the same field.
    #[error(
        "mapping file, line {line}: `{field}` is given twice; keep one, write \"\" for a column that is not to be read"
    )]
    Twice {
        /// Where the second one stands.
        line: u32,
        /// The field.
        field: String,
    },
    /// Two columns of the file are the same field.
    #[error("{}", .0.en())]
    Columns(Box<TwoColumns>),
    /// The field that is to say from when rows hold is no date.
    #[error(
        "mapping file, line {line}: effective_field names `{field}`, which is not a date; name a field that is one"
    )]
    EffectiveField {
        /// Where.
        line: u32,
        /// The field.
        field: String,
    },
    /// It names a datum that is not known.
    #[error("`{0}` is not a datum; write wgs84, cgcs2000, gcj02 or bd09")]
    Datum(String),
    /// No column is a field of the dataset.
    #[error(
        "no column of the file is a field of {dataset}; the file has: {headers}. Say with a mapping file which is which"
    )]
    Nothing {
        /// The dataset.
        dataset: String,
        /// The file's headers.
        headers: String,
    },
}

fn hint(instead: Option<&str>) -> String {
    instead
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}

fn hint_zh(instead: Option<&str>) -> String {
    instead
        .map(|name| format!("，是不是“{name}”？"))
        .unwrap_or_default()
}

/// Two columns of a file that are the same field by their headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoColumns {
    /// The file.
    pub file: String,
    /// The row of its header.
    pub row: u64,
    /// Number, from 1, and header of the column that fits best, or comes first.
    pub one: (usize, String),
    /// Those of the other.
    pub other: (usize, String),
    /// The field.
    pub field: String,
    /// Its title in Chinese and English.
    pub title: (String, String),
}

impl TwoColumns {
    /// Two of one header are told apart only by their places.
    fn en(&self) -> String {
        let advice = if self.one.1 == self.other.1 {
            "rename one of them in the file, or list all columns in a mapping file: columns = [\"…\"]"
                .to_owned()
        } else {
            format!(
                "say in a mapping file which is meant: [map] \"{}\" = \"{}\", and \"\" for the other",
                self.one.1, self.field
            )
        };
        format!(
            "{}, row {}: columns {} (“{}”) and {} (“{}”) are both “{}”; {advice}",
            self.file, self.row, self.one.0, self.one.1, self.other.0, self.other.1, self.title.1
        )
    }

    fn zh(&self) -> String {
        let advice = if self.one.1 == self.other.1 {
            "请在文件中改掉其中一个表头，或在对照文件中用 columns = [\"…\"] 逐列写明".to_owned()
        } else {
            format!(
                "请在对照文件中写明用哪一列：[map] \"{}\" = \"{}\"，另一列写 \"\"",
                self.one.1, self.field
            )
        };
        format!(
            "{} 第 {} 行：第 {} 列“{}”和第 {} 列“{}”都是“{}”；{advice}",
            self.file, self.row, self.one.0, self.one.1, self.other.0, self.other.1, self.title.0
        )
    }
}

impl MappingFault {
    /// Whether it is the mapping file that is at fault, not the file with the data.
    pub fn is_of_mapping_file(&self) -> bool {
        !matches!(
            self,
            MappingFault::Columns(_) | MappingFault::Nothing { .. } | MappingFault::Datum(_)
        )
    }

    /// What is wrong, where, and what to write, in Chinese; `Display` in English.
    pub fn zh(&self) -> String {
        match self {
            MappingFault::Syntax(what) => format!("对照文件读不出来：{what}"),
            MappingFault::Key { line, key, instead } => format!(
                "对照文件第 {line} 行：没有“{key}”这一项{}",
                hint_zh(instead.as_deref())
            ),
            MappingFault::Field {
                line,
                field,
                dataset,
                instead,
            } => format!(
                "对照文件第 {line} 行：“{field}”不是数据集 {dataset} 的字段{}字段名见数据字典",
                instead
                    .as_deref()
                    .map_or("；".to_owned(), |name| hint_zh(Some(name)))
            ),
            MappingFault::Hint { line, field, helps } => format!(
                "对照文件第 {line} 行：“{field}”只用来识别“{helps}”，这里不能给值；请写“{helps}”"
            ),
            MappingFault::Header {
                line,
                header,
                headers,
                instead,
            } => format!(
                "对照文件第 {line} 行：文件中没有“{header}”这一列{}文件的列是：{headers}",
                instead
                    .as_deref()
                    .map_or("；".to_owned(), |name| hint_zh(Some(name)))
            ),
            MappingFault::Beside { line } => {
                format!("对照文件第 {line} 行：写了 columns 就不用 map；请去掉其中一个")
            }
            MappingFault::Twice { line, field } => {
                format!("对照文件第 {line} 行：“{field}”写了两次；请保留一个，不读的列写 \"\"")
            }
            MappingFault::Columns(two) => two.zh(),
            MappingFault::EffectiveField { line, field } => format!(
                "对照文件第 {line} 行：effective_field 写的“{field}”不是日期字段；请写一个日期字段"
            ),
            MappingFault::Datum(name) => {
                format!("“{name}”不是坐标系；请写 wgs84、cgcs2000、gcj02 或 bd09")
            }
            MappingFault::Nothing { dataset, headers } => format!(
                "文件中没有一列能识别为数据集 {dataset} 的字段；文件的表头是：{headers}。请用对照文件说明各列是哪个字段"
            ),
        }
    }
}

/// The keys of a mapping file.
const KEYS: [&str; 10] = [
    "header",
    "columns",
    "map",
    "constants",
    "values",
    "datum",
    "encoding",
    "delimiter",
    "sheet",
    "effective_field",
];

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// [`MappingFault::Syntax`] and [`MappingFault::Key`] with the line.
    pub fn parse(text: &str) -> Result<Mapping, MappingFault> {
        let lines = DeTable::parse(text)
            .map(|table| lines_of(text, table.get_ref()))
            .unwrap_or_default();
        let unknown = lines
            .iter()
            .filter(|(path, _)| !path.contains('.') && !KEYS.contains(&path.as_str()))
            .min_by_key(|(_, line)| **line);
        if let Some((key, line)) = unknown {
            return Err(MappingFault::Key {
                line: *line,
                key: key.clone(),
                instead: standard::nearest(key, KEYS).map(str::to_owned),
            });
        }
        let mapping: Mapping =
            toml::from_str(text).map_err(|error| MappingFault::Syntax(error.to_string()))?;
        Ok(Mapping { lines, ..mapping })
    }

    /// The line of an entry; 0 where it is not known.
    fn line(&self, path: &str) -> u32 {
        self.lines.get(path).copied().unwrap_or(0)
    }

    /// The datum of the file's coordinates, where the mapping says one.
    ///
    /// # Errors
    /// [`MappingFault::Datum`] for an unknown name.
    pub fn datum(&self) -> Result<Option<Datum>, MappingFault> {
        self.datum.as_deref().map(parse_datum).transpose()
    }
}

/// The datum of that name.
///
/// # Errors
/// [`MappingFault::Datum`] for an unknown one.
pub fn parse_datum(name: &str) -> Result<Datum, MappingFault> {
    let folded = name.to_ascii_lowercase().replace(['-', '_'], "");
    Datum::ALL
        .into_iter()
        .find(|datum| datum.code() == folded)
        .ok_or_else(|| MappingFault::Datum(name.to_owned()))
}

/// What becomes of one column of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColumnUse {
    /// It is the field at this place of the dataset's `fields`.
    Field(usize),
    /// It is not read.
    Ignored,
}

/// The columns of one file, each with its use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// Header and use of each column.
    pub uses: Vec<(String, ColumnUse)>,
    /// The column that takes up what a row has too much.
    pub absorbing: Option<usize>,
}

/// Where the headers of a file stand.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The file's name.
    pub file: &'a str,
    /// The row of the headers.
    pub row: u64,
    /// They themselves; empty where the file has none.
    pub headers: &'a [String],
}

impl Columns {
    /// Recognises the columns of a file.
    ///
    /// # Errors
    /// See [`MappingFault`].
    pub fn recognise(
        dataset: &Dataset,
        head: Head<'_>,
        mapping: &Mapping,
    ) -> Result<Columns, MappingFault> {
        mapping.check_fields(dataset)?;
        let columns = match &mapping.columns {
            Some(names) => Columns::listed(dataset, names, mapping)?,
            None => Columns::by_header(dataset, head, mapping)?,
        };
        if columns
            .uses
            .iter()
            .all(|(_, usage)| *usage == ColumnUse::Ignored)
        {
            return Err(MappingFault::Nothing {
                dataset: dataset.name.clone(),
                headers: head.headers.join(", "),
            });
        }
        Ok(columns)
    }

    fn listed(
        dataset: &Dataset,
        names: &[String],
        mapping: &Mapping,
    ) -> Result<Columns, MappingFault> {
        if let Some(header) = mapping.map.keys().next() {
            let line = mapping.line(&format!("map.{header}"));
            return Err(MappingFault::Beside { line });
        }
        let mut absorbing = None;
        let mut uses: Vec<(String, ColumnUse)> = Vec::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            let bare = name.strip_suffix('+');
            if bare.is_some() {
                absorbing = Some(place);
            }
            let name = bare.unwrap_or(name);
            let line = mapping.line(&format!("columns.{place}"));
            let usage = match named(dataset, name, line)? {
                None => ColumnUse::Ignored,
                Some(field) => ColumnUse::Field(field),
            };
            if usage != ColumnUse::Ignored && uses.iter().any(|(_, other)| *other == usage) {
                let field = name.to_owned();
                return Err(MappingFault::Twice { line, field });
            }
            uses.push((name.to_owned(), usage));
        }
        Ok(Columns { uses, absorbing })
    }

    fn by_header(
        dataset: &Dataset,
        head: Head<'_>,
        mapping: &Mapping,
    ) -> Result<Columns, MappingFault> {
        let headers = head.headers;
        mapping.check_headers(headers)?;
        // What the mapping says of each column; `Some(None)`: it is not read.
        let mut said: Vec<Option<Option<usize>>> = Vec::with_capacity(headers.len());
        for (column, header) in headers.iter().enumerate() {
            let Some(field) = mapping.map.get(header) else {
                said.push(None);
                continue;
            };
            let line = mapping.line(&format!("map.{header}"));
            let place = named(dataset, field, line)?;
            let earlier = said
                .iter()
                .position(|other| place.is_some() && *other == Some(place));
            if let Some(earlier) = earlier {
                let one = headers.get(earlier).cloned().unwrap_or_default();
                if one != *header {
                    let field = field.clone();
                    return Err(MappingFault::Twice { line, field });
                }
                let titled = place.and_then(|place| dataset.fields.get(place));
                let places = (earlier, column);
                return Err(two_columns(head, places, titled));
            }
            said.push(Some(place));
        }
        // Headers that the mapping speaks of are no longer for the dataset's aliases to claim.
        let open: Vec<&str> = headers
            .iter()
            .zip(&said)
            .map(|(header, said)| if said.is_some() { "" } else { header.as_str() })
            .collect();
        let place_of = |field: &Field| {
            dataset
                .fields
                .iter()
                .position(|each| each.name == field.name)
        };
        let is_said = |place: usize| said.contains(&Some(Some(place)));
        let rival = dataset
            .rivals(&open)
            .into_iter()
            .find(|rival| !place_of(rival.field).is_some_and(is_said));
        if let Some(rival) = rival {
            let places = (rival.taken, rival.other);
            return Err(two_columns(head, places, Some(rival.field)));
        }
        let recognised = dataset.assign(&open);
        let mut uses = Vec::with_capacity(headers.len());
        for ((header, said_place), field) in headers.iter().zip(&said).zip(recognised) {
            let by_alias = field.and_then(place_of).filter(|place| !is_said(*place));
            let usage = said_place
                .unwrap_or(by_alias)
                .map_or(ColumnUse::Ignored, ColumnUse::Field);
            uses.push((header.clone(), usage));
        }
        Ok(Columns {
            uses,
            absorbing: None,
        })
    }

    /// The column that holds the field at this place of the dataset's fields.
    pub fn column_of(&self, field: usize) -> Option<usize> {
        self.uses
            .iter()
            .position(|(_, usage)| *usage == ColumnUse::Field(field))
    }

    /// Headers that are not read.
    pub fn ignored(&self) -> Vec<&str> {
        self.uses
            .iter()
            .filter(|(header, usage)| *usage == ColumnUse::Ignored && !header.is_empty())
            .map(|(header, _)| header.as_str())
            .collect()
    }
}

impl Mapping {
    /// Every field that the mapping names must be one of the dataset that takes what is said of it.
    fn check_fields(&self, dataset: &Dataset) -> Result<(), MappingFault> {
        for (header, field) in &self.map {
            named(dataset, field, self.line(&format!("map.{header}")))?;
        }
        let constants = self.constants.keys().map(|field| ("constants", field));
        let values = self.values.keys().map(|field| ("values", field));
        for (table, name) in constants.chain(values) {
            let line = self.line(&format!("{table}.{name}"));
            let place = field_place(dataset, name, line)?;
            let helped = dataset
                .fields
                .get(place)
                .and_then(|field| field.hint.as_ref());
            if let Some(hint) = helped {
                return Err(MappingFault::Hint {
                    line,
                    field: name.clone(),
                    helps: hint.field.clone(),
                });
            }
        }
        let Some(name) = &self.effective_field else {
            return Ok(());
        };
        let line = self.line("effective_field");
        let place = field_place(dataset, name, line)?;
        let is_date = dataset
            .fields
            .get(place)
            .is_some_and(|field| field.kind == FieldKind::Date);
        if is_date {
            return Ok(());
        }
        let field = name.clone();
        Err(MappingFault::EffectiveField { line, field })
    }

    /// Every header that the mapping names must be one of the file.
    fn check_headers(&self, headers: &[String]) -> Result<(), MappingFault> {
        for header in self.map.keys() {
            if headers.contains(header) {
                continue;
            }
            let instead = standard::nearest(header, headers.iter().map(String::as_str));
            return Err(MappingFault::Header {
                line: self.line(&format!("map.{header}")),
                header: header.clone(),
                headers: headers.join(", "),
                instead: instead.map(str::to_owned),
            });
        }
        Ok(())
    }
}

fn two_columns(
    head: Head<'_>,
    (one, other): (usize, usize),
    field: Option<&Field>,
) -> MappingFault {
    let header = |place: usize| {
        let header = head.headers.get(place).cloned();
        (place + 1, header.unwrap_or_default())
    };
    let title = field.map(|field| (field.title.zh.clone(), field.title.en.clone()));
    MappingFault::Columns(Box::new(TwoColumns {
        file: head.file.to_owned(),
        row: head.row,
        one: header(one),
        other: header(other),
        field: field.map_or(String::new(), |field| field.name.clone()),
        title: title.unwrap_or_default(),
    }))
}

/// The place of a field; `None` for the empty name of a column that is not read.
fn named(dataset: &Dataset, name: &str, line: u32) -> Result<Option<usize>, MappingFault> {
    if name.is_empty() {
        return Ok(None);
    }
    field_place(dataset, name, line).map(Some)
}

fn field_place(dataset: &Dataset, name: &str, line: u32) -> Result<usize, MappingFault> {
    dataset
        .fields
        .iter()
        .position(|field| field.name == name)
        .ok_or_else(|| MappingFault::Field {
            line,
            field: name.to_owned(),
            dataset: dataset.name.clone(),
            instead: standard::nearest(
                name,
                dataset.fields.iter().map(|field| field.name.as_str()),
            )
            .map(str::to_owned),
        })
}

/// The line of every entry, by its path.
fn lines_of(text: &str, table: &DeTable<'_>) -> BTreeMap<String, u32> {
    let line_at = |offset: usize| {
        let before = text.get(..offset).unwrap_or(text);
        u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
    };
    let mut lines = BTreeMap::new();
    for (key, value) in table.iter() {
        let name = key.get_ref().as_ref();
        lines.insert(name.to_owned(), line_at(key.span().start));
        match value.get_ref() {
            DeValue::Table(inner) => {
                for (own, _) in inner.iter() {
                    let path = format!("{name}.{}", own.get_ref().as_ref());
                    lines.insert(path, line_at(own.span().start));
                }
            }
            DeValue::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    lines.insert(format!("{name}.{place}"), line_at(item.span().start));
                }
            }
            _ => {}
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognise(text: &str, headers: &[&str]) -> Result<Columns, MappingFault> {
        let standard = standard::embedded().unwrap();
        let dataset = standard.dataset("institution").unwrap();
        let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        let head = Head {
            file: "名单.csv",
            row: 2,
            headers: &headers,
        };
        Columns::recognise(dataset, head, &Mapping::parse(text)?)
    }

    #[track_caller]
    fn refused(text: &str, headers: &[&str], en: &str, zh: &str) {
        let fault = recognise(text, headers).unwrap_err();
        assert_eq!(fault.to_string(), en);
        assert_eq!(fault.zh(), zh);
    }

    #[test]
    fn what_a_mapping_says_of_nothing_is_named_with_its_line() {
        let headers = ["校名全", "区县"];
        refused(
            "header = true\n[map]\n\"校名\" = \"name\"\n",
            &headers,
            "mapping file, line 3: the file has no column “校名”; did you mean `校名全`?; its columns are: 校名全, 区县",
            "对照文件第 3 行：文件中没有“校名”这一列，是不是“校名全”？文件的列是：校名全, 区县",
        );
        refused(
            "[map]\n\"校名全\" = \"nam\"\n",
            &headers,
            "mapping file, line 2: `nam` is no field of institution; did you mean `name`?; the dictionary lists the fields",
            "对照文件第 2 行：“nam”不是数据集 institution 的字段，是不是“name”？字段名见数据字典",
        );
        refused(
            "[constants]\n\nsponser = \"811\"\n",
            &headers,
            "mapping file, line 3: `sponser` is no field of institution; did you mean `sponsor`?; the dictionary lists the fields",
            "对照文件第 3 行：“sponser”不是数据集 institution 的字段，是不是“sponsor”？字段名见数据字典",
        );
        refused(
            "[constants]\ncounty_name = \"雁塔区\"\n",
            &headers,
            "mapping file, line 2: `county_name` only helps to recognise `division` and takes no values here; write `division`",
            "对照文件第 2 行：“county_name”只用来识别“division”，这里不能给值；请写“division”",
        );
        refused(
            "colums = [\"name\"]\n",
            &headers,
            "mapping file, line 1: `colums` is not known here; did you mean `columns`?",
            "对照文件第 1 行：没有“colums”这一项，是不是“columns”？",
        );
        refused(
            "columns = [\"name\", \"\",\n  \"name\"]\n",
            &headers,
            "mapping file, line 2: `name` is given twice; keep one, write \"\" for a column that is not to be read",
            "对照文件第 2 行：“name”写了两次；请保留一个，不读的列写 \"\"",
        );
        refused(
            "columns = [\"name\"]\n[map]\n\"校名全\" = \"name\"\n",
            &headers,
            "mapping file, line 3: `map` has no effect beside `columns`; leave one of them out",
            "对照文件第 3 行：写了 columns 就不用 map；请去掉其中一个",
        );
        refused(
            "effective_field = \"name\"\n",
            &headers,
            "mapping file, line 1: effective_field names `name`, which is not a date; name a field that is one",
            "对照文件第 1 行：effective_field 写的“name”不是日期字段；请写一个日期字段",
        );
        let syntax = Mapping::parse("map = [").unwrap_err();
        assert!(syntax.to_string().contains("line 1"), "{syntax}");
    }

    #[test]
    fn two_columns_of_one_field_stop_the_file_unless_the_mapping_chooses() {
        let headers = ["校名", "区县", "学校名称"];
        refused(
            "",
            &headers,
            "名单.csv, row 2: columns 3 (“学校名称”) and 1 (“校名”) are both “Name”; say in a mapping file which is meant: [map] \"学校名称\" = \"name\", and \"\" for the other",
            "名单.csv 第 2 行：第 3 列“学校名称”和第 1 列“校名”都是“学校(机构)名称”；请在对照文件中写明用哪一列：[map] \"学校名称\" = \"name\"，另一列写 \"\"",
        );
        refused(
            "",
            &["学校名称", "区县", "学校名称"],
            "名单.csv, row 2: columns 1 (“学校名称”) and 3 (“学校名称”) are both “Name”; rename one of them in the file, or list all columns in a mapping file: columns = [\"…\"]",
            "名单.csv 第 2 行：第 1 列“学校名称”和第 3 列“学校名称”都是“学校(机构)名称”；请在文件中改掉其中一个表头，或在对照文件中用 columns = [\"…\"] 逐列写明",
        );
        let chosen = recognise(
            "[map]\n\"校名\" = \"name\"\n\"学校名称\" = \"\"\n",
            &headers,
        )
        .unwrap();
        assert_eq!(chosen.uses[2].1, ColumnUse::Ignored);
        assert!(matches!(chosen.uses[0].1, ColumnUse::Field(_)));
        // The name of a county beside its code helps to find it; a name in brackets beside the code is its name.
        for headers in [
            &["学校名称", "行政区划代码", "区县", "县区名称"][..],
            &["学校名称", "所在区划", "所在区划(名称)"],
        ] {
            recognise("", headers).unwrap();
        }
        assert!(recognise("", &["学校名称", "在校(男)", "举办者(甲)", "举办者(乙)"]).is_err());
    }
}
