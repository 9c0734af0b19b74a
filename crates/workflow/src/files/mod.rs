//! Files attached to a case: sealed at rest, served as a download only, gone after their time.

pub(crate) mod kind;

use std::path::{Path, PathBuf};

use kernel::{AccountId, Millis};
use security::{AuditAction, Outcome, Permit, Subject};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use crate::api::{Workflow, hex};
use crate::cases::NewNote;
use crate::error::WorkflowError;
use crate::model::{CaseId, EventKind};
use crate::rules::{self, Standing};
use crate::store::{self, StoredFile};
use kind::{FileFault, kind_of};

/// The longest name of a file.
const LONGEST_NAME: usize = 120;
/// How many files one round deletes.
const AT_ONCE: i64 = 200;
/// A file that no case knows is left for so long: its case may be about to know it.
const ORPHAN_AGE: std::time::Duration = std::time::Duration::from_secs(24 * 3600);
const DAY: i64 = 86_400_000;

/// A file of a case, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Its number.
    pub id: i64,
    /// The name under which it was sent.
    pub name: String,
    /// Its kind, by content.
    pub kind: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was attached.
    pub added: Millis,
    /// By whom.
    pub added_by: Option<AccountId>,
}

impl From<FileFault> for WorkflowError {
    fn from(fault: FileFault) -> Self {
        Self::File(fault.code())
    }
}

impl From<std::io::Error> for WorkflowError {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.to_string())
    }
}

