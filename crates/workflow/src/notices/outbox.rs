//! What is to be sent: written in the transaction of what happened, sent by a job, tried again after a failure and
//! after a crash. A message may come twice where the program was killed between sending and noting it; its number is the
//! same both times.

use db::Tx;
use kernel::{AccountId, Millis};
use security::Permit;
use serde_json::json;

use super::send::{self, Letter, SendFault};
use crate::api::Workflow;
use crate::error::WorkflowError;
use crate::model::Told;
use crate::store::{self, Delivery};

/// A delivery that is being sent is taken again after so long: its worker was killed.
const LEASE: i64 = 120_000;
/// The first wait after a failure; doubled each time.
const FIRST_WAIT: i64 = 30_000;
/// The longest wait: six hours.
const LONGEST_WAIT: i64 = 6 * 3_600_000;
/// After so many tries it is given up: two days and more.
const MOST_ATTEMPTS: i64 = 18;
/// What was sent is kept for so long: ninety days.
const KEPT: i64 = 90 * 86_400_000;
/// How many one round sends.
const AT_ONCE: i64 = 50;

pub(crate) const MAIL: &str = "mail";
pub(crate) const HOOK: &str = "hook";

impl Workflow {
    /// Writes what is to be sent of a notice, beside the notice itself.
    pub(crate) async fn queue(
        &self,
        tx: &mut Tx,
        told: &Told,
        link: &str,
        now: Millis,
    ) -> Result<(), WorkflowError> {
        let settings = &self.0.notices;
        let mut waiting: Vec<(&str, String, Option<AccountId>)> = Vec::new();
        if settings.mail.is_some() && !told.to.is_empty() {
            let reached = store::accounts_with_mail(tx, &told.to).await?;
            waiting.extend(
                reached
                    .into_iter()
                    .map(|account| (MAIL, String::new(), Some(account))),
            );
        }
        if !told.to.is_empty() {
            waiting.extend(
                settings
                    .hook
                    .iter()
                    .map(|hook| (HOOK, hook.name.clone(), None)),
            );
        }
        for (channel, target, account) in waiting {
            let delivery = Delivery {
                id: store::next_number(tx, "delivery").await?,
                channel: channel.to_owned(),
                target,
                account,
                kind: told.kind.as_str().to_owned(),
                case: told.case.map(|case| case.0),
                link: link.to_owned(),
                created: now,
                attempts: 0,
            };
            store::insert_delivery(tx, &delivery).await?;
        }
        Ok(())
    }

