//! Deputies while someone is away, and handing posts and unfinished work over to a successor (交接).

use std::collections::HashMap;
use std::sync::Arc;

use db::Tx;
use futures::future::BoxFuture;
use kernel::{AccountId, Day, UnitId};

use super::model::{Handover, HandoverState};
use super::store;
use crate::api::Security;
use crate::error::SecurityError;
use crate::model::{Account, AccountKind, AuditAction, Grant, GrantId, NewGrant, Outcome, Subject};
use crate::permit::Permit;
use crate::rules;
use crate::rules::grant::GrantFault;
use crate::signin::{Held, Signed};

/// How long a hand-over may wait for the successor, in milliseconds.
const OFFER_LASTS: i64 = 30 * 24 * 3_600_000;

/// Work that could not be passed on; the text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PassFault(pub String);

/// What passes from whom to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passing {
    /// Who hands over.
    pub giver: AccountId,
    /// The successor.
    pub taker: AccountId,
    /// Each grant of the giver, with the successor's for the same post.
    pub grants: HashMap<GrantId, GrantId>,
    /// The units that these grants are for; `None` is the whole node.
    pub units: Vec<Option<UnitId>>,
}

/// Unfinished work of a room that goes with a post to a successor. Rooms above give this one theirs when the
/// program is opened ([`Security::add_work`]). What holds a handle on its room must hold it weakly.
pub trait WorkInHand: Send + Sync {
    /// The key of the message that names it, with the number as `count`: `3 imports under way`.
    fn label(&self) -> &'static str;

    /// How much of it someone has in hand under some grants.
    fn count<'a>(
        &'a self,
        work: &'a mut Tx,
        giver: AccountId,
        grants: &'a [Grant],
    ) -> BoxFuture<'a, Result<u64, PassFault>>;

    /// Tells someone that a deputy's post or a slip concerns them, in the transaction that wrote it. `link` is
    /// the page. For the one room that tells people things.
    fn tell<'a>(
        &'a self,
        _work: &'a mut Tx,
        _account: AccountId,
        _link: &'a str,
    ) -> BoxFuture<'a, Result<(), PassFault>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Passes it on within the transaction of the hand-over: what was done under a grant goes to the
    /// grant that the successor got for it.
    fn pass<'a>(
        &'a self,
        _work: &'a mut Tx,
        _passing: &'a Passing,
    ) -> BoxFuture<'a, Result<u64, PassFault>> {
        Box::pin(std::future::ready(Ok(0)))
    }

    /// Passes on what needs transactions of its own, after the one of the hand-over. Asked again until it
    /// succeeds, also after a crash: what has passed already is no fault.
    fn pass_after<'a>(
        &'a self,
        _permit: &'a Permit,
        _passing: &'a Passing,
    ) -> BoxFuture<'a, Result<u64, PassFault>> {
        Box::pin(std::future::ready(Ok(0)))
    }
}

/// That a post of one's own is to be looked after by someone else for some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeputyRequest {
    /// The grant of the one who is away.
    pub grant: GrantId,
    /// The deputy's name to sign in with.
    pub login: String,
    /// The first day; `None`: at once.
    pub from: Option<Day>,
    /// The first day on which it no longer holds.
    pub until: Day,
}

/// A slip with the people and grants that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverShown {
    /// The slip.
    pub slip: Handover,
    /// The name of who hands over.
    pub giver: String,
    /// The name of the successor.
    pub taker: String,
    /// The grants as they are or were.
    pub grants: Vec<Grant>,
    /// What goes with them: the key of a message and a number.
    pub work: Vec<(&'static str, u64)>,
}

impl Security {
    /// Adds a room's unfinished work to what a hand-over passes on.
    pub fn add_work(&self, work: Arc<dyn WorkInHand>) {
        let mut all = self
            .0
            .work_in_hand
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        all.push(work);
    }

    fn work_in_hand(&self) -> Vec<Arc<dyn WorkInHand>> {
        let all = self
            .0
            .work_in_hand
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        all.clone()
    }

