//! `weihe user`: accounts and posts, from the machine itself.

use std::collections::HashMap;
use std::io::BufRead as _;

use assurance::Attended;
use kernel::{AccountId, Day, RecordId, UnitId};
use security::{GeneratedPassword, Grant, GrantId, LinkId, NewAccount, NewGrant, Permit, Relation};
use serde_json::json;
use server::{App, UnitNotFound, find_unit, unit_labels};

use crate::Outcome;
use crate::arguments::{AddUser, Narrowed, PasswordSource, Place, UserCommand};
use crate::commands::operator;
use crate::failure::Failure;
use crate::output::{Output, TextTable};

pub(crate) async fn run(
    app: &App,
    command: &UserCommand,
    output: &Output,
) -> Result<Outcome, Failure> {
    let users = Users {
        app,
        permit: &operator()?,
        output,
    };
    match command {
        UserCommand::Add(command) => users.add(command).await?,
        UserCommand::List { .. } => users.list().await?,
        UserCommand::Password { of, password } => users.password(&of.login, password).await?,
        UserCommand::Grant {
            of,
            post,
            place,
            narrowed,
        } => {
            let account = users.named(&of.login).await?;
            let grant = users.grant(account, post, place, narrowed).await?;
            users.done("cli-user-granted", &of.login, json!({ "grant": grant.0 }));
        }
        UserCommand::Trained {
            of,
            course,
            hours,
            day,
            unit,
        } => {
            let account = users.named(&of.login).await?;
            let unit = match unit {
                Some(unit) => find_unit(app.registry(), users.permit, unit).await?,
                None => *app
                    .security()
                    .units()
                    .roots()
                    .first()
                    .ok_or_else(|| UnitNotFound::None(String::new()))?,
            };
            let attended = Attended {
                account,
                course: course.clone(),
                unit,
                day: day.unwrap_or_else(|| app.registry().today()),
                hours: *hours,
            };
            let recorded = app
                .assurance()
                .record_attendance(users.permit, "", &attended);
            let number = recorded.await?;
            users.done(
                "cli-user-trained",
                &of.login,
                json!({ "attendance": number }),
            );
        }
        UserCommand::Revoke { grant, .. } => {
            app.security()
                .end_grant(users.permit, GrantId(*grant))
                .await?;
            users.done(
                "cli-user-revoked",
                &grant.to_string(),
                json!({ "grant": grant }),
            );
        }
        UserCommand::Disable { of } => users.set_enabled(&of.login, false).await?,
        UserCommand::Enable { of } => users.set_enabled(&of.login, true).await?,
        UserCommand::ResetFactors { of } => users.reset_factors(&of.login).await?,
        UserCommand::SetupCode { .. } => users.setup_code().await?,
        UserCommand::Link {
            of,
            person,
            guardian,
        } => users.link(&of.login, *person, *guardian).await?,
        UserCommand::Unlink { link, .. } => {
            app.security()
                .unlink_person(users.permit, LinkId(*link), EVERYWHERE)
                .await?;
            users.done(
                "cli-user-unlinked",
                &link.to_string(),
                json!({ "link": link }),
            );
        }
    }
    Ok(Outcome::Done)
}

/// Whoever works at the machine itself reaches every unit, so it does not matter which one is named.
const EVERYWHERE: UnitId = UnitId::new(0);

struct Users<'a> {
    app: &'a App,
    permit: &'a Permit,
    output: &'a Output,
}

