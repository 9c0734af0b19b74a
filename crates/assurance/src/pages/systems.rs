//! `GET /assurance/systems`: the register, with what it lacks and what is late.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::{Permit, RequirePermit};
use ui::{
    Cache, Cell, Choice, Column, Field, FilterBar, FormState, Icon, Input, Page, Pager, Row, Shell,
    Sort, Table, Text, Tone, Url, badge, link_button,
};

use super::{PAGE, keeper_button, page as room_page, said, unit_link, views};
use crate::api::Assurance;
use crate::directory::UnitNames;
use crate::error::AssuranceError;
use crate::systems::model::SystemGap;
use crate::systems::rules::{assessment_due, gaps};
use crate::systems::{KINDS, Registered};

pub(super) async fn show(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match page(&assurance, &permit, shell.clone()).await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

/// A system with what it lacks.
pub(super) struct Listed {
    pub(super) known: Registered,
    pub(super) gaps: Vec<SystemGap>,
}

/// The systems that an address asks for, in its order.
pub(super) async fn listed(
    assurance: &Assurance,
    permit: &Permit,
    names: &UnitNames,
    url: &Url,
) -> Result<Vec<Listed>, AssuranceError> {
    let today = assurance.today();
    let asked = |key: &str| url.get(key).unwrap_or_default().trim().to_owned();
    let (typed, kind, level, gap) = (asked("q"), asked("kind"), asked("level"), asked("gap"));
    let (critical, retired) = (asked("critical"), asked("retired"));
    let mut listed: Vec<Listed> = assurance
        .systems_in_reach(permit)
        .await?
        .into_iter()
        .map(|known| Listed {
            gaps: gaps(assurance.rules(), &known.system, today),
            known,
        })
        .filter(|each| {
            let system = &each.known.system;
            let is_retired = system.retired.is_some_and(|day| day <= today);
            let by_text = typed.is_empty()
                || system.name.contains(&typed)
                || system.domain.contains(&typed)
                || names.fits(system.unit, &typed);
            let by_level = level.is_empty()
                || system
                    .level
                    .map_or("none".to_owned(), |level| level.to_string())
                    == level;
            by_text
                && by_level
                && (kind.is_empty() || system.kind == kind)
                && (critical.is_empty() || system.critical)
                && (is_retired == (retired == "1"))
                && has_gap(&each.gaps, &gap)
        })
        .collect();
    let sort = Sort::from_url(url, "unit");
    listed.sort_by(|one, other| {
        let by_name = || one.known.system.name.cmp(&other.known.system.name);
        let order = match sort.key.as_str() {
            "name" => by_name(),
            "level" => one.known.system.level.cmp(&other.known.system.level),
            "assessed" => one.known.system.assessed.cmp(&other.known.system.assessed),
            "gaps" => one.gaps.len().cmp(&other.gaps.len()),
            _ => names
                .name(one.known.system.unit)
                .cmp(&names.name(other.known.system.unit)),
        };
        let order = order
            .then_with(by_name)
            .then(one.known.number.cmp(&other.known.number));
        if sort.descending {
            order.reverse()
        } else {
            order
        }
    });
    Ok(listed)
}

fn has_gap(gaps: &[SystemGap], asked: &str) -> bool {
    match asked {
        "overdue" => gaps.iter().any(|gap| gap.is_overdue()),
        "unfiled" => gaps.contains(&SystemGap::NotFiled),
        "soon" => gaps.iter().any(|gap| gap.is_notice()),
        "incomplete" => gaps
            .iter()
            .any(|gap| !gap.is_overdue() && !gap.is_notice() && *gap != SystemGap::NotFiled),
        _ => true,
    }
}

/// What a gap says, with its day.
pub(super) fn gap_words(text: &Text, gap: SystemGap) -> String {
    match gap {
        SystemGap::AssessmentOverdue(day) | SystemGap::AssessmentSoon(day) => {
            text.with(gap.key(), &[("day", &day.to_string())])
        }
        _ => text.get(gap.key()),
    }
}

/// The gaps as badges.
pub(super) fn gap_badges(text: &Text, gaps: &[SystemGap]) -> Markup {
    html! {
        @for gap in gaps {
            @let tone = if gap.is_overdue() { Tone::Fix } else if gap.is_notice() { Tone::Plain } else { Tone::Explain };
            (badge(tone, &gap_words(text, *gap))) " "
        }
        @if gaps.is_empty() { (badge(Tone::Good, &text.get("assurance-own-complete"))) }
    }
}

/// The title of a level of protection.
pub(super) fn level_words(assurance: &Assurance, text: &Text, level: Option<i64>) -> String {
    level
        .and_then(|level| assurance.rules().protection_level(level))
        .map_or_else(
            || text.get("assurance-level-none"),
            |level| said(text, &level.title).to_owned(),
        )
}

async fn page(
    assurance: &Assurance,
    permit: &Permit,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let names = assurance.names().await?;
    let listed = listed(assurance, permit, &names, &url).await?;
    let pager = Pager::from_url(&url, PAGE, listed.len() as u64);
    let mut table = Table::new(text.get("assurance-systems"))
        .column(Column::text("name", text.get("assurance-system")).sortable())
        .column(Column::text("unit", text.get("assurance-unit")).sortable())
        .column(Column::text("kind", text.get("assurance-kind")).narrow())
        .column(
            Column::text("level", text.get("assurance-level"))
                .narrow()
                .sortable(),
        )
        .column(
            Column::text("assessed", text.get("assurance-assessed"))
                .narrow()
                .sortable(),
        )
        .column(Column::text("due", text.get("assurance-next-assessment")).narrow())
        .column(Column::text("gaps", text.get("assurance-gaps")).sortable())
        .sorted(Sort::from_url(&url, "unit"), &url)
        .empty(ui::empty_state(
            &text.get("assurance-systems-empty-title"),
            &text.get("assurance-systems-empty"),
            Some(keeper_button(
                permit,
                &text.get("assurance-system-new"),
                "/assurance/systems/new",
                true,
            )),
        ));
    let shown = pager.of(&listed);
    for each in shown {
        let system = &each.known.system;
        let name = html! {
            a href=(format!("/assurance/systems/{}", each.known.number)) { (system.name) }
            @if system.critical { " " (badge(Tone::Explain, &text.get("assurance-critical"))) }
        };
        let due = assessment_due(assurance.rules(), system);
        table = table.row(
            Row::new(vec![
                Cell::Markup(name),
                Cell::Markup(unit_link(&names, system.unit)),
                Cell::text(text.get(&kind_key(&system.kind))),
                Cell::text(level_words(assurance, &text, system.level)),
                Cell::maybe_text(system.assessed.map(|day| day.to_string())),
                Cell::maybe_text(due.map(|day| day.to_string())),
                Cell::Markup(gap_badges(&text, &each.gaps)),
            ])
            .id(format!("system-{}", each.known.number)),
        );
    }
    let export = url.at("/assurance/systems.csv").without("page").to_string();
    let body = html! {
        (views(&text, permit, "/assurance/systems"))
        (filters(assurance, &text, &url))
        div #results data-region="" {
            (table.render(&text))
            (pager.render(&text, &url))
        }
    };
    Ok(room_page(shell, text.get("assurance-systems"), Vec::new())
        .tool(keeper_button(
            permit,
            &text.get("assurance-system-new"),
            "/assurance/systems/new",
            true,
        ))
        .tool(link_button(
            &text.get("ui-export"),
            &export,
            Some(Icon::Download),
            false,
        ))
        .tool(ui::print_button(&text))
        .cache(Cache::Never)
        .body(body))
}

