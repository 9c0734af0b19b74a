//! The small files: version, SQL functions, figures, type rules.

use toml::de::DeTable;

use super::Builder;
use crate::figure::{Classes, Direction, Figure, Measure, Norm};
use crate::infer::{Certainty, TypeRule};
use crate::model::{Confidence, SqlFunction, Version};
use crate::read::{Entry, Sheet};

/// Reports a file that an overlay may not bring; true when it may not.
fn refuse_overlay(sheet: Sheet<'_>, overlay: bool, what: &str) -> bool {
    if overlay {
        sheet.problem(
            1,
            format!("an overlay may not bring {what}"),
            "remove the file from the overlay",
        );
    }
    overlay
}

pub(super) fn twice(entry: &Entry<'_>, what: &str, name: &str, first: &str) {
    entry.problem(
        entry.line_of("name"),
        format!("{what} `{name}` is defined twice"),
        format!("give it another name; the other stands at {first}"),
    );
}

pub(super) fn read_version(
    builder: &mut Builder,
    sheet: Sheet<'_>,
    table: &DeTable<'_>,
    overlay: bool,
) {
    if refuse_overlay(sheet, overlay, "a version") {
        return;
    }
    let entry = Entry::new(sheet, table, 1);
    builder.version = Some(Version {
        version: entry.need_text("version"),
        about: entry.need_label("about"),
    });
    entry.finish();
}

pub(super) fn read_functions(
    builder: &mut Builder,
    sheet: Sheet<'_>,
    table: &DeTable<'_>,
    overlay: bool,
) {
    if refuse_overlay(sheet, overlay, "SQL functions") {
        return;
    }
    let file = Entry::new(sheet, table, 1);
    let types = [
        ("text", "text"),
        ("bigint", "bigint"),
        ("double", "double"),
        ("date", "date"),
        ("bool", "bool"),
    ];
    for entry in file.tables("function") {
        let name = entry.need_name("name");
        let arguments: Vec<String> = entry
            .list("arguments")
            .into_iter()
            .map(|(kind, _)| kind)
            .collect();
        for argument in &arguments {
            if !types.iter().any(|(word, _)| word == argument) {
                entry.problem(
                    entry.line_of("arguments"),
                    format!("`{argument}` is no argument type"),
                    crate::problem::write_instead(argument, types.map(|(word, _)| word)),
                );
            }
        }
        if let Some(first) = builder
            .functions
            .iter()
            .find(|function| function.name == name)
        {
            twice(&entry, "function", &name, &first.at.to_string());
        }
        builder.functions.push(SqlFunction {
            arguments,
            returns: entry
                .need_choice("returns", &types)
                .unwrap_or("bool")
                .to_owned(),
            about: entry.need_label("about"),
            at: entry.at(),
            name,
        });
        entry.finish();
    }
    file.finish();
}

pub(super) fn read_figures(
    builder: &mut Builder,
    sheet: Sheet<'_>,
    table: &DeTable<'_>,
    overlay: bool,
) {
    let file = Entry::new(sheet, table, 1);
    for entry in file.tables("figure") {
        let name = entry.need_name("name");
        if let Some(first) = builder.figures.iter().find(|figure| figure.name == name) {
            let first = first.at.to_string();
            if overlay {
                entry.problem(
                    entry.line_of("name"),
                    format!("an overlay may not change figure `{name}`"),
                    "give the figure of the overlay another name",
                );
            } else {
                twice(&entry, "figure", &name, &first);
            }
            continue;
        }
        builder.figures.push(read_figure(entry, name));
    }
    file.finish();
}

pub(super) fn read_figure(entry: Entry<'_>, name: String) -> Figure {
    let numerator = entry.table("numerator");
    if numerator.is_none() {
        entry.problem(
            entry.line,
            "`numerator` is missing",
            "write `numerator = { sum = \"pupils\", of = \"institution_year\" }`",
        );
    }
    let directions = [
        ("lower", Direction::Lower),
        ("higher", Direction::Higher),
        ("neutral", Direction::Neutral),
    ];
    let figure = Figure {
        order: entry.int("order").unwrap_or(1000),
        opens: entry.flag("opens").unwrap_or(false),
        title: entry.need_label("title"),
        about: entry.need_label("about"),
        unit: entry.need_label("unit"),
        numerator: numerator.map_or_else(
            || Measure {
                dataset: String::new(),
                sum: None,
                filters: Vec::new(),
            },
            read_measure,
        ),
        denominator: entry.table("denominator").map(read_measure),
        complete_pairs: entry.flag("complete_pairs").unwrap_or(true),
        kinds: entry
            .list("kinds")
            .into_iter()
            .map(|(kind, _)| kind)
            .collect(),
        decimals: entry
            .int("decimals")
            .and_then(|digits| u8::try_from(digits).ok())
            .unwrap_or(0),
        direction: entry
            .need_choice("direction", &directions)
            .unwrap_or(Direction::Neutral),
        classes: read_classes(&entry),
        norms: entry.tables("norm").into_iter().map(read_norm).collect(),
        source: entry.need_text("source"),
        confidence: entry
            .need_choice("confidence", &Confidence::CHOICES)
            .unwrap_or(Confidence::Proposal),
        at: entry.sheet.at(entry.line_of("name")),
        name,
    };
    entry.finish();
    figure
}

