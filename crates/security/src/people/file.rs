//! Master keys in a file that only its owner may read.
//!
//! ```text
//! # comments
//! weihe-master-keys 1
//! key 1 1790000000000 64-HEXADECIMAL-DIGITS CHECK
//! key 2 …
//! current 2
//! ```
//!
//! `CHECK` is the start of the SHA-256 of what stands before it in its line, so that a slip of the pen is found.
//! The file is replaced whole. Beside it, `erased` holds the erasure list: ids, days and codes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ::crypto::{Secret, Suite, Zeroizing, digest};
use kernel::{Millis, RecordId};

use super::master::{MasterKeyId, MasterKeys};
use super::model::{Erased, PeopleError};
use super::rules;
use crate::crypto::{hex, unhex};
use crate::random::Random;

const FIRST_LINE: &str = "weihe-master-keys 1";
const ABOUT: &str = "\
# 渭河主密钥。没有它，台账中的个人信息无法读取；请另存副本，与数据分开保管。
# The master keys of Weihe. Without them the personal data in the ledger cannot be read. Keep a copy apart from
# the data: whoever has both can read everything, whoever loses this file can read nothing.
";

/// What the file holds.
#[derive(Default)]
struct Held {
    keys: BTreeMap<MasterKeyId, (Millis, Secret)>,
    current: Option<MasterKeyId>,
}

/// Master keys in a file.
pub struct FileKeys {
    file: PathBuf,
    held: Mutex<Option<Held>>,
}

impl std::fmt::Debug for FileKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("FileKeys")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl FileKeys {
    /// Keys in a file, which is read when a key is asked for.
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        Self {
            file,
            held: Mutex::new(None),
        }
    }

    fn fault(&self, why: impl Into<String>) -> PeopleError {
        PeopleError::Master {
            place: self.place(),
            why: why.into(),
        }
    }

    fn io(&self, doing: &str, error: &io::Error) -> PeopleError {
        self.fault(format!("{doing}: {error}"))
    }

    fn read(&self) -> Result<Held, PeopleError> {
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Held::default()),
            Err(error) => return Err(self.io("it cannot be read", &error)),
        };
        self.only_the_owner_may_read()?;
        parse(&text).map_err(|why| self.fault(why))
    }

    #[cfg(unix)]
    fn only_the_owner_may_read(&self) -> Result<(), PeopleError> {
        use std::os::unix::fs::PermissionsExt as _;
        let about =
            fs::metadata(&self.file).map_err(|error| self.io("it cannot be read", &error))?;
        if about.permissions().mode() & 0o077 == 0 {
            return Ok(());
        }
        Err(self.fault("others than its owner may read it; run `chmod 600` on it"))
    }

    #[cfg(not(unix))]
    fn only_the_owner_may_read(&self) -> Result<(), PeopleError> {
        Ok(())
    }

    /// Runs with what the file holds; reads it again where `enough` says that it is not enough, since another
    /// process may have added a key.
    fn with<Answer>(
        &self,
        enough: impl Fn(&Held) -> bool,
        answer: impl FnOnce(&Held) -> Answer,
    ) -> Result<Answer, PeopleError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match held.take() {
            Some(known) if enough(&known) => known,
            _ => self.read()?,
        };
        let answer = answer(&known);
        *held = Some(known);
        Ok(answer)
    }

    /// Writes what `change` makes of the file, whole: a file beside it takes its place.
    fn change(
        &self,
        change: impl FnOnce(&mut Held) -> Result<(), PeopleError>,
    ) -> Result<(), PeopleError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fresh = self.read()?;
        change(&mut fresh)?;
        let folder = self.folder();
        make_folder(folder).map_err(|error| self.io("its folder cannot be made", &error))?;
        let beside = self.file.with_extension("new");
        let text = text_of(&fresh);
        // What an interrupted change left.
        let _ = fs::remove_file(&beside);
        write_new(&beside, text.as_bytes())
            .and_then(|()| fs::rename(&beside, &self.file))
            .and_then(|()| sync_folder(folder))
            .map_err(|error| self.io("it cannot be written", &error))?;
        *held = Some(fresh);
        Ok(())
    }

    fn folder(&self) -> &Path {
        match self.file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    fn list(&self) -> PathBuf {
        self.folder().join("erased")
    }
}

impl MasterKeys for FileKeys {
    fn place(&self) -> String {
        self.file.display().to_string()
    }

    fn current(&self) -> Result<Option<MasterKeyId>, PeopleError> {
        self.with(|_| false, |held| held.current)
    }

    fn key(&self, id: MasterKeyId) -> Result<Option<Secret>, PeopleError> {
        self.with(
            |held| held.keys.contains_key(&id),
            |held| held.keys.get(&id).map(|(_, secret)| secret.duplicate()),
        )
    }

