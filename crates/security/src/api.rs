//! What other rooms and the program call: the [`Security`] handle.
//!
//! Its methods are spread over `accounts`, `signin`, `audit` and this file by what they are about.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use db::{Db, Tx};
use kernel::{AccountId, Clock, Clocks, CommitNumber, Day, UnitId};
use standard::{Action, DatasetName, Line, Post};
use tokio::sync::Semaphore;

use crate::administration;
use crate::clients;
use crate::crypto::{self, PasswordProfile};
use crate::directory::Directory;
use crate::error::SecurityError;
use crate::factors::{self, NodeKey, SignInPolicy};
use crate::identity::{self, Identities, IdentitySettings};
use crate::model::{Account, Grant, GrantId, UnitLife, UnitVersion};
use crate::people::{HeldKeys, KeySettings, KeySource, PeopleInner};
use crate::permit::{Actor, DatasetReach, Denied, Gives, Permit, PermitParts, Reach};
use crate::random::Random;
use crate::rules;
use crate::rules::rate::Rates;
use crate::store;
use crate::units::{UnitTree, nodes_on};

const MINUTE: i64 = 60_000;

/// What an operator may set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// What a password hash costs.
    pub password: PasswordProfile,
    /// Minutes without use after which a session ends (GB/T 22239-2019 §8.1.4.1: 登录连接超时自动退出).
    pub idle_minutes: i64,
    /// Hours after which a session ends however much it is used.
    pub session_hours: i64,
    /// Whether people reach the program by https: cookies get `Secure`, answers get HSTS.
    pub https: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The identity services that people may sign in through.
    pub identity: IdentitySettings,
    /// How often one caller may ask.
    pub rates: Rates,
    /// Largest body of an ordinary form in bytes. Uploads are not held in memory and have their own limit.
    pub form_limit: usize,
    /// Keys of persons.
    pub keys: KeySettings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            password: PasswordProfile::SERVED,
            idle_minutes: 30,
            session_hours: 12,
            https: false,
            trusted_proxies: Vec::new(),
            rates: Rates::default(),
            identity: IdentitySettings::default(),
            form_limit: 2 * 1024 * 1024,
            keys: KeySettings::default(),
        }
    }
}

impl Config {
    /// Cheap passwords and a master key that protects nothing, for tests.
    #[must_use]
    pub fn for_tests() -> Self {
        Self {
            password: PasswordProfile::FOR_TESTS,
            rates: Rates::for_tests(),
            keys: KeySettings {
                source: KeySource::Held(Arc::new(HeldKeys::for_tests())),
                ..KeySettings::default()
            },
            ..Self::default()
        }
    }

    pub(crate) fn idle_millis(&self) -> i64 {
        self.idle_minutes.saturating_mul(MINUTE)
    }

    pub(crate) fn session_millis(&self) -> i64 {
        self.session_hours.saturating_mul(60 * MINUTE)
    }
}

/// What [`Security::open`] needs.
pub struct Parts {
    /// The ledger database.
    pub ledger: Db,
    /// The work database.
    pub work: Db,
    /// The posts of the standard.
    pub posts: Vec<Post>,
    /// The business lines of the standard.
    pub lines: Vec<Line>,
    /// The datasets of the standard by name.
    pub datasets: Vec<DatasetName>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The operator's settings.
    pub config: Config,
}

/// Accounts, sessions, permits, the unit tree and audit. Cheap to clone.
#[derive(Clone)]
pub struct Security(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) ledger: Db,
    pub(crate) work: Db,
    pub(crate) posts: Vec<Post>,
    pub(crate) lines: Vec<Line>,
    pub(crate) datasets: Vec<DatasetName>,
    /// Those that every permit reaches.
    pub(crate) common: Arc<BTreeSet<String>>,
    /// Unfinished work of rooms above, which goes on with a post.
    pub(crate) work_in_hand: RwLock<Vec<Arc<dyn administration::WorkInHand>>>,
    pub(crate) directory: OnceLock<Arc<dyn Directory>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) config: Config,
    /// Verified against where no account has the name, so that both answers take as long.
    pub(crate) dummy_hash: String,
    pub(crate) identities: Identities,
    /// Hashing takes a core and 19 MiB each: a flood of sign-ins waits here, not in memory.
    pub(crate) hashing: Semaphore,
    units: RwLock<LoadedUnits>,
    pub(crate) policy: RwLock<Arc<SignInPolicy>>,
    pub(crate) node_key: OnceLock<NodeKey>,
    /// Whether the work database has the tables of evidence: known after the first question.
    pub(crate) evidence_tables: OnceLock<bool>,
    /// A higher room that keeps records and knows units by name.
    pub(crate) records: OnceLock<Arc<dyn crate::Records>>,
    /// A higher room that reviews exports too.
    /// When the audit log was last gone through, and what was found.
    pub(crate) audit_state: RwLock<Option<(kernel::Millis, crate::AuditReport)>>,
    /// The thresholds of alerts, once the definitions were read.
    pub(crate) alerts: OnceLock<Vec<standard::AlertRule>>,
    /// The titles of purposes, by name.
    pub(crate) purposes: OnceLock<BTreeMap<String, standard::Label>>,
    /// What other rooms ask for before a post is given.
    pub(crate) conditions: RwLock<Vec<Arc<dyn crate::conditions::GrantCondition>>>,
    /// Keys of persons.
    pub(crate) people: PeopleInner,
}