/// `{ sum = "pupils", of = "institution_year" }` or `{ count = "institution", where = [["counted", "true"]] }`.
fn read_measure(entry: Entry<'_>) -> Measure {
    let filters = entry
        .lists("where")
        .into_iter()
        .filter_map(|(pair, line)| match pair.as_slice() {
            [field, value] => Some((field.clone(), value.clone())),
            _ => {
                entry.problem(
                    line,
                    "a filter is a field and a value",
                    "write `where = [[\"counted\", \"true\"]]`",
                );
                None
            }
        })
        .collect();
    let measure = match (entry.text("sum"), entry.text("of"), entry.text("count")) {
        (Some(field), Some(dataset), None) => Measure {
            dataset,
            sum: Some(field),
            filters,
        },
        (None, None, Some(dataset)) => Measure {
            dataset,
            sum: None,
            filters,
        },
        _ => {
            entry.problem(
                entry.line,
                "a measure is a sum or a count",
                "write `{ sum = \"pupils\", of = \"institution_year\" }` or `{ count = \"institution\" }`",
            );
            Measure {
                dataset: String::new(),
                sum: None,
                filters,
            }
        }
    };
    entry.finish();
    measure
}

fn read_classes(entry: &Entry<'_>) -> Classes {
    let default = Classes::Quantile { count: 5 };
    let Some(table) = entry.table("classes") else {
        return default;
    };
    let method = table.need_choice("method", &[("quantile", true), ("thresholds", false)]);
    let count = table.int("count");
    let breaks = table.numbers("breaks");
    let norm = table.number("norm");
    let line = table.line;
    table.finish();
    match method {
        Some(true) => match count.and_then(|count| u8::try_from(count).ok()) {
            Some(count @ 2..=9) => Classes::Quantile { count },
            _ => {
                entry.problem(
                    line,
                    "quantiles need 2 to 9 classes",
                    "write `classes = { method = \"quantile\", count = 5 }`",
                );
                default
            }
        },
        Some(false) => {
            let rising = breaks
                .iter()
                .zip(breaks.iter().skip(1))
                .all(|(left, right)| left < right);
            if breaks.is_empty() || !rising {
                entry.problem(
                    line,
                    "borders of classes must rise",
                    "write `breaks = [30, 40, 50]`",
                );
            }
            Classes::Thresholds { breaks, norm }
        }
        None => default,
    }
}

fn read_norm(entry: Entry<'_>) -> Norm {
    let value = entry.number("value");
    if value.is_none() {
        entry.problem(entry.line, "`value` is missing", "write `value = 45`");
    }
    let norm = Norm {
        kind: entry.text("kind"),
        value: value.unwrap_or(0.0),
        title: entry.need_label("title"),
        source: entry.need_text("source"),
        confidence: entry
            .need_choice("confidence", &Confidence::CHOICES)
            .unwrap_or(Confidence::Proposal),
    };
    entry.finish();
    norm
}

pub(super) fn read_type_rules(
    builder: &mut Builder,
    sheet: Sheet<'_>,
    table: &DeTable<'_>,
    overlay: bool,
) {
    let file = Entry::new(sheet, table, 1);
    file.need_text("source");
    file.need_choice("confidence", &Confidence::CHOICES);
    let types: Vec<TypeRule> = file.tables("rule").into_iter().map(read_rule).collect();
    let campuses: Vec<TypeRule> = file.tables("campus").into_iter().map(read_rule).collect();
    // Rules of an overlay speak first: they know the names of the place.
    if overlay {
        builder.type_rules.types.splice(0..0, types);
        builder.type_rules.campuses.splice(0..0, campuses);
    } else {
        builder.type_rules.types.extend(types);
        builder.type_rules.campuses.extend(campuses);
    }
    file.finish();
}

fn read_rule(entry: Entry<'_>) -> TypeRule {
    let words = |key: &'static str| {
        entry
            .list(key)
            .into_iter()
            .map(|(word, _)| word)
            .collect::<Vec<String>>()
    };
    let rule = TypeRule {
        ends: words("ends"),
        contains: words("contains"),
        without: words("without"),
        code: entry.text("code").filter(|code| !code.is_empty()),
        certainty: entry
            .need_choice("certainty", &Certainty::CHOICES)
            .unwrap_or(Certainty::Uncertain),
        at: entry.at(),
    };
    if rule.ends.is_empty() && rule.contains.is_empty() {
        entry.problem(
            entry.line,
            "the rule has no words",
            "write `ends = [\"小学\"]` or `contains = [\"小学\"]`",
        );
    }
    entry.finish();
    rule
}
