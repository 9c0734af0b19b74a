//! The node's key for secrets of sign-in, in a file of its own apart from the databases.

use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

use super::seal::NodeKey;
use crate::crypto;
use crate::random::{Random, RandomError, token_bytes};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read or made.
    #[error("the key file {file} cannot be read or made: {cause}")]
    File {
        /// Which.
        file: String,
        /// Why.
        cause: std::io::Error,
    },
    /// It holds something else.
    #[error("the key file {0} must hold 64 hexadecimal digits; put it back from its backup")]
    Content(String),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Reads the key, and makes it where there is no file yet. Without a file it lasts as long as the program.
pub(super) fn load(file: Option<&Path>, random: &dyn Random) -> Result<NodeKey, KeyFileError> {
    let fresh = token_bytes(random)?;
    let Some(file) = file else {
        return Ok(NodeKey::new(fresh));
    };
    let fault = |cause: std::io::Error| KeyFileError::File {
        file: file.display().to_string(),
        cause,
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(fault)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(mut made) => {
            made.write_all(crypto::hex(&fresh).as_bytes())
                .and_then(|()| made.sync_all())
                .map_err(fault)?;
            tracing::warn!(
                file = %file.display(),
                "a key for secrets of sign-in was made: keep a copy of it apart from the data"
            );
            Ok(NodeKey::new(fresh))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let mut text = String::new();
            std::fs::File::open(file)
                .and_then(|mut file| file.read_to_string(&mut text))
                .map_err(fault)?;
            let key = crypto::unhex(text.trim()).and_then(|bytes| bytes.try_into().ok());
            key.map(NodeKey::new)
                .ok_or_else(|| KeyFileError::Content(file.display().to_string()))
        }
        Err(error) => Err(fault(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn the_key_is_made_once_for_its_owner_only() {
        let folder = std::env::temp_dir().join(format!("weihe-key-{}", std::process::id()));
        let file = folder.join("keys/signin.key");
        let first = load(Some(&file), &SystemRandom).unwrap();
        let again = load(Some(&file), &SystemRandom).unwrap();
        assert_eq!(first.mark("x", &[]), again.mark("x", &[]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::write(&file, "short").unwrap();
        assert!(matches!(
            load(Some(&file), &SystemRandom),
            Err(KeyFileError::Content(_))
        ));
        std::fs::remove_dir_all(&folder).unwrap();
        let loose = load(None, &SystemRandom).unwrap();
        assert_ne!(loose.mark("x", &[]), first.mark("x", &[]));
    }
}