#[derive(Clone, Default)]
struct LoadedUnits {
    day: Option<Day>,
    tree: Arc<UnitTree>,
}

impl std::fmt::Debug for Security {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Security").finish_non_exhaustive()
    }
}

impl Security {
    /// Opens the room: makes or renews its tables and loads the units.
    ///
    /// # Errors
    /// [`SecurityError`] where a database cannot be read.
    pub async fn open(parts: Parts) -> Result<Self, SecurityError> {
        db::migrate(&parts.ledger, store::LEDGER_MIGRATIONS).await?;
        db::migrate(&parts.work, store::WORK_MIGRATIONS).await?;
        let security = Self::open_to_read(parts).await?;
        security.people().open().await?;
        Ok(security)
    }

    /// Opens the room as it is: makes and renews nothing.
    ///
    /// # Errors
    /// [`SecurityError`] where a database cannot be read.
    pub async fn open_to_read(parts: Parts) -> Result<Self, SecurityError> {
        let unguessable = crypto::new_token(parts.random.as_ref())?;
        let dummy_hash =
            crypto::hash_password(parts.config.password, parts.random.as_ref(), &unguessable)?;
        let common: BTreeSet<String> = parts
            .datasets
            .iter()
            .filter(|dataset| dataset.is_common)
            .map(|dataset| dataset.name.clone())
            .collect();
        let at_once = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let security = Self(Arc::new(Inner {
            ledger: parts.ledger,
            work: parts.work,
            posts: parts.posts,
            lines: parts.lines,
            datasets: parts.datasets,
            common: Arc::new(common),
            work_in_hand: RwLock::default(),
            directory: OnceLock::new(),
            clock: parts.clock,
            random: parts.random,
            identities: Identities::new(&parts.config.identity),
            people: PeopleInner::new(&parts.config.keys),
            config: parts.config,
            dummy_hash,
            hashing: Semaphore::new(at_once),
            units: RwLock::new(LoadedUnits::default()),
            policy: RwLock::default(),
            node_key: OnceLock::new(),
            evidence_tables: OnceLock::new(),
            alerts: OnceLock::new(),
            purposes: OnceLock::new(),
            records: OnceLock::new(),
            audit_state: RwLock::new(None),
            conditions: RwLock::default(),
        }));
        security.reload_policy().await?;
        security.reload_units().await?;
        Ok(security)
    }

    /// The posts of the standard.
    #[must_use]
    pub fn posts(&self) -> &[Post] {
        &self.0.posts
    }

