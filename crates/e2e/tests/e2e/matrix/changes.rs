//! What changes something, called for real by every post from every side with the token of its session: what is of
//! another unit answers like what is not there. The bodies do no harm: they lack what they need, or change nothing
//! that another call looks at.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use db::testing::TestPlace;
use security::{Access, Method, Route};
use standard::Post;
use testkit::{Answer, Client, TODAY};

use super::{DECIDERS, Reach, Relation, World};

/// How a route is called.
struct Call {
    address: String,
    fields: Vec<(&'static str, String)>,
    reach: Reach,
    /// Whether it takes a form with files.
    takes_files: bool,
}

impl Call {
    fn to(address: impl Into<String>, reach: Reach) -> Self {
        Self {
            address: address.into(),
            fields: Vec::new(),
            reach,
            takes_files: false,
        }
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.fields.push((name, value.to_string()));
        self
    }

    async fn send(&self, client: &Client) -> Answer {
        if self.takes_files {
            let fields = self.fields.clone();
            let filled = |form: reqwest::multipart::Form| {
                fields
                    .into_iter()
                    .fold(form, |form, (name, value)| form.text(name, value))
            };
            return client.multipart(&self.address, filled).await;
        }
        let fields: Vec<(&str, &str)> = self
            .fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        client.form(&self.address, &fields).await
    }
}

/// A real call of a route. A route that is not here fails the test: whoever adds one says here how it is called.
fn call(world: &World, route: &str, relation: Relation) -> Option<Call> {
    let things = world.things(relation);
    let (school, case) = (things.school, things.case);
    let of_unit = |address: String| Some(Call::to(address, Reach::OfUnit));
    match route {
        "/institutions/{id}/edit" => of_unit(format!("/institutions/{school}/edit")),
        // Whoever is outside means it; whoever may does not tick the box, and nothing happens.
        "/commits/{number}/reverse" => {
            let call = Call::to(format!("/commits/{}/reverse", things.commit), Reach::OfUnit);
            let is_outside = matches!(
                relation,
                Relation::Sibling | Relation::Parent | Relation::Stranger
            );
            Some(if is_outside {
                call.with("sure", 1)
            } else {
                call
            })
        }
        "/assurance/units/{id}" => {
            of_unit(format!("/assurance/units/{school}")).map(|call| call.with("duty", "cio"))
        }
        "/assurance/systems/{id}" => of_unit(format!("/assurance/systems/{}", things.system)),
        "/assurance/incidents/{id}" => of_unit(format!("/assurance/incidents/{}", things.incident)),
        "/assurance/systems/new" | "/assurance/incidents/new" => {
            of_unit(route.to_owned()).map(|call| call.with("unit", school))
        }
        "/assurance/reports/new" => of_unit(route.to_owned()).map(|call| call.with("unit", school)),
        "/assurance/reports" => of_unit(route.to_owned()).map(|call| {
            call.with("schedule", things.schedule)
                .with("unit", school)
                .with("day", TODAY)
                .with("incidents", 0)
        }),
        // Who must report sees the schedule, and does not end it.
        "/assurance/reports/{id}" => Some(Call::to(
            format!("/assurance/reports/{}", things.schedule),
            Reach::OfLine,
        )),
        // An import belongs to who began it.
        "/imports/{id}/approve" => Some(Call::to(
            format!("/imports/{}/approve", things.waiting),
            Reach::Hidden,
        )),
        "/imports/{id}/stop" => Some(Call::to(
            format!("/imports/{}/stop", things.waiting),
            Reach::Hidden,
        )),
        "/imports/{id}/reverse" => Some(Call::to(
            format!("/imports/{}/reverse", things.import),
            Reach::Hidden,
        )),
        "/cases/new/{process}" => Some(Call::to("/cases/new/grant_application", Reach::Everyone)),
        // Who saw the case as it never was is told that it moved on.
        "/cases/{id}/move" => Some(
            Call::to(format!("/cases/{case}/move"), DECIDERS)
                .with("move", "return")
                .with("key", "0".repeat(32)),
        ),
        "/cases/{id}/files" => Some(Call {
            takes_files: true,
            ..Call::to(format!("/cases/{case}/files"), DECIDERS)
        }),
        "/cases/{id}/files/{file}/remove" => Some(Call::to(
            format!("/cases/{case}/files/{}/remove", things.file),
            DECIDERS,
        )),
        "/accounts/{id}/end-grant"
        | "/accounts/{id}/end-sessions"
        | "/accounts/{id}/grants"
        | "/accounts/{id}/invite"
        | "/accounts/{id}/reset-factors"
        | "/accounts/{id}/state" => {
            let account = world.accounts[relation.institution()].to_string();
            of_unit(route.replace("{id}", &account))
        }
        "/accounts/bulk" => Some(Call {
            takes_files: true,
            ..Call::to(route, Reach::Everyone)
        }),
        "/clients/{id}/end" => of_unit(format!("/clients/{}/end", things.programs[0])),
        "/clients/{id}/rotate" => of_unit(format!("/clients/{}/rotate", things.programs[1])),
        // None of these is there; what is out of reach answers the same.
        "/alerts/{id}" => {
            Some(Call::to("/alerts/1", Reach::Hidden)).map(|call| call.with("note", "x"))
        }
        "/people/{id}/all" => Some(Call::to("/people/1/all", Reach::Hidden)),
        "/people/{id}/consent" => Some(Call::to("/people/1/consent", Reach::Hidden)),
        "/people/{id}/erase" => Some(Call::to("/people/1/erase", Reach::Hidden)),
        "/people/{id}/full" => Some(Call::to("/people/1/full", Reach::Hidden)),
        "/person-links/{id}/end" => {
            Some(Call::to("/person-links/1/end", Reach::Hidden).with("person", 1))
        }
        // A wrong password would count against everybody at this address.
        "/account/confirm" => {
            Some(Call::to(route, Reach::Everyone).with("present", testkit::PASSWORD))
        }
        "/account/identities" => {
            Some(Call::to(route, Reach::Everyone).with("present", testkit::PASSWORD))
        }
        "/account/password" => Some(
            Call::to(route, Reach::Everyone)
                .with("present", testkit::PASSWORD)
                .with("wanted", "one")
                .with("again", "another"),
        ),
        plain if !plain.contains('{') => Some(Call::to(plain, Reach::Everyone)),
        _ => None,
    }
}

/// What everybody may call without signing in has no permit to look at, and tests of its own.
fn is_called(route: &Route) -> bool {
    route.method != Method::Get && route.access != Access::Public
}

/// What is wrong with an answer.
fn fault(answer: &Answer, route: &Route, reach: Reach, post: &Post, relation: Relation) -> bool {
    let status = answer.status.as_u16();
    let is_led_away = answer.location().starts_with("/signin") && route.path != "/signout";
    if !route.access.allows(post) {
        return status != 403;
    }
    if !reach.includes(post, relation) {
        return status != 404;
    }
    // It may lack something, or come too late; it is neither forbidden nor unknown, and nothing breaks.
    let is_taken = matches!(status, 200..=399 | 400 | 409 | 413 | 415 | 422) && !is_led_away;
    !(is_taken || reach == Reach::Everyone && status == 404 || is_narrower(route, status))
}

/// Routes of which some within the unit may do less than see it.
fn is_narrower(route: &Route, status: u16) -> bool {
    let routes = [
        // Who must report sees the schedule and does not end it.
        "/assurance/reports/{id}",
        // A file is taken away by who attached it.
        "/cases/{id}/files/{file}/remove",
        // An account is managed by who could give its post.
        "/clients/{id}/end",
        "/clients/{id}/rotate",
        // An account without the post holds nothing that could be ended.
        "/accounts/{id}/end-grant",
        // The settings of the node are changed by those who hold the whole of it.
        "/settings/signin/mail",
        "/settings/signin/sms",
    ];
    routes.contains(&route.path) && matches!(status, 403 | 404)
}

async fn every_change(place: &TestPlace) {
    let world = World::make(place).await;
    let (_, table) = world.app.app.router().unwrap();
    let mut routes: Vec<Route> = table.iter().filter(is_called).collect();
    // The last two calls exchange the session for another, and end it.
    routes.sort_by_key(|route| (route.path == "/signout", route.path == "/account/confirm"));
    let posts = world.app.app.security().posts().to_vec();
    let mut cells: BTreeMap<(&str, Relation, &str), u16> = BTreeMap::new();
    let mut wrong = Vec::new();
    for post in &posts {
        for relation in Relation::ALL {
            let Some(unit) = relation.reader(post) else {
                continue;
            };
            let mut client = world.app.signed_in(&post.name, Some(unit)).await;
            for route in &routes {
                let Some(call) = call(&world, route.path, relation) else {
                    panic!("say in call() how {} is called", route.path);
                };
                // What is of no unit is the same from everywhere.
                if call.reach == Reach::Everyone && relation != Relation::Own {
                    continue;
                }
                let answer = call.send(&client).await;
                if route.path == "/account/confirm" {
                    client.renew().await;
                }
                if fault(&answer, route, call.reach, post, relation) {
                    wrong.push(format!(
                        "{} {relation:?} {}: {}",
                        post.name, call.address, answer.status
                    ));
                }
                cells.insert((route.path, relation, &post.name), answer.status.as_u16());
            }
        }
    }
    assert_eq!(wrong, [] as [String; 0]);
    insta::assert_snapshot!("changes", golden(&world, &routes, &posts, &cells));
    world.app.stop().await;
}

/// The statuses as a table: a line for each route and relation, a column for each post.
fn golden(
    world: &World,
    routes: &[Route],
    posts: &[Post],
    cells: &BTreeMap<(&str, Relation, &str), u16>,
) -> String {
    let mut text = format!("{:<42}{:<12}", "route", "unit");
    for post in posts {
        write!(text, " {}", post.name).unwrap();
    }
    text.push('\n');
    let mut ordered: Vec<&Route> = routes.iter().collect();
    ordered.sort_by_key(|route| route.path);
    for route in ordered {
        let is_for_everyone = call(world, route.path, Relation::Own)
            .is_some_and(|call| call.reach == Reach::Everyone);
        let lines: Vec<(String, Relation)> = if is_for_everyone {
            vec![("any".to_owned(), Relation::Own)]
        } else {
            Relation::ALL
                .map(|relation| (format!("{relation:?}").to_lowercase(), relation))
                .to_vec()
        };
        for (name, relation) in lines {
            let mut line = format!("{:<42}{name:<12}", route.path);
            for post in posts {
                let status = cells.get(&(route.path, relation, &post.name));
                let cell = status.map_or_else(|| "-".to_owned(), u16::to_string);
                write!(line, " {cell:<width$}", width = post.name.len()).unwrap();
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

db::on_both_engines! {
    async fn every_change_is_made_by_whom_it_may_and_by_nobody_else(place: &TestPlace) {
        every_change(place).await;
    }
}
