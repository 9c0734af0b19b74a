//! What is kept of imports of personal data: uploads, refused rows and plans are sealed at rest, under the key of the
//! node that the room of security keeps, and expire.
//!
//! A sealed file is a line that names the format and what the file is, then parts of at most [`PART`] bytes, each with
//! its length before it. A part is authenticated with the name, its number and whether it is the last, so that none can
//! be left out, put elsewhere, or cut off.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use security::Security;
use tokio::io::AsyncWriteExt as _;

use super::Imports;
use super::model::{Import, State};
use super::store;
use crate::intake::{IntakeError, Plan};
use crate::ledger::{LedgerError, hex};

/// The first line of a sealed file, before its name.
const FORMAT: &str = "weihe-sealed-1 ";
/// A sealed text in a column.
const SEALED_TEXT: &str = "sealed-1:";
/// So many bytes are sealed at a time.
const PART: usize = 1 << 20;
/// What is kept of imports of personal data expires after so many days, unless the setting [`DAYS_SETTING`] says less.
const MOST_DAYS: i64 = 30;
/// The setting that says after how many days; more than 30 does not count.
pub const DAYS_SETTING: &str = "personal_draft_days";
const DAY: i64 = 86_400_000;

/// A file that is being received.
pub struct Receiving {
    path: PathBuf,
    file: tokio::fs::File,
    sealing: Option<Sealing>,
}

struct Sealing {
    security: Security,
    name: String,
    number: u64,
    waiting: Vec<u8>,
}

impl Receiving {
    /// Where it is written to.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes more of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), IntakeError> {
        let Some(sealing) = &mut self.sealing else {
            return self.file.write_all(bytes).await.map_err(unwritable);
        };
        sealing.waiting.extend_from_slice(bytes);
        while sealing.waiting.len() > PART {
            let rest = sealing.waiting.split_off(PART);
            let part = std::mem::replace(&mut sealing.waiting, rest);
            let sealed = sealing.part(&part, false)?;
            self.file.write_all(&sealed).await.map_err(unwritable)?;
        }
        Ok(())
    }

    /// Ends it; it is on the disk then.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn finish(mut self) -> Result<(), IntakeError> {
        if let Some(sealing) = &mut self.sealing {
            let part = std::mem::take(&mut sealing.waiting);
            let sealed = sealing.part(&part, true)?;
            self.file.write_all(&sealed).await.map_err(unwritable)?;
        }
        self.file.flush().await.map_err(unwritable)?;
        self.file.sync_all().await.map_err(unwritable)
    }
}

impl Sealing {
    fn part(&mut self, plain: &[u8], is_last: bool) -> Result<Vec<u8>, IntakeError> {
        let place = part_place(&self.name, self.number, is_last);
        self.number += 1;
        let blob = self
            .security
            .seal_for_room(&place, plain)
            .map_err(LedgerError::from)?;
        let length = u32::try_from(blob.len()).unwrap_or(u32::MAX);
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.extend(blob);
        Ok(bytes)
    }
}

/// Where a part of a file belongs: it opens there only.
fn part_place(name: &str, number: u64, is_last: bool) -> String {
    let end = if is_last { "last" } else { "more" };
    format!("import-file:{name}:{number}:{end}")
}

/// Where the plan of an import belongs.
fn plan_place(import: i64) -> String {
    format!("import-plan:{import}")
}

fn unwritable(error: std::io::Error) -> IntakeError {
    IntakeError::unwritable(&error)
}

impl Imports {
    /// Whether what is kept of imports of a dataset is sealed.
    pub fn is_sealed(&self, dataset: &str) -> bool {
        let dataset = self.ledger.standard().dataset(dataset);
        dataset.is_some_and(|dataset| dataset.person.is_some())
    }

    /// A place in the files folder for a file that comes in. It is sealed as it comes unless it is known to be of a
    /// dataset without personal data.
    ///
    /// # Errors
    /// When the folder cannot be made; those of the store.
    pub async fn receive(
        &self,
        name: &str,
        dataset: Option<&str>,
    ) -> Result<Receiving, IntakeError> {
        let path = self.incoming(name).await.map_err(unwritable)?;
        let is_plain = dataset.is_some_and(|dataset| !self.is_sealed(dataset));
        self.receiving(path, name, is_plain).await
    }

