//! `GET /assurance/units`: how the units below stand: who is named, what is missing, what is late.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::UnitId;
use maud::html;
use security::{Permit, RequirePermit, UnitTree};
use ui::{
    Cache, Cell, Choice, Column, Crumb, Field, FilterBar, FormState, Input, Page, Pager, Row,
    Shell, Stat, Table, Text, Tone, badge,
};

use super::{PAGE, asked_unit, views};
use crate::api::Assurance;
use crate::duties::DutyCount;
use crate::error::AssuranceError;
use crate::incidents::{IncidentState, rules as incident_rules};
use crate::systems::rules as system_rules;

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

/// How a unit with everything below it stands.
#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    duties: DutyCount,
    systems: i64,
    late_systems: i64,
    late_incidents: i64,
}

/// Sums over the subtree of any unit: each place holds the sums of all places before it.
struct Sums(Vec<Standing>);

impl Sums {
    async fn read(
        assurance: &Assurance,
        permit: &Permit,
        tree: &UnitTree,
    ) -> Result<Self, AssuranceError> {
        let (today, now) = (assurance.today(), assurance.now());
        let mut each: Vec<Standing> = assurance
            .duty_counts(tree, today)
            .await?
            .into_iter()
            .map(|duties| Standing {
                duties,
                ..Standing::default()
            })
            .collect();
        let mut at = |unit: UnitId, change: &dyn Fn(&mut Standing)| {
            let place = tree.position(unit);
            if let Some(slot) = place.and_then(|place| each.get_mut(place as usize)) {
                change(slot);
            }
        };
        for known in assurance.systems_in_reach(permit).await? {
            let gaps = system_rules::gaps(assurance.rules(), &known.system, today);
            let is_late = gaps.iter().any(|gap| gap.is_overdue());
            at(known.system.unit, &|standing| {
                standing.systems += 1;
                standing.late_systems += i64::from(is_late);
            });
        }
        for incident in assurance.incidents_in_reach(permit).await? {
            let timers = incident_rules::timers(assurance.book(), &incident, now);
            let is_late = incident.state != IncidentState::Closed
                && timers.iter().any(incident_rules::Timer::is_overdue);
            at(incident.unit, &|standing| {
                standing.late_incidents += i64::from(is_late);
            });
        }
        let mut sums = Vec::with_capacity(each.len() + 1);
        let mut sum = Standing::default();
        sums.push(sum);
        for standing in each {
            sum.duties.add(standing.duties);
            sum.systems += standing.systems;
            sum.late_systems += standing.late_systems;
            sum.late_incidents += standing.late_incidents;
            sums.push(sum);
        }
        Ok(Self(sums))
    }

    fn between(&self, from: u32, to: u32) -> Standing {
        let at = |place: u32| self.0.get(place as usize).copied().unwrap_or_default();
        let (before, after) = (at(from), at(to));
        Standing {
            duties: DutyCount {
                units: after.duties.units - before.duties.units,
                complete: after.duties.complete - before.duties.complete,
                missing: after.duties.missing - before.duties.missing,
                ending: after.duties.ending - before.duties.ending,
            },
            systems: after.systems - before.systems,
            late_systems: after.late_systems - before.late_systems,
            late_incidents: after.late_incidents - before.late_incidents,
        }
    }

    /// A unit with everything below it.
    fn below(&self, tree: &UnitTree, unit: UnitId) -> Standing {
        tree.range(unit)
            .map(|range| self.between(range.start, range.end))
            .unwrap_or_default()
    }

    /// A unit alone.
    fn own(&self, tree: &UnitTree, unit: UnitId) -> Standing {
        tree.position(unit)
            .map(|place| self.between(place, place.saturating_add(1)))
            .unwrap_or_default()
    }
}

