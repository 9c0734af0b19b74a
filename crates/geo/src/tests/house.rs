//! A registry with the seeds of the definitions, two counties with outlines, a few institutions.

use std::collections::HashMap;
use std::sync::Arc;

use db::testing::TestPlace;
use kernel::{Clock, Day, FixedClock, RecordId, UnitId, Value};
use registry::ledger::{Action, Change, ChangeSet, Source, Target};
use registry::{Parts, Registry};
use security::{Config, NewAccount, Permit, Security, SeededRandom};
use shape::{Geometry, MultiPolygon, Point, wkb};
use ui::{Frame, Language, Shell};

use crate::Geo;

pub(crate) const FENGXIANG: &str = "610305";
pub(crate) const WEIBIN: &str = "610302";

pub(crate) struct House {
    pub(crate) geo: Geo,
    pub(crate) registry: Registry,
    pub(crate) permit: Permit,
    pub(crate) divisions: HashMap<String, i64>,
    pub(crate) units: HashMap<String, i64>,
    pub(crate) _place: TestPlace,
}

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// A number with decimals as the ledger keeps it.
pub(crate) fn degrees(number: f64) -> Value {
    Value::Int((number * 1e7).round() as i64)
}

pub(crate) fn square(west: f64, south: f64, size: f64) -> MultiPolygon {
    let corner = |x: f64, y: f64| Point::new(west + x * size, south + y * size);
    MultiPolygon::from_ring(vec![
        corner(0.0, 0.0),
        corner(1.0, 0.0),
        corner(1.0, 1.0),
        corner(0.0, 1.0),
        corner(0.0, 0.0),
    ])
}

/// A school: code of its division, name, type, status, position, and a headline (pupils, classes, teachers).
pub(crate) struct NewSchool {
    pub(crate) division: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) status: &'static str,
    pub(crate) at: Option<(f64, f64)>,
    pub(crate) years: Vec<(&'static str, [Option<i64>; 3])>,
}

