//! `GET /accounts/bulk`: accounts for the people of many schools, by a file. It stands here and not in `security`,
//! since the readers of workbooks are a higher room's. What the file would do is shown first; the form that
//! confirms it brings the rows back, and the plan is worked out anew from them.

use std::collections::HashMap;

use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use registry::read::{Limits, RawReader, ReadOptions};
use security::administration::{BulkPlan, BulkRow, PlannedRow};
use security::pages::slips;
use security::{RequirePermit, SecurityError};
use ui::{
    Cache, Cell, Column, Crumb, Fault, FileDrop, FormState, PlanNumber, Row, Shell, Table, Text,
    Tone, button, error_summary, notice, plan_numbers, section,
};

use crate::App;

/// The largest file: what fits into an ordinary form.
const MOST_BYTES: u64 = 1 << 20;
/// Rows of the plan that are shown.
const SHOWN: usize = 100;

/// The columns, each with what it may be called.
const COLUMNS: [(&str, &[&str]); 6] = [
    (
        "unit",
        &[
            "单位",
            "单位代码",
            "单位名称",
            "学校",
            "学校名称",
            "学校标识码",
            "unit",
            "school",
        ],
    ),
    ("display", &["姓名", "人员姓名", "name"]),
    (
        "login",
        &["用户名", "登录名", "账号", "login", "user", "account"],
    ),
    ("post", &["岗位", "post"]),
    ("line", &["业务条线", "处室", "股室", "line"]),
    ("until", &["有效期至", "截止日期", "until"]),
];

pub(super) async fn show(State(_): State<App>, shell: Shell) -> Response {
    form(shell, &FormState::new(), StatusCode::OK)
}

