//! `GET /dictionary.json`: the same as the dictionary's pages, for programs.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use standard::{
    Authority, CheckKind, Classes, Dataset, Direction, EffectiveRule, Field, FieldKind, Figure,
    Label, Measure, MissingRule, Scope, UnitRule,
};

use crate::api::Registry;

pub(super) async fn send(State(registry): State<Registry>) -> Response {
    let standard = registry.standard();
    let datasets: Vec<Value> = standard.datasets().iter().map(dataset).collect();
    let sets: Vec<Value> = standard.code_sets().iter().map(code_set).collect();
    let checks: Vec<Value> = standard
        .checks()
        .iter()
        .map(|check| {
            json!({
                "code": check.code,
                "dataset": check.dataset,
                "field": check.field,
                "severity": check.severity.as_str(),
                "kind": match check.kind {
                    CheckKind::Row => "row",
                    CheckKind::Set => "set",
                },
                "message": label(&check.message),
                "repair": label(&check.repair),
                "sql": check.sql.trim(),
                "source": check.source,
                "confidence": check.confidence.as_str(),
                "defined_at": check.at.to_string(),
            })
        })
        .collect();
    let posts: Vec<Value> = standard
        .posts()
        .iter()
        .map(|post| {
            json!({
                "name": post.name,
                "title": label(&post.title),
                "about": label(&post.about),
                "actions": post.actions.iter().map(|action| action.as_str()).collect::<Vec<_>>(),
                "scope": match post.scope {
                    Scope::Subtree => "subtree",
                    Scope::Own => "own",
                },
                "sees": post.sees.as_str(),
                "levels": post.levels.iter().map(|level| level.as_str()).collect::<Vec<_>>(),
                "excludes": standard
                    .posts()
                    .iter()
                    .filter(|other| other.name != post.name && other.excludes(post))
                    .map(|other| &other.name)
                    .collect::<Vec<_>>(),
                "may_grant": post.may_grant,
                "may_approve": post.may_approve,
            })
        })
        .collect();
    let lines: Vec<Value> = standard
        .lines()
        .iter()
        .map(|line| {
            json!({
                "name": line.name,
                "title": label(&line.title),
                "datasets": line.datasets,
                "source": line.source,
                "confidence": line.confidence.as_str(),
            })
        })
        .collect();
    let functions: Vec<Value> = standard
        .functions()
        .iter()
        .map(|function| {
            json!({
                "name": function.name,
                "arguments": function.arguments,
                "returns": function.returns,
                "about": label(&function.about),
            })
        })
        .collect();
    super::json(&json!({
        "version": standard.version(),
        "about": label(&standard.version_info().about),
        "hash": standard.hash(),
        "datasets": datasets,
        "code_sets": sets,
        "checks": checks,
        "functions": functions,
        "lines": lines,
        "figures": standard.figures().iter().map(figure).collect::<Vec<_>>(),
        "posts": posts,
    }))
}

fn label(label: &Label) -> Value {
    json!({ "zh": label.zh, "en": label.en })
}

fn figure(figure: &Figure) -> Value {
    let norms: Vec<Value> = figure
        .norms
        .iter()
        .map(|norm| {
            json!({
                "kind": norm.kind,
                "value": norm.value,
                "title": label(&norm.title),
                "source": norm.source,
                "confidence": norm.confidence.as_str(),
            })
        })
        .collect();
    let classes = match &figure.classes {
        Classes::Quantile { count } => json!({ "method": "quantile", "count": count }),
        Classes::Thresholds { breaks, norm } => {
            json!({ "method": "thresholds", "breaks": breaks, "norm": norm })
        }
    };
    json!({
        "name": figure.name,
        "title": label(&figure.title),
        "about": label(&figure.about),
        "unit": label(&figure.unit),
        "numerator": measure(&figure.numerator),
        "denominator": figure.denominator.as_ref().map(measure),
        "complete_pairs": figure.complete_pairs,
        "kinds": figure.kinds,
        "decimals": figure.decimals,
        "direction": match figure.direction {
            Direction::Lower => "lower",
            Direction::Higher => "higher",
            Direction::Neutral => "neutral",
        },
        "classes": classes,
        "norms": norms,
        "source": figure.source,
        "confidence": figure.confidence.as_str(),
        "defined_at": figure.at.to_string(),
    })
}