    /// Gives a deputy a post of one's own for some days. It is as narrow as the own grant and ends with it.
    ///
    /// # Errors
    /// [`SecurityError::NoGrant`] for one that is not one's own, [`SecurityError::Grant`] where the rules of
    /// posts refuse it; a deputy who is not known and one of another unit look the same.
    pub async fn delegate(
        &self,
        signed: &Signed,
        request: &DeputyRequest,
    ) -> Result<GrantId, SecurityError> {
        let own = own_grant(signed, request.grant)?.clone();
        if own.deputy_of.is_some() {
            return Err(GrantFault::OfDeputy.into());
        }
        let mut tx = self.0.work.write().await?;
        let deputy = self
            .colleague(&mut tx, signed, &request.login, own.unit)
            .await?;
        let until = [own.until, signed.account.expires]
            .into_iter()
            .flatten()
            .fold(request.until, Day::min);
        let new = NewGrant {
            from: request.from.max(own.from),
            until: Some(until),
            ..as_narrow(&own)
        };
        let grant = self
            .insert_grant(&mut tx, &signed.permit, &deputy, &new, Some(own.id))
            .await?;
        self.tell_of_succession(&mut tx, deputy.id).await?;
        tx.commit().await?;
        Ok(grant)
    }

    /// The deputies of one's own posts, with their names.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn deputies(&self, signed: &Signed) -> Result<Vec<(Grant, String)>, SecurityError> {
        let today = self.0.clock.today();
        let mut tx = self.0.work.read().await?;
        let mut found = Vec::new();
        for held in own(signed) {
            for grant in crate::store::deputies_of(&mut tx, held.grant.id).await? {
                if grant.until.is_none_or(|until| today < until) {
                    let account = crate::store::account(&mut tx, grant.account).await?;
                    found.push((grant, account.map(|one| one.display).unwrap_or_default()));
                }
            }
        }
        Ok(found)
    }

    /// Ends the grant of a deputy of one's own.
    ///
    /// # Errors
    /// [`SecurityError::NoGrant`] for any other.
    pub async fn end_deputy(&self, signed: &Signed, grant: GrantId) -> Result<(), SecurityError> {
        let mut tx = self.0.work.write().await?;
        let grant = crate::store::grant(&mut tx, grant)
            .await?
            .filter(|grant| {
                let of = grant.deputy_of;
                of.is_some_and(|of| own(signed).any(|held| held.grant.id == of))
            })
            .ok_or(SecurityError::NoGrant)?;
        let by = signed.permit.actor().to_string();
        crate::store::end_grant(&mut tx, grant.id, &by, self.0.clock.now()).await?;
        let subject = Subject::grant(grant.account, grant.id);
        self.done(&mut tx, &signed.permit, AuditAction::GrantEnded, &subject)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Offers posts of one's own to a successor. Nothing changes before the successor accepts.
    ///
    /// # Errors
    /// As [`Security::delegate`].
    pub async fn offer_handover(
        &self,
        signed: &Signed,
        login: &str,
        grants: &[GrantId],
    ) -> Result<i64, SecurityError> {
        if grants.is_empty() {
            return Err(SecurityError::NoGrant);
        }
        let mut tx = self.0.work.write().await?;
        let mut taker = None;
        for id in grants {
            let grant = own_grant(signed, *id)?;
            if grant.deputy_of.is_some() {
                return Err(GrantFault::OfDeputy.into());
            }
            let colleague = self.colleague(&mut tx, signed, login, grant.unit).await?;
            taker = Some(colleague.id);
        }
        let taker = taker.ok_or(SecurityError::NoGrant)?;
        let handover = Handover {
            id: crate::store::next_number(&mut tx, "handover").await?,
            giver: signed.account.id,
            taker,
            grants: grants.to_vec(),
            received: Vec::new(),
            state: HandoverState::Offered,
            offered: self.0.clock.now(),
            decided: None,
        };
        store::insert_handover(&mut tx, &handover).await?;
        self.note_handover(&mut tx, signed, AuditAction::HandoverOffered, handover.id)
            .await?;
        self.tell_of_succession(&mut tx, taker).await?;
        tx.commit().await?;
        Ok(handover.id)
    }

    /// The slips that one gave or was given, the latest first.
    ///
    /// # Errors
    /// [`SecurityError::Db`]; [`SecurityError::WorkInHand`] where a room cannot say what goes with one.
    pub async fn handovers(&self, signed: &Signed) -> Result<Vec<HandoverShown>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let mut shown = Vec::new();
        for slip in store::handovers_of(&mut tx, signed.account.id).await? {
            let mut names = Vec::with_capacity(2);
            for id in [slip.giver, slip.taker] {
                let account = crate::store::account(&mut tx, id).await?;
                names.push(account.map(|one| one.display).unwrap_or_default());
            }
            let mut grants = Vec::with_capacity(slip.grants.len());
            for id in &slip.grants {
                grants.extend(crate::store::any_grant(&mut tx, *id).await?);
            }
            let mut work = Vec::new();
            if slip.state == HandoverState::Offered {
                for one in self.work_in_hand() {
                    let count = one.count(&mut tx, slip.giver, &grants).await?;
                    work.push((one.label(), count));
                }
            }
            let taker = names.pop().unwrap_or_default();
            shown.push(HandoverShown {
                giver: names.pop().unwrap_or_default(),
                taker,
                slip,
                grants,
                work,
            });
        }
        Ok(shown)
    }

    /// Accepts a slip: the posts and the work that goes with them are the successor's from now on.
    ///
    /// # Errors
    /// [`SecurityError::NoHandover`] for one that was not offered to this person or is decided;
    /// [`SecurityError::Grant`] where the successor may not hold a post of it. Then nothing is passed.
    pub async fn accept_handover(&self, signed: &Signed, id: i64) -> Result<(), SecurityError> {
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        let slip = self.open_slip(&mut tx, id).await?;
        if slip.taker != signed.account.id {
            return Err(SecurityError::NoHandover);
        }
        // What someone offered who was barred since is not taken over.
        crate::store::account(&mut tx, slip.giver)
            .await?
            .filter(|giver| giver.may_act(now.day()))
            .ok_or(SecurityError::NoHandover)?;
        let by = signed.permit.actor().to_string();
        let mut passing = Passing {
            giver: slip.giver,
            taker: slip.taker,
            grants: HashMap::new(),
            units: Vec::new(),
        };
        let mut received = Vec::new();
        for id in &slip.grants {
            let grant = crate::store::grant(&mut tx, *id)
                .await?
                .filter(|grant| grant.account == slip.giver && grant.holds_on(now.day()))
                .ok_or(SecurityError::NoHandover)?;
            crate::store::end_grant(&mut tx, grant.id, &by, now).await?;
            let ended = Subject::grant(grant.account, grant.id);
            self.done(&mut tx, &signed.permit, AuditAction::GrantEnded, &ended)
                .await?;
            let new = as_narrow(&grant);
            let held = crate::store::grants_of(&mut tx, slip.taker).await?;
            let same = held
                .iter()
                .find(|held| held.deputy_of.is_none() && as_narrow(held) == new);
            let fresh = match same {
                Some(held) => held.id,
                None => {
                    self.insert_grant(&mut tx, &signed.permit, &signed.account, &new, None)
                        .await?
                }
            };
            passing.grants.insert(grant.id, fresh);
            passing.units.push(grant.unit);
            received.push(fresh);
        }
        for work in self.work_in_hand() {
            work.pass(&mut tx, &passing).await?;
        }
        if !store::decide_handover(&mut tx, id, HandoverState::Accepted, &received, now).await? {
            return Err(SecurityError::NoHandover);
        }
        self.note_handover(&mut tx, signed, AuditAction::HandoverDecided, id)
            .await?;
        self.tell_of_succession(&mut tx, slip.giver).await?;
        tx.commit().await?;
        if let Err(error) = self.pass_rest(&signed.permit, id, &passing).await {
            // The posts have passed; the sweep asks again for what has not.
            tracing::warn!(code = error.code(), %error, handover = id, "work was not passed on yet");
        }
        Ok(())
    }

    /// Passes on what rooms pass on in transactions of their own.
    async fn pass_rest(
        &self,
        permit: &Permit,
        id: i64,
        passing: &Passing,
    ) -> Result<(), SecurityError> {
        for work in self.work_in_hand() {
            work.pass_after(permit, passing).await?;
        }
        let mut tx = self.0.work.write().await?;
        store::note_passed(&mut tx, id, self.0.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Goes on with the hand-overs that were accepted and whose work has not passed, because the program ended
    /// or a room could not. Lets offers lapse that nobody took. A job's work.
    pub(crate) async fn sweep_handovers(&self) -> Result<(), SecurityError> {
        let now = self.0.clock.now();
        let unfinished = {
            let mut tx = self.0.work.write().await?;
            store::lapse_handovers(&mut tx, now.add(-OFFER_LASTS), now).await?;
            let unfinished = store::handovers_to_pass(&mut tx).await?;
            tx.commit().await?;
            unfinished
        };
        let permit = Permit::for_job("sweep")?;
        for slip in unfinished {
            let mut units = Vec::new();
            {
                let mut tx = self.0.work.read().await?;
                for id in &slip.grants {
                    let grant = crate::store::any_grant(&mut tx, *id).await?;
                    units.extend(grant.map(|grant| grant.unit));
                }
            }
            let passing = Passing {
                giver: slip.giver,
                taker: slip.taker,
                grants: slip.grants.iter().copied().zip(slip.received).collect(),
                units,
            };
            self.pass_rest(&permit, slip.id, &passing).await?;
        }
        Ok(())
    }

    /// Declines a slip that one was given, or takes back one that one gave.
    ///
    /// # Errors
    /// [`SecurityError::NoHandover`] for any other, and for one that is decided.
    pub async fn refuse_handover(&self, signed: &Signed, id: i64) -> Result<(), SecurityError> {
        let mut tx = self.0.work.write().await?;
        let slip = self.open_slip(&mut tx, id).await?;
        let state = match signed.account.id {
            me if me == slip.taker => HandoverState::Declined,
            me if me == slip.giver => HandoverState::Withdrawn,
            _ => return Err(SecurityError::NoHandover),
        };
        if !store::decide_handover(&mut tx, id, state, &[], self.0.clock.now()).await? {
            return Err(SecurityError::NoHandover);
        }
        self.note_handover(&mut tx, signed, AuditAction::HandoverDecided, id)
            .await?;
        let other = match state {
            HandoverState::Declined => slip.giver,
            _ => slip.taker,
        };
        self.tell_of_succession(&mut tx, other).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn tell_of_succession(
        &self,
        tx: &mut Tx,
        account: AccountId,
    ) -> Result<(), SecurityError> {
        for room in self.work_in_hand() {
            room.tell(tx, account, "/account/succession").await?;
        }
        Ok(())
    }

    async fn open_slip(&self, tx: &mut Tx, id: i64) -> Result<Handover, SecurityError> {
        store::handover(tx, id)
            .await?
            .filter(|slip| slip.state == HandoverState::Offered)
            .filter(|slip| self.0.clock.now().since(slip.offered) < OFFER_LASTS)
            .ok_or(SecurityError::NoHandover)
    }

    async fn note_handover(
        &self,
        tx: &mut Tx,
        signed: &Signed,
        action: AuditAction,
        id: i64,
    ) -> Result<(), SecurityError> {
        let subject = Subject::handover(id);
        let actor = signed.permit.actor();
        self.audit(tx, actor, action, &subject, Outcome::Done, None)
            .await
    }

    /// The person of that name who belongs to a unit: by the account's own unit or by a post at it or below.
    async fn colleague(
        &self,
        tx: &mut Tx,
        signed: &Signed,
        login: &str,
        unit: Option<UnitId>,
    ) -> Result<Account, SecurityError> {
        let today = self.0.clock.today();
        let login = rules::grant::login(login).ok_or(GrantFault::Stranger)?;
        let account = crate::store::account_by_login(tx, &login).await?;
        let account = account
            .filter(|account| account.kind == AccountKind::Person && account.may_act(today))
            .ok_or(GrantFault::Stranger)?;
        if account.id == signed.account.id {
            return Err(GrantFault::ToOneself.into());
        }
        let grants = crate::store::grants_of(tx, account.id).await?;
        let tree = self.units();
        let within = |other: Option<UnitId>| match (unit, other) {
            (None, _) => true,
            (Some(unit), Some(other)) => tree.contains(unit, other),
            (Some(_), None) => false,
        };
        let held = grants.iter().filter(|grant| grant.holds_on(today));
        if within(account.home) || held.map(|grant| grant.unit).any(within) {
            Ok(account)
        } else {
            Err(GrantFault::Stranger.into())
        }
    }
}

/// What the person holds now.
fn own(signed: &Signed) -> impl Iterator<Item = &Held> {
    signed.held.iter().chain(&signed.others)
}

fn own_grant(signed: &Signed, id: GrantId) -> Result<&Grant, SecurityError> {
    own(signed)
        .map(|held| &held.grant)
        .find(|grant| grant.id == id)
        .ok_or(SecurityError::NoGrant)
}

/// The same post, as narrow as a grant is.
fn as_narrow(grant: &Grant) -> NewGrant {
    NewGrant {
        post: grant.post.clone(),
        unit: grant.unit,
        line: grant.line.clone(),
        datasets: grant.datasets.clone(),
        sees: grant.sees,
        from: grant.from,
        until: grant.until,
    }
}

impl From<PassFault> for SecurityError {
    fn from(fault: PassFault) -> Self {
        Self::WorkInHand(fault.0)
    }
}