    /// Sends what waits: a job's work, every few seconds. Answers how many were sent.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn deliver_waiting(&self) -> Result<usize, WorkflowError> {
        let now = self.0.clock.now();
        let waiting = {
            let mut tx = self.0.work.read().await?;
            store::waiting_deliveries(&mut tx, now, AT_ONCE).await?
        };
        let mut sent = 0;
        for id in waiting {
            let delivery = {
                let mut tx = self.0.work.write().await?;
                let claimed = store::claim_delivery(&mut tx, id, now, now.add(LEASE)).await?;
                tx.commit().await?;
                claimed
            };
            let Some(delivery) = delivery else { continue };
            let outcome = self.deliver(&delivery).await;
            let now = self.0.clock.now();
            let mut tx = self.0.work.write().await?;
            match outcome {
                Ok(()) => {
                    sent += 1;
                    store::finish_delivery(&mut tx, id, "sent", None, now).await?;
                }
                Err(fault) => {
                    tracing::warn!(delivery = id, channel = delivery.channel, attempts = delivery.attempts, %fault, "a notice was not sent");
                    if delivery.attempts >= MOST_ATTEMPTS || is_hopeless(&fault) {
                        store::finish_delivery(&mut tx, id, "failed", Some(fault.code), now)
                            .await?;
                    } else {
                        let wake = now.add(wait_after(delivery.attempts));
                        store::delay_delivery(&mut tx, id, wake, fault.code).await?;
                    }
                }
            }
            tx.commit().await?;
        }
        Ok(sent)
    }

    /// Forgets what was sent, or given up, three months ago. A job's work, once an hour.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn forget_sent(&self) -> Result<(), WorkflowError> {
        let mut tx = self.0.work.write().await?;
        store::forget_deliveries(&mut tx, self.0.clock.now().add(-KEPT)).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), SendFault> {
        let settings = &self.0.notices;
        let gone = |why: &str| SendFault {
            code: "gone",
            why: why.to_owned(),
        };
        let address = settings.address.trim_end_matches('/');
        let link = format!("{address}{}", delivery.link);
        if delivery.channel == HOOK {
            let hook = settings
                .hook
                .iter()
                .find(|hook| hook.name == delivery.target)
                .cloned()
                .ok_or_else(|| gone("the operator took the hook away"))?;
            let body = json!({
                "delivery": delivery.id,
                "kind": delivery.kind,
                "case": delivery.case,
                "at": delivery.created.iso(),
                "link": link,
            })
            .to_string();
            let (id, seconds) = (delivery.id, self.0.clock.now().get().div_euclid(1000));
            return tokio::task::spawn_blocking(move || send::hook(&hook, id, seconds, &body))
                .await
                .unwrap_or_else(|error| {
                    Err(SendFault {
                        code: "fault",
                        why: error.to_string(),
                    })
                });
        }
        let server = settings
            .mail
            .as_ref()
            .ok_or_else(|| gone("the operator took the mail server away"))?;
        let account = delivery.account.ok_or_else(|| gone("no account"))?;
        let to = self
            .mail_of(account)
            .await
            .map_err(|error| SendFault {
                code: "fault",
                why: error.to_string(),
            })?
            .filter(|to| settings.may_mail(to))
            .ok_or_else(|| gone("the account has no address any more"))?;
        let language = self
            .language_of(account)
            .await
            .unwrap_or(ui::Language::Chinese);
        let text = self.0.catalogue.text(language);
        let what = text.get(&format!(
            "workflow-notice-{}",
            delivery.kind.replace('_', "-")
        ));
        let letter = Letter {
            id: delivery.id,
            to: &to,
            subject: text.with("workflow-mail-subject", &[("what", &what)]),
            body: text.with("workflow-mail-body", &[("what", &what), ("link", &link)]),
        };
        send::mail(server, &letter).await
    }

    /// The address to which an account wants its notices.
    pub(crate) async fn mail_of(
        &self,
        account: AccountId,
    ) -> Result<Option<String>, WorkflowError> {
        let mut tx = self.0.work.read().await?;
        let Some(blob) = store::mail_of(&mut tx, account).await? else {
            return Ok(None);
        };
        let plain = self.0.sealing.open(&mail_place(account), &blob)?;
        Ok(String::from_utf8(plain).ok())
    }

    /// Sets the address to which an account wants its own notices; none where empty. False where the operator lets no
    /// mail go there.
    pub(crate) async fn set_own_mail(
        &self,
        permit: &Permit,
        address: &str,
    ) -> Result<bool, WorkflowError> {
        let Some(account) = permit.actor().account() else {
            return Ok(false);
        };
        let address = address.trim();
        if !address.is_empty() && !self.0.notices.may_mail(address) {
            return Ok(false);
        }
        let blob = self
            .0
            .sealing
            .seal(&mail_place(account), address.as_bytes())?;
        let mut tx = self.0.work.write().await?;
        store::put_mail(
            &mut tx,
            account,
            (!address.is_empty()).then_some(blob),
            self.0.clock.now(),
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn language_of(&self, account: AccountId) -> Option<ui::Language> {
        let mut tx = self.0.work.read().await.ok()?;
        let account = security::api::account(&mut tx, account).await.ok()??;
        ui::Language::parse(account.language.as_deref()?)
    }
}

/// The number of milliseconds to wait after so many tries.
fn wait_after(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    FIRST_WAIT
        .saturating_mul(1_i64 << doublings)
        .min(LONGEST_WAIT)
}

/// What no further try would mend.
fn is_hopeless(fault: &SendFault) -> bool {
    matches!(
        fault.code,
        "gone" | "refused" | "address" | "from" | "message"
    )
}

fn mail_place(account: AccountId) -> String {
    format!("workflow_address:{account}")
}