fn measure(measure: &Measure) -> Value {
    json!({ "dataset": measure.dataset, "sum": measure.sum, "where": measure.filters })
}

fn dataset(dataset: &Dataset) -> Value {
    let unit = match &dataset.unit {
        UnitRule::Root => json!("root"),
        UnitRule::SelfUnit { parent_field } => json!({ "self": parent_field }),
        UnitRule::OfField(field) => json!({ "field": field }),
    };
    let authority = match &dataset.authority {
        Authority::Here => Value::Null,
        Authority::Elsewhere(named) => label(named),
    };
    let effective = match &dataset.default_effective {
        EffectiveRule::Beginning => json!("beginning"),
        EffectiveRule::Today => json!("today"),
        EffectiveRule::Period(field) => json!({ "period": field }),
    };
    let missing = match &dataset.missing {
        MissingRule::Keep => json!("keep"),
        MissingRule::Close { field, value } => json!({ "field": field, "becomes": value }),
    };
    json!({
        "name": dataset.name,
        "title": label(&dataset.title),
        "about": label(&dataset.about),
        "unit": unit,
        "match_keys": dataset.match_keys.iter().map(|key| &key.fields).collect::<Vec<_>>(),
        "unique_keys": dataset.match_keys.iter().filter(|key| key.unique).map(|key| &key.fields).collect::<Vec<_>>(),
        "default_effective": effective,
        "missing": missing,
        "display": dataset.display,
        "authority": authority,
        "source": dataset.source,
        "confidence": dataset.confidence.as_str(),
        "defined_at": dataset.at.to_string(),
        "fields": dataset.fields.iter().map(field).collect::<Vec<_>>(),
    })
}

fn field(field: &Field) -> Value {
    let (codes, refers_to) = match &field.kind {
        FieldKind::Code(set) => (Some(set), None),
        FieldKind::Ref(dataset) => (None, Some(dataset)),
        _ => (None, None),
    };
    let bounds = match &field.kind {
        FieldKind::Int { min, max } | FieldKind::Decimal { min, max, .. } => json!([min, max]),
        _ => Value::Null,
    };
    json!({
        "name": field.name,
        "title": label(&field.title),
        "about": label(&field.about),
        "aliases": field.aliases,
        "kind": field.kind.word(),
        "scale": field.kind.scale(),
        "bounds": bounds,
        "codes": codes,
        "to": refers_to,
        "required": field.required,
        "many": field.many,
        "max_length": field.max_length,
        "precision": (field.kind == FieldKind::Date).then(|| field.precision.as_str()),
        "sensitivity": field.sensitivity.as_str(),
        "owner": field.owner.as_str(),
        "jyt": field.jyt,
        "unit": field.unit.as_ref().map(label),
        "valid_from": field.valid_from.map(|day| day.to_string()),
        "closed": field.closed.map(|day| day.to_string()),
        "hint_for": field.hint.as_ref().map(|hint| &hint.field),
        "hint_level": field.hint.as_ref().map(|hint| &hint.level),
        "source": field.source,
        "confidence": field.confidence.as_str(),
    })
}

fn code_set(set: &standard::CodeSet) -> Value {
    let entries: Vec<Value> = set
        .entries
        .iter()
        .map(|entry| {
            json!({
                "code": entry.code,
                "name": label(&entry.name),
                "aliases": entry.aliases,
                "parent": entry.parent,
                "valid_from": entry.valid_from.map(|day| day.to_string()),
                "valid_to": entry.valid_to.map(|day| day.to_string()),
                "successors": entry.successors,
                "source": entry.source,
                "confidence": entry.confidence.map(standard::Confidence::as_str),
                "extra": entry.extra,
            })
        })
        .collect();
    let extra: Vec<Value> = set
        .extra
        .iter()
        .map(|column| {
            json!({
                "name": column.name,
                "title": label(&column.title),
                "codes": column.codes,
                "many": column.many,
            })
        })
        .collect();
    json!({
        "name": set.name,
        "title": label(&set.title),
        "about": label(&set.about),
        "source": set.source,
        "confidence": set.confidence.as_str(),
        "valid_from": set.valid_from.map(|day| day.to_string()),
        "open": set.open,
        "extra": extra,
        "entries": entries,
    })
}
