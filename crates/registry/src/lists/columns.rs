//! The columns that a list of institutions can have: its own fields, those of the latest school year, and
//! the two ratios.

use standard::{Field, FieldKind, Label, Lang, Standard};

use security::Permit;

/// A ratio of the latest school year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ratio {
    /// 平均班额
    ClassSize,
    /// 生师比
    PupilsPerTeacher,
}

impl Ratio {
    /// The name of its figure in the definitions, which is its key in the address.
    pub fn figure(self) -> &'static str {
        match self {
            Ratio::ClassSize => "mean_class_size",
            Ratio::PupilsPerTeacher => "pupils_per_teacher",
        }
    }
}

/// A column of the list.
#[derive(Debug, Clone, Copy)]
pub enum ListColumn<'s> {
    /// A field of the institution.
    Own(&'s Field),
    /// A field of its latest school year.
    Year(&'s Field),
    /// A ratio of its latest school year.
    Ratio(Ratio, &'s Standard),
}

/// The columns that a list has unless the reader chooses.
const USUAL: [&str; 11] = [
    "name",
    "code",
    "type",
    "division",
    "run_by",
    "status",
    "pupils",
    "classes",
    "fulltime_teachers",
    "mean_class_size",
    "pupils_per_teacher",
];

/// The fields of a school year that a list shows.
const YEAR_FIELDS: [&str; 5] = [
    "school_year",
    "pupils",
    "classes",
    "fulltime_teachers",
    "building_area",
];

impl<'s> ListColumn<'s> {
    /// All columns that the permit may see, in their order.
    pub fn all(standard: &'s Standard, permit: &Permit) -> Vec<ListColumn<'s>> {
        let own = standard
            .dataset("institution")
            .into_iter()
            .flat_map(|dataset| dataset.stored_fields());
        let mut all: Vec<ListColumn<'s>> = own
            .filter(|field| permit.sees_field(field.sensitivity))
            .map(ListColumn::Own)
            .collect();
        // The name stands first: it leads to the institution.
        all.sort_by_key(|column| column.key() != "name");
        let year = standard.dataset("institution_year");
        all.extend(
            YEAR_FIELDS
                .iter()
                .filter_map(|name| year.and_then(|dataset| dataset.field(name)))
                .filter(|field| permit.sees_field(field.sensitivity))
                .map(ListColumn::Year),
        );
        all.extend(
            [Ratio::ClassSize, Ratio::PupilsPerTeacher]
                .map(|ratio| ListColumn::Ratio(ratio, standard)),
        );
        all
    }

    /// The chosen columns, the name always among them; the usual ones where none is chosen.
    pub fn chosen(all: &[ListColumn<'s>], keys: &[&str]) -> Vec<ListColumn<'s>> {
        let wanted = |key: &str| {
            if keys.is_empty() {
                USUAL.contains(&key)
            } else {
                key == "name" || keys.contains(&key)
            }
        };
        all.iter()
            .filter(|column| wanted(column.key()))
            .copied()
            .collect()
    }

    /// The key in the address.
    pub fn key(&self) -> &'s str {
        match self {
            ListColumn::Own(field) | ListColumn::Year(field) => &field.name,
            ListColumn::Ratio(ratio, _) => ratio.figure(),
        }
    }

    fn title_label(&self) -> Option<&'s Label> {
        match self {
            ListColumn::Own(field) | ListColumn::Year(field) => Some(&field.title),
            ListColumn::Ratio(ratio, standard) => {
                standard.figure(ratio.figure()).map(|figure| &figure.title)
            }
        }
    }

    /// The header.
    pub fn title(&self, lang: Lang) -> &'s str {
        self.title_label()
            .map_or_else(|| self.key(), |label| label.get(lang))
    }

    /// The unit of measure.
    pub fn unit(&self, lang: Lang) -> Option<&'s str> {
        match self {
            ListColumn::Own(field) | ListColumn::Year(field) => {
                field.unit.as_ref().map(|label| label.get(lang))
            }
            ListColumn::Ratio(ratio, standard) => standard
                .figure(ratio.figure())
                .map(|figure| figure.unit.get(lang)),
        }
    }

    /// Whether the list can be sorted by it.
    pub fn sorts(&self) -> bool {
        super::store::sorts(self.key())
    }

    /// Whether it is set right.
    pub fn is_numeric(&self) -> bool {
        match self {
            ListColumn::Own(field) | ListColumn::Year(field) => {
                !field.many
                    && matches!(
                        field.kind,
                        FieldKind::Int { .. } | FieldKind::Decimal { .. }
                    )
            }
            ListColumn::Ratio(..) => true,
        }
    }
}