    async fn receiving(
        &self,
        path: PathBuf,
        name: &str,
        is_plain: bool,
    ) -> Result<Receiving, IntakeError> {
        let sealing = match is_plain {
            true => None,
            false => Some(Sealing {
                security: self.ledger.security().clone(),
                name: name.to_owned(),
                number: 0,
                waiting: Vec::new(),
            }),
        };
        let mut file = tokio::fs::File::create(&path).await.map_err(unwritable)?;
        if sealing.is_some() {
            let line = format!("{FORMAT}{name}\n");
            file.write_all(line.as_bytes()).await.map_err(unwritable)?;
        }
        Ok(Receiving {
            path,
            file,
            sealing,
        })
    }

    /// Writes a file whole, sealed.
    pub(super) async fn write_sealed(&self, path: &Path, bytes: &[u8]) -> Result<(), IntakeError> {
        let name = path
            .file_name()
            .map_or(String::new(), |name| name.to_string_lossy().into_owned());
        let mut target = self.receiving(path.to_owned(), &name, false).await?;
        target.write(bytes).await?;
        target.finish().await
    }

    /// The content of a file that may be sealed.
    ///
    /// # Errors
    /// [`IntakeError::Sealed`] where it cannot be opened any more; when it cannot be read.
    pub async fn read_kept(&self, path: &Path) -> Result<Vec<u8>, IntakeError> {
        let bytes = tokio::fs::read(path).await.map_err(super::unreadable)?;
        let Some(sealed) = bytes.strip_prefix(FORMAT.as_bytes()) else {
            return Ok(bytes);
        };
        let line = sealed
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or(IntakeError::Sealed)?;
        let (name, rest) = sealed.split_at_checked(line).ok_or(IntakeError::Sealed)?;
        let name = String::from_utf8(name.to_vec()).map_err(|_| IntakeError::Sealed)?;
        let mut rest = rest.get(1..).unwrap_or_default();
        let security = self.ledger.security();
        let mut plain = Vec::with_capacity(rest.len());
        let mut number = 0;
        loop {
            let (length, behind) = rest.split_first_chunk::<4>().ok_or(IntakeError::Sealed)?;
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            let (blob, behind) = behind.split_at_checked(length).ok_or(IntakeError::Sealed)?;
            rest = behind;
            let place = part_place(&name, number, rest.is_empty());
            let part = security.open_for_room(&place, blob);
            plain.extend(part.map_err(|_| IntakeError::Sealed)?);
            if rest.is_empty() {
                return Ok(plain);
            }
            number += 1;
        }
    }

    /// Whether a file is sealed.
    pub(super) async fn is_sealed_file(path: &Path) -> std::io::Result<bool> {
        use tokio::io::AsyncReadExt as _;
        let mut front = Vec::new();
        let file = tokio::fs::File::open(path).await?;
        file.take(FORMAT.len() as u64)
            .read_to_end(&mut front)
            .await?;
        Ok(front == FORMAT.as_bytes())
    }

    /// Opens a file that was sealed before it was known to hold no personal data.
    pub(super) async fn unseal_file(&self, path: &Path) -> Result<(), IntakeError> {
        let plain = self.read_kept(path).await?;
        tokio::fs::write(path, plain).await.map_err(unwritable)
    }

    /// A plan as it is kept.
    pub(super) fn plan_to_keep(
        &self,
        dataset: &str,
        id: i64,
        plan: &Plan,
    ) -> Result<String, IntakeError> {
        let text = serde_json::to_string(plan).unwrap_or_default();
        if !self.is_sealed(dataset) {
            return Ok(text);
        }
        let blob = self
            .ledger
            .security()
            .seal_for_room(&plan_place(id), text.as_bytes())
            .map_err(LedgerError::from)?;
        Ok(format!("{SEALED_TEXT}{}", hex(&blob)))
    }