impl House {
    /// With the seeds only.
    pub(crate) async fn empty() -> Self {
        let place = TestPlace::sqlite().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::at_noon(day("2026-03-02")));
        let standard = Arc::new(standard::embedded().unwrap());
        let ledger = place.open("ledger").await.unwrap();
        let work = place.open("work").await.unwrap();
        let security = Security::open(security::Parts {
            ledger: ledger.clone(),
            work: work.clone(),
            posts: standard.posts().to_vec(),
            lines: standard.lines().to_vec(),
            datasets: standard.dataset_names(),
            clock: Arc::clone(&clock),
            random: Arc::new(SeededRandom::new(7)),
            config: Config::for_tests(),
        })
        .await
        .unwrap();
        let files = tempfile::tempdir().unwrap().keep();
        let registry = Registry::open(Parts {
            ledger,
            work,
            standard,
            security,
            workflow: None,
            clock,
            node: "test".to_owned(),
            files,
            limits: registry::read::Limits::default(),
        })
        .await
        .unwrap();
        let permit = Permit::for_operator("cli").unwrap();
        registry::seed::plant(registry.ledger(), &permit)
            .await
            .unwrap();
        let mut house = Self {
            geo: Geo::new(registry.clone()),
            registry,
            permit,
            divisions: HashMap::new(),
            units: HashMap::new(),
            _place: place,
        };
        house.divisions = house.codes("division").await;
        house.units = house.codes("education_unit").await;
        house
    }

    /// Two counties of 宝鸡市 with outlines side by side, two townships in one, seven schools.
    pub(crate) async fn small() -> Self {
        let mut house = Self::empty().await;
        house.outline(WEIBIN, square(107.0, 34.0, 0.5)).await;
        house.outline(FENGXIANG, square(107.5, 34.0, 0.5)).await;
        let townships = [("610305100", "城关镇"), ("610305101", "虢王镇")].map(|(code, name)| {
            let parent = house.divisions[FENGXIANG];
            vec![
                ("code", code.into()),
                ("name", name.into()),
                ("level", "township".into()),
                ("parent", Value::Int(parent)),
            ]
        });
        house
            .commit("division", Day::BEGINNING, townships.to_vec(), None)
            .await;
        house.divisions = house.codes("division").await;
        house.schools(small_schools()).await;
        house
    }

    pub(crate) async fn codes(&self, dataset: &str) -> HashMap<String, i64> {
        let clocks = self.registry.clocks(None, None).await.unwrap();
        let view = self
            .registry
            .view(&self.permit, dataset, clocks)
            .await
            .unwrap();
        let (record, code) = (
            view.column("record_id").unwrap(),
            view.column("code").unwrap(),
        );
        let table = view.table();
        view.rows()
            .map(|row| {
                (
                    table.text(code, row).unwrap().to_owned(),
                    table.int(record, row).unwrap(),
                )
            })
            .collect()
    }

    /// Commits new records that hold from a day on.
    pub(crate) async fn commit(
        &self,
        dataset: &str,
        from: Day,
        rows: Vec<Vec<(&str, Value)>>,
        unit: Option<&[UnitId]>,
    ) -> Vec<RecordId> {
        let ledger = self.registry.ledger();
        let table = ledger.table(dataset).unwrap();
        let ids = ledger
            .reserve_records(&self.permit, rows.len())
            .await
            .unwrap();
        let own_unit = ["institution", "education_unit"].contains(&dataset);
        let changes = rows
            .iter()
            .enumerate()
            .zip(&ids)
            .map(|((index, row), id)| {
                let mut patch = vec![None; table.width()];
                for (field, value) in row {
                    patch[table.position(field).unwrap()] = Some(value.clone());
                }
                let unit = if own_unit {
                    UnitId::new(id.get())
                } else {
                    unit.map_or(registry::ledger::COMMON, |units| units[index])
                };
                Change {
                    target: Target::New(*id),
                    unit,
                    from,
                    to: None,
                    action: Action::Assert(patch),
                }
            })
            .collect();
        let set = ChangeSet {
            dataset: dataset.to_owned(),
            changes,
            source: Source {
                reason: "test".to_owned(),
                kind: "demo".to_owned(),
                ..Source::default()
            },
            based_on: None,
            idempotency_key: None,
            more_follows: false,
        };
        ledger.commit(&self.permit, set).await.unwrap();
        ids
    }

    pub(crate) async fn outline(&self, code: &str, region: MultiPolygon) {
        let bytes = wkb::encode(&Geometry::MultiPolygon(region));
        let row = vec![
            ("division", Value::Int(self.divisions[code])),
            ("geometry", Value::Bytes(bytes)),
        ];
        self.commit("division_boundary", Day::BEGINNING, vec![row], None)
            .await;
    }

    pub(crate) async fn schools(&self, schools: Vec<NewSchool>) {
        let rows = schools
            .iter()
            .map(|school| {
                let mut row = vec![
                    ("name", school.name.into()),
                    ("type", school.kind.into()),
                    ("status", school.status.into()),
                    (
                        "counted",
                        Value::Int(i64::from(!school.kind.ends_with('9'))),
                    ),
                    ("division", Value::Int(self.divisions[school.division])),
                    ("unit", Value::Int(self.units[school.unit])),
                    ("origin", "synthetic".into()),
                ];
                if let Some((lon, lat)) = school.at {
                    row.extend([("lon", degrees(lon)), ("lat", degrees(lat))]);
                }
                row
            })
            .collect();
        let ids = self
            .commit("institution", day("2010-09-01"), rows, None)
            .await;
        for (school, id) in schools.iter().zip(ids) {
            for (year, [pupils, classes, teachers]) in &school.years {
                let first: kernel::SchoolYear = year.parse().unwrap();
                let mut row = vec![
                    ("institution", Value::Int(id.get())),
                    ("school_year", (*year).into()),
                ];
                let numbers = [
                    ("pupils", pupils),
                    ("classes", classes),
                    ("fulltime_teachers", teachers),
                ];
                row.extend(
                    numbers
                        .into_iter()
                        .filter_map(|(field, number)| Some((field, Value::Int((*number)?)))),
                );
                let unit = [UnitId::new(id.get())];
                self.commit(
                    "institution_year",
                    first.first_day(),
                    vec![row],
                    Some(&unit),
                )
                .await;
            }
        }
    }

    /// A bureau of its own for parts of both counties, with a school in each.
    pub(crate) async fn two_county_bureau(&mut self) {
        let both = format!("{}|{}", self.divisions[FENGXIANG], self.divisions[WEIBIN]);
        let row = vec![
            ("code", "BJGX".into()),
            ("name", "宝鸡高新区教育局".into()),
            ("parent", Value::Int(self.units["610300"])),
            ("divisions", both.as_str().into()),
        ];
        self.commit("education_unit", day("2010-09-01"), vec![row], None)
            .await;
        self.units = self.codes("education_unit").await;
        let school = |division, name| NewSchool {
            division,
            unit: "BJGX",
            name,
            kind: "211",
            status: "open",
            at: None,
            years: vec![("2025-2026", [Some(10), Some(1), Some(1)])],
        };
        self.schools(vec![
            school(FENGXIANG, "高新一小"),
            school(WEIBIN, "高新二小"),
        ])
        .await;
    }

    /// The permit of a planner of one unit.
    pub(crate) async fn planner_of(&self, unit: &str) -> Permit {
        self.planner(unit, UnitId::new(self.units[unit])).await
    }

    /// The permit of a planner of one school.
    pub(crate) async fn planner_of_school(&self, name: &str) -> Permit {
        let clocks = self.registry.clocks(None, None).await.unwrap();
        let view = self
            .registry
            .view(&self.permit, "institution", clocks)
            .await
            .unwrap();
        let (record, own) = (
            view.column("record_id").unwrap(),
            view.column("name").unwrap(),
        );
        let row = view
            .rows()
            .find(|row| view.table().text(own, *row) == Some(name))
            .unwrap();
        let unit = UnitId::new(view.table().int(record, row).unwrap());
        self.planner("school", unit).await
    }

    async fn planner(&self, login: &str, unit: UnitId) -> Permit {
        let security = self.registry.security();
        let new = NewAccount {
            login: format!("planner.{login}"),
            display: "王某".to_owned(),
            password: Some("Wei-he-2026-liu".to_owned()),
        };
        let (account, _) = security.create_account(&self.permit, new).await.unwrap();
        let grant = security
            .grant(&self.permit, account, "statistician", Some(unit), None)
            .await
            .unwrap();
        security.permit_for_grant(grant).await.unwrap()
    }

    pub(crate) fn shell(&self, address: &str) -> Shell {
        let catalogue = ui::Catalogue::new(vec![crate::messages()]);
        assert_eq!(catalogue.problems(), [] as [String; 0]);
        Shell::new(catalogue.text(Language::Chinese), address, Frame::default())
    }

    pub(crate) fn english(&self, address: &str) -> Shell {
        Shell::new(
            ui::Catalogue::new(vec![crate::messages()]).text(Language::English),
            address,
            Frame::default(),
        )
    }
}

