//! A crawler that knows nothing of the pages: signed in as each post in one county, it follows every link and tries
//! every number and every name on every route, and must never meet a record of another county.
//!
//! The matrix (`matrix.rs`) says what each route ought to answer; this says nothing but what must not come out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use db::testing::TestPlace;
use security::{Access, Method, Route};
use standard::{Action, Post, Scope, UnitLevel};
use testkit::fixtures::institution;
use testkit::{Answer, Client, TODAY, TestApp};
use tokio::task::JoinSet;

use crate::walls::{Place, Things};

/// Where the readers stand, and where the records stand that they must not meet.
const OWN: &str = "610113";
const FOREIGN: &str = "610104";

/// Words that stand in records of the other county and nowhere else. The first four signs of each stand in the own
/// county as well, so that one can search for them without naming what is looked for.
const MARKS: [&str; 4] = [
    "外县甲乙标记小学",
    "外县甲乙标记路九号",
    "外县甲乙标记理由",
    "外县甲乙标记文字",
];
const SEARCH: &str = "外县甲乙";
const OWN_SCHOOL: &str = "外县甲乙本县小学";

/// An id that nothing has.
const NOBODY: i64 = 987_654_321;

/// How many addresses with other queries the crawler follows on one path, and how many paths that differ in numbers.
const QUERIES: usize = 4;
const NUMBERS: usize = 8;

struct World {
    app: TestApp,
    /// What people of the other county left behind; the crawler asks for it by its numbers.
    foreign: Things,
}

impl World {
    async fn make(place: &TestPlace) -> Self {
        let app = TestApp::start(place).await;
        let placed = |name: &str, county: &str, address: &str, longitude: &str| {
            institution(name, county)
                .with("address", address)
                .with("longitude", longitude)
                .with("latitude", "34.22")
        };
        app.load(&[placed(OWN_SCHOOL, OWN, "外县甲乙本县路一号", "108.95")])
            .await;
        // The other county works as well: imports of its own, an edit, a case with a file, systems, incidents.
        let other = Place {
            office: FOREIGN,
            school: placed(MARKS[0], FOREIGN, MARKS[1], "108.97"),
            name: MARKS[0],
            words: MARKS[3],
        };
        let foreign = Things::make(&app, &other).await;
        let clerk = app.signed_in("statistician", Some(FOREIGN)).await;
        edit(&clerk, foreign.school).await;
        Self { app, foreign }
    }

