//! Who may call what: the table of routes as a golden file, and every route called for real. What reads is called
//! here, what changes something in `matrix/changes.rs`.

mod changes;

use std::collections::BTreeMap;

use db::testing::TestPlace;
use kernel::UnitId;
use security::administration::NewPerson;
use security::{Access, Method, Route};
use standard::{Action, Post, Scope, UnitLevel};
use testkit::fixtures::institution;
use testkit::{Answer, Client, TestApp};

use crate::walls::{Place, Things};

#[tokio::test]
async fn every_route_stands_in_the_matrix() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let (_, table) = app.app.router().unwrap();
    insta::assert_snapshot!("matrix", table.matrix(app.app.security().posts()));
    app.stop().await;
    place.remove().await.unwrap();
}

/// How the reader's unit stands to the unit of the record that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    Own,
    Subordinate,
    Sibling,
    Parent,
    /// None: another city's.
    Stranger,
}

/// A school of the county 610113, one that the city runs itself, and one of another city.
const SCHOOL: &str = "雁塔路小学";
const CITY_SCHOOL: &str = "市直属小学";
const STRANGE_SCHOOL: &str = "渭滨小学";

impl Relation {
    const ALL: [Self; 5] = [
        Self::Own,
        Self::Subordinate,
        Self::Sibling,
        Self::Parent,
        Self::Stranger,
    ];

    /// The reader's unit; none where the post is not held at such a level. An institution is a unit too: the
    /// own one of a post that reaches nothing below, or that is held in institutions only.
    fn reader(self, post: &Post) -> Option<&'static str> {
        let in_counties = post.is_held_at(UnitLevel::County);
        match self {
            Self::Own if post.scope == Scope::Own || !in_counties => Some(self.institution()),
            Self::Own => Some("610113"),
            Self::Subordinate => post.is_held_at(UnitLevel::City).then_some("610100"),
            Self::Sibling if in_counties => Some("610104"),
            Self::Sibling => Some(Self::Parent.institution()),
            Self::Parent if in_counties => Some("610113"),
            Self::Parent => Some(Self::Own.institution()),
            Self::Stranger if in_counties => Some("610302"),
            Self::Stranger => Some(STRANGE_SCHOOL),
        }
    }

    /// The institution that is asked for, and whose people's things are.
    fn institution(self) -> &'static str {
        match self {
            Self::Own | Self::Subordinate | Self::Sibling | Self::Stranger => SCHOOL,
            Self::Parent => CITY_SCHOOL,
        }
    }

    fn is_within(self, post: &Post) -> bool {
        match self {
            Self::Own => true,
            Self::Subordinate => post.scope == Scope::Subtree,
            Self::Sibling | Self::Parent | Self::Stranger => false,
        }
    }

    /// Whether the reader's unit stands above that of the record, is it, or stands below it: then what is set for
    /// all below is seen.
    fn is_in_line(self) -> bool {
        !matches!(self, Self::Sibling | Self::Stranger)
    }
}

struct World {
    app: TestApp,
    /// What is there at each institution that is asked for.
    things: BTreeMap<&'static str, Things>,
    /// An account without posts that belongs to each.
    accounts: BTreeMap<&'static str, i64>,
}

impl World {
    async fn make(place: &TestPlace) -> Self {
        let app = TestApp::start(place).await;
        let stranger = institution(STRANGE_SCHOOL, "610302");
        app.load(&[stranger]).await;
        let mut things = BTreeMap::new();
        let mut accounts = BTreeMap::new();
        for (name, office) in [(SCHOOL, "610113"), (CITY_SCHOOL, "610100")] {
            let place = Place {
                office,
                school: institution(name, "610113").with("unit", office),
                name,
                words: "墙内的文字",
            };
            let made = Things::make(&app, &place).await;
            let person = NewPerson {
                login: format!("member{office}"),
                display: "王某".to_owned(),
                home: Some(UnitId::new(made.school)),
                grant: None,
            };
            let invited = app.app.security().enrol(&app.permit(), &person).await;
            accounts.insert(name, invited.unwrap().account.get());
            things.insert(name, made);
        }
        Self {
            app,
            things,
            accounts,
        }
    }

    fn things(&self, relation: Relation) -> &Things {
        &self.things[relation.institution()]
    }

