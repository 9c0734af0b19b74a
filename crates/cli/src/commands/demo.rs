//! `weihe demo`: from an empty folder to the province on a map.

use std::sync::Arc;

use demo::Part;
use security::Permit;
use security::pages::NOTE_SETTING;
use serde_json::json;
use server::App;
use server::pages::settings::{BANNER, NAME};

use crate::Outcome;
use crate::arguments::Demo;
use crate::commands::{operator, serve};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Reporter;
use crate::stop::Stop;

/// The setting that says that a data folder holds the demo province, whole.
const LOADED: &str = "demo_province";

/// The posts of the first account: they are those of two people in a real office.
const FIRST_POSTS: [&str; 2] = ["statistician", "system_administrator"];

pub(crate) async fn run(
    app: &App,
    command: &Demo,
    stop: &Stop,
    output: &Output,
) -> Result<Outcome, Failure> {
    let permit = operator()?;
    if app.security().setting(LOADED).await?.is_none() {
        let reporter = Arc::new(Reporter::new(output, stop));
        let loaded = load_province(app, &reporter).await;
        reporter.end();
        if stop.is_asked() {
            return Err(Failure::Stopped);
        }
        loaded?;
        mark(app, &permit).await?;
    }
    tell_sign_in(app, output).await?;
    if command.no_serve {
        return Ok(Outcome::Done);
    }
    serve::run(app, &command.serving, stop, output).await
}

/// Loads the province. What an earlier, interrupted run committed is not committed again.
async fn load_province(app: &App, reporter: &Arc<Reporter>) -> Result<(), Failure> {
    let permit = Permit::for_job("demo").map_err(|error| Failure::new("cli.permit", error))?;
    let reporter = Arc::clone(reporter);
    let told = move |part: Part, done, total| reporter.tell(step_of(part), done, total);
    demo::load(app.registry(), &permit, told)
        .await
        .map_err(|error| Failure::new("cli.demo", error))?;
    Ok(())
}

/// The message key of a part.
fn step_of(part: Part) -> &'static str {
    match part {
        Part::Townships => "cli-demo-townships",
        Part::Villages => "cli-demo-villages",
        Part::Boundaries => "cli-demo-boundaries",
        Part::Institutions => "cli-demo-institutions",
        Part::Attached => "cli-demo-attached",
        Part::Closings => "cli-demo-closings",
        Part::Headlines => "cli-demo-headlines",
        Part::Population => "cli-demo-population",
    }
}

async fn mark(app: &App, permit: &Permit) -> Result<(), Failure> {
    let settings = [
        (NAME, "演示省份"),
        (
            BANNER,
            "演示:学校(机构)均为合成数据,边界为示意图,不作为划界依据",
        ),
        (
            NOTE_SETTING,
            "这是演示省份。用户名 admin,密码在首次启动时显示在命令行;忘记时运行 weihe user password admin。",
        ),
        // The demo prints its password, which people share: nothing of it need be changed.
        ("signin_first_change", "off"),
        ("signin_password_days", "0"),
        ("signin_second_factor_posts", ""),
        (LOADED, "1"),
    ];
    for (name, value) in settings {
        // What an operator has already set stays.
        if app.security().setting(name).await?.is_none() {
            app.security().put_setting(permit, name, value).await?;
        }
    }
    app.reload_display().await?;
    Ok(())
}

async fn tell_sign_in(app: &App, output: &Output) -> Result<(), Failure> {
    let Some(first) = app.security().first_account(&FIRST_POSTS).await? else {
        return Ok(());
    };
    let (user, password) = (first.login.as_str(), first.password.reveal());
    output.tell(&json!({ "user": user, "password": password }));
    output.say(output.text.with(
        "cli-first-account",
        &[("user", user), ("password", password)],
    ));
    Ok(())
}
