//! `GET /imports/{id}`: where an import stands and what is to be done next.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::{Action, RequirePermit};
use ui::{
    Cell, Column, Crumb, Field, FormState, Island, Page, Progress, Row, Shell, Table, Text, Tone,
    button, key_values, link_button, notice, post_button, section,
};

use super::failure::Failure;
use super::import_list::{plan_of, stage_badge};
use super::import_new::four_steps;
use super::words::{Actors, cause_words, dataset_title, error_sentence, short_hash};
use super::{import_plan, lang, shown_count};
use crate::api::Registry;
use crate::imports::{Import, Request, State as Stage};
use crate::intake::{Class, Plan, Written};
use crate::ledger::{Commit, Reversal};

/// Without a script a running import is looked at again after so many seconds.
const LOOK_AGAIN: u32 = 3;

pub(super) async fn show(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match page(&registry, &id, &permit, shell.clone()).await {
        Ok(page) => page.into_response(),
        Err(failure) => failure.answer(&registry, shell),
    }
}

/// The state of a running import alone, for the script that follows it.
pub(super) async fn progress(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match find(&registry, &id, &permit).await {
        Ok(import) => {
            let html = running(
                &shell.text,
                &import,
                registry.ledger().clock().now().since(import.created),
            );
            ([(header::CACHE_CONTROL, "no-store")], html).into_response()
        }
        Err(failure) => failure.answer(&registry, shell),
    }
}

/// The import that a path names and the permit may see.
pub(super) async fn find(
    registry: &Registry,
    id: &str,
    permit: &RequirePermit,
) -> Result<Import, Failure> {
    let number = id.parse().map_err(|_| Failure::Hidden)?;
    registry
        .imports()
        .find(permit, number)
        .await?
        .ok_or(Failure::Hidden)
}

async fn page(
    registry: &Registry,
    id: &str,
    permit: &RequirePermit,
    shell: Shell,
) -> Result<Page, Failure> {
    let import = find(registry, id, permit).await?;
    let text = shell.text.clone();
    let csrf = shell.frame.form_token.clone().unwrap_or_default();
    let plan = plan_of(&import);
    let actors = Actors::of(registry, [import.actor.as_str()]).await?;
    let what = import_plan::Subject {
        registry,
        text: &text,
        lang: lang(&text),
        url: &shell.url,
        import: &import,
    };
    let body = match import.state {
        Stage::Reading | Stage::Writing => html! {
            (four_steps(&text, if import.state == Stage::Reading { 1 } else { 2 }))
            (running(&text, &import, registry.ledger().clock().now().since(import.created)))
            (post_button(&text.get("registry-stop"), &format!("/imports/{id}/stop"), &[("csrf", &csrf)], Tone::Plain, None))
        },
        Stage::Planned => html! {
            (four_steps(&text, 2))
            @if let Some(plan) = &plan { (import_plan::body(&what, plan, permit).await?) (decide(&text, id, &csrf, plan)) }
        },
        Stage::Done | Stage::Reversing | Stage::Reversed => {
            let commits = registry
                .ledger()
                .commits_of_import(permit, import.id)
                .await?;
            let reversal = registry.ledger().reversal_of(permit, import.id).await?;
            html! {
                (four_steps(&text, 3))
                (done(&what, plan.as_ref(), &commits, reversal))
                @if import.state != Stage::Reversed { (take_back(&text, &csrf, id, permit, reversal)) }
                @if let Some(plan) = &plan { (section(&text.get("registry-step-plan"), html! {}, import_plan::body(&what, plan, permit).await?)) }
            }
        }
        Stage::Stopped | Stage::Failed | Stage::Discarded => {
            let commits = registry
                .ledger()
                .commits_of_import(permit, import.id)
                .await?;
            let reversal = registry.ledger().reversal_of(permit, import.id).await?;
            html! {
                (ended(&text, &import, !commits.is_empty()))
                @if !commits.is_empty() { (section(&text.get("registry-import-commits"), html! {}, commit_table(&what, &commits))) }
                (take_back(&text, &csrf, id, permit, reversal))
                @if let Some(plan) = &plan { (section(&text.get("registry-step-plan"), html! {}, import_plan::body(&what, plan, permit).await?)) }
                p { (link_button(&text.get("registry-imports-new"), &format!("/imports/new?dataset={}", import.dataset), None, true)) }
            }
        }
    };
    let title = if import.file.is_empty() {
        text.get("registry-file-unnamed")
    } else {
        import.file.clone()
    };
    let body = html! {
        (body)
        (section(&text.get("registry-import-about"), html! {}, about(registry, &text, &import, &actors)))
    };
    let mut page = shell
        .page(title.clone())
        .crumbs(vec![
            Crumb::link(text.get("registry-imports"), "/imports"),
            Crumb::here(title),
        ])
        .badge(stage_badge(&text, import.state))
        .body(body);
    if import.state.is_running() {
        page = page
            .island(Island::Progress)
            .refresh_without_script(LOOK_AGAIN);
    }
    Ok(page)
}