pub(crate) async fn page(
    assurance: &Assurance,
    permit: &Permit,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let tree = assurance.tree();
    let unit = asked_unit(assurance, permit, url.get("unit"))?;
    let names = assurance.names().await?;
    let sums = Sums::read(assurance, permit, &tree).await?;
    let typed = url.get("q").unwrap_or_default().trim().to_owned();
    let only = url.get("only").unwrap_or_default().to_owned();
    let is_flat = !typed.is_empty() || !only.is_empty();
    // A filter looks at every unit below; without one the page goes down level by level.
    let units: Vec<UnitId> = if is_flat {
        let fits = |unit: &UnitId| {
            let own = sums.own(&tree, *unit).duties;
            let by_gap = match only.as_str() {
                "missing" => own.missing > 0,
                "ending" => own.ending > 0,
                _ => true,
            };
            by_gap && names.fits(*unit, &typed)
        };
        tree.subtree(unit)
            .filter(|unit| tree.is_valid(*unit) && permit.sees(&tree, *unit))
            .filter(fits)
            .collect()
    } else {
        let below = tree.children(unit).into_iter();
        below
            .filter(|unit| tree.is_valid(*unit) && permit.sees(&tree, *unit))
            .collect()
    };
    let pager = Pager::from_url(&url, PAGE, units.len() as u64);
    let shown = pager.of(&units);

    let mut table = Table::new(text.get("assurance-duties"))
        .column(Column::text("unit", text.get("assurance-unit")))
        .column(Column::number("units", text.get("assurance-units")))
        .column(Column::number("complete", text.get("assurance-complete")))
        .column(
            Column::number("missing", text.get("assurance-missing"))
                .hint(text.get("assurance-missing-hint")),
        )
        .column(Column::number("ending", text.get("assurance-ending")))
        .column(Column::number("systems", text.get("assurance-systems")))
        .column(Column::number(
            "late_systems",
            text.get("assurance-late-systems"),
        ))
        .column(Column::number(
            "late_incidents",
            text.get("assurance-late-incidents"),
        ))
        .column(Column::text("own", text.get("assurance-own")).narrow());
    if !is_flat {
        let own = sums.own(&tree, unit);
        table = table.row(row(&text, &names.name(unit), unit, own, own, true).strong());
    }
    for each in shown {
        let own = sums.own(&tree, *each);
        let whole = if is_flat {
            own
        } else {
            sums.below(&tree, *each)
        };
        let goes_down = !is_flat && !tree.children(*each).is_empty();
        table = table.row(row(
            &text,
            &names.name(*each),
            *each,
            whole,
            own,
            !goes_down,
        ));
    }
    let total = sums.below(&tree, unit);
    let held = FormState::new().with("q", typed).with("only", only);
    let filters = FilterBar {
        fields: vec![
            Field::new("q", text.get("assurance-search-unit"))
                .input(Input::Search)
                .inline()
                .render(&text, &held),
            Field::new("only", text.get("assurance-show"))
                .input(Input::Select {
                    choices: vec![
                        Choice::new("missing", text.get("assurance-only-missing")),
                        Choice::new("ending", text.get("assurance-only-ending")),
                    ],
                    empty: Some(text.get("assurance-all")),
                })
                .inline()
                .render(&text, &held),
        ],
        keep: vec!["unit"],
    };
    let body = html! {
        (views(&text, permit, "/assurance/units"))
        (ui::stats(&text, &stats(&text, total)))
        (filters.render(&text, &url))
        div #results data-region="" {
            (table.render(&text))
            (pager.render(&text, &url))
        }
    };
    Ok(shell
        .page(text.get("assurance-duties"))
        .section("/assurance")
        .crumbs(crumbs(assurance, permit, &tree, unit, &names, &text))
        .tool(ui::print_button(&text))
        .cache(Cache::Never)
        .body(body))
}

/// The way from the reader's own unit down to this one.
fn crumbs(
    assurance: &Assurance,
    permit: &Permit,
    tree: &UnitTree,
    unit: UnitId,
    names: &crate::UnitNames,
    text: &Text,
) -> Vec<Crumb> {
    let mut path = tree.ancestors(unit);
    path.reverse();
    path.push(unit);
    let home = assurance.home(permit);
    let from = path
        .iter()
        .position(|step| Some(*step) == home)
        .unwrap_or(0);
    let mut crumbs = vec![Crumb::link(text.get("assurance"), "/assurance")];
    for step in path.into_iter().skip(from) {
        let name = names.name(step);
        crumbs.push(if step == unit {
            Crumb::here(name)
        } else {
            Crumb::link(name, format!("/assurance/units?unit={step}"))
        });
    }
    crumbs
}

fn stats(text: &Text, total: Standing) -> Vec<Stat> {
    let stat = |key: &str, value: i64, unit: &str, href: Option<&str>| Stat {
        label: text.get(key),
        value: ui::format::integer(value),
        unit: text.get(unit),
        change: None,
        href: href.map(str::to_owned),
    };
    vec![
        stat(
            "assurance-units",
            total.duties.units,
            "assurance-of-units",
            None,
        ),
        stat(
            "assurance-complete",
            total.duties.complete,
            "assurance-of-units",
            None,
        ),
        stat(
            "assurance-missing",
            total.duties.missing,
            "assurance-of-duties",
            Some("?only=missing"),
        ),
        stat(
            "assurance-late-systems",
            total.late_systems,
            "assurance-of-systems",
            Some("/assurance/systems?gap=overdue"),
        ),
        stat(
            "assurance-late-incidents",
            total.late_incidents,
            "assurance-of-incidents",
            Some("/assurance/incidents?overdue=1"),
        ),
    ]
}

fn row(
    text: &Text,
    name: &str,
    unit: UnitId,
    whole: Standing,
    own: Standing,
    to_unit: bool,
) -> Row {
    let href = if to_unit {
        format!("/assurance/units/{unit}")
    } else {
        format!("/assurance/units?unit={unit}")
    };
    let (tone, key) = if own.duties.missing > 0 {
        (Tone::Fix, "assurance-own-missing")
    } else if own.duties.ending > 0 {
        (Tone::Explain, "assurance-own-ending")
    } else {
        (Tone::Good, "assurance-own-complete")
    };
    Row::new(vec![
        Cell::link(href, name),
        Cell::integer(whole.duties.units),
        Cell::integer(whole.duties.complete),
        Cell::integer(whole.duties.missing),
        Cell::integer(whole.duties.ending),
        Cell::integer(whole.systems),
        Cell::integer(whole.late_systems),
        Cell::integer(whole.late_incidents),
        Cell::Markup(
            html! { a href=(format!("/assurance/units/{unit}")) { (badge(tone, &text.get(key))) } },
        ),
    ])
    .id(format!("unit-{unit}"))
}