impl Workflow {
    /// Attaches a file to a case that is open, by the applicant or by someone who may move it now.
    ///
    /// # Errors
    /// [`WorkflowError::Hidden`]; [`WorkflowError::File`] with what is wrong with it.
    pub async fn attach(
        &self,
        permit: &Permit,
        id: CaseId,
        name: &str,
        bytes: &[u8],
        address: Option<&str>,
    ) -> Result<i64, WorkflowError> {
        let folder = self.folder()?;
        let mut tx = self.0.work.read().await?;
        let (case, workflow) = self.visible(&mut tx, permit, id).await?;
        let present = store::files(&mut tx, id).await?.len();
        drop(tx);
        let standing = Standing::from(&case);
        let mover = self.mover(permit, case.unit);
        let account = permit.actor().account();
        let is_own = account.is_some() && (case.holder == account);
        let may = is_own || !rules::moves_of(&workflow, standing, &mover, &[]).is_empty();
        if case.kind.is_over() || !may || workflow.files.most == 0 {
            return Err(FileFault::Closed.into());
        }
        if present >= usize::try_from(workflow.files.most).unwrap_or(0) {
            return Err(FileFault::TooMany.into());
        }
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > workflow.files.bytes {
            return Err(FileFault::TooLarge.into());
        }
        let kind = kind_of(bytes)?;
        if !workflow.files.kinds.iter().any(|known| known == kind) {
            return Err(FileFault::Kind.into());
        }
        let mut random = [0_u8; 16];
        self.0
            .security
            .random()
            .fill(&mut random)
            .map_err(security::SecurityError::from)?;
        let stored = hex(&random);
        let sealed = self.0.sealing.seal(&content_place(&stored), bytes)?;
        write_whole(&folder.join(&stored), &sealed).await?;
        let noted = self
            .note_file(permit, &case, &stored, name, kind, bytes, address)
            .await;
        if noted.is_err() {
            let _ = tokio::fs::remove_file(folder.join(&stored)).await;
        }
        noted
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one row")]
    async fn note_file(
        &self,
        permit: &Permit,
        case: &crate::model::Case,
        stored: &str,
        name: &str,
        kind: &str,
        bytes: &[u8],
        address: Option<&str>,
    ) -> Result<i64, WorkflowError> {
        let mut tx = self.0.work.write().await?;
        let number = store::next_number(&mut tx, "file").await?;
        // The number of the case's next event locks the case: two uploads at once are counted one after the other.
        let mut event = self.person_event(EventKind::FileAdded, permit);
        event.detail = Some(format!("file:{number}"));
        self.add_event(&mut tx, case.id, &event, NewNote::NONE)
            .await?;
        let now_is = store::case(&mut tx, case.id).await?;
        let most = {
            let workflow = self.definition(&mut tx, case).await?;
            usize::try_from(workflow.files.most).unwrap_or(0)
        };
        if now_is.is_none_or(|now_is| now_is.kind.is_over()) {
            return Err(FileFault::Closed.into());
        }
        if store::files(&mut tx, case.id).await?.len() >= most {
            return Err(FileFault::TooMany.into());
        }
        let shown = file_name(name, kind);
        let file = StoredFile {
            id: number,
            case: case.id,
            name: self.0.sealing.seal(&name_place(number), shown.as_bytes())?,
            kind: kind.to_owned(),
            bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            digest: Sha256::digest(bytes).to_vec(),
            stored: stored.to_owned(),
            added: self.0.clock.now(),
            added_by: permit.actor().account(),
        };
        store::insert_file(&mut tx, &file).await?;
        self.0
            .security
            .audit(
                &mut tx,
                permit.actor(),
                AuditAction::CaseFile,
                &Subject::case(case.id.0),
                Outcome::Done,
                address,
            )
            .await?;
        tx.commit().await?;
        Ok(number)
    }

    /// The files of a case.
    ///
    /// # Errors
    /// [`WorkflowError::Hidden`].
    pub async fn attached(
        &self,
        permit: &Permit,
        id: CaseId,
    ) -> Result<Vec<Attached>, WorkflowError> {
        let mut tx = self.0.work.read().await?;
        self.visible(&mut tx, permit, id).await?;
        store::files(&mut tx, id)
            .await?
            .iter()
            .map(|file| self.listed_file(file))
            .collect()
    }

    fn listed_file(&self, file: &StoredFile) -> Result<Attached, WorkflowError> {
        let name = self.0.sealing.open(&name_place(file.id), &file.name)?;
        Ok(Attached {
            id: file.id,
            name: String::from_utf8_lossy(&name).into_owned(),
            kind: file.kind.clone(),
            bytes: u64::try_from(file.bytes).unwrap_or(0),
            added: file.added,
            added_by: file.added_by,
        })
    }

    /// A file's name and content; that it was read stands in the audit log before it is answered.
    ///
    /// # Errors
    /// [`WorkflowError::Hidden`] for a file that is not of this case, or gone.
    pub async fn read_file(
        &self,
        permit: &Permit,
        id: CaseId,
        file: i64,
        address: Option<&str>,
    ) -> Result<(Attached, Vec<u8>), WorkflowError> {
        let folder = self.folder()?;
        let file = {
            let mut tx = self.0.work.read().await?;
            self.visible(&mut tx, permit, id).await?;
            let files = store::files(&mut tx, id).await?;
            let found = files.into_iter().find(|known| known.id == file);
            found.ok_or(WorkflowError::Hidden)?
        };
        let sealed = tokio::fs::read(folder.join(&file.stored)).await?;
        let bytes = self.0.sealing.open(&content_place(&file.stored), &sealed)?;
        if Sha256::digest(&bytes).as_slice() != file.digest.as_slice() {
            return Err(WorkflowError::Disk(format!(
                "the content of file {} is not what was attached",
                file.id
            )));
        }
        self.0
            .security
            .audit_alone(
                permit.actor(),
                AuditAction::CaseFileRead,
                &Subject::case(id.0),
                Outcome::Done,
                address,
            )
            .await?;
        Ok((self.listed_file(&file)?, bytes))
    }

    /// Takes a file away again: whoever attached it, while the case is open.
    ///
    /// # Errors
    /// [`WorkflowError::Hidden`], [`WorkflowError::File`].
    pub async fn detach(
        &self,
        permit: &Permit,
        id: CaseId,
        file: i64,
        address: Option<&str>,
    ) -> Result<(), WorkflowError> {
        let folder = self.folder()?;
        let (case, file) = {
            let mut tx = self.0.work.read().await?;
            let (case, _) = self.visible(&mut tx, permit, id).await?;
            let files = store::files(&mut tx, id).await?;
            let found = files.into_iter().find(|known| known.id == file);
            (case, found.ok_or(WorkflowError::Hidden)?)
        };
        let account = permit.actor().account();
        if case.kind.is_over() || account.is_none() || file.added_by != account {
            return Err(FileFault::Closed.into());
        }
        let mut tx = self.0.work.write().await?;
        if store::remove_file(&mut tx, file.id, self.0.clock.now()).await? {
            let mut event = self.person_event(EventKind::FileRemoved, permit);
            event.detail = Some(format!("file:{}", file.id));
            self.add_event(&mut tx, id, &event, NewNote::NONE).await?;
            self.0
                .security
                .audit(
                    &mut tx,
                    permit.actor(),
                    AuditAction::CaseFile,
                    &Subject::case(id.0),
                    Outcome::Done,
                    address,
                )
                .await?;
            tx.commit().await?;
        }
        remove(&folder.join(&file.stored)).await
    }

    /// Deletes files past their time and those that no case knows. A job's work, once an hour.
    ///
    /// # Errors
    /// [`WorkflowError::Db`], [`WorkflowError::Disk`].
    pub async fn sweep_files(&self) -> Result<usize, WorkflowError> {
        let Ok(folder) = self.folder() else {
            return Ok(0);
        };
        let now = self.0.clock.now();
        let (mut deleted, mut skipped) = (0, 0);
        loop {
            let ended = {
                let mut tx = self.0.work.read().await?;
                store::files_of_ended(&mut tx, now, AT_ONCE, skipped).await?
            };
            if ended.is_empty() {
                break;
            }
            for (file, case, over) in ended {
                if self.is_kept(case, over, now).await? {
                    skipped += 1;
                    continue;
                }
                // The row first: a file that is gone and still listed would be a fault, one that is left is swept.
                let mut tx = self.0.work.write().await?;
                store::remove_file(&mut tx, file.id, now).await?;
                tx.commit().await?;
                remove(&folder.join(&file.stored)).await?;
                deleted += 1;
            }
        }
        self.sweep_orphans(&folder).await?;
        Ok(deleted)
    }

    /// Whether the files of a case that ended at `over` are still to be kept.
    async fn is_kept(
        &self,
        case: CaseId,
        over: Millis,
        now: Millis,
    ) -> Result<bool, WorkflowError> {
        let mut tx = self.0.work.read().await?;
        let Some(case) = store::case(&mut tx, case).await? else {
            return Ok(false);
        };
        let days = self.definition(&mut tx, &case).await?.files.kept_days;
        Ok(over.add(i64::from(days).saturating_mul(DAY)) > now)
    }

    async fn sweep_orphans(&self, folder: &Path) -> Result<(), WorkflowError> {
        let mut entries = match tokio::fs::read_dir(folder).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        while let Some(entry) = entries.next_entry().await? {
            let modified = entry.metadata().await?.modified()?;
            let is_old = modified.elapsed().is_ok_and(|age| age > ORPHAN_AGE);
            let name = entry.file_name().to_string_lossy().into_owned();
            if !is_old {
                continue;
            }
            let is_known = {
                let mut tx = self.0.work.read().await?;
                store::is_file_known(&mut tx, &name).await?
            };
            if !is_known {
                remove(&entry.path()).await?;
            }
        }
        Ok(())
    }

    fn folder(&self) -> Result<PathBuf, WorkflowError> {
        self.0
            .files
            .clone()
            .ok_or_else(|| WorkflowError::Disk("there is no folder for files".to_owned()))
    }
}

/// Writes a file whole or not at all, lasting before this answers.
async fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), WorkflowError> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let mut file = tokio::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    Ok(())
}