    /// The business lines of the standard.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.0.lines
    }

    /// The datasets of the standard by name.
    #[must_use]
    pub fn datasets(&self) -> &[DatasetName] {
        &self.0.datasets
    }

    /// The operator's settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Today.
    pub(crate) fn today(&self) -> Day {
        self.0.clock.today()
    }

    /// The source of randomness, for rooms that need some.
    #[must_use]
    pub fn random(&self) -> Arc<dyn Random> {
        Arc::clone(&self.0.random)
    }

    // Units

    /// The tree of units as known now, on the day it was loaded. What permits are judged by.
    #[must_use]
    pub fn units(&self) -> Arc<UnitTree> {
        let loaded = self.0.units.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&loaded.tree)
    }

    /// Reads the tree again: to be called after a commit that wrote units.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn reload_units(&self) -> Result<Arc<UnitTree>, SecurityError> {
        let today = self.0.clock.today();
        let mut tx = self.0.ledger.read().await?;
        let tree = Arc::new(unit_tree(&mut tx, Clocks::latest(today)).await?);
        if !tree.detached().is_empty() {
            tracing::warn!(
                units = tree.detached().len(),
                "units without a usable parent; only those who hold them or everything see them"
            );
        }
        let mut loaded = self.0.units.write().unwrap_or_else(PoisonError::into_inner);
        *loaded = LoadedUnits {
            day: Some(today),
            tree: Arc::clone(&tree),
        };
        Ok(tree)
    }

    /// Reads the tree again where a new day has begun since.
    pub(crate) async fn keep_units_current(&self) -> Result<(), SecurityError> {
        let day = {
            let loaded = self.0.units.read().unwrap_or_else(PoisonError::into_inner);
            loaded.day
        };
        if day != Some(self.0.clock.today()) {
            self.reload_units().await?;
        }
        Ok(())
    }

    // Permits

    /// The permit of a person's grant, for a job that acts in that person's name after the request ended.
    /// It is made anew from what is granted now: a post that was taken back takes the job back.
    ///
    /// # Errors
    /// [`SecurityError::NoGrant`] where the grant ended or the account was disabled.
    pub async fn permit_for_grant(&self, grant: GrantId) -> Result<Permit, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let Some(grant) = store::grant(&mut tx, grant).await? else {
            return Err(SecurityError::NoGrant);
        };
        let account = store::account(&mut tx, grant.account).await?;
        let today = self.0.clock.today();
        let Some(account) = account.filter(|account| account.may_act(today)) else {
            return Err(SecurityError::NoGrant);
        };
        // All of them, since one may exclude another.
        let grants = store::grants_of(&mut tx, account.id).await?;
        let held = rules::grant::in_force(&grants, &self.0.posts, self.0.clock.now());
        let Some(held) = held.into_iter().find(|(held, _)| held.id == grant.id) else {
            return Err(SecurityError::NoGrant);
        };
        Ok(self.permit_of(&account, Some(held)))
    }

    /// The name that pages show for the actor of a commit or an audit entry: the display name of
    /// `account:17`; `None` for jobs and operators, which pages name in the reader's language, and for
    /// accounts that are not known here.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn actor_name(&self, actor: &str) -> Result<Option<String>, SecurityError> {
        let Some(id) = actor
            .strip_prefix("account:")
            .and_then(|id| id.parse().ok())
        else {
            return Ok(None);
        };
        let mut tx = self.0.work.read().await?;
        let account = store::account(&mut tx, AccountId::new(id)).await?;
        Ok(account.map(|account| account.display))
    }

    // Settings

    /// A setting's value.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn setting(&self, name: &str) -> Result<Option<String>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        Ok(store::setting(&mut tx, name).await?)
    }

    /// All settings.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn settings(&self) -> Result<Vec<(String, String)>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        Ok(store::settings(&mut tx).await?)
    }

    /// Changes a setting and records that it was changed (not to what).
    ///
    /// # Errors
    /// [`SecurityError::Denied`] without [`Action::ManageSettings`]; [`SecurityError::SettingRefused`] for a
    /// value that evidence cannot do with.
    pub async fn put_setting(
        &self,
        permit: &Permit,
        name: &str,
        value: &str,
    ) -> Result<(), SecurityError> {
        // Settings are the node's, so they are for those who hold the whole node.
        permit.require(Action::ManageSettings)?;
        if !permit.reaches_everything() {
            return Err(Denied::Action(Action::ManageSettings).into());
        }
        crate::evidence::rules::check_setting(name, value)?;
        let by = permit.actor().to_string();
        let mut tx = self.0.work.write().await?;
        store::put_setting(&mut tx, name, value, &by, self.0.clock.now()).await?;
        self.audit(
            &mut tx,
            permit.actor(),
            crate::AuditAction::SettingChanged,
            &crate::Subject::setting(name),
            crate::Outcome::Done,
            None,
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets sessions that ended by themselves and failed sign-ins that no longer count: a job's work,
    /// once an hour.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn sweep(&self) -> Result<(), SecurityError> {
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        store::sweep(
            &mut tx,
            now,
            now.add(-self.0.config.idle_millis()),
            now.add(-rules::lockout::FAMILIAR),
        )
        .await?;
        identity::store::sweep(&mut tx, now).await?;
        administration::store::sweep(&mut tx, now).await?;
        clients::store::sweep(&mut tx, now).await?;
        factors::store::sweep(&mut tx, now, now.add(-factors::rules::CODES_WITHIN)).await?;
        tx.commit().await?;
        self.sweep_handovers().await?;
        self.reload_policy().await
    }
}