/// The message with the name of a kind.
pub(super) fn kind_key(kind: &str) -> String {
    format!("assurance-kind-{}", kind.replace('_', "-"))
}

fn filters(assurance: &Assurance, text: &Text, url: &Url) -> Markup {
    let keys = ["q", "kind", "level", "gap", "critical", "retired"];
    let held = keys.iter().fold(FormState::new(), |state, key| {
        state.with(key, url.get(key).unwrap_or_default())
    });
    let select = |name: &str, label: &str, choices: Vec<Choice>| {
        Field::new(name, text.get(label))
            .input(Input::Select {
                choices,
                empty: Some(text.get("assurance-all")),
            })
            .inline()
            .render(text, &held)
    };
    let kinds = KINDS
        .iter()
        .map(|kind| Choice::new(*kind, text.get(&kind_key(kind))))
        .collect();
    let levels = assurance
        .rules()
        .protection_levels
        .iter()
        .map(|level| Choice::new(level.level.to_string(), said(text, &level.title)))
        .chain([Choice::new("none", text.get("assurance-level-none"))])
        .collect();
    let gaps = ["overdue", "unfiled", "incomplete", "soon"]
        .map(|gap| Choice::new(gap, text.get(&format!("assurance-gap-{gap}"))))
        .to_vec();
    FilterBar {
        fields: vec![
            Field::new("q", text.get("assurance-search-system"))
                .input(Input::Search)
                .inline()
                .render(text, &held),
            select("kind", "assurance-kind", kinds),
            select("level", "assurance-level", levels),
            select("gap", "assurance-gaps", gaps),
            Field::new("critical", text.get("assurance-critical"))
                .input(Input::Box)
                .render(text, &held),
            Field::new("retired", text.get("assurance-retired"))
                .input(Input::Box)
                .render(text, &held),
        ],
        keep: vec!["sort"],
    }
    .render(text, url)
}
