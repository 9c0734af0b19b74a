//! What the program calls: the [`Geo`] handle.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kernel::{Clocks, CommitNumber, Day, UnitId};
use registry::Registry;
use registry::held::View;
use security::Permit;
use standard::Standard;

use crate::cache::Bounded;
use crate::error::GeoError;
use crate::figures::YEARS;
use crate::figures::given_units::UnitFigure;
use crate::history::{Histories, Turns};
use crate::layers::{BOUNDARY, DIVISION, PlaceNumber, Scene};
use crate::model::Level;
use crate::numbers::{LatestKey, LatestYears, Numbers};
use crate::schools::{INSTITUTION, SchoolTable, Schools};
use crate::tiles::{StoredTile, TileKey};

/// Bytes of scenes, of institution tables and of compressed tiles that are kept at most.
const MOST_SCENES: usize = 256 << 20;
const MOST_SCHOOLS: usize = 64 << 20;
const MOST_TILES: usize = 64 << 20;

/// The setting with the map review number.
const REVIEW_SETTING: &str = "map_review_number";

/// The map room. Cheap to clone.
#[derive(Clone)]
pub struct Geo(Arc<Inner>);

struct Inner {
    registry: Registry,
    unit_figures: Vec<Arc<dyn UnitFigure>>,
    scenes: Bounded<SceneKey, Scene>,
    /// One scene is made at a time: a page asks for many tiles of the same one at once.
    making: tokio::sync::Mutex<()>,
    schools: Bounded<SchoolsKey, SchoolTable>,
    tiles: Bounded<TileKey, StoredTile>,
    histories: Bounded<CommitNumber, Histories>,
    latest: Bounded<LatestKey, LatestYears>,
    commits: Bounded<CommitNumber, Commits>,
    turns: Bounded<(CommitNumber, CommitNumber), Turns>,
    tables: AtomicU64,
}

/// The last commits up to one that touched what maps are made of. The past does not change.
#[derive(Debug, Clone, Copy)]
struct Commits {
    divisions: CommitNumber,
    outlines: CommitNumber,
    institutions: CommitNumber,
    years: CommitNumber,
}

impl std::fmt::Debug for Geo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Geo").finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SceneKey {
    /// The first day of those on which the map is the same.
    from: Day,
    divisions: CommitNumber,
    outlines: CommitNumber,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SchoolsKey {
    as_of: Day,
    institutions: CommitNumber,
    scene: u64,
    units: usize,
}

/// A pair of clocks with the scene of that day.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// The clocks, the second one resolved to a commit that there is.
    pub(crate) clocks: Clocks,
    /// The day that stands for the second clock in the address.
    pub(crate) known_on: Option<Day>,
    /// The divisions and outlines.
    pub(crate) scene: Arc<Scene>,
    commits: Commits,
}