    /// Opens the plans of imports that were read from the store. One that cannot be opened any more is left out.
    pub(super) fn open_plans(&self, imports: &mut [Import]) {
        let is_sealed = |import: &Import| {
            let plan = import.plan.as_deref();
            plan.is_some_and(|plan| plan.starts_with(SEALED_TEXT))
        };
        let security = self.ledger.security();
        for import in imports.iter_mut().filter(|import| is_sealed(import)) {
            let blob = import
                .plan
                .as_deref()
                .and_then(|plan| plan.strip_prefix(SEALED_TEXT))
                .and_then(from_hex)
                .unwrap_or_default();
            let plain = security.open_for_room(&plan_place(import.id), &blob);
            import.plan = plain.ok().and_then(|plain| String::from_utf8(plain).ok());
        }
    }

    /// Removes what is kept of imports of personal data and has expired: files and examples of rows. What came of an
    /// import stays as numbers; one that still waited for a decision is put aside. Answers how many.
    ///
    /// # Errors
    /// Those of the store and of the folder.
    pub async fn expire(&self) -> Result<usize, IntakeError> {
        let said = self
            .ledger
            .security()
            .setting(DAYS_SETTING)
            .await
            .map_err(LedgerError::from)?;
        let days = said
            .and_then(|days| days.trim().parse().ok())
            .map_or(MOST_DAYS, |days: i64| days.clamp(0, MOST_DAYS));
        let before = self.clock.now().add(-days.saturating_mul(DAY));
        let mut imports = store::updated_before(&mut self.work.read().await?, before).await?;
        imports.retain(|import| self.is_sealed(&import.dataset) && !import.state.is_running());
        self.open_plans(&mut imports);
        let mut count = 0;
        for import in &imports {
            let is_kept = import.plan.as_deref().is_some_and(has_rows)
                || tokio::fs::try_exists(self.folder(import.id))
                    .await
                    .unwrap_or(true);
            if is_kept {
                self.forget_rows(import).await?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Removes what is kept of the rows of some imports of personal data that are not under way: of those that brought a
    /// person who is being erased.
    ///
    /// # Errors
    /// Those of the store and of the folder.
    pub(crate) async fn forget(&self, ids: &BTreeSet<i64>) -> Result<(), IntakeError> {
        let mut imports: Vec<Import> = Vec::new();
        for id in ids {
            imports.extend(store::one(&mut self.work.read().await?, *id).await?);
        }
        imports.retain(|import| self.is_sealed(&import.dataset) && !import.state.is_running());
        self.open_plans(&mut imports);
        for import in &imports {
            self.forget_rows(import).await?;
        }
        Ok(())
    }

    async fn forget_rows(&self, import: &Import) -> Result<(), IntakeError> {
        let plan = import.plan.as_deref();
        let numbers = plan
            .and_then(|plan| serde_json::from_str::<Plan>(plan).ok())
            .map(Plan::without_rows);
        let numbers = numbers.and_then(|numbers| serde_json::to_string(&numbers).ok());
        match tokio::fs::remove_dir_all(self.folder(import.id)).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(unwritable(error));
            }
            _ => {}
        }
        let state = match import.state {
            State::Planned => State::Discarded,
            other => other,
        };
        let mut tx = self.work.write().await?;
        store::expire(&mut tx, import.id, state, numbers.as_deref()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Removes the upload of an import of personal data that was committed: nothing needs it any more.
    pub(super) async fn drop_upload(&self, import: i64, dataset: &str) {
        if !self.is_sealed(dataset) {
            return;
        }
        let upload = self.folder(import).join("source");
        if let Err(error) = tokio::fs::remove_file(upload).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(import, %error, "an upload that was committed could not be removed; it expires");
        }
    }
}

/// Whether a plan shows single rows.
fn has_rows(plan: &str) -> bool {
    let plan = serde_json::from_str::<Plan>(plan);
    plan.is_ok_and(|plan| plan.clone().without_rows() != plan)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
