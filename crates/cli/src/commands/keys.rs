//! `weihe keys`: the keys that personal data are sealed by, from the machine itself.

use security::people::{BATCH, KeyStatus, MasterKeyId, Rotation, RotationKind, RotationStage};
use serde_json::{Value, json};
use server::App;
use ui::format;

use crate::Outcome;
use crate::arguments::KeysCommand;
use crate::commands::operator;
use crate::failure::Failure;
use crate::output::{Output, TextTable};
use crate::progress::Reporter;
use crate::stop::Stop;

pub(crate) async fn run(
    app: &App,
    command: &KeysCommand,
    stop: &Stop,
    output: &Output,
) -> Result<Outcome, Failure> {
    let permit = operator()?;
    let people = app.security().people();
    match command {
        KeysCommand::Status { .. } => tell_status(&people.key_status(&permit).await?, output),
        KeysCommand::Check { .. } => {
            let reporter = Reporter::new(output, stop);
            let checked = people
                .check_keys(&permit, |done| {
                    reporter.tell("cli-step-keys", count(done), 0);
                })
                .await?;
            reporter.end();
            output.tell(&json!({ "keys": checked }));
            let keys = format::integer(checked);
            output.say(output.text.with("cli-keys-checked", &[("keys", &keys)]));
        }
        KeysCommand::Rotate { suite, lookups, .. } => {
            // One that was cut off is carried on first, whoever began it; one of the same kind is what was asked for.
            let wanted = match *lookups {
                true => RotationKind::Lookup,
                false => RotationKind::Master,
            };
            if let Some(running) = people.running_rotation().await? {
                output.aside(output.text.get("cli-keys-resumed"));
                carry_on(app, stop, output).await?;
                if running.kind == wanted {
                    return Ok(Outcome::Done);
                }
            }
            match wanted {
                RotationKind::Lookup => people.rotate_lookups(&permit).await?,
                RotationKind::Master => people.rotate_master(&permit, *suite).await?,
            };
            carry_on(app, stop, output).await?;
        }
        KeysCommand::Resume { .. } => {
            if people.running_rotation().await?.is_none() {
                output.tell(&json!({ "rotation": null }));
                output.say(output.text.get("cli-keys-nothing"));
                return Ok(Outcome::Done);
            }
            carry_on(app, stop, output).await?;
        }
        KeysCommand::Forget { master, .. } => {
            people.forget_master(&permit, MasterKeyId(*master)).await?;
            output.tell(&json!({ "forgotten": master }));
            let number = master.to_string();
            output.say(
                output
                    .text
                    .with("cli-keys-forgotten", &[("number", &number)]),
            );
        }
    }
    Ok(Outcome::Done)
}

/// Carries the rotation that runs to its end.
async fn carry_on(app: &App, stop: &Stop, output: &Output) -> Result<(), Failure> {
    let reporter = Reporter::new(output, stop);
    let ended = app
        .security()
        .people()
        .run_rotation(BATCH, |rotation| {
            let step = match rotation.stage {
                RotationStage::Wrap => "cli-step-keys-wrap",
                RotationStage::Build => "cli-step-keys-build",
                RotationStage::Purge | RotationStage::Done => "cli-step-keys-purge",
            };
            reporter.tell(step, count(rotation.done), count(rotation.total))
        })
        .await?;
    reporter.end();
    // A served program may have taken the last step.
    let Some(rotation) = ended else {
        return Ok(());
    };
    if rotation.finished.is_none() {
        return Err(Failure::Stopped);
    }
    output.tell(&json!({ "rotation": as_json(&rotation) }));
    let target = rotation.target.to_string();
    let rows = format::integer(rotation.done);
    output.say(output.text.with(
        "cli-keys-rotated",
        &[
            ("kind", rotation.kind.as_str()),
            ("target", &target),
            ("rows", &rows),
        ],
    ));
    Ok(())
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn as_json(rotation: &Rotation) -> Value {
    json!({
        "number": rotation.number,
        "kind": rotation.kind.as_str(),
        "target": rotation.target,
        "stage": rotation.stage.as_str(),
        "done": rotation.done,
        "total": rotation.total,
        "started": rotation.started.get(),
        "by": rotation.by,
        "finished": rotation.finished.map(kernel::Millis::get),
    })
}

fn tell_status(status: &KeyStatus, output: &Output) {
    let rotations: Vec<Value> = status.rotations.iter().map(as_json).collect();
    let wrapped: Vec<Value> = status
        .wrapped
        .iter()
        .map(|(master, keys)| json!({ "master": master.0, "keys": keys }))
        .collect();
    let lookups: Vec<Value> = status
        .lookups
        .iter()
        .map(|(version, rows)| json!({ "version": version, "lookups": rows }))
        .collect();
    output.tell(&json!({
        "place": status.place,
        "suite": status.suite.as_str(),
        "realm": status.realm,
        "master": status.master.0,
        "wrapped": wrapped,
        "lookup": status.lookup,
        "lookups": lookups,
        "erased": status.erased,
        "rotations": rotations,
    }));
    let text = &output.text;
    let mut table = TextTable::default();
    let mut row = |key: &str, value: String| table.row([text.get(key), value]);
    row("cli-keys-place", status.place.clone());
    row("cli-keys-suite", status.suite.to_string());
    row("cli-keys-realm", status.realm.clone());
    row("cli-keys-master", status.master.to_string());
    for (master, keys) in &status.wrapped {
        let number = master.to_string();
        let label = text.with("cli-keys-wrapped", &[("number", &number)]);
        table.row([label, format::integer(*keys)]);
    }
    for (version, rows) in &status.lookups {
        let number = version.to_string();
        let label = text.with("cli-keys-lookups", &[("number", &number)]);
        table.row([label, format::integer(*rows)]);
    }
    table.row([text.get("cli-keys-erased"), format::integer(status.erased)]);
    for line in table.lines("") {
        output.say(line);
    }
    for rotation in &status.rotations {
        let key = match rotation.finished {
            Some(_) => "cli-keys-rotation-done",
            None => "cli-keys-rotation-open",
        };
        let number = rotation.number.to_string();
        let target = rotation.target.to_string();
        let (done, total) = (
            format::integer(rotation.done),
            format::integer(rotation.total),
        );
        output.say(text.with(
            key,
            &[
                ("number", &number),
                ("kind", rotation.kind.as_str()),
                ("target", &target),
                ("done", &done),
                ("total", &total),
            ],
        ));
    }
}
