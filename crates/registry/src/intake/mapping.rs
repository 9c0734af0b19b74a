//! Which column of a file is which field: recognised by its header, or said by a mapping file.

use std::collections::BTreeMap;

use kernel::Datum;
use serde::{Deserialize, Serialize};
use standard::{Dataset, FieldKind};

/// A mapping file: what a file's columns are, for files whose headers do not say it.
///
/// ```toml
/// header = false
/// columns = ["name+", "lat", "lon", ""]   # `+`: takes up what a row has too much; "": not read
/// datum = "bd09"
/// encoding = "gb18030"
/// effective_field = "founded"              # the date from which each row holds
/// [map]                                    # header in the file = field
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
}

/// A mapping that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingFault {
    /// The file is not of the format.
    #[error("the mapping file cannot be read: {0}")]
    Syntax(String),
    /// It names a field that the dataset lacks.
    #[error("the mapping names `{field}`, which {dataset} does not have{}", hint(.instead.as_deref()))]
    Field {
        /// The name.
        field: String,
        /// The dataset.
        dataset: String,
        /// The field that was perhaps meant.
        instead: Option<String>,
    },
    /// The field that is to say from when rows hold is no date.
    #[error("effective_field names `{0}`, which is not a date; name a field that is one")]
    EffectiveField(String),
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

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// [`MappingFault::Syntax`] with the line.
    pub fn parse(text: &str) -> Result<Mapping, MappingFault> {
        toml::from_str(text).map_err(|error| MappingFault::Syntax(error.to_string()))
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

impl Columns {
    /// Recognises the columns of a file.
    ///
    /// # Errors
    /// See [`MappingFault`].
    pub fn recognise(
        dataset: &Dataset,
        headers: &[String],
        mapping: &Mapping,
    ) -> Result<Columns, MappingFault> {
        for field in mapping
            .map
            .values()
            .chain(mapping.constants.keys())
            .chain(mapping.values.keys())
        {
            field_place(dataset, field)?;
        }
        if let Some(name) = &mapping.effective_field {
            let place = field_place(dataset, name)?;
            if dataset
                .fields
                .get(place)
                .is_none_or(|field| field.kind != FieldKind::Date)
            {
                return Err(MappingFault::EffectiveField(name.clone()));
            }
        }
        let columns = match &mapping.columns {
            Some(names) => Columns::listed(dataset, names)?,
            None => Columns::by_header(dataset, headers, mapping)?,
        };
        if columns
            .uses
            .iter()
            .all(|(_, usage)| *usage == ColumnUse::Ignored)
        {
            return Err(MappingFault::Nothing {
                dataset: dataset.name.clone(),
                headers: headers.join(", "),
            });
        }
        Ok(columns)
    }

    fn listed(dataset: &Dataset, names: &[String]) -> Result<Columns, MappingFault> {
        let mut absorbing = None;
        let mut uses = Vec::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            let bare = name.strip_suffix('+');
            if bare.is_some() {
                absorbing = Some(place);
            }
            let name = bare.unwrap_or(name);
            let usage = if name.is_empty() {
                ColumnUse::Ignored
            } else {
                ColumnUse::Field(field_place(dataset, name)?)
            };
            uses.push((name.to_owned(), usage));
        }
        Ok(Columns { uses, absorbing })
    }

    fn by_header(
        dataset: &Dataset,
        headers: &[String],
        mapping: &Mapping,
    ) -> Result<Columns, MappingFault> {
        let said: Vec<Option<usize>> = headers
            .iter()
            .map(|header| {
                mapping
                    .map
                    .get(header)
                    .map(|field| field_place(dataset, field))
                    .transpose()
            })
            .collect::<Result<_, _>>()?;
        // Headers that the mapping speaks of are no longer for the dataset's aliases to claim.
        let open: Vec<&str> = headers
            .iter()
            .zip(&said)
            .map(|(header, said)| if said.is_some() { "" } else { header.as_str() })
            .collect();
        let recognised = dataset.assign(&open);
        let mut uses = Vec::with_capacity(headers.len());
        for ((header, said_place), field) in headers.iter().zip(&said).zip(recognised) {
            let by_alias = field
                .and_then(|field| {
                    dataset
                        .fields
                        .iter()
                        .position(|each| each.name == field.name)
                })
                .filter(|place| !said.contains(&Some(*place)));
            let usage = said_place
                .or(by_alias)
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

fn field_place(dataset: &Dataset, name: &str) -> Result<usize, MappingFault> {
    dataset
        .fields
        .iter()
        .position(|field| field.name == name)
        .ok_or_else(|| MappingFault::Field {
            field: name.to_owned(),
            dataset: dataset.name.clone(),
            instead: standard::nearest(
                name,
                dataset.fields.iter().map(|field| field.name.as_str()),
            )
            .map(str::to_owned),
        })
}