    fn add(&self, random: &dyn Random, now: Millis) -> Result<MasterKeyId, PeopleError> {
        let mut bytes = Zeroizing::new([0; Secret::BYTES]);
        random
            .fill(bytes.as_mut_slice())
            .map_err(|error| self.fault(error.to_string()))?;
        let secret = Secret::take(&mut bytes);
        let mut id = MasterKeyId(1);
        self.change(|held| {
            id = MasterKeyId(held.keys.last_key_value().map_or(0, |(last, _)| last.0) + 1);
            held.keys.insert(id, (now, secret));
            held.current = Some(id);
            Ok(())
        })?;
        Ok(id)
    }

    fn remove(&self, id: MasterKeyId) -> Result<(), PeopleError> {
        self.change(|held| {
            if held.current == Some(id) {
                return Err(self.fault(format!("the key {id} is the current one")));
            }
            held.keys.remove(&id);
            Ok(())
        })
    }

    fn erasures(&self) -> Result<Vec<Erased>, PeopleError> {
        let list = match fs::read_to_string(self.list()) {
            Ok(list) => list,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.io("the erasure list beside it cannot be read", &error)),
        };
        // The last line may be torn by a crash; the databases hold it then.
        Ok(list.lines().filter_map(erased_of).collect())
    }

    fn keep_erasures(&self, erased: &[Erased]) -> Result<(), PeopleError> {
        if erased.is_empty() {
            return Ok(());
        }
        let mut lines = String::from("\n");
        for entry in erased {
            let Erased {
                person,
                mark,
                at,
                reason,
                by,
            } = entry;
            let _ = writeln!(lines, "{person} {mark} {} {reason} {by}", at.0);
        }
        make_folder(self.folder())
            .and_then(|()| append(&self.list(), lines.as_bytes()))
            .map_err(|error| self.io("the erasure list beside it cannot be written", &error))
    }
}

fn erased_of(line: &str) -> Option<Erased> {
    let mut words = line.split(' ');
    let erased = Erased {
        person: RecordId::new(words.next()?.parse().ok()?),
        mark: words.next()?.parse().ok()?,
        at: Millis(words.next()?.parse().ok()?),
        reason: words
            .next()
            .filter(|code| rules::is_reason(code))?
            .to_owned(),
        by: words.next()?.to_owned(),
    };
    words.next().is_none().then_some(erased)
}

fn check_of(line: &str) -> String {
    let hash = digest(Suite::International, line.as_bytes());
    hash.first_chunk::<4>()
        .map(|start| hex(start))
        .unwrap_or_default()
}

fn text_of(held: &Held) -> Zeroizing<String> {
    // Long enough for every line, so that no copy is left behind by growing.
    let mut text = Zeroizing::new(String::with_capacity(1024 + held.keys.len() * 160));
    text.push_str(ABOUT);
    text.push_str(FIRST_LINE);
    text.push('\n');
    for (id, (made, secret)) in &held.keys {
        let digits = Zeroizing::new(hex(secret.expose()));
        let line = Zeroizing::new(format!("key {id} {} {}", made.0, &*digits));
        let _ = writeln!(text, "{} {}", &*line, check_of(&line));
    }
    if let Some(current) = held.current {
        let _ = writeln!(text, "current {current}");
    }
    text
}

fn parse(text: &str) -> Result<Held, String> {
    let mut held = Held::default();
    let mut is_ours = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let wrong = |what: &str| format!("line {} {what}; put back the copy", number + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if !is_ours {
            if line != FIRST_LINE {
                return Err(wrong(&format!("is not “{FIRST_LINE}”")));
            }
            is_ours = true;
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match *words.as_slice() {
            ["key", id, made, digits, check] => {
                let before = Zeroizing::new(format!("key {id} {made} {digits}"));
                if check_of(&before) != check {
                    return Err(wrong("was changed: its check does not agree"));
                }
                let bytes = unhex(digits).map(Zeroizing::new);
                let secret = bytes.as_deref().and_then(|bytes| Secret::of_slice(bytes));
                match (id.parse(), made.parse(), secret) {
                    (Ok(id), Ok(made), Some(secret)) if id > 0 => {
                        held.keys.insert(MasterKeyId(id), (Millis(made), secret));
                    }
                    _ => return Err(wrong("holds no key")),
                }
            }
            ["current", id] => {
                let id = id.parse().map(MasterKeyId).ok();
                held.current = id.filter(|id| held.keys.contains_key(id));
                if held.current.is_none() {
                    return Err(wrong("names a key that is not there"));
                }
            }
            _ => return Err(wrong("cannot be understood")),
        }
    }
    if held.current.is_none() {
        return Err("it names no current key; put back the copy".to_owned());
    }
    Ok(held)
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

fn options() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

fn write_new(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = options().write(true).create_new(true).open(file)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn append(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = options().append(true).create(true).open(file)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
