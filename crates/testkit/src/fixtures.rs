//! Records for tests. Institutions go through the one way in, as a file; divisions and education units
//! come with the definitions.

use kernel::{Clocks, RecordId, Value};

use crate::TestApp;

/// An institution that a test invents.
#[derive(Debug, Clone, Default)]
pub struct Institution {
    cells: Vec<(&'static str, String)>,
}

/// An institution with a name in a county, of which nothing else is known: an open public primary school
/// under the county's bureau.
pub fn institution(name: &str, county: &str) -> Institution {
    Institution::default()
        .with("name", name)
        .with("type", "211")
        .with("run_by", "public")
        .with("unit", county)
        .with("division", county)
        .with("status", "open")
}

impl Institution {
    /// Sets a field, by its name in the definitions.
    #[must_use]
    pub fn with(mut self, field: &'static str, value: impl Into<String>) -> Self {
        self.cells.retain(|(known, _)| *known != field);
        self.cells.push((field, value.into()));
        self
    }
}

/// Institutions as the text of a file, with the field names as headers.
pub fn csv(institutions: &[Institution]) -> String {
    let mut fields: Vec<&str> = Vec::new();
    for (field, _) in institutions
        .iter()
        .flat_map(|institution| &institution.cells)
    {
        if !fields.contains(field) {
            fields.push(field);
        }
    }
    let mut text = fields.join(",");
    text.push('\n');
    for institution in institutions {
        let row: Vec<String> = fields
            .iter()
            .map(|field| {
                let cell = institution.cells.iter().find(|(known, _)| known == field);
                cell.map_or_else(String::new, |(_, value)| quoted(value))
            })
            .collect();
        text.push_str(&row.join(","));
        text.push('\n');
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// Many institutions with codes, spread evenly over counties: the file of a large import.
pub fn many(count: usize, counties: &[&str]) -> String {
    let institutions: Vec<Institution> = (0..count)
        .map(|place| {
            let county = counties[place % counties.len()];
            institution(&format!("第{}小学", place + 1), county)
                .with("code", format!("2161{:06}", place + 1))
                .with("address", format!("{county}街道{}号", place % 997))
        })
        .collect();
    csv(&institutions)
}

impl TestApp {
    /// Takes institutions in; all of them must be taken.
    pub async fn load(&self, institutions: &[Institution]) {
        let finished = self
            .import("institution", "fixtures.csv", csv(institutions))
            .await
            .unwrap();
        assert!(!finished.plan.has_refusals(), "{:#?}", finished.plan.causes);
    }

    /// The record of a dataset whose field has a value today.
    pub async fn record(&self, dataset: &str, field: &str, value: &str) -> RecordId {
        let registry = self.app.registry();
        let standard = registry.standard();
        let definition = standard.dataset(dataset).unwrap();
        let place = definition
            .stored_fields()
            .position(|known| known.name == field)
            .unwrap();
        let clocks = Clocks::latest(registry.today());
        let mut found = None;
        let permit = self.permit();
        let read = registry.ledger().read(&permit, dataset, clocks, |version| {
            if version.values.get(place).and_then(Value::as_text) == Some(value) {
                found = Some(version.record);
            }
        });
        read.await.unwrap();
        found.unwrap_or_else(|| panic!("no {dataset} has {field} = {value}"))
    }

    /// The division with a code today.
    pub async fn division(&self, code: &str) -> RecordId {
        self.record("division", "code", code).await
    }

    /// The institution with a name today.
    pub async fn institution(&self, name: &str) -> RecordId {
        self.record("institution", "name", name).await
    }
}
