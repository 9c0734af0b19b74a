//! Telling people: in the program, and where the operator set it up by mail and to hooks. A notice holds no personal data, only what kind it is and where to look.

mod outbox;
pub(crate) mod send;
pub(crate) mod settings;

use db::Tx;
use security::Permit;

use crate::api::Workflow;
use crate::cases::is_local;
use crate::error::WorkflowError;
use crate::model::Told;
use crate::store;

/// What someone is told. The word in the store never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// A case waits for the reader.
    Asked,
    /// The reader's case went on.
    Moved,
    /// The reader's case came back.
    Returned,
    /// The reader's case is over.
    Ended,
    /// A time limit comes near.
    DueSoon,
    /// A time limit ran out.
    Overdue,
    /// A case came up from below because nobody decided there.
    Escalated,
    /// A case was passed to the reader.
    HandedOver,
    /// A deputy's post or a hand-over concerns the reader.
    Succession,
    /// A report or an answer is due in another room.
    Due,
    /// Something else: the link says what.
    Other,
}

impl NoticeKind {
    /// The words in the store.
    pub(crate) const ALL: [(&'static str, Self); 11] = [
        ("asked", Self::Asked),
        ("moved", Self::Moved),
        ("returned", Self::Returned),
        ("ended", Self::Ended),
        ("due_soon", Self::DueSoon),
        ("overdue", Self::Overdue),
        ("escalated", Self::Escalated),
        ("handed_over", Self::HandedOver),
        ("succession", Self::Succession),
        ("due", Self::Due),
        ("other", Self::Other),
    ];

    /// The word in the store, in messages to others, and the end of the message's key.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("other", |(word, _)| word)
    }

    pub(crate) fn parse(word: &str) -> Self {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == word)
            .map_or(Self::Other, |(_, kind)| *kind)
    }
}

impl Workflow {
    /// Tells accounts something, for another room: which one judges who may be told; the link leads nobody where
    /// they may not go.
    ///
    /// # Errors
    /// [`WorkflowError::Db`]. A link that is no address of this program is left out.
    pub async fn notify(&self, _permit: &Permit, told: &Told) -> Result<(), WorkflowError> {
        let mut tx = self.0.work.write().await?;
        self.tell(&mut tx, told).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes notices in a transaction of the work database, so that what happened and that it was told stand or
    /// fall together.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn tell(&self, tx: &mut Tx, told: &Told) -> Result<(), WorkflowError> {
        let now = self.0.clock.now();
        let link = if is_local(&told.link) {
            told.link.as_str()
        } else {
            "/inbox"
        };
        for account in &told.to {
            store::insert_notice(tx, *account, told.kind, told.case, link, now).await?;
        }
        self.queue(tx, told, link, now).await
    }
}