impl Security {
    /// The permit that an account has by a grant; without one it may be signed in and nothing else. A grant
    /// narrows what its post allows and never widens it.
    pub(crate) fn permit_of(&self, account: &Account, held: Option<(&Grant, &Post)>) -> Permit {
        let actor = Actor::Account {
            id: account.id,
            login: account.login.clone(),
        };
        let Some((grant, post)) = held else {
            return Permit::of(PermitParts {
                actor,
                grant: None,
                post: None,
                line: None,
                reach: Reach::Units(Vec::new()),
                actions: BTreeSet::new(),
                gives: Gives::Only(BTreeSet::new()),
                datasets: DatasetReach::Only(BTreeSet::new()),
                common: Arc::default(),
                sees: standard::Sensitivity::Public,
            });
        };
        let datasets = match &grant.line {
            None => DatasetReach::All,
            // A line that the definitions no longer have reaches nothing.
            Some(name) => match self.0.lines.iter().find(|line| line.name == *name) {
                Some(line) => DatasetReach::All.and(line.datasets.as_deref()),
                None => DatasetReach::Only(BTreeSet::new()),
            },
        };
        // A deputy does not pass on what is not the deputy's.
        let gives = match grant.deputy_of {
            None => post.may_grant.iter().cloned().collect(),
            Some(_) => BTreeSet::new(),
        };
        Permit::of(PermitParts {
            actor,
            grant: Some(grant.id),
            post: Some(post.name.clone()),
            line: grant.line.clone(),
            reach: match grant.unit {
                None => Reach::Everything,
                Some(unit) => Reach::Units(vec![(unit, post.scope)]),
            },
            actions: post.actions.iter().copied().collect(),
            gives: Gives::Only(gives),
            datasets: datasets.and(grant.datasets.as_deref()),
            common: self.0.common.clone(),
            sees: grant.sees.map_or(post.sees, |sees| sees.min(post.sees)),
        })
    }
}

/// The tree of units at any pair of clocks. For "now" use [`Security::units`].
///
/// # Errors
/// [`SecurityError::Db`].
pub async fn unit_tree(ledger: &mut Tx, clocks: Clocks) -> Result<UnitTree, SecurityError> {
    let rows = store::units(ledger, clocks).await?;
    Ok(UnitTree::build(&nodes_on(clocks.as_of, &rows)))
}

/// The last unit of the first `most` rows of the table `unit` from a unit on: where a part of it ends that
/// can be held in memory. `None` where there are no more.
///
/// # Errors
/// [`SecurityError::Db`].
pub async fn last_unit_of(
    ledger: &mut Tx,
    first: UnitId,
    most: i64,
) -> Result<Option<UnitId>, SecurityError> {
    Ok(store::last_unit_of(ledger, first, most).await?)
}

/// Every stretch that the units `first..=last` ever had, as the table `unit` keeps it, in no order: for
/// those who hold it against the records that it follows from.
///
/// # Errors
/// [`SecurityError::Db`].
pub async fn unit_versions(
    ledger: &mut Tx,
    first: UnitId,
    last: UnitId,
) -> Result<Vec<UnitVersion>, SecurityError> {
    Ok(store::unit_versions(ledger, first, last).await?)
}

/// Writes the lives of units in the transaction of the commit that brought them. Only `registry` calls
/// this, with all stretches of each unit as they are after the commit.
///
/// `added` are units that the ledger has never held: they are written without looking (a million of them
/// in a load). `changed` are compared with what is stored: stretches that are as before stay untouched,
/// so a commit that changed a unit's name only writes nothing here. A unit may come once in a commit.
///
/// # Errors
/// [`SecurityError::Db`], [`db::DbError::Unique`] where an added unit was there already.
pub async fn put_units(
    ledger: &mut Tx,
    commit: CommitNumber,
    added: &[UnitLife],
    changed: &[UnitLife],
) -> Result<(), SecurityError> {
    if !added.is_empty() {
        store::insert_stretches(ledger, commit, added).await?;
    }
    for chunk in changed.chunks(store::UNITS_AT_ONCE) {
        let ids: Vec<_> = chunk.iter().map(|life| life.unit).collect();
        let stored = store::open_stretches(ledger, &ids).await?;
        let mut fresh = Vec::new();
        for life in chunk {
            let open: Vec<_> = stored
                .iter()
                .filter(|row| row.unit == life.unit)
                .map(|row| row.stretch)
                .collect();
            for gone in open
                .iter()
                .filter(|stretch| !life.stretches.contains(stretch))
            {
                store::close_stretch(ledger, life.unit, gone.from, commit).await?;
            }
            fresh.push(UnitLife {
                unit: life.unit,
                stretches: life
                    .stretches
                    .iter()
                    .filter(|stretch| !open.contains(stretch))
                    .copied()
                    .collect(),
            });
        }
        fresh.retain(|life| !life.stretches.is_empty());
        if !fresh.is_empty() {
            store::insert_stretches(ledger, commit, &fresh).await?;
        }
    }
    Ok(())
}

/// The account an id names, for pages that show who did something.
///
/// # Errors
/// [`SecurityError::Db`].
pub async fn account(work: &mut Tx, id: AccountId) -> Result<Option<Account>, SecurityError> {
    Ok(store::account(work, id).await?)
}
