//! `masks.toml`, `purposes.toml`, and what datasets say of persons.

use toml::de::DeTable;

use super::Builder;
use crate::model::{At, Confidence, Dataset, Field, FieldKind, Sensitivity, UnitRule};
use crate::people::{
    ErasureReason, ErasureRule, LegalBasis, Mask, PersonRule, Purpose, Retention, RetentionStart,
};
use crate::problem::{Report, write_instead};
use crate::read::{Entry, Sheet};

pub(super) fn read_masks(builder: &mut Builder, sheet: Sheet<'_>, table: &DeTable<'_>) {
    let file = Entry::new(sheet, table, 1);
    for entry in file.tables("mask") {
        let name = entry.need_name("name");
        if let Some(first) = builder.masks.iter().find(|mask| mask.name == name) {
            twice(&entry, "mask", &name, first.at.as_ref());
        }
        let words = |key: &'static str| -> Vec<String> {
            entry.list(key).into_iter().map(|(word, _)| word).collect()
        };
        let mask = Mask {
            title: entry.need_label("title"),
            about: entry.label("about").unwrap_or_default(),
            keep_first: count(&entry, "keep_first").unwrap_or(0),
            keep_last: count(&entry, "keep_last").unwrap_or(0),
            hidden: count(&entry, "hidden"),
            until: words("until"),
            not: words("not"),
            within: count(&entry, "within").unwrap_or(0),
            source: source_of(&entry),
            at: Some(entry.at()),
            name,
        };
        builder.masks.push(mask);
        entry.finish();
    }
    file.finish();
}

/// The source, with how sure it is: both are asked for everywhere.
fn source_of(entry: &Entry<'_>) -> String {
    entry.need_choice("confidence", &Confidence::CHOICES);
    entry.need_text("source")
}

fn count(entry: &Entry<'_>, key: &'static str) -> Option<usize> {
    let number = entry.int(key)?;
    let count = usize::try_from(number).ok();
    if count.is_none() {
        entry.problem(
            entry.line_of(key),
            format!("`{key} = {number}` is no number of characters"),
            format!("write `{key} = 1`"),
        );
    }
    count
}

fn twice(entry: &Entry<'_>, what: &str, name: &str, first: Option<&At>) {
    entry.problem(
        entry.line_of("name"),
        format!("{what} `{name}` is defined twice"),
        format!(
            "give it another name; the other stands at {}",
            first.map(ToString::to_string).unwrap_or_default()
        ),
    );
}

pub(super) fn read_purposes(builder: &mut Builder, sheet: Sheet<'_>, table: &DeTable<'_>) {
    let file = Entry::new(sheet, table, 1);
    for entry in file.tables("purpose") {
        let name = entry.need_name("name");
        if let Some(first) = builder.purposes.iter().find(|known| known.name == name) {
            twice(&entry, "purpose", &name, Some(&first.at));
        }
        let basis = entry.need_choice("basis", &LegalBasis::CHOICES);
        let years = entry.int("guardian_consent_under");
        if let Some(years) = years
            && !(1..=18).contains(&years)
        {
            entry.problem(
                entry.line_of("guardian_consent_under"),
                format!("`guardian_consent_under = {years}` is no age of a minor"),
                "write `guardian_consent_under = 14`",
            );
        }
        if basis == Some(LegalBasis::Consent) && years.is_none() {
            entry.problem(
                entry.line_of("basis"),
                format!("purpose `{name}` rests on consent and does not say up to which age a guardian gives it"),
                "write `guardian_consent_under = 14` (《个人信息保护法》第三十一条)",
            );
        }
        builder.purposes.push(Purpose {
            title: entry.need_label("title"),
            about: entry.need_label("about"),
            basis: basis.unwrap_or(LegalBasis::Consent),
            guardian_consent_under: years.and_then(|years| i32::try_from(years).ok()),
            sees: entry
                .need_choice("sees", &Sensitivity::CHOICES)
                .unwrap_or(Sensitivity::Public),
            law: entry.need_text("law"),
            source: entry.need_text("source"),
            confidence: entry
                .need_choice("confidence", &Confidence::CHOICES)
                .unwrap_or(Confidence::Proposal),
            at: entry.at(),
            name,
        });
        entry.finish();
    }
    for entry in file.tables("erasure") {
        let name = entry.need_name("name");
        if let Some(first) = builder.erasures.iter().find(|known| known.name == name) {
            twice(&entry, "reason for erasure", &name, Some(&first.at));
        }
        builder.erasures.push(ErasureReason {
            title: entry.need_label("title"),
            allowed: entry
                .need_choice("allowed", &ErasureRule::CHOICES)
                .unwrap_or(ErasureRule::RetentionOver),
            source: entry.need_text("source"),
            confidence: entry
                .need_choice("confidence", &Confidence::CHOICES)
                .unwrap_or(Confidence::Proposal),
            at: entry.at(),
            name,
        });
        entry.finish();
    }
    file.finish();
}