    /// A real address for a route, and whether what it shows belongs to a unit. A route that is not here
    /// fails the test: whoever adds one says here how it is called.
    fn address(&self, route: &str, relation: Relation) -> Option<(String, Reach)> {
        let things = self.things(relation);
        let (record, commit) = (things.school, things.commit);
        let (case, file) = (things.case, things.file);
        let everyone = |address: &str| Some((address.to_owned(), Reach::Everyone));
        let account = self.accounts[relation.institution()];
        match route {
            "/accounts/{id}" => Some((format!("/accounts/{account}"), Reach::OfUnit)),
            // There are accounts already.
            "/setup" => Some(("/setup".to_owned(), Reach::Hidden)),
            "/institutions/{id}" => Some((format!("/institutions/{record}"), Reach::OfUnit)),
            "/institutions/{id}/edit" => {
                Some((format!("/institutions/{record}/edit"), Reach::OfUnit))
            }
            "/assurance/units/{id}" => Some((format!("/assurance/units/{record}"), Reach::OfUnit)),
            // The node is for those who hold the whole of it.
            "/assurance/node" => Some(("/assurance/node".to_owned(), Reach::Hidden)),
            "/assurance/systems/{id}" => Some((
                format!("/assurance/systems/{}", things.system),
                Reach::OfUnit,
            )),
            "/assurance/incidents/{id}" => Some((
                format!("/assurance/incidents/{}", things.incident),
                Reach::OfUnit,
            )),
            "/assurance/reports/{id}" => Some((
                format!("/assurance/reports/{}", things.schedule),
                Reach::OfLine,
            )),
            "/commits/{number}" => Some((format!("/commits/{commit}"), Reach::OfUnit)),
            // An import belongs to who began it.
            "/imports/{id}" => Some((format!("/imports/{}", things.import), Reach::Hidden)),
            "/imports/{id}/progress" => Some((
                format!("/imports/{}/progress", things.import),
                Reach::Hidden,
            )),
            "/imports/{id}/refused.csv" => Some((
                format!("/imports/{}/refused.csv", things.waiting),
                Reach::Hidden,
            )),
            "/cases/{id}" => Some((format!("/cases/{case}"), DECIDERS)),
            "/cases/{id}/files/{file}" => Some((format!("/cases/{case}/files/{file}"), DECIDERS)),
            "/cases/new/{process}" => everyone("/cases/new/grant_application"),
            // Nobody stands in this world under the number of an office.
            "/people/{id}" => Some(("/people/1".to_owned(), Reach::Hidden)),
            // Nothing was approved.
            "/people/file" => Some(("/people/file".to_owned(), Reach::Hidden)),
            "/people/{id}/all" => Some(("/people/1/all".to_owned(), Reach::Hidden)),
            "/people/{id}/erase" => Some(("/people/1/erase".to_owned(), Reach::Hidden)),
            "/institutions/places.json" => everyone("/institutions/places.json?parent=610100"),
            "/dictionary/{dataset}" => everyone("/dictionary/institution"),
            "/dictionary/codes/{set}" => everyone("/dictionary/codes/stage"),
            "/divisions/{code}" => everyone("/divisions/610113"),
            "/map/place/{code}" => everyone("/map/place/610113"),
            "/tiles/{file}" => everyone("/tiles/institution.json"),
            "/tiles/{layer}/{z}/{x}/{file}" => everyone("/tiles/institution/6/51/25.mvt"),
            // None of either is there; what is out of reach answers the same.
            "/alerts/{id}" => Some(("/alerts/1".to_owned(), Reach::Hidden)),
            "/exports/{id}/file" => Some(("/exports/1/file".to_owned(), Reach::Hidden)),
            "/assets/{file}" => everyone("/assets/app.css"),
            // The tests' program has no identity services.
            "/signin/with/{provider}" => Some(("/signin/with/none".to_owned(), Reach::Hidden)),
            "/signin/with/{provider}/back" => {
                Some(("/signin/with/none/back".to_owned(), Reach::Hidden))
            }
            "/signin/with/{provider}/leave" => {
                Some(("/signin/with/none/leave".to_owned(), Reach::Hidden))
            }
            "/language" => everyone("/language?to=en&back=%2F"),
            plain if !plain.contains('{') => everyone(plain),
            _ => None,
        }
    }
}

/// Who sees what stands at an address, among those whose post may call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Everyone,
    OfUnit,
    /// Those of the unit, and those above and below it.
    OfLine,
    /// Those of the unit whose post may do this as well.
    OfAction(Action),
    Hidden,
}

/// Who decides on an application for a post (`standard/workflows/grant_application.toml`).
const DECIDERS: Reach = Reach::OfAction(Action::Approve);

