//! Uploads that never came in whole.

use std::io::ErrorKind;
use std::time::Duration;

use super::Imports;

/// An upload takes half a day at most: what is older than a whole one was left by a program that was killed.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

impl Imports {
    /// Deletes what was left of uploads that never came in whole; how many files that were.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub async fn sweep_incoming(&self) -> std::io::Result<usize> {
        let mut entries = match tokio::fs::read_dir(self.files.join("incoming")).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        let mut deleted = 0;
        while let Some(entry) = entries.next_entry().await? {
            let modified = entry.metadata().await?.modified()?;
            if modified.elapsed().is_ok_and(|age| age > ABANDONED) {
                tokio::fs::remove_file(entry.path()).await?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }
}
