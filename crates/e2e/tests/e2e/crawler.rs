//! A crawler that knows nothing of the pages: signed in as each post in one county, it follows every link and tries
//! every number and every name on every route, and must never meet a record of another county.
//!
//! The matrix (`matrix.rs`) says what each route ought to answer; this says nothing but what must not come out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use db::testing::TestPlace;
use security::{Method, Route};
use standard::{Post, Scope, UnitLevel};
use testkit::fixtures::{csv, institution};
use testkit::{Answer, Client, Part, TODAY, TestApp};
use tokio::task::JoinSet;

/// Where the readers stand, and where the records stand that they must not meet.
const OWN: &str = "610113";
const FOREIGN: &str = "610104";

/// Words that stand in records of the other county and nowhere else. The first four signs of each stand in the own
/// county as well, so that one can search for them without naming what is looked for.
const MARKS: [&str; 3] = ["外县甲乙标记小学", "外县甲乙标记路九号", "外县甲乙标记理由"];
const SEARCH: &str = "外县甲乙";

/// The ids that the world gave out, for whatever: from 1 on, and round the record.
fn ids(foreign: i64) -> Vec<i64> {
    (1..=12).chain(foreign - 3..=foreign + 6).collect()
}

/// An id that nothing has.
const NOBODY: i64 = 987_654_321;

/// How many addresses with other queries the crawler follows on one path.
const QUERIES: usize = 4;

struct World {
    app: TestApp,
    /// The record that the crawler asks for by its id.
    foreign: i64,
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
        app.load(&[placed(
            "外县甲乙本县小学",
            OWN,
            "外县甲乙本县路一号",
            "108.95",
        )])
        .await;
        // The other county works as well: an import of its own, a refused row, an edit, an import that waits.
        let clerk = app.signed_in("statistician", Some(FOREIGN)).await;
        let rows = [placed(MARKS[0], FOREIGN, MARKS[1], "108.97")];
        let sent = upload(&clerk, &csv(&rows)).await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        app.settled(2).await;
        let approved = clerk.form("/imports/2/approve", &[]).await;
        assert_eq!(approved.status, 303, "{}", approved.text());
        app.settled(2).await;
        let foreign = app.institution(MARKS[0]).await.get();
        let refused = institution(MARKS[0], FOREIGN).with("type", MARKS[1]);
        upload(&clerk, &csv(&[refused])).await;
        app.settled(3).await;
        edit(&clerk, foreign).await;
        Self { app, foreign }
    }
}

async fn upload(client: &Client, text: &str) -> Answer {
    let file = Part::text(text.to_owned()).file_name("schools.csv");
    client
        .multipart("/imports", |form| {
            form.text("dataset", "institution").part("file", file)
        })
        .await
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

/// Follows links from the start page, whatever they are; what it met and where it must not have.
async fn follow(client: &Client, wrong: &mut Vec<String>) -> usize {
    let mut waiting = VecDeque::from(["/".to_owned()]);
    let mut seen = BTreeSet::from(["/".to_owned()]);
    let mut of_path: BTreeMap<String, usize> = BTreeMap::new();
    let mut asked = 0;
    while let Some(address) = waiting.pop_front() {
        let answer = client.get(&address).await;
        asked += 1;
        if let Some(what) = leak(&answer) {
            wrong.push(format!("{address} (followed): {what}"));
        }
        let is_page = answer.header("content-type").starts_with("text/html");
        let mut found = if is_page {
            answer.addresses()
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
            let queries = of_path.entry(path).or_default();
            if *queries < QUERIES && seen.insert(next.clone()) {
                *queries += 1;
                waiting.push_back(next);
            }
        }
    }
    asked
}

/// Values for the places of a route: every id, and names that exist.
fn values(name: &str, ids: &[i64]) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match name {
        "code" => words(&[FOREIGN, OWN, "610100", "610000"]),
        "set" => words(&["stage"]),
        "dataset" => words(&["institution", "education_unit", "division"]),
        "layer" => words(&["institution", "division"]),
        // The tiles over both places, from the country to the street.
        "z" | "x" => Vec::new(),
        "file" => words(&["institution.json", "division.json", "app.css"]),
        _ => ids.iter().map(i64::to_string).collect(),
    }
}

fn addresses(path: &str, ids: &[i64]) -> Vec<String> {
    if path == "/tiles/{layer}/{z}/{x}/{file}" {
        return tiles();
    }
    let mut made = vec![path.to_owned()];
    while let Some((from, to)) = made[0].find('{').zip(made[0].find('}')) {
        let name = made[0][from + 1..to].trim_start_matches('*').to_owned();
        let place = format!("{{{name}}}");
        made = values(&name, ids)
            .iter()
            .flat_map(|value| made.iter().map(|path| path.replacen(&place, value, 1)))
            .collect();
    }
    made
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

/// What differs between two answers to an id that is hidden and one that does not exist.
async fn told_apart(client: &Client, path: &str, foreign: i64) -> Option<String> {
    let of = async |id: i64| client.get(&path.replacen("{id}", &id.to_string(), 1)).await;
    let (hidden, absent) = (of(foreign).await, of(NOBODY).await);
    let text = |answer: &Answer, id: i64| answer.text().replace(&id.to_string(), "ID");
    if hidden.status != absent.status {
        return Some(format!(
            "{} for a hidden one, {}",
            hidden.status, absent.status
        ));
    }
    (text(&hidden, foreign) != text(&absent, NOBODY)).then(|| "the words differ".to_owned())
}

/// Everything that a post can ask for; how often it asked, and what was wrong.
async fn as_post(world: &World, routes: &[Route], post: &Post) -> (usize, Vec<String>) {
    let in_schools_only = post.scope == Scope::Own || !post.is_held_at(UnitLevel::County);
    let unit = if in_schools_only {
        "外县甲乙本县小学"
    } else {
        OWN
    };
    let client = world.app.signed_in(&post.name, Some(unit)).await;
    let ids = ids(world.foreign);
    let mut faults = Vec::new();
    let mut asked = follow(&client, &mut faults).await;
    for route in routes {
        for address in addresses(route.path, &ids) {
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
        let hides_records = route.path.starts_with("/institutions/{id}");
        if route.method == Method::Get
            && hides_records
            && let Some(what) = told_apart(&client, route.path, world.foreign).await
        {
            faults.push(format!("{}: {what}", route.path));
        }
    }
    let faults = faults.iter().map(|fault| format!("{}: {fault}", post.name));
    (asked, faults.collect())
}

async fn crawl(place: &TestPlace) {
    let world = World::make(place).await;
    let before = world.app.institution(MARKS[0]).await;
    let (_, table) = world.app.app.router().unwrap();
    let own = world.app.institution("外县甲乙本县小学").await;
    assert_ne!(own.get(), world.foreign);
    // Whoever may, does meet it: the crawler would see it.
    let clerk = world.app.signed_in("statistician", Some(FOREIGN)).await;
    let mut met = Vec::new();
    follow(&clerk, &mut met).await;
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
    let posts = world.app.app.security().posts().to_vec();
    let mut readers = JoinSet::new();
    for post in posts {
        let (world, routes) = (Arc::clone(&world), Arc::clone(&routes));
        readers.spawn(async move { as_post(&world, &routes, &post).await });
    }
    let (mut asked, mut wrong) = (0, Vec::new());
    for (times, faults) in readers.join_all().await {
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