impl Reach {
    /// Whether someone may see it, whose post may call the route.
    fn includes(self, post: &Post, relation: Relation) -> bool {
        match self {
            Self::Everyone => true,
            Self::OfUnit => relation.is_within(post),
            Self::OfLine => relation.is_within(post) || relation.is_in_line(),
            Self::OfAction(action) => post.allows(action) && relation.is_within(post),
            Self::Hidden => false,
        }
    }
}

/// Statuses that say: here you are, or it is elsewhere, or it has not changed.
fn is_answered(answer: &Answer) -> bool {
    answer.status.is_success()
        || (answer.status.is_redirection() && !answer.location().starts_with("/signin"))
}

async fn every_answer(place: &TestPlace) {
    let world = World::make(place).await;
    let (_, table) = world.app.app.router().unwrap();
    let routes: Vec<Route> = table
        .iter()
        .filter(|route| route.method == Method::Get)
        .collect();
    let posts = world.app.app.security().posts().to_vec();
    let mut wrong = Vec::new();
    let (mut asked, mut readers) = (0, 0);
    for post in &posts {
        for relation in Relation::ALL {
            let Some(unit) = relation.reader(post) else {
                continue;
            };
            readers += 1;
            let client = world.app.signed_in(&post.name, Some(unit)).await;
            for route in &routes {
                let Some((address, reach)) = world.address(route.path, relation) else {
                    panic!("say in World::address how {} is called", route.path);
                };
                let answer = client.get(&address).await;
                asked += 1;
                let expected = match route.access.allows(post) {
                    false => Expected::Refused,
                    true if reach.includes(post, relation) => Expected::Answered,
                    true => Expected::Hidden,
                };
                let is_public_file = route.path.starts_with("/assets/") || route.path == "/metrics";
                if !expected.fits(&answer) && !is_public_file {
                    wrong.push(format!(
                        "{} {relation:?} {address}: {} is not {expected:?}",
                        post.name, answer.status
                    ));
                }
                if answer.text().contains('⟨') {
                    wrong.push(format!("{} {address}: a message is missing", post.name));
                }
            }
        }
    }
    assert_eq!(wrong, [] as [String; 0]);
    assert!(readers > posts.len() * 2);
    assert_eq!(asked, readers * routes.len());
    nobody_gets_in(&world.app.visitor(), &world, &routes).await;
    forgeries_stay_out(&world, &posts).await;
    world.app.stop().await;
}

#[derive(Debug)]
enum Expected {
    Answered,
    /// The post may not.
    Refused,
    /// For this reader there is no such thing.
    Hidden,
}

impl Expected {
    fn fits(&self, answer: &Answer) -> bool {
        match self {
            Self::Answered => is_answered(answer),
            Self::Refused => answer.status == 403,
            Self::Hidden => answer.status == 404,
        }
    }
}

async fn nobody_gets_in(visitor: &Client, world: &World, routes: &[Route]) {
    for route in routes {
        let Some((address, _)) = world.address(route.path, Relation::Own) else {
            continue;
        };
        let page = visitor.get(&address).await;
        let fetched = visitor.fetch(&address).await;
        if route.access == Access::Public {
            assert!(!page.location().starts_with("/signin"), "{address}");
        } else {
            let is_led = page.location().starts_with("/signin");
            assert!(is_led || page.status == 401, "{address}: {}", page.status);
            assert!(!is_answered(&fetched), "{address}: {}", fetched.status);
        }
    }
}

/// What changes something takes no form without the token of the session.
async fn forgeries_stay_out(world: &World, posts: &[Post]) {
    let (_, table) = world.app.app.router().unwrap();
    let before = world
        .app
        .app
        .registry()
        .ledger()
        .head()
        .await
        .unwrap()
        .number;
    for post in posts {
        let in_province = post.is_held_at(UnitLevel::Province);
        let unit = (!in_province).then_some(Relation::Own.institution());
        let client = world.app.signed_in(&post.name, unit).await;
        let takes_forms = |route: &Route| route.method != Method::Get && !route.proves_itself;
        for route in table.iter().filter(takes_forms) {
            let address = route.path.replace("{id}", "1").replace("{number}", "1");
            let answer = client
                .form_without_token(&address, &[("csrf", "forged")])
                .await;
            assert_eq!(answer.status, 403, "{} {address}", post.name);
        }
    }
    assert_eq!(
        world
            .app
            .app
            .registry()
            .ledger()
            .head()
            .await
            .unwrap()
            .number,
        before
    );
}

db::on_both_engines! {
    async fn every_route_answers_to_whom_it_may_and_to_nobody_else(place: &TestPlace) {
        every_answer(place).await;
    }
}