pub(super) async fn send(
    State(app): State<App>,
    permit: RequirePermit,
    shell: Shell,
    parts: Multipart,
) -> Response {
    let mut state = FormState::new();
    let rows = match uploaded(parts).await {
        Ok(bytes) => read(bytes).await,
        Err(fault) => Err(fault),
    };
    let rows = match rows {
        Ok(rows) => rows,
        Err(key) => {
            state.fail("file", Fault::Key(key));
            return form(shell, &state, StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    match app.security().plan_accounts(&permit, rows).await {
        Ok(plan) => planned(shell, &plan, &FormState::new(), StatusCode::OK),
        Err(SecurityError::TooManyRows(most)) => {
            let most = vec![("most", most.to_string())];
            state.fail("file", Fault::KeyWith("server-bulk-too-many", most));
            form(shell, &state, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(error) => security::pages::failed(shell, &error),
    }
}

pub(super) async fn make(
    State(app): State<App>,
    permit: RequirePermit,
    shell: Shell,
    axum::Form(sent): axum::Form<Vec<(String, String)>>,
) -> Response {
    let value = |name: &str| {
        let found = sent.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let (Some(rows), Ok(shown)) = (unpack(value("rows")), value("new").parse()) else {
        return form(shell, &FormState::new(), StatusCode::UNPROCESSABLE_ENTITY);
    };
    match app
        .security()
        .make_accounts(&permit, rows.clone(), shown)
        .await
    {
        Ok(invitations) => {
            let homes: Vec<_> = invitations.iter().filter_map(|one| one.home).collect();
            let facts = app.security().unit_facts(&homes).await;
            let facts = facts.unwrap_or_else(|error| {
                // The accounts are made and their codes are shown only now: without names, then.
                tracing::error!(code = error.code(), %error, "slips without the names of units");
                HashMap::new()
            });
            let back = (shell.text.get("security-accounts"), "/accounts".to_owned());
            slips::page(app.security(), shell, &invitations, &facts, back)
        }
        Err(SecurityError::PlanChanged | SecurityError::LoginTaken(_)) => {
            match app.security().plan_accounts(&permit, rows).await {
                Ok(plan) => {
                    let mut state = FormState::new();
                    state.fail("", Fault::Key("server-bulk-changed"));
                    planned(shell, &plan, &state, StatusCode::CONFLICT)
                }
                Err(error) => security::pages::failed(shell, &error),
            }
        }
        Err(error) => security::pages::failed(shell, &error),
    }
}

/// The file of a multipart form, within its limit.
async fn uploaded(mut parts: Multipart) -> Result<Vec<u8>, &'static str> {
    while let Ok(Some(mut part)) = parts.next_field().await {
        if part.name() != Some("file") {
            continue;
        }
        let mut bytes = Vec::new();
        loop {
            match part.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok(bytes),
                Err(_) => return Err("server-bulk-broken-off"),
            }
            if bytes.len() as u64 > MOST_BYTES {
                return Err("server-bulk-too-large");
            }
        }
    }
    Err("server-bulk-no-file")
}

/// The rows of a file; the key of a sentence where it cannot be used.
async fn read(bytes: Vec<u8>) -> Result<Vec<BulkRow>, &'static str> {
    let reading = tokio::task::spawn_blocking(move || rows_of(bytes));
    reading.await.unwrap_or(Err("server-bulk-unreadable"))
}

fn rows_of(bytes: Vec<u8>) -> Result<Vec<BulkRow>, &'static str> {
    let limits = Limits {
        max_bytes: MOST_BYTES,
        max_rows: 100_000,
        max_columns: 100,
        max_cells: 1_000_000,
        max_expanded_bytes: 64 << 20,
    };
    let mut reader = RawReader::open(bytes, &limits, &ReadOptions::default())
        .map_err(|_| "server-bulk-unreadable")?;
    let headers: Vec<String> = reader
        .headers()
        .unwrap_or_default()
        .iter()
        .map(|header| header.to_lowercase())
        .collect();
    let places = COLUMNS.map(|(_, names)| {
        headers
            .iter()
            .position(|header| names.contains(&header.as_str()))
    });
    let [unit, display, login, ..] = places;
    if unit.is_none() || display.is_none() || login.is_none() {
        return Err("server-bulk-columns");
    }
    let mut rows = Vec::new();
    while let Some(chunk) = reader.next_chunk().map_err(|_| "server-bulk-unreadable")? {
        for row in 0..chunk.len() {
            let [unit, display, login, post, line, until] = places.map(|place| {
                place.map_or_else(String::new, |place| {
                    kernel::normalise_text(chunk.cell(place, row)).into_owned()
                })
            });
            rows.push(BulkRow {
                unit,
                display,
                login,
                post,
                line,
                until,
            });
        }
    }
    if rows.is_empty() {
        return Err("server-bulk-empty");
    }
    Ok(rows)
}

fn pack(plan: &BulkPlan) -> String {
    let rows: Vec<[&str; 6]> = plan
        .rows
        .iter()
        .map(|(row, _)| {
            [
                row.unit.as_str(),
                &row.display,
                &row.login,
                &row.post,
                &row.line,
                &row.until,
            ]
        })
        .collect();
    serde_json::to_string(&rows).unwrap_or_default()
}

fn unpack(packed: &str) -> Option<Vec<BulkRow>> {
    let rows: Vec<[String; 6]> = serde_json::from_str(packed).ok()?;
    let row = |[unit, display, login, post, line, until]: [String; 6]| BulkRow {
        unit,
        display,
        login,
        post,
        line,
        until,
    };
    Some(rows.into_iter().map(row).collect())
}

fn crumbs(text: &Text) -> Vec<Crumb> {
    vec![
        Crumb::link(text.get("security-accounts"), "/accounts"),
        Crumb::here(text.get("security-bulk")),
    ]
}

fn form(shell: Shell, state: &FormState, status: StatusCode) -> Response {
    let text = shell.text.clone();
    let file = text.get("server-bulk-file");
    let drop = FileDrop {
        action: "/accounts/bulk".to_owned(),
        name: "file".to_owned(),
        label: file.clone(),
        hint: text.get("server-bulk-hint"),
        accept: ".csv,.txt,.xlsx,.xls,.ods".to_owned(),
        most_bytes: MOST_BYTES,
        fields: vec![shell.frame.form_field()],
        submit: text.get("server-bulk-plan"),
    };
    let body = html! {
        (error_summary(&text, state, &[("file", file.as_str())]))
        (drop.render(&text, state))
        (section(&text.get("server-bulk-columns-are"), html! {}, columns(&text)))
    };
    shell
        .page(text.get("security-bulk"))
        .lead(text.get("server-bulk-lead"))
        .crumbs(crumbs(&text))
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}

/// What the columns of the file are, with an example.
fn columns(text: &Text) -> Markup {
    let mut table = Table::new(text.get("server-bulk-columns-are"))
        .column(Column::text("column", text.get("server-bulk-column")))
        .column(Column::text("what", text.get("server-bulk-column-what")))
        .column(Column::text(
            "example",
            text.get("server-bulk-column-example"),
        ));
    for (name, names) in COLUMNS {
        table = table.row(Row::new(vec![
            Cell::text(names.first().copied().unwrap_or(name)),
            Cell::text(text.get(&format!("server-bulk-column-{name}"))),
            Cell::text(text.get(&format!("server-bulk-example-{name}"))),
        ]));
    }
    table.render(text)
}

fn number(text: &Text, key: &str, count: usize, tone: Tone) -> PlanNumber {
    PlanNumber {
        label: text.get(key),
        count: i64::try_from(count).unwrap_or(i64::MAX),
        tone,
        href: None,
        open: false,
    }
}

fn planned(shell: Shell, plan: &BulkPlan, state: &FormState, status: StatusCode) -> Response {
    let text = shell.text.clone();
    let numbers = [
        number(&text, "server-bulk-new", plan.new_accounts(), Tone::Good),
        number(&text, "server-bulk-existing", plan.existing(), Tone::Plain),
        number(&text, "server-bulk-refused", plan.refused(), Tone::Fix),
    ];
    let can_be_made = plan.refused() == 0 && plan.new_accounts() > 0;
    let body = html! {
        (error_summary(&text, state, &[]))
        (plan_numbers(&text.get("security-bulk"), &numbers))
        @if plan.refused() > 0 {
            (notice(Tone::Fix, &text.get("server-bulk-mend"), html! {
                ul { @for (fault, count, first) in plan.causes() {
                    li { (text.with(&format!("server-bulk-fault-{}", fault.as_str()),
                        &[("count", &count.to_string()), ("first", &(first + 1).to_string())])) }
                } }
            }))
        }
        @if can_be_made {
            form method="post" action="/accounts/bulk/make" {
                (shell.frame.form_field())
                input type="hidden" name="rows" value=(pack(plan));
                input type="hidden" name="new" value=(plan.new_accounts());
                div.actions { (button(&text.with("server-bulk-make", &[("count", &plan.new_accounts().to_string())]), true)) }
            }
        }
        (section(&text.get("server-bulk-rows"), html! {}, rows(&text, plan)))
    };
    shell
        .page(text.get("security-bulk"))
        .crumbs(crumbs(&text))
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}

/// The refused rows first, then the others, as many as fit.
fn rows(text: &Text, plan: &BulkPlan) -> Markup {
    let mut table = Table::new(text.get("server-bulk-rows"))
        .column(Column::number("row", text.get("server-bulk-row")))
        .column(Column::text("unit", text.get("security-unit")))
        .column(Column::text("name", text.get("security-name")))
        .column(Column::text("login", text.get("security-login")))
        .column(Column::text("post", text.get("security-post")))
        .column(Column::text("what", text.get("server-bulk-what")));
    let refused = |row: &PlannedRow| matches!(row, PlannedRow::Refused(_));
    let mut order: Vec<usize> = (0..plan.rows.len()).collect();
    order.sort_by_key(|place| !plan.rows.get(*place).is_some_and(|(_, row)| refused(row)));
    for place in order.into_iter().take(SHOWN) {
        let Some((row, planned)) = plan.rows.get(place) else {
            continue;
        };
        let what = match planned {
            PlannedRow::New(_) => text.get("server-bulk-new"),
            PlannedRow::Existing => text.get("server-bulk-existing"),
            PlannedRow::Refused(faults) => faults
                .iter()
                .map(|fault| text.get(&format!("server-bulk-short-{}", fault.as_str())))
                .collect::<Vec<_>>()
                .join(" "),
        };
        table = table.row(Row::new(vec![
            Cell::integer(i64::try_from(place + 2).unwrap_or(i64::MAX)),
            Cell::text(row.unit.clone()),
            Cell::text(row.display.clone()),
            Cell::text(row.login.clone()),
            Cell::text(row.post.clone()),
            Cell::text(what),
        ]));
    }
    table.render(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_their_names_and_rows_survive_the_form() {
        let file = "学校名称,姓名,用户名,岗位\n雁塔路小学,王某,wang.mou,学校信息员\n";
        let rows = rows_of(file.as_bytes().to_vec()).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].unit.as_str(), rows[0].post.as_str()),
            ("雁塔路小学", "学校信息员")
        );
        let plan = BulkPlan {
            rows: vec![(rows[0].clone(), PlannedRow::Existing)],
        };
        assert_eq!(unpack(&pack(&plan)), Some(rows));
        assert_eq!(unpack("[[1]]"), None);
        for (file, fault) in [
            ("学校名称,姓名\n甲,王\n", "server-bulk-columns"),
            ("学校名称,姓名,用户名\n", "server-bulk-empty"),
            ("", "server-bulk-unreadable"),
        ] {
            assert_eq!(rows_of(file.as_bytes().to_vec()), Err(fault));
        }
    }
}