    /// The numbers that the crawler tries, whatever for: those of the other county's things, the next ones, and the
    /// first few, since accounts, grants and sessions count from 1.
    fn ids(&self) -> Vec<i64> {
        let things = self.foreign.numbers();
        let last = things.iter().max().copied().unwrap_or_default();
        let mut ids: Vec<i64> = (1..=6).chain(things).chain([last + 1]).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// Sends the form of a record back with another address and a reason, and a second time with what the first answer
/// asks to be looked at ticked.
async fn edit(client: &Client, record: i64) {
    let address = format!("/institutions/{record}/edit");
    let page = client.get(&address).await;
    let moved = format!("{}甲", MARKS[1]);
    let typed = [
        ("_reason", MARKS[2]),
        ("_effective", TODAY),
        ("address", &moved),
    ];
    let asked = post(client, &address, &filled(&page, &typed)).await;
    let ticks = asked.attributes("input[name=_confirmed]", "value");
    let mut sent = filled(&asked, &typed);
    sent.extend(
        ticks
            .iter()
            .map(|tick| ("_confirmed".to_owned(), tick.clone())),
    );
    let saved = post(client, &address, &sent).await;
    let faults = saved.words(".error, [role=alert]").join(" | ");
    assert_eq!(saved.status, 303, "{faults}");
}

async fn post(client: &Client, address: &str, fields: &[(String, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    client.form(address, &fields).await
}

/// The form of a page as it stands, with other values for some fields.
fn filled(page: &Answer, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields = page.form_values();
    fields.retain(|(name, _)| name != "csrf" && typed.iter().all(|(typed, _)| name != typed));
    fields.extend(
        typed
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    fields
}

/// What is wrong with an answer, whatever was asked.
fn leak(answer: &Answer) -> Option<String> {
    if answer.status.is_server_error() && answer.status != 503 {
        return Some(format!("answered {}", answer.status));
    }
    let mut said = String::from_utf8_lossy(&answer.body).into_owned();
    for value in answer.headers.values() {
        said.push_str(&String::from_utf8_lossy(value.as_bytes()));
    }
    let met = MARKS.iter().filter(|mark| {
        let encoded: String = mark.bytes().map(|byte| format!("%{byte:02X}")).collect();
        said.contains(**mark) || said.contains(&encoded)
    });
    let met: Vec<&str> = met.copied().collect();
    (!met.is_empty()).then(|| format!("{} bytes hold {met:?}", answer.body.len()))
}

/// Every address of this program that a page names, in whatever attribute. The pages are our own and well formed;
/// a parser would take most of the time of the test.
fn links(page: &str) -> Vec<String> {
    page.split("=\"/")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(address, _)| format!("/{}", address.replace("&amp;", "&")))
        .collect()
}

/// Follows links from the start page, whatever they are; what it met and where it must not have.
async fn follow(client: &Client, wrong: &mut Vec<String>) -> usize {
    let mut waiting = VecDeque::from(["/".to_owned()]);
    let mut seen = BTreeSet::from(["/".to_owned()]);
    let mut of_path: BTreeMap<String, usize> = BTreeMap::new();
    let mut of_kind: BTreeMap<String, usize> = BTreeMap::new();
    let mut asked = 0;
    while let Some(address) = waiting.pop_front() {
        let answer = client.get(&address).await;
        asked += 1;
        if let Some(what) = leak(&answer) {
            wrong.push(format!("{address} (followed): {what}"));
        }
        let is_page = answer.header("content-type").starts_with("text/html");
        let mut found = if is_page {
            links(&answer.text())
        } else {
            Vec::new()
        };
        found.push(answer.location().to_owned());
        for next in found {
            let next = next.split('#').next().unwrap().to_owned();
            let path = next.split('?').next().unwrap().to_owned();
            let is_ours = next.starts_with('/') && !next.starts_with("//");
            if !is_ours || path == "/signout" || path.starts_with("/assets/") {
                continue;
            }
            let kind = path.split(|letter: char| letter.is_ascii_digit()).collect();
            let is_new = !of_path.contains_key(&path);
            let (queries, numbers) = (
                of_path.entry(path).or_default(),
                of_kind.entry(kind).or_default(),
            );
            let is_wanted = *queries < QUERIES && (!is_new || *numbers < NUMBERS);
            if is_wanted && seen.insert(next.clone()) {
                *queries += 1;
                *numbers += usize::from(is_new);
                waiting.push_back(next);
            }
        }
    }
    asked
}

/// Values for the places of a route: every number, and names that exist.
fn values(name: &str, world: &World) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match name {
        "code" => words(&[FOREIGN, OWN, "610100", "610000"]),
        "set" => words(&["stage"]),
        "dataset" => words(&["institution", "education_unit", "division"]),
        "layer" => words(&["institution", "division"]),
        // The tiles over both places, from the country to the street.
        "z" | "x" => Vec::new(),
        "process" => words(&["grant_application"]),
        "provider" => words(&["none"]),
        _ => world.ids().iter().map(i64::to_string).collect(),
    }
}

/// The addresses of a route. What lies within something is asked for where it is, and under each other number beside
/// the first of its kind; not every number within every number.
fn addresses(path: &str, world: &World) -> Vec<String> {
    match path {
        "/tiles/{layer}/{z}/{x}/{file}" => return tiles(),
        "/tiles/{file}" => {
            return ["institution.json", "division.json"]
                .map(|file| format!("/tiles/{file}"))
                .to_vec();
        }
        "/assets/{file}" => return vec!["/assets/app.css".to_owned()],
        _ => {}
    }
    let mut places = path.split(['{', '}']).skip(1).step_by(2);
    let Some(outer) = places.next() else {
        return vec![path.to_owned()];
    };
    let mut values = values(outer, world);
    if path.starts_with("/clients/") {
        values.extend(world.foreign.programs.clone());
    }
    let fill =
        |path: &str, name: &str, value: &str| path.replacen(&format!("{{{name}}}"), value, 1);
    let Some(inner) = places.next() else {
        return values
            .iter()
            .map(|value| fill(path, outer, value))
            .collect();
    };
    assert_eq!(places.next(), None, "say here how {path} is filled");
    let file = world.foreign.file.to_string();
    let case = world.foreign.case.to_string();
    let within = |outside: &str, inside: &str| fill(&fill(path, outer, outside), inner, inside);
    let mut made: BTreeSet<String> = values.iter().map(|value| within(value, &file)).collect();
    made.extend(values.iter().map(|value| within(&case, value)));
    made.into_iter().collect()
}

fn tiles() -> Vec<String> {
    let mut tiles = Vec::new();
    for zoom in [4_u32, 8, 12, 14] {
        let side = f64::from(1_u32 << zoom);
        for longitude in [108.95_f64, 108.97] {
            let latitude = 34.22_f64.to_radians();
            let x = ((longitude + 180.0) / 360.0 * side) as u32;
            let y = ((1.0 - latitude.tan().asinh() / std::f64::consts::PI) / 2.0 * side) as u32;
            tiles.push(format!("/tiles/institution/{zoom}/{x}/{y}.mvt"));
        }
    }
    tiles
}

/// The number of the other county's thing that a route asks for.
fn foreign_thing(path: &str, things: &Things) -> Option<String> {
    let number = match path {
        _ if path.starts_with("/institutions/{id}") => things.school,
        "/commits/{number}" | "/commits/{number}/reverse" => things.commit,
        _ if path.starts_with("/imports/{id}") => things.import,
        "/cases/{id}" | "/cases/{id}/move" => things.case,
        "/assurance/units/{id}" => things.school,
        "/assurance/systems/{id}" => things.system,
        "/assurance/incidents/{id}" => things.incident,
        "/assurance/reports/{id}" => things.schedule,
        _ if path.starts_with("/clients/{id}") => return Some(things.programs[0].clone()),
        _ => return None,
    };
    Some(number.to_string())
}

/// What differs between two answers to a thing that is hidden and one that does not exist.
async fn told_apart(client: &Client, route: &Route, hidden: &str) -> Option<String> {
    let (start, rest) = route.path.split_once('{')?;
    let end = rest.split_once('}')?.1;
    // A page names its own address, for the other language and for the way back; what was asked leads there.
    let said = |answer: &Answer, id: &str| {
        let thing = format!("{start}{id}");
        let encoded = thing.replace('/', "%2F");
        format!("{} {}", answer.location(), answer.text())
            .replace(&thing, "THING")
            .replace(&encoded, "THING")
    };
    let ask = async |id: &str| {
        let address = format!("{start}{id}{end}");
        let answer = match route.method {
            Method::Get => client.get(&address).await,
            _ => client.form(&address, &[]).await,
        };
        let said = said(&answer, id);
        (answer, said)
    };
    let ((of_hidden, hidden), (of_absent, absent)) =
        (ask(hidden).await, ask(&NOBODY.to_string()).await);
    if of_hidden.status != of_absent.status {
        return Some(format!(
            "{} for a hidden one, {}",
            of_hidden.status, of_absent.status
        ));
    }
    let differs = || {
        let parts = hidden.split('>').zip(absent.split('>'));
        let (one, other) = parts.into_iter().find(|(one, other)| one != other)?;
        Some(format!("the words differ: {one} | {other}"))
    };
    (hidden != absent).then(|| differs().unwrap_or_default())
}

/// What anybody may ask for without signing in; it is the same for every post, and asked for once.
async fn as_visitor(world: &World, routes: &[Route]) -> (usize, Vec<String>) {
    let client = world.app.visitor();
    let (mut asked, mut faults) = (0, Vec::new());
    for route in routes.iter().filter(|route| is_for_everyone(route)) {
        for address in addresses(route.path, world) {
            let answer = client.fetch(&format!("{address}?q={SEARCH}")).await;
            asked += 1;
            if let Some(what) = leak(&answer) {
                faults.push(format!("a visitor: {address}: {what}"));
            }
        }
    }
    (asked, faults)
}

fn is_for_everyone(route: &Route) -> bool {
    route.method == Method::Get && route.access == Access::Public
}

/// Everything that a post can ask for; how often it asked, and what was wrong.
async fn as_post(world: &World, routes: &[Route], post: &Post) -> (usize, Vec<String>) {
    let in_schools_only = post.scope == Scope::Own || !post.is_held_at(UnitLevel::County);
    let unit = if in_schools_only { OWN_SCHOOL } else { OWN };
    let client = world.app.signed_in(&post.name, Some(unit)).await;
    let mut faults = Vec::new();
    let mut asked = follow(&client, &mut faults).await;
    for route in routes.iter().filter(|route| !is_for_everyone(route)) {
        for address in addresses(route.path, world) {
            // A search names the half of what it looks for; routes without a search leave it out.
            let searching = format!("{address}?q={SEARCH}");
            let answers = match route.method {
                Method::Get if address == route.path => vec![
                    client.get(&address).await,
                    client.fetch(&searching).await,
                    client.fragment(&searching).await,
                ],
                Method::Get => vec![client.get(&address).await],
                _ if route.path == "/signout" => Vec::new(),
                _ => vec![client.form(&address, &[]).await],
            };
            asked += answers.len();
            for answer in answers {
                if let Some(what) = leak(&answer) {
                    faults.push(format!("{} {address}: {what}", route.method.as_str()));
                }
            }
        }
        if let Some(hidden) = foreign_thing(route.path, &world.foreign)
            && let Some(what) = told_apart(&client, route, &hidden).await
        {
            faults.push(format!("{} {}: {what}", route.method.as_str(), route.path));
        }
    }
    let faults = faults.iter().map(|fault| format!("{}: {fault}", post.name));
    (asked, faults.collect())
}

async fn crawl(place: &TestPlace) {
    let world = World::make(place).await;
    let before = world.app.institution(MARKS[0]).await;
    let (_, table) = world.app.app.router().unwrap();
    let own = world.app.institution(OWN_SCHOOL).await;
    assert_ne!(own.get(), world.foreign.school);
    // Whoever may, does meet it: the crawler would see it.
    let mut met = Vec::new();
    for post in ["statistician", "security_administrator"] {
        let insider = world.app.signed_in(post, Some(FOREIGN)).await;
        follow(&insider, &mut met).await;
    }
    for mark in MARKS {
        assert!(
            met.iter().any(|what| what.contains(mark)),
            "{mark}: {met:#?}"
        );
    }
    let mut routes: Vec<Route> = table.iter().collect();
    // What changes something comes last: it may end the reader's own session.
    routes.sort_by_key(|route| route.method);
    let (world, routes) = (Arc::new(world), Arc::new(routes));
    // Those who manage accounts come last and one after another: they may end the sessions of the others.
    let (managing, posts): (Vec<Post>, Vec<Post>) = world
        .app
        .app
        .security()
        .posts()
        .iter()
        .cloned()
        .partition(|post| post.allows(Action::ManageAccounts));
    let mut readers = JoinSet::new();
    {
        let (world, routes) = (Arc::clone(&world), Arc::clone(&routes));
        readers.spawn(async move { as_visitor(&world, &routes).await });
    }
    for post in posts {
        let (world, routes) = (Arc::clone(&world), Arc::clone(&routes));
        readers.spawn(async move { as_post(&world, &routes, &post).await });
    }
    let mut answers = readers.join_all().await;
    for post in managing {
        answers.push(as_post(&world, &routes, &post).await);
    }
    let (mut asked, mut wrong) = (0, Vec::new());
    for (times, faults) in answers {
        asked += times;
        wrong.extend(faults);
    }
    assert_eq!(wrong, [] as [String; 0]);
    assert!(asked > 1_000, "the crawler asked only {asked} times");
    assert_eq!(world.app.institution(MARKS[0]).await, before);
    Arc::into_inner(world).unwrap().app.stop().await;
}

db::on_both_engines! {
    async fn no_post_of_one_county_meets_a_record_of_another(place: &TestPlace) {
        crawl(place).await;
    }
}