/// The bar of a running import; one that has ended leads on.
fn running(text: &Text, import: &Import, age: i64) -> Markup {
    let here = format!("/imports/{}", import.id);
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    let is_running = import.state.is_running();
    let step = match (import.step.as_str(), import.state) {
        ("", _) => "registry-import-state-reading".to_owned(),
        (step, _) => format!("registry-import-step-{step}"),
    };
    let rows = if import.total > 0 {
        text.with(
            "registry-progress-of",
            &[
                ("done", &shown_count(number(import.done))),
                ("total", &shown_count(number(import.total))),
            ],
        )
    } else {
        text.with(
            "registry-progress-rows",
            &[("done", &shown_count(number(import.done)))],
        )
    };
    let rate =
        (import.state == Stage::Reading && import.step == "read" && age > 0 && import.done > 0)
            .then(|| {
                text.with(
                    "registry-progress-rate",
                    &[("rate", &ui::format::integer(import.done * 1000 / age))],
                )
            });
    let about = [Some(rows), rate]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ");
    let job = Progress {
        label: if is_running {
            text.get(&step)
        } else {
            text.get(&format!("registry-import-state-{}", import.state.as_str()))
        },
        done: number(import.done),
        of: number(import.total),
        about,
        poll: is_running.then(|| format!("{here}/progress")),
        then: (!is_running).then_some(here),
    };
    ui::progress(text, &job)
}

/// 确认入库 or 放弃.
fn decide(text: &Text, id: &str, csrf: &str, plan: &Plan) -> Markup {
    let missing = shown_count(plan.missing_count);
    let body = html! {
        @if !plan.writes() {
            (notice(Tone::Plain, &text.get("registry-nothing-to-write"), html! {}))
        } @else if plan.missing_count > 0 {
            (notice(Tone::Explain, &text.with("registry-approve-missing", &[("count", &missing)]), html! {}))
        }
        div.actions {
            @if plan.writes() {
                form method="post" action=(format!("/imports/{id}/approve")) {
                    input type="hidden" name="csrf" value=(csrf);
                    (button(&text.get("registry-approve"), true))
                }
            }
            (post_button(&text.get("registry-discard"), &format!("/imports/{id}/stop"), &[("csrf", csrf)], Tone::Plain, None))
        }
    };
    section(&text.get("registry-decide"), html! {}, body)
}

/// What was written, and what to tell the school.
fn done(
    what: &import_plan::Subject<'_>,
    plan: Option<&Plan>,
    commits: &[Commit],
    reversal: Reversal,
) -> Markup {
    let text = what.text;
    let written: Option<Written> = what
        .import
        .written
        .as_deref()
        .and_then(|written| serde_json::from_str(written).ok());
    // The ledger says how far a reversal came, also where the program ended before it could note so.
    let partly = what.import.state == Stage::Reversing || reversal.is_partial();
    let reversed = what.import.state == Stage::Reversed || partly;
    let title = if partly {
        let [commits, reversed] = [reversal.commits, reversal.reversed].map(shown_count);
        text.with(
            "registry-import-partly-reversed",
            &[("reversed", &reversed), ("commits", &commits)],
        )
    } else if reversed {
        text.get("registry-import-reversed")
    } else {
        text.get("registry-import-done")
    };
    html! {
        (notice(if reversed { Tone::Explain } else { Tone::Good }, &title, html! {
            @if partly { p { (text.get("registry-import-partly-reversed-next")) } }
            @if let Some(written) = &written {
                p { (text.with("registry-import-written", &[
                    ("sets", &shown_count(written.committed + written.resumed)),
                    ("opened", &shown_count(written.opened)),
                    ("closed", &shown_count(written.closed)),
                ])) }
            }
        }))
        @if !commits.is_empty() { (section(&text.get("registry-import-commits"), html! {}, commit_table(what, commits))) }
        @if let Some(plan) = plan.filter(|_| !reversed) {
            (section(&text.get("registry-tell-title"), html! {}, tell_the_school(what, plan)))
        }
    }
}

fn tell_the_school(what: &import_plan::Subject<'_>, plan: &Plan) -> Markup {
    let text = what.text;
    let count = |class| shown_count(plan.count(class));
    let refused = plan.count(Class::Refused) + plan.count(Class::Review);
    let sentence = text.with(
        "registry-tell",
        &[
            ("file", &plan.file),
            ("when", &what.import.updated.to_string()),
            ("rows", &shown_count(plan.rows)),
            ("new", &count(Class::New)),
            ("changed", &count(Class::Changed)),
            ("unchanged", &count(Class::Unchanged)),
            ("refused", &shown_count(refused)),
        ],
    );
    html! {
        p { (sentence) }
        @if refused > 0 {
            ol {
                @for cause in plan.causes.iter().take(10) {
                    @let (message, repair) = cause_words(what.registry.standard(), what.lang, cause);
                    li { (text.with("registry-tell-cause", &[("count", &shown_count(cause.rows)), ("message", &message), ("repair", &repair)])) }
                }
            }
            p { (link_button(&text.get("registry-refused-file"), &format!("/imports/{}/refused.csv", what.import.id), Some(ui::Icon::Download), false)) }
        }
    }
}