impl Users<'_> {
    async fn named(&self, login: &str) -> Result<AccountId, Failure> {
        Ok(self
            .app
            .security()
            .account_named(self.permit, login)
            .await?
            .id)
    }

    async fn link(&self, login: &str, person: i64, guardian: bool) -> Result<(), Failure> {
        let account = self.named(login).await?;
        let relation = match guardian {
            true => Relation::Guardian,
            false => Relation::Own,
        };
        let person = RecordId::new(person);
        let link = self
            .app
            .security()
            .link_person(self.permit, account, person, EVERYWHERE, relation)
            .await?;
        self.output
            .tell(&json!({ "link": link.0, "person": person.get() }));
        let number = link.0.to_string();
        self.output.say(
            self.output
                .text
                .with("cli-user-linked", &[("name", login), ("number", &number)]),
        );
        Ok(())
    }

    fn done(&self, key: &str, login: &str, about: serde_json::Value) {
        self.output.tell(&about);
        self.output
            .say(self.output.text.with(key, &[("name", login)]));
    }

    async fn add(&self, command: &AddUser) -> Result<(), Failure> {
        // A unit or post that does not exist is found before there is an account.
        if let Some(post) = &command.post {
            self.known_post(post)?;
        }
        let unit = self.unit(&command.place).await?;
        let new = NewAccount {
            login: command.of.login.clone(),
            display: command.name.clone(),
            password: self.typed(&command.password)?,
        };
        let security = self.app.security();
        let (account, generated) = security.create_account(self.permit, new).await?;
        if let Some(post) = &command.post {
            security
                .grant(self.permit, account, post, unit, command.place.until)
                .await?;
        }
        self.tell_password("cli-user-added", &command.of.login, generated.as_ref());
        if command.post.is_none() {
            self.output.say(
                self.output
                    .text
                    .with("cli-user-no-post", &[("name", &command.of.login)]),
            );
        }
        Ok(())
    }

    async fn password(&self, login: &str, source: &PasswordSource) -> Result<(), Failure> {
        let account = self.named(login).await?;
        let typed = self.typed(source)?;
        let generated = self
            .app
            .security()
            .set_password(self.permit, account, typed)
            .await?;
        self.tell_password("cli-user-password", login, generated.as_ref());
        Ok(())
    }

    fn tell_password(&self, key: &str, login: &str, generated: Option<&GeneratedPassword>) {
        let password = generated.map(GeneratedPassword::reveal);
        self.done(key, login, json!({ "user": login, "password": password }));
        if let Some(password) = password {
            self.output.say(
                self.output
                    .text
                    .with("cli-user-generated", &[("password", password)]),
            );
        }
    }

    fn typed(&self, source: &PasswordSource) -> Result<Option<String>, Failure> {
        if !source.password_stdin {
            return Ok(None);
        }
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        let password = line.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            return Err(Failure::new(
                "cli.no_password",
                self.output.text.get("cli-no-password"),
            ));
        }
        Ok(Some(password.to_owned()))
    }

    fn known_post(&self, post: &str) -> Result<(), Failure> {
        let posts = self.app.security().posts();
        if posts.iter().any(|known| known.name == post) {
            return Ok(());
        }
        let names: Vec<&str> = posts.iter().map(|post| post.name.as_str()).collect();
        Err(security::SecurityError::NoPost(post.to_owned(), names.join(", ")).into())
    }

    async fn unit(&self, place: &Place) -> Result<Option<UnitId>, Failure> {
        match &place.unit {
            None => Ok(None),
            Some(text) => Ok(Some(
                find_unit(self.app.registry(), self.permit, text).await?,
            )),
        }
    }

    async fn grant(
        &self,
        account: AccountId,
        post: &str,
        place: &Place,
        narrowed: &Narrowed,
    ) -> Result<GrantId, Failure> {
        let new = NewGrant {
            post: post.to_owned(),
            unit: self.unit(place).await?,
            line: narrowed.line.clone(),
            datasets: narrowed.datasets.clone(),
            sees: narrowed.sees,
            from: narrowed.from,
            until: place.until,
        };
        let security = self.app.security();
        Ok(security.give(self.permit, account, &new).await?)
    }

    async fn set_enabled(&self, login: &str, enabled: bool) -> Result<(), Failure> {
        let account = self.named(login).await?;
        self.app
            .security()
            .set_enabled(self.permit, account, enabled)
            .await?;
        let key = if enabled {
            "cli-user-enabled"
        } else {
            "cli-user-disabled"
        };
        self.done(key, login, json!({ "user": login, "enabled": enabled }));
        Ok(())
    }

    async fn reset_factors(&self, login: &str) -> Result<(), Failure> {
        let account = self.named(login).await?;
        let security = self.app.security();
        let gone = security.reset_factors(self.permit, account).await?;
        self.output
            .tell(&json!({ "user": login, "factors_removed": gone }));
        let count = gone.to_string();
        self.output.say(self.output.text.with(
            "cli-user-factors-reset",
            &[("name", login), ("count", &count)],
        ));
        Ok(())
    }

    async fn setup_code(&self) -> Result<(), Failure> {
        match self.app.security().setup_code().await? {
            Some((code, until)) => {
                let until = until.to_string();
                self.output
                    .tell(&json!({ "setup_code": code.reveal(), "until": until }));
                self.output.say(self.output.text.with(
                    "cli-setup-code",
                    &[("code", code.reveal()), ("until", &until)],
                ));
                Ok(())
            }
            None => Err(Failure::new(
                "cli.setup_over",
                self.output.text.get("cli-setup-over"),
            )),
        }
    }

    async fn list(&self) -> Result<(), Failure> {
        let accounts = self.app.security().list_accounts(self.permit).await?;
        let mut units: Vec<UnitId> = accounts
            .iter()
            .flat_map(|account| &account.grants)
            .filter_map(|grant| grant.unit)
            .collect();
        units.sort_unstable();
        units.dedup();
        let labels = unit_labels(self.app.registry(), self.permit, &units).await?;
        let text = &self.output.text;
        let mut table = TextTable::default();
        table.row(
            ["login", "name", "state", "grants"]
                .map(|column| text.get(&format!("cli-user-{column}"))),
        );
        for one in &accounts {
            let grants: Vec<serde_json::Value> = one
                .grants
                .iter()
                .map(|grant| grant_json(grant, &labels))
                .collect();
            self.output.tell(&json!({
                "user": one.account.login,
                "name": one.account.display,
                "state": one.account.state.as_str(),
                "grants": grants,
            }));
            let shown: Vec<String> = one
                .grants
                .iter()
                .map(|grant| self.shown(grant, &labels))
                .collect();
            table.row([
                one.account.login.clone(),
                one.account.display.clone(),
                text.get(&format!("cli-user-state-{}", one.account.state.as_str())),
                shown.join("; "),
            ]);
        }
        for line in table.lines("") {
            self.output.say(line);
        }
        Ok(())
    }

    fn shown(&self, grant: &Grant, labels: &HashMap<UnitId, (String, String)>) -> String {
        let posts = self.app.security().posts();
        let post = posts.iter().find(|post| post.name == grant.post);
        let post = post.map_or(grant.post.as_str(), |post| {
            post.title.get(self.output.lang())
        });
        let unit = match grant.unit {
            None => self.output.text.get("cli-user-everything"),
            Some(unit) => labels
                .get(&unit)
                .map_or_else(|| unit.to_string(), |(_, name)| name.clone()),
        };
        let line = grant
            .line
            .as_ref()
            .map(|line| format!("/{}", self.line_title(line)))
            .unwrap_or_default();
        let until = grant
            .until
            .map(|day| format!(" →{day}"))
            .unwrap_or_default();
        format!("#{} {post}{line}@{unit}{until}", grant.id.0)
    }

    fn line_title<'t>(&'t self, name: &'t str) -> &'t str {
        let lines = self.app.security().lines();
        lines
            .iter()
            .find(|line| line.name == name)
            .map_or(name, |line| line.title.get(self.output.lang()))
    }
}

fn grant_json(grant: &Grant, labels: &HashMap<UnitId, (String, String)>) -> serde_json::Value {
    json!({
        "grant": grant.id.0,
        "post": grant.post,
        "unit": grant.unit.and_then(|unit| labels.get(&unit)).map(|(code, _)| code),
        "line": grant.line,
        "datasets": grant.datasets,
        "sees": grant.sees.map(|sees| sees.as_str()),
        "from": grant.from.map(|day: Day| day.to_string()),
        "until": grant.until.map(|day: Day| day.to_string()),
        "deputy_of": grant.deputy_of.map(|grant| grant.0),
    })
}