/// `person = { self = true }` or `person = { field = "person" }`.
pub(super) fn read_person(entry: &Entry<'_>) -> Option<PersonRule> {
    let table = entry.table("person")?;
    let (itself, field) = (table.flag("self"), table.text("field"));
    let line = table.line;
    table.finish();
    match (itself, field) {
        (Some(true), None) => Some(PersonRule::Itself),
        (None, Some(field)) => Some(PersonRule::OfField(field)),
        _ => {
            entry.problem(
                line,
                "`person` says either that the records are persons or which field names theirs",
                "write `person = { self = true }` or `person = { field = \"person\" }`",
            );
            Some(PersonRule::Itself)
        }
    }
}

/// `retention = { years = 30, from = "ended", source = "…", confidence = "…" }`.
pub(super) fn read_retention(entry: &Entry<'_>) -> Option<Retention> {
    let table = entry.table("retention")?;
    let years = table
        .int("years")
        .and_then(|years| i32::try_from(years).ok());
    if !years.is_some_and(|years| (0..=1000).contains(&years)) {
        table.problem(
            table.line_of("years"),
            "the retention period has no usable number of years",
            "write `years = 30`",
        );
    }
    let starts = [
        ("ended", RetentionStart::Ended),
        ("recorded", RetentionStart::Recorded),
    ];
    let words = starts.each_ref().map(|(word, _)| (*word, *word));
    let from = table.need_choice("from", &words);
    let retention = Retention {
        years: years.unwrap_or(0),
        from: if from == Some("recorded") {
            RetentionStart::Recorded
        } else {
            RetentionStart::Ended
        },
        source: table.need_text("source"),
        confidence: table
            .need_choice("confidence", &Confidence::CHOICES)
            .unwrap_or(Confidence::Proposal),
    };
    table.finish();
    Some(retention)
}

/// Holds what a dataset says of persons against the other files.
pub(super) fn check(builder: &Builder, dataset: &Dataset) {
    let report = &builder.report;
    let problem = |at: &At, what: String, instead: String| {
        report.add(&at.file, at.line, what, instead);
    };
    for field in &dataset.fields {
        check_field(builder, dataset, field);
    }
    for name in &dataset.purposes {
        if !builder.purposes.iter().any(|purpose| purpose.name == *name) {
            let names = builder.purposes.iter().map(|purpose| purpose.name.as_str());
            problem(
                &dataset.at,
                format!("purpose `{name}` is not defined"),
                write_instead(name, names),
            );
        }
    }
    let sealed = dataset
        .stored_fields()
        .any(|field| field.sensitivity.is_sealed());
    let Some(rule) = &dataset.person else {
        return;
    };
    if sealed && dataset.purposes.is_empty() {
        problem(
            &dataset.at,
            format!(
                "`{}` holds personal data and names no purpose",
                dataset.name
            ),
            "write `purposes = [\"…\"]`, names of purposes.toml".to_owned(),
        );
    }
    if sealed && dataset.retention.is_none() {
        problem(
            &dataset.at,
            format!("`{}` holds personal data and does not say how long", dataset.name),
            "write `retention = { years = 30, from = \"ended\", source = \"…\", confidence = \"proposal\" }`".to_owned(),
        );
    }
    if let PersonRule::OfField(name) = rule {
        check_person_field(report, builder, dataset, name);
    }
    check_keys(report, dataset);
}