fn commit_table(what: &import_plan::Subject<'_>, commits: &[Commit]) -> Markup {
    const SHOWN: usize = 100;
    let text = what.text;
    let mut table = Table::new(text.get("registry-import-commits"))
        .column(Column::text("number", text.get("registry-commit")).narrow())
        .column(Column::text("when", text.get("registry-when")).narrow())
        .column(Column::number("opened", text.get("registry-opened")))
        .column(Column::number("closed", text.get("registry-closed")))
        .column(Column::text("hash", text.get("registry-hash")).narrow());
    for commit in commits.iter().take(SHOWN) {
        table = table.row(Row::new(vec![
            Cell::link(
                format!("/commits/{}", commit.number),
                commit.number.to_string(),
            ),
            Cell::text(commit.time.to_string()),
            Cell::integer(commit.opened),
            Cell::integer(commit.closed),
            Cell::Markup(short_hash(&commit.hash)),
        ]));
    }
    html! {
        (table.render(text))
        @if commits.len() > SHOWN { p { (text.with("registry-and-more", &[("count", &shown_count((commits.len() - SHOWN) as u64))])) } }
    }
}

/// The form that takes an import back, or goes on with it, where there is something left to take back.
fn take_back(
    text: &Text,
    csrf: &str,
    id: &str,
    permit: &RequirePermit,
    reversal: Reversal,
) -> Markup {
    if !permit.allows(Action::Reverse) || !reversal.is_unfinished() {
        return html! {};
    }
    let title = text.get(if reversal.is_partial() {
        "registry-import-reverse-go-on"
    } else {
        "registry-import-reverse"
    });
    section(
        &title,
        html! {},
        reverse_form(text, csrf, &format!("/imports/{id}/reverse")),
    )
}

/// The form that takes something back: a reason, and a box without which nothing happens.
pub(super) fn reverse_form(text: &Text, csrf: &str, action: &str) -> Markup {
    let state = FormState::new();
    html! {
        details {
            summary { (text.get("registry-reverse-open")) }
            p { (text.get("registry-reverse-means")) }
            form method="post" action=(action) {
                input type="hidden" name="csrf" value=(csrf);
                (Field::new("reason", text.get("registry-reason")).required().max_length(200).render(text, &state))
                p { label { input type="checkbox" name="sure" value="1" required; " " (text.get("registry-reverse-sure")) } }
                (button(&text.get("registry-reverse"), false))
            }
        }
    }
}

/// What stopped it, and what to do.
fn ended(text: &Text, import: &Import, has_commits: bool) -> Markup {
    let (tone, key) = match import.state {
        Stage::Failed if has_commits => (Tone::Fix, "registry-import-partly"),
        Stage::Failed => (Tone::Fix, "registry-import-failed"),
        Stage::Stopped => (Tone::Explain, "registry-import-stopped"),
        _ => (Tone::Plain, "registry-import-discarded"),
    };
    let error = import.error.as_deref().unwrap_or_default();
    let (code, said) = error.split_once(": ").unwrap_or(("", error));
    let sentence = error_sentence(text, code, said);
    html! {
        (notice(tone, &text.get(key), html! {
            @if import.state == Stage::Failed {
                @if let Some(sentence) = &sentence { p { (sentence) } }
                @if sentence.as_deref() != Some(said) { p { small { (said) } } }
                @if !code.is_empty() { p { (text.get("ui-error-code")) " " (ui::code(code)) } }
            }
            p { (text.get(&format!("{key}-next"))) }
        }))
    }
}

/// The file and how it was to be taken.
fn about(registry: &Registry, text: &Text, import: &Import, actors: &Actors) -> Markup {
    let request: Request = serde_json::from_str(&import.request).unwrap_or_default();
    let words = |key: &str, value: String| (text.get(key), html! { (value) });
    let mut pairs: Vec<(String, Markup)> = vec![
        words(
            "registry-dataset",
            dataset_title(registry, text, &import.dataset),
        ),
        words("registry-who", actors.name(text, &import.actor)),
        words("registry-when", import.created.to_string()),
        words(
            "registry-size",
            ui::format::bytes(u64::try_from(import.bytes).unwrap_or(0)),
        ),
        (text.get("registry-sha256"), ui::code(&import.sha256)),
    ];
    let optional = [
        ("registry-datum", request.datum),
        ("registry-effective", request.effective),
        ("registry-complete-for", request.complete_for),
        ("registry-reason", request.reason),
    ];
    pairs.extend(
        optional
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| words(key, value)),
    );
    html! {
        (key_values(&pairs))
        @if !request.mapping.is_empty() {
            details { summary { (text.get("registry-mapping")) } pre { (request.mapping) } }
        }
    }
}
