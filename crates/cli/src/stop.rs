//! Ctrl-C: the first asks the work to stop at its next safe place, the second ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::output::Output;

/// Whether the program was asked to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    asked: Arc<AtomicBool>,
    notify: Arc<Notify>,
}

impl Stop {
    /// Listens for Ctrl-C and `SIGTERM` from now on.
    pub(crate) fn listen(output: &Output) -> std::io::Result<Self> {
        let stop = Self {
            asked: Arc::new(AtomicBool::new(false)),
            notify: Arc::new(Notify::new()),
        };
        let (mine, told, output) = (stop.clone(), server::until_told()?, output.clone());
        tokio::spawn(async move {
            told.await;
            mine.asked.store(true, Ordering::SeqCst);
            mine.notify.notify_waiters();
            output.aside(output.text.get("cli-stopping"));
            if let Ok(again) = server::until_told() {
                again.await;
                std::process::exit(i32::from(crate::STOPPED));
            }
        });
        Ok(stop)
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Ready when the program is asked to stop.
    pub(crate) async fn asked(self) {
        let notified = self.notify.notified();
        if !self.is_asked() {
            notified.await;
        }
    }
}
