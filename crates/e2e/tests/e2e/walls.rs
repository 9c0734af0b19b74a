//! What people of a unit leave behind, one of each kind: for the tests that ask for it from elsewhere.

use kernel::{Day, UnitId};
use security::NewClient;
use standard::Action;
use testkit::fixtures::{Institution, csv};
use testkit::{Answer, Client, Part, TODAY, TestApp};

/// Where it is and which words it is to hold.
#[derive(Debug, Clone)]
pub(crate) struct Place<'a> {
    /// The office under which the school is.
    pub(crate) office: &'a str,
    /// The school itself, a unit too: its people make all but the import and the schedule.
    pub(crate) school: Institution,
    /// Its name.
    pub(crate) name: &'a str,
    /// What stands in texts that people type.
    pub(crate) words: &'a str,
}

/// The numbers of what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Things {
    /// The school, which is a record and a unit.
    pub(crate) school: i64,
    /// The commit that brought the school.
    pub(crate) commit: i64,
    /// An import of the office that was carried out.
    pub(crate) import: i64,
    /// An import of the office of which a row was refused, and which waits.
    pub(crate) waiting: i64,
    /// An application that somebody of the school made, and a file in it.
    pub(crate) case: i64,
    pub(crate) file: i64,
    /// A system of the school, and an incident in it.
    pub(crate) system: i64,
    pub(crate) incident: i64,
    /// A schedule of daily reports that the office set.
    pub(crate) schedule: i64,
    /// Two programs of the school.
    pub(crate) programs: [String; 2],
}

impl Things {
    /// Every number in it.
    pub(crate) fn numbers(&self) -> Vec<i64> {
        let mut numbers = vec![
            self.school,
            self.commit,
            self.import,
            self.waiting,
            self.case,
            self.file,
            self.system,
            self.incident,
            self.schedule,
        ];
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// People of the unit do their work: through pages, as everything else.
    pub(crate) async fn make(app: &TestApp, place: &Place<'_>) -> Self {
        let clerk = app.signed_in("statistician", Some(place.office)).await;
        let import = import(app, &clerk, &csv(std::slice::from_ref(&place.school))).await;
        let approved = clerk.form(&format!("/imports/{import}/approve"), &[]).await;
        assert_eq!(approved.status, 303, "{}", approved.text());
        app.settled(import).await;
        let ledger = app.app.registry().ledger();
        let commit = ledger.head().await.unwrap().number.get();
        let school = app.institution(place.name).await.get();
        let refused = place.school.clone().with("type", place.words);
        let waiting = self::import(app, &clerk, &csv(&[refused])).await;

        let teacher = app.signed_in("homeroom_teacher", Some(place.name)).await;
        let (case, file) = application(&teacher, place).await;
        let officer = app.signed_in("information_officer", Some(place.name)).await;
        let system = system(&officer, place, school).await;
        let incident = incident(&officer, place, school, system).await;
        let keeper = app
            .signed_in("security_administrator", Some(place.office))
            .await;
        let schedule = schedule(&keeper, place, app.unit(place.office).await).await;
        let programs = [
            program(app, place, school, "one").await,
            program(app, place, school, "two").await,
        ];
        Self {
            school,
            commit,
            import,
            waiting,
            case,
            file,
            system,
            incident,
            schedule,
            programs,
        }
    }
}

/// The number at the end of the address to which an answer leads.
fn number(answer: &Answer) -> i64 {
    let faults = answer.words(".error, [role=alert]").join(" | ");
    assert_eq!(answer.status, 303, "{faults}");
    let address = answer.location().split('?').next().unwrap();
    let number = address.rsplit('/').next().unwrap();
    number.parse().unwrap_or_else(|_| panic!("{address}"))
}

async fn import(app: &TestApp, clerk: &Client, text: &str) -> i64 {
    let file = Part::text(text.to_owned()).file_name("schools.csv");
    let sent = clerk
        .multipart("/imports", |form| {
            form.text("dataset", "institution").part("file", file)
        })
        .await;
    let number = number(&sent);
    app.settled(number).await;
    number
}

async fn application(teacher: &Client, place: &Place<'_>) -> (i64, i64) {
    let asked = [
        ("unit", place.name),
        ("post", "information_officer"),
        ("reason", place.words),
    ];
    let case = number(&teacher.form("/cases/new/grant_application", &asked).await);
    let content = format!("%PDF-1.7\n{}\n%%EOF\n", place.words);
    let file = Part::text(content).file_name("证明.pdf");
    let address = format!("/cases/{case}/files");
    let sent = teacher
        .multipart(&address, |form| form.part("file", file))
        .await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let page = teacher.get(&format!("/cases/{case}")).await;
    let links = page.addresses();
    let file = links
        .iter()
        .find_map(|link| link.strip_prefix(&format!("{address}/")))
        .and_then(|rest| rest.split('/').next())
        .unwrap();
    (case, file.parse().unwrap())
}

async fn system(officer: &Client, place: &Place<'_>, school: i64) -> i64 {
    let entered = [
        ("unit", school.to_string()),
        ("name", place.words.to_owned()),
        ("kind", "system".to_owned()),
        ("in_charge", place.words.to_owned()),
        ("run_by", place.words.to_owned()),
        ("used_by", place.words.to_owned()),
    ];
    number(&send(officer, "/assurance/systems/new", &entered).await)
}

async fn incident(officer: &Client, place: &Place<'_>, school: i64, system: i64) -> i64 {
    let entered = [
        ("unit", school.to_string()),
        ("title", place.words.to_owned()),
        ("kind", "malware".to_owned()),
        ("level", "iv".to_owned()),
        ("found_day", TODAY.to_owned()),
        ("found_time", "08:30".to_owned()),
        ("system", system.to_string()),
        ("summary", place.words.to_owned()),
    ];
    number(&send(officer, "/assurance/incidents/new", &entered).await)
}

async fn schedule(keeper: &Client, place: &Place<'_>, office: UnitId) -> i64 {
    let entered = [
        ("unit", office.to_string()),
        ("title", place.words.to_owned()),
        ("from", TODAY.to_owned()),
        ("to", TODAY.to_owned()),
        ("hour", "18:00".to_owned()),
        ("below", "children".to_owned()),
    ];
    number(&send(keeper, "/assurance/reports/new", &entered).await)
}

async fn send(client: &Client, address: &str, fields: &[(&str, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    client.form(address, &fields).await
}

async fn program(app: &TestApp, place: &Place<'_>, school: i64, which: &str) -> String {
    let new = NewClient {
        login: format!("program-{school}-{which}"),
        display: place.words.to_owned(),
        post: "inspector".to_owned(),
        unit: Some(UnitId::new(school)),
        datasets: None,
        scopes: [Action::Read].into(),
        expires: Day::parse(TODAY).unwrap().add_days(30),
    };
    let security = app.app.security();
    let secret = security.create_client(&app.permit(), new).await.unwrap();
    secret.client
}