impl Geo {
    /// The room over a registry.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        Self::with_figures(registry, Vec::new())
    }

    /// The room over a registry, which draws figures of other rooms too.
    #[must_use]
    pub fn with_figures(registry: Registry, unit_figures: Vec<Arc<dyn UnitFigure>>) -> Self {
        Self(Arc::new(Inner {
            registry,
            unit_figures,
            scenes: Bounded::new(MOST_SCENES),
            making: tokio::sync::Mutex::new(()),
            schools: Bounded::new(MOST_SCHOOLS),
            tiles: Bounded::new(MOST_TILES),
            histories: Bounded::new(32 << 20),
            latest: Bounded::new(32 << 20),
            commits: Bounded::new(64 << 10),
            turns: Bounded::new(1 << 20),
            tables: AtomicU64::new(0),
        }))
    }

    /// Makes what the first reader of today's map would wait for. Call it in the background at start and
    /// after large imports.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn warm(&self) -> Result<(), GeoError> {
        let permit = Permit::for_job("tiles").map_err(|error| GeoError::Task(error.to_string()))?;
        let moment = self.moment(&permit, None, None).await?;
        Numbers::read(self, &permit, &moment).await?;
        self.histories(&permit).await?;
        self.prepare(&moment.scene, Level::Township).await
    }

    /// The figures of other rooms that a reader may see.
    pub(crate) fn unit_figures(&self, permit: &Permit) -> Vec<&dyn UnitFigure> {
        self.0
            .unit_figures
            .iter()
            .map(AsRef::as_ref)
            .filter(|given: &&dyn UnitFigure| given.may(permit))
            .collect()
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.0.registry
    }

    pub(crate) fn standard(&self) -> &Arc<Standard> {
        self.0.registry.standard()
    }

    pub(crate) fn tiles(&self) -> &Bounded<TileKey, StoredTile> {
        &self.0.tiles
    }

    /// The scene of a day as it was known on a day; today and now where not said.
    pub(crate) async fn moment(
        &self,
        permit: &Permit,
        as_of: Option<Day>,
        known_on: Option<Day>,
    ) -> Result<Moment, GeoError> {
        permit
            .require(standard::Action::Read)
            .map_err(security::SecurityError::from)?;
        let ledger = self.0.registry.ledger();
        let mut clocks = self.0.registry.clocks(as_of, known_on).await?;
        if clocks.as_known_on == CommitNumber::LATEST {
            // From here on the answer is of one commit, whatever is written meanwhile.
            clocks.as_known_on = ledger.head().await?.number;
        }
        let commits = self.commits(clocks.as_known_on).await?;
        let key = SceneKey {
            from: self.first_day_like(permit, clocks, commits).await?,
            divisions: commits.divisions,
            outlines: commits.outlines,
        };
        if let Some(scene) = self.0.scenes.get(&key) {
            return Ok(Moment {
                clocks,
                known_on,
                scene,
                commits,
            });
        }
        let _one_at_a_time = self.0.making.lock().await;
        if let Some(scene) = self.0.scenes.get(&key) {
            return Ok(Moment {
                clocks,
                known_on,
                scene,
                commits,
            });
        }
        let scene = Arc::new(Scene::read(&self.0.registry, permit, clocks).await?);
        self.0.scenes.put(key, Arc::clone(&scene), scene.memory());
        Ok(Moment {
            clocks,
            known_on,
            scene,
            commits,
        })
    }

    /// Works out what a level needs before it is drawn, without holding up other requests.
    pub(crate) async fn prepare(&self, scene: &Arc<Scene>, level: Level) -> Result<(), GeoError> {
        if level == Level::Township {
            let scene = Arc::clone(scene);
            tokio::task::spawn_blocking(move || scene.prepare(level)).await?;
        }
        Ok(())
    }

    /// The institutions that a permit reaches.
    pub(crate) async fn schools(
        &self,
        permit: &Permit,
        moment: &Moment,
    ) -> Result<Schools, GeoError> {
        let registry = &self.0.registry;
        let institutions = moment.commits.institutions;
        loop {
            let units = registry.security().units();
            let view = registry.view(permit, INSTITUTION, moment.clocks).await?;
            // Rows are ordered by the tree of units: both must be of the same one.
            if !Arc::ptr_eq(&units, &registry.security().units()) {
                continue;
            }
            let key = SchoolsKey {
                as_of: moment.clocks.as_of,
                institutions,
                scene: moment.scene.id,
                units: Arc::as_ptr(&units).addr(),
            };
            let table = match self.0.schools.get(&key) {
                Some(table) => table,
                None => {
                    let id = self.0.tables.fetch_add(1, Ordering::Relaxed);
                    let table = Arc::new(SchoolTable::new(
                        id,
                        &view,
                        self.standard(),
                        &moment.scene,
                        units,
                    ));
                    self.0.schools.put(key, Arc::clone(&table), table.memory());
                    table
                }
            };
            return Ok(Schools::new(table, view));
        }
    }

    /// The first of the days up to this one since which neither divisions nor outlines change: maps of all
    /// these days share one scene. Of a past state of knowledge each day has its own.
    async fn first_day_like(
        &self,
        permit: &Permit,
        clocks: Clocks,
        commits: Commits,
    ) -> Result<Day, GeoError> {
        let head = self.0.registry.ledger().head().await?.number;
        let now = self.commits(head).await?;
        let known = (now.divisions, now.outlines);
        if (commits.divisions, commits.outlines) != known {
            return Ok(clocks.as_of);
        }
        if let Some(turns) = self.0.turns.get(&known) {
            return Ok(turns.last_before(clocks.as_of));
        }
        let turns = Arc::new(Turns::read(&self.0.registry, permit).await?);
        // What was read is of these commits only if none came in between.
        let after = self.0.registry.ledger().head().await?.number;
        if after != head {
            return Ok(clocks.as_of);
        }
        self.0.turns.put(known, Arc::clone(&turns), turns.memory());
        Ok(turns.last_before(clocks.as_of))
    }

    async fn commits(&self, known_on: CommitNumber) -> Result<Commits, GeoError> {
        if let Some(commits) = self.0.commits.get(&known_on) {
            return Ok(*commits);
        }
        let ledger = self.0.registry.ledger();
        let commits = Commits {
            divisions: ledger.last_commit_of(DIVISION, known_on).await?,
            outlines: ledger.last_commit_of(BOUNDARY, known_on).await?,
            institutions: ledger.last_commit_of(INSTITUTION, known_on).await?,
            years: ledger.last_commit_of(YEARS, known_on).await?,
        };
        self.0
            .commits
            .put(known_on, Arc::new(commits), size_of::<Commits>() + 64);
        Ok(commits)
    }

    /// The latest school years of the table that a view looks at.
    pub(crate) fn latest_years(
        &self,
        moment: &Moment,
        schools: &Schools,
        view: &View,
    ) -> Arc<LatestYears> {
        let key = LatestKey {
            as_of: moment.clocks.as_of,
            years: moment.commits.years,
            schools: schools.table_id(),
        };
        if let Some(latest) = self.0.latest.get(&key) {
            return latest;
        }
        let latest = Arc::new(LatestYears::new(view, schools));
        self.0.latest.put(key, Arc::clone(&latest), latest.memory());
        latest
    }

    /// The lives of divisions as known now.
    pub(crate) async fn histories(&self, permit: &Permit) -> Result<Arc<Histories>, GeoError> {
        let commit = self
            .0
            .registry
            .ledger()
            .last_commit_of(DIVISION, CommitNumber::LATEST)
            .await?;
        if let Some(known) = self.0.histories.get(&commit) {
            permit
                .require(standard::Action::Read)
                .map_err(security::SecurityError::from)?;
            return Ok(known);
        }
        let histories = Arc::new(Histories::read(&self.0.registry, permit).await?);
        self.0
            .histories
            .put(commit, Arc::clone(&histories), histories.memory());
        Ok(histories)
    }

    /// The place of a code: in force on the day, or of a division that had the code at another time.
    pub(crate) async fn place(
        &self,
        permit: &Permit,
        moment: &Moment,
        code: &str,
    ) -> Result<Option<PlaceNumber>, GeoError> {
        if let Some(number) = moment.scene.places.by_code(code) {
            return Ok(Some(number));
        }
        if code.is_empty() {
            return Ok(None);
        }
        let histories = self.histories(permit).await?;
        Ok(histories
            .records(code)
            .iter()
            .find_map(|record| moment.scene.places.by_record(*record)))
    }

    /// The place that a permit's units stand for: where its reader's map begins.
    pub(crate) async fn home(
        &self,
        permit: &Permit,
        moment: &Moment,
    ) -> Result<Option<PlaceNumber>, GeoError> {
        let places = &moment.scene.places;
        // Of several trees the one with most in it.
        let root = places
            .roots()
            .into_iter()
            .max_by_key(|root| places.range(*root).len());
        if permit.reaches_everything() {
            return Ok(root);
        }
        let units = self
            .0
            .registry
            .view(permit, "education_unit", moment.clocks)
            .await?;
        let (record, divisions) = (units.column("record_id"), units.column("divisions"));
        let table = units.table();
        let of_unit: BTreeMap<i64, usize> = (0..table.rows())
            .filter_map(|row| Some((table.int(record?, row)?, row)))
            .collect();
        let mut found: Vec<PlaceNumber> = Vec::new();
        let mut others: Vec<UnitId> = Vec::new();
        for unit in permit.units() {
            match of_unit.get(&unit.get()) {
                Some(row) => {
                    let text = divisions
                        .and_then(|column| table.text(column, *row))
                        .unwrap_or_default();
                    let records = text.split('|').filter_map(|record| record.parse().ok());
                    found.extend(records.filter_map(|record| places.by_record(record)));
                }
                None => others.push(unit),
            }
        }
        if !others.is_empty() {
            // A post of one institution: its map is that of its county.
            let schools = self.schools(permit, moment).await?;
            let own = others
                .iter()
                .filter_map(|unit| schools.get(schools.row_of(unit.get())?)?.place);
            found
                .extend(own.map(|place| places.at_or_above(place, Level::County).unwrap_or(place)));
        }
        Ok(places.around(&found).or(root))
    }

    /// The map review number; empty where the operator has not set it.
    pub(crate) async fn review_number(&self) -> Result<String, GeoError> {
        Ok(self
            .0
            .registry
            .security()
            .setting(REVIEW_SETTING)
            .await?
            .unwrap_or_default())
    }
}