fn small_schools() -> Vec<NewSchool> {
    let school = |division, unit, name, kind, status, at, years| NewSchool {
        division,
        unit,
        name,
        kind,
        status,
        at,
        years,
    };
    vec![
        school(
            "610305100",
            FENGXIANG,
            "城关镇中心小学",
            "211",
            "open",
            Some((107.61, 34.11)),
            vec![
                ("2019-2020", [Some(100), Some(2), Some(10)]),
                ("2025-2026", [Some(90), Some(2), Some(9)]),
            ],
        ),
        school(
            "610305101",
            FENGXIANG,
            "虢王镇小学",
            "211",
            "open",
            Some((107.71, 34.21)),
            vec![("2025-2026", [Some(50), None, Some(5)])],
        ),
        school(
            FENGXIANG,
            FENGXIANG,
            "凤翔中学",
            "311",
            "open",
            Some((107.61, 34.11)),
            vec![("2025-2026", [Some(120), Some(3), Some(16)])],
        ),
        school(
            FENGXIANG,
            FENGXIANG,
            "凤翔幼儿园",
            "111",
            "open",
            Some((107.62, 34.12)),
            vec![("2025-2026", [Some(60), Some(3), None])],
        ),
        school(
            FENGXIANG,
            FENGXIANG,
            "旧小学",
            "211",
            "closed",
            Some((107.63, 34.13)),
            vec![("2019-2020", [Some(500), Some(5), Some(5)])],
        ),
        school(
            WEIBIN,
            WEIBIN,
            "渭滨小学",
            "211",
            "open",
            None,
            vec![("2025-2026", [Some(200), Some(4), Some(10)])],
        ),
        school(
            WEIBIN,
            WEIBIN,
            "渭滨初中",
            "311",
            "open",
            Some((107.3, 34.3)),
            vec![("2025-2026", [Some(100), Some(2), Some(10)])],
        ),
    ]
}
