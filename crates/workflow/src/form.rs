//! The form of a case: what is typed becomes what is kept.

use std::collections::BTreeMap;

use kernel::{Day, UnitId};
use standard::{FormField, FormKind};

use crate::api::Workflow;
use crate::error::{FieldCode, WorkflowError};
use crate::model::Case;

impl Workflow {
    /// Checks what was typed; all faults at once. What is kept: a unit by its id, a flag as `1` or nothing, the
    /// rest as it was typed, trimmed.
    pub(crate) async fn checked(
        &self,
        fields: &[FormField],
        typed: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, WorkflowError> {
        let mut faults: Vec<(String, FieldCode)> = typed
            .keys()
            .filter(|name| !fields.iter().any(|field| field.name == **name))
            .map(|name| (name.clone(), FieldCode::Unknown))
            .collect();
        let mut kept = BTreeMap::new();
        for field in fields {
            let value = typed.get(&field.name).map_or("", |value| value.trim());
            if value.is_empty() {
                if field.required {
                    faults.push((field.name.clone(), FieldCode::Required));
                }
                continue;
            }
            match self.check_value(field, value).await {
                Ok(value) => {
                    kept.insert(field.name.clone(), value);
                }
                Err(code) => faults.push((field.name.clone(), code)),
            }
        }
        if faults.is_empty() {
            Ok(kept)
        } else {
            Err(WorkflowError::Form(faults))
        }
    }

    async fn check_value(&self, field: &FormField, value: &str) -> Result<String, FieldCode> {
        let standard = &self.0.standard;
        let longest = usize::try_from(field.max_length).unwrap_or(usize::MAX);
        match &field.kind {
            FormKind::Text | FormKind::Area if value.chars().count() > longest => {
                Err(FieldCode::Long)
            }
            FormKind::Text | FormKind::Area => Ok(value.to_owned()),
            FormKind::Int { min, max } => {
                let number: i64 = value.parse().map_err(|_| FieldCode::Number)?;
                let is_low = min.is_some_and(|min| number < min);
                let is_high = max.is_some_and(|max| number > max);
                if is_low || is_high {
                    return Err(FieldCode::Number);
                }
                Ok(number.to_string())
            }
            FormKind::Date => Day::parse(value)
                .map(|day| day.to_string())
                .map_err(|_| FieldCode::Date),
            FormKind::Flag => Ok("1".to_owned()),
            FormKind::Code(set) => standard
                .code_set(set)
                .and_then(|set| set.entry(value))
                .map(|_| value.to_owned())
                .ok_or(FieldCode::Choice),
            FormKind::Post => standard
                .post(value)
                .map(|_| value.to_owned())
                .ok_or(FieldCode::Choice),
            FormKind::Dataset => standard
                .dataset(value)
                .map(|_| value.to_owned())
                .ok_or(FieldCode::Choice),
            FormKind::Sensitivity => standard::Sensitivity::CHOICES
                .iter()
                .find(|(word, _)| *word == value)
                .map(|_| value.to_owned())
                .ok_or(FieldCode::Choice),
            FormKind::Purpose => standard
                .purpose(value)
                .map(|_| value.to_owned())
                .ok_or(FieldCode::Choice),
            FormKind::IncidentLevel => standard
                .assurance()
                .level(value)
                .map(|_| value.to_owned())
                .ok_or(FieldCode::Choice),
            FormKind::Unit => self
                .unit_named(value)
                .await
                .map(|unit| unit.to_string())
                .ok_or(FieldCode::Unit),
        }
    }

    /// The unit with a code or a full name; without a directory (in tests of this room) the id itself.
    async fn unit_named(&self, text: &str) -> Option<UnitId> {
        let unit = match self.0.directory.get() {
            Some(directory) => directory.find(text).await?,
            None => text.parse().ok()?,
        };
        let tree = self.0.security.units();
        tree.position(unit).map(|_| unit)
    }

    /// The code and the name of a unit, for pages; its id where no room above knows it.
    pub async fn unit_label(&self, unit: UnitId) -> (String, String) {
        let label = match self.0.directory.get() {
            Some(directory) => directory.label(unit).await,
            None => None,
        };
        label.unwrap_or_else(|| (unit.to_string(), unit.to_string()))
    }

    pub(crate) fn seal_fields(
        &self,
        case: i64,
        fields: &BTreeMap<String, String>,
    ) -> Result<Vec<u8>, WorkflowError> {
        let plain = serde_json::to_vec(fields)
            .map_err(|error| crate::seal::SealFault(error.to_string()))?;
        Ok(self.0.sealing.seal(&form_place(case), &plain)?)
    }

    pub(crate) fn open_fields(
        &self,
        case: &Case,
    ) -> Result<BTreeMap<String, String>, WorkflowError> {
        let plain = self.0.sealing.open(&form_place(case.id.0), &case.fields)?;
        Ok(serde_json::from_slice(&plain)
            .map_err(|error| crate::seal::SealFault(error.to_string()))?)
    }
}

fn form_place(case: i64) -> String {
    format!("workflow_case:{case}:form")
}