fn check_person_field(report: &Report, builder: &Builder, dataset: &Dataset, name: &str) {
    let is_person = |target: &str| {
        let target = builder.datasets.iter().find(|other| other.name == target);
        target.is_some_and(|target| target.person == Some(PersonRule::Itself))
    };
    let field = dataset.field(name).filter(|field| field.is_stored());
    let fits = field.is_some_and(|field| {
        let is_reference = matches!(&field.kind, FieldKind::Ref(target) if is_person(target));
        is_reference && field.required && !field.many && !field.sensitivity.is_sealed()
    });
    if !fits {
        let at = field.map_or(&dataset.at, |field| &field.at);
        report.add(
            &at.file,
            at.line,
            format!("`{name}` does not name the person of a record"),
            "write the name of a required field with `kind = \"ref\"`, `to` a dataset of persons and `sensitivity = \"internal\"`",
        );
    }
}

/// Keys that hold personal data find their records by lookups, and are unique nowhere.
fn check_keys(report: &Report, dataset: &Dataset) {
    for key in &dataset.match_keys {
        let fields: Vec<&Field> = key
            .fields
            .iter()
            .filter_map(|name| dataset.field(name))
            .collect();
        let is_sealed = fields.iter().any(|field| field.sensitivity.is_sealed());
        if !is_sealed {
            continue;
        }
        if !fields.iter().any(|field| field.lookup.is_some()) {
            report.add(
                &dataset.at.file,
                dataset.at.line,
                format!("no field of the match key {:?} has a lookup", key.fields),
                "write `lookup = \"…\"` at one of its fields: sealed values are found by nothing else",
            );
        }
        if dataset.person != Some(PersonRule::Itself) {
            report.add(
                &dataset.at.file,
                dataset.at.line,
                format!("the match key {:?} holds personal data of records that are no persons", key.fields),
                "write a key of fields that are not sealed, such as the person: a lookup leads to persons",
            );
        }
        if key.unique {
            report.add(
                &dataset.at.file,
                dataset.at.line,
                format!("the unique key {:?} holds personal data", key.fields),
                "remove it from `unique_keys`: a refusal would tell of persons out of reach",
            );
        }
    }
}

fn check_field(builder: &Builder, dataset: &Dataset, field: &Field) {
    let report = &builder.report;
    let problem = |what: String, instead: &str| {
        report.add(&field.at.file, field.at.line, what, instead);
    };
    let is_sealed = field.sensitivity.is_sealed();
    if is_sealed && dataset.person.is_none() {
        problem(
            format!(
                "`{}` is personal data and the dataset says of no person",
                field.name
            ),
            "write `person = { self = true }` or `person = { field = \"…\" }` above the fields",
        );
    }
    if is_sealed && matches!(field.kind, FieldKind::Geometry | FieldKind::Ref(_)) {
        problem(
            format!("a field of kind `{}` cannot be sealed", field.kind.word()),
            "write `sensitivity = \"internal\"`, or give it another kind",
        );
    }
    let gives_unit = match &dataset.unit {
        UnitRule::OfField(name) => *name == field.name,
        UnitRule::SelfUnit { parent_field } => *parent_field == field.name,
        UnitRule::Root => false,
    };
    if is_sealed && gives_unit {
        problem(
            format!(
                "`{}` gives the unit of a record and cannot be sealed",
                field.name
            ),
            "write `sensitivity = \"internal\"`",
        );
    }
    if field.lookup.is_some() && (!is_sealed || field.kind != FieldKind::Text || field.many) {
        problem(
            format!("`lookup` does not fit `{}`", field.name),
            "remove `lookup`: it is for single texts of personal data",
        );
    }
    if let Some(name) = &field.mask {
        if !is_sealed {
            problem(
                format!(
                    "`mask` does not fit `{}`, which is no personal data",
                    field.name
                ),
                "remove `mask`",
            );
        }
        if !builder.masks.iter().any(|mask| mask.name == *name) {
            let names = builder.masks.iter().map(|mask| mask.name.as_str());
            report.add(
                &field.at.file,
                field.at.line,
                format!("mask `{name}` is not defined"),
                write_instead(name, names),
            );
        }
    }
}