async fn remove(path: &Path) -> Result<(), WorkflowError> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// A name without folders and control characters, with the ending of what the content is.
fn file_name(sent: &str, kind: &str) -> String {
    let name = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stem: String = stem
        .chars()
        .filter(|letter| !letter.is_control() && !"\"<>:|?*".contains(*letter))
        // Marks that turn the direction of reading could hide an ending.
        .filter(|letter| {
            !('\u{200b}'..='\u{202e}').contains(letter)
                && !('\u{2066}'..='\u{2069}').contains(letter)
        })
        .take(LONGEST_NAME)
        .collect();
    let stem = match stem.trim().trim_matches('.') {
        "" => "file",
        stem => stem,
    };
    let ending = if kind == "jpeg" { "jpg" } else { kind };
    format!("{stem}.{ending}")
}

fn name_place(id: i64) -> String {
    format!("workflow_file:{id}:name")
}

fn content_place(stored: &str) -> String {
    format!("workflow_file:{stored}:content")
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_name_says_what_the_content_is() {
        assert_eq!(file_name("C:\\x\\证明.pdf.exe", "pdf"), "证明.pdf.pdf");
        assert_eq!(file_name("../../etc/passwd", "png"), "passwd.png");
        assert_eq!(file_name("", "jpeg"), "file.jpg");
        assert_eq!(file_name("a\u{202e}fdp.exe", "csv"), "afdp.csv");
    }
}
