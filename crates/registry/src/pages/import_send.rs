//! `POST /imports`: a file comes in. It is written to disk as it comes, never held in memory.

use std::path::PathBuf;

use axum::extract::multipart::Field;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;
use kernel::Day;
use security::{RequirePermit, Visit};
use standard::Lang;
use ui::{Fault, FormState, Shell};

use super::failure::Failure;
use super::{go_to, import_new, lang};
use crate::api::Registry;
use crate::imports::Request;
use crate::intake::context::unit_named;
use crate::intake::{Mapping, parse_datum};

/// The longest value of a field that is not the file; also of a mapping file.
const MOST_TEXT: usize = 256 * 1024;
/// The form has a dozen fields that are not the file, and their texts together are held in memory.
const MOST_FIELDS: usize = 50;
const MOST_TEXTS: usize = 4 * MOST_TEXT;

pub(super) async fn send(
    State(registry): State<Registry>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    parts: Multipart,
) -> Response {
    let mut upload = Upload::default();
    let taken = upload.take(&registry, parts).await;
    let outcome = match taken {
        Ok(()) => submit(&registry, &permit, &visit, shell.clone(), &mut upload).await,
        Err(failure) => Err(failure),
    };
    // What was not taken over as an import is of no use to anyone.
    if let Some(path) = upload.path.take() {
        let _ = tokio::fs::remove_file(path).await;
    }
    match outcome {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

/// What a multipart form brought.
#[derive(Default)]
struct Upload {
    pairs: Vec<(String, String)>,
    /// The file's own name.
    file: String,
    /// Where it was written to.
    path: Option<PathBuf>,
    bytes: u64,
    /// Bytes of the other fields so far.
    texts: usize,
    fault: Option<(&'static str, &'static str)>,
}

/// A browser that goes away ends its request wherever it was: what had come of its file goes, too.
impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Upload {
    async fn take(&mut self, registry: &Registry, mut parts: Multipart) -> Result<(), Failure> {
        loop {
            let part = match parts.next_field().await {
                Ok(Some(part)) => part,
                Ok(None) => return Ok(()),
                Err(error) => {
                    tracing::info!(%error, "an upload broke off");
                    self.fault = Some(("file", "registry-fault-broken-off"));
                    return Ok(());
                }
            };
            match part.name().unwrap_or_default().to_owned().as_str() {
                "file" if self.path.is_none() => self.take_file(registry, part).await?,
                "mapping_file" => self.take_mapping(part).await,
                name => {
                    let name = name.to_owned();
                    match short_text(part).await {
                        Some(text) => self.keep(name, text),
                        None => self.fault = Some(("", "registry-fault-too-long")),
                    }
                }
            }
            if self.fault.is_some() {
                return Ok(());
            }
        }
    }

    async fn take_file(&mut self, registry: &Registry, mut part: Field<'_>) -> Result<(), Failure> {
        self.file = file_name(part.file_name().unwrap_or_default());
        let mut bytes = [0_u8; 12];
        registry
            .security()
            .random()
            .fill(&mut bytes)
            .map_err(|error| Failure::Security(error.into()))?;
        // The form sends the dataset first; where it did not, the file is sealed until it is known.
        let dataset = self
            .pairs
            .iter()
            .find(|(name, _)| name == "dataset")
            .map(|(_, dataset)| dataset.as_str());
        let mut target = registry
            .imports()
            .receive(&format!("{}.part", crate::ledger::hex(&bytes)), dataset)
            .await?;
        self.path = Some(target.path().to_owned());
        loop {
            match part.chunk().await {
                Ok(Some(chunk)) => {
                    self.bytes = self.bytes.saturating_add(chunk.len() as u64);
                    if self.bytes > import_new::most_bytes(registry) {
                        self.fault = Some(("file", "registry-fault-file-too-large"));
                        return Ok(());
                    }
                    target.write(&chunk).await?;
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::info!(%error, "an upload broke off");
                    self.fault = Some(("file", "registry-fault-broken-off"));
                    return Ok(());
                }
            }
        }
        target.finish().await?;
        Ok(())
    }

    /// A field that is not the file.
    fn keep(&mut self, name: String, text: String) {
        self.texts = self.texts.saturating_add(name.len() + text.len());
        if self.texts > MOST_TEXTS || self.pairs.len() >= MOST_FIELDS {
            self.fault = Some(("", "registry-fault-too-long"));
        } else {
            self.pairs.push((name, text));
        }
    }

    /// A mapping file takes the place of the text field.
    async fn take_mapping(&mut self, part: Field<'_>) {
        match short_text(part).await {
            Some(text) if text.trim().is_empty() => {}
            Some(text) => {
                self.pairs.retain(|(name, _)| name != "mapping");
                self.pairs.push((
                    "mapping".to_owned(),
                    text.trim_start_matches('\u{feff}').to_owned(),
                ));
            }
            None => self.fault = Some(("mapping", "registry-fault-too-long")),
        }
    }
}

/// The name of a file without folders, which some browsers send along.
fn file_name(sent: &str) -> String {
    let name = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    name.chars()
        .filter(|character| !character.is_control())
        .take(120)
        .collect()
}

/// A text that is not too long.
async fn short_text(mut part: Field<'_>) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        match part.chunk().await {
            Ok(Some(chunk)) => {
                if bytes.len() + chunk.len() > MOST_TEXT {
                    return None;
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(None) => return String::from_utf8(bytes).ok(),
            Err(_) => return None,
        }
    }
}

async fn submit(
    registry: &Registry,
    permit: &RequirePermit,
    visit: &Visit,
    shell: Shell,
    upload: &mut Upload,
) -> Result<Response, Failure> {
    let mut state = FormState::from_pairs(std::mem::take(&mut upload.pairs));
    if let Some((field, key)) = upload.fault {
        state.fail(field, Fault::Key(key));
    } else if upload.path.is_none() || upload.bytes == 0 {
        state.fail("file", Fault::Key("registry-fault-no-file"));
    }
    let dataset = state.required("dataset").unwrap_or_default();
    if !dataset.is_empty() && registry.standard().dataset(&dataset).is_none() {
        state.fail("dataset", Fault::CHOICE);
    }
    state.read("effective", |text| {
        Day::parse(text).map_err(|_| Fault::DATE)
    });
    state.read("datum", |text| parse_datum(text).map_err(|_| Fault::CHOICE));
    let language = lang(&shell.text);
    state.read("mapping", |text| {
        Mapping::parse(text).map_err(|fault| {
            Fault::Said(match language {
                Lang::Zh => fault.zh(),
                Lang::En => fault.to_string(),
            })
        })
    });
    let unit = state.value("complete_for").to_owned();
    if !unit.is_empty() && unit_named(registry.ledger(), permit, &unit).await.is_err() {
        state.fail("complete_for", Fault::Key("registry-fault-unit"));
    }
    let path = upload.path.clone();
    let (true, Some(path)) = (state.is_right(), path) else {
        return import_new::page(
            registry,
            permit,
            shell,
            &state,
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    };
    let grant = visit
        .signed()
        .and_then(|signed| signed.held.as_ref())
        .map(|held| held.grant.id.0);
    let request = Request {
        mapping: state.value("mapping").to_owned(),
        datum: state.value("datum").to_owned(),
        effective: state.value("effective").to_owned(),
        complete_for: unit,
        reason: state.value("reason").to_owned(),
    };
    let id = registry
        .imports()
        .submit(permit, grant, &dataset, &upload.file, &path, &request)
        .await?;
    upload.path = None;
    Ok(go_to(&format!("/imports/{id}")))
}

#[cfg(test)]
mod tests {
    use super::{MOST_FIELDS, MOST_TEXT, Upload, file_name};

    #[test]
    fn a_form_brings_so_many_fields_and_so_much_text_and_no_more() {
        let mut upload = Upload::default();
        for number in 0..MOST_FIELDS {
            upload.keep(format!("field{number}"), "x".to_owned());
        }
        assert_eq!(upload.fault, None);
        upload.keep("one more".to_owned(), String::new());
        assert!(upload.fault.is_some() && upload.pairs.len() == MOST_FIELDS);
        let mut upload = Upload::default();
        for _ in 0..3 {
            upload.keep("reason".to_owned(), "x".repeat(MOST_TEXT));
        }
        assert_eq!(upload.fault, None);
        upload.keep("reason".to_owned(), "x".repeat(MOST_TEXT));
        assert!(upload.fault.is_some() && upload.pairs.len() == 3);
    }

    #[test]
    fn an_upload_that_is_given_up_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("half.part");
        std::fs::write(&path, "学校名称").unwrap();
        drop(Upload {
            pairs: Vec::new(),
            file: "half.csv".to_owned(),
            path: Some(path.clone()),
            bytes: 12,
            texts: 0,
            fault: None,
        });
        assert!(!path.exists());
    }

    #[test]
    fn a_file_keeps_its_name_and_loses_its_folders() {
        assert_eq!(file_name("C:\\报表\\2025 学校.xlsx"), "2025 学校.xlsx");
        assert_eq!(file_name("../../etc/passwd"), "passwd");
        assert_eq!(file_name(""), "");
    }
}
