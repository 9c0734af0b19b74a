//! `workflows/….toml`: processes of application and review, read and held against themselves and against
//! the posts, code sets and datasets that they name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use toml::de::DeTable;

use super::Builder;
use crate::model::Confidence;
use crate::post::Action;
use crate::problem::{Report, write_instead};
use crate::read::{Entry, Lines, Sheet, is_name};
use crate::workflow::{
    AtLimit, Begin, FileRule, FormField, FormKind, Limit, LimitUnit, Move, NoteRule, Relation,
    State, StateEffect, StateKind, Who, Workflow,
};

/// Characters of a text where the definition says nothing.
const LONGEST_LINE: u32 = 200;
const LONGEST_AREA: u32 = 2000;
/// Days for which an approval may be used where nothing is said.
const VALID_DAYS: u32 = 7;
/// No text of a form may be longer.
const LONGEST: i64 = 10_000;
/// No file may be larger: 100 MiB.
const LARGEST_FILE: i64 = 100 << 20;
/// Days for which files are kept where nothing is said: ten years.
const KEPT_DAYS: u32 = 3650;

pub(super) fn read(
    builder: &mut Builder,
    sheet: Sheet<'_>,
    table: &DeTable<'_>,
    text: &str,
    overlay: bool,
) {
    let workflow = read_one(sheet, table, text);
    let line = workflow.at.line;
    if let Some(first) = builder
        .workflows
        .iter()
        .find(|known| known.name == workflow.name)
    {
        let first = first.at.to_string();
        if overlay {
            sheet.problem(
                line,
                format!("an overlay may not change workflow `{}`", workflow.name),
                format!(
                    "give it another name and write `replaces = \"{}\"`",
                    workflow.name
                ),
            );
        } else {
            sheet.problem(
                line,
                format!("workflow `{}` is defined twice", workflow.name),
                format!("give it another name; the other stands at {first}"),
            );
        }
        return;
    }
    if !overlay && workflow.replaces.is_some() {
        sheet.problem(
            line,
            "only a workflow of an overlay stands in the place of another",
            "remove `replaces`",
        );
    }
    builder.workflows.push(workflow);
}

/// A definition as a case kept it. It was checked when the case was begun; what is said of posts and code sets
/// is not held against those of today.
pub(crate) fn read_kept(text: &str) -> Option<Workflow> {
    let report = Report::default();
    let lines = Lines::of(text);
    let file: Arc<str> = Arc::from("kept");
    let sheet = Sheet {
        file: &file,
        lines: &lines,
        report: &report,
    };
    let table = sheet.parse(text);
    let workflow = read_one(sheet, &table, text);
    report.into_problems().is_empty().then_some(workflow)
}

fn read_one(sheet: Sheet<'_>, table: &DeTable<'_>, text: &str) -> Workflow {
    let entry = Entry::new(sheet, table, 1);
    let workflow = Workflow {
        name: entry.need_name("name"),
        title: entry.need_label("title"),
        about: entry.need_label("about"),
        source: entry.need_text("source"),
        confidence: entry
            .need_choice("confidence", &Confidence::CHOICES)
            .unwrap_or(Confidence::Proposal),
        begin: read_begin(&entry),
        unit_field: entry.text("unit_field"),
        replaces: entry.text("replaces"),
        fields: entry.tables("field").into_iter().map(read_field).collect(),
        states: entry.tables("state").into_iter().map(read_state).collect(),
        moves: entry.tables("move").into_iter().map(read_move).collect(),
        files: read_files(&entry),
        text: Arc::from(text),
        at: sheet.at(entry.line_of("name")),
    };
    check_itself(&entry, &workflow);
    entry.finish();
    workflow
}

fn read_begin(entry: &Entry<'_>) -> Begin {
    let Some(begin) = entry.table("begin") else {
        if !entry.has("begin") {
            entry.problem(
                entry.line,
                "`begin` is missing",
                "write `begin = { posts = [\"…\"] }`, `begin = { anyone = true }` or `begin = { program = true }`",
            );
        }
        return Begin::default();
    };
    let read = Begin {
        anyone: begin.flag("anyone").unwrap_or(false),
        program: begin.flag("program").unwrap_or(false),
        posts: names(&begin, "posts"),
        action: begin.choice("action", &Action::CHOICES),
    };
    let told = [
        read.anyone,
        read.program,
        !read.posts.is_empty() || read.action.is_some(),
    ];
    if told.iter().filter(|told| **told).count() != 1 {
        begin.problem(
            begin.line,
            "`begin` must say exactly one thing",
            "write `posts` or `action`, or `anyone = true`, or `program = true`",
        );
    }
    begin.finish();
    read
}

fn names(entry: &Entry<'_>, key: &'static str) -> Vec<String> {
    entry.list(key).into_iter().map(|(name, _)| name).collect()
}

/// A whole number from 0 on.
fn count(entry: &Entry<'_>, key: &'static str, most: i64) -> Option<u32> {
    let number = entry.int(key)?;
    match u32::try_from(number) {
        Ok(count) if number <= most => Some(count),
        _ => {
            entry.problem(
                entry.line_of(key),
                format!("`{key} = {number}` is out of bounds"),
                format!("write a number from 0 to {most}"),
            );
            None
        }
    }
}

fn read_field(entry: Entry<'_>) -> FormField {
    const KINDS: [&str; 12] = [
        "text",
        "area",
        "int",
        "date",
        "flag",
        "code",
        "unit",
        "post",
        "dataset",
        "sensitivity",
        "purpose",
        "incident_level",
    ];
    let name = entry.need_name("name");
    if ["csrf", "key", "note", "version", "move"].contains(&name.as_str()) {
        entry.problem(
            entry.line_of("name"),
            format!("`{name}` is a field of every form"),
            "give it another name",
        );
    }
    let word = entry.need_text("kind");
    let mut kind = match word.as_str() {
        "area" => FormKind::Area,
        "int" => FormKind::Int {
            min: entry.int("min"),
            max: entry.int("max"),
        },
        "date" => FormKind::Date,
        "flag" => FormKind::Flag,
        "code" => FormKind::Code(entry.need_text("codes")),
        "unit" => FormKind::Unit,
        "post" => FormKind::Post,
        "dataset" => FormKind::Dataset,
        "sensitivity" => FormKind::Sensitivity,
        "purpose" => FormKind::Purpose,
        "incident_level" => FormKind::IncidentLevel,
        _ => FormKind::Text,
    };
    if !word.is_empty() && !KINDS.contains(&word.as_str()) {
        entry.problem(
            entry.line_of("kind"),
            format!("`kind = \"{word}\"` is not known"),
            write_instead(&word, KINDS),
        );
        kind = FormKind::Text;
    }
    let is_text = matches!(kind, FormKind::Text | FormKind::Area);
    let given = if is_text {
        count(&entry, "max_length", LONGEST)
    } else {
        None
    };
    let field = FormField {
        name,
        title: entry.need_label("title"),
        hint: entry.label("hint"),
        required: entry.flag("required").unwrap_or(false),
        max_length: given.unwrap_or(if kind == FormKind::Area {
            LONGEST_AREA
        } else {
            LONGEST_LINE
        }),
        kind,
    };
    entry.finish();
    field
}

fn read_state(entry: Entry<'_>) -> State {
    let effect = entry.table("effect").map(|effect| {
        let read = StateEffect {
            name: effect.need_text("name"),
            refused_to: effect.need_text("refused_to"),
            valid_days: count(&effect, "valid_days", 366).unwrap_or(VALID_DAYS),
        };
        effect.finish();
        read
    });
    let state = State {
        name: entry.need_name("name"),
        title: entry.need_label("title"),
        start: entry.flag("start").unwrap_or(false),
        kind: entry
            .need_choice("kind", &StateKind::CHOICES)
            .unwrap_or(StateKind::Open),
        limit: entry.table("limit").and_then(read_limit),
        effect,
    };
    entry.finish();
    state
}

fn read_limit(entry: Entry<'_>) -> Option<Limit> {
    const MOST: i64 = 3650;
    const THEN: [(&str, u8); 3] = [("remind", 0), ("escalate", 1), ("lapse", 2)];
    let given: Vec<(u32, LimitUnit)> = [
        (count(&entry, "working_days", MOST), LimitUnit::WorkingDays),
        (count(&entry, "days", MOST), LimitUnit::Days),
        (count(&entry, "hours", MOST * 24), LimitUnit::Hours),
    ]
    .into_iter()
    .filter_map(|(amount, unit)| Some((amount?, unit)))
    .collect();
    let then = match entry.need_choice("then", &THEN) {
        Some(1) => AtLimit::Escalate,
        Some(2) => AtLimit::Lapse(entry.need_text("to")),
        _ => AtLimit::Remind,
    };
    let remind_before = count(&entry, "remind_before", MOST);
    let source = entry.need_text("source");
    let confidence = entry
        .need_choice("confidence", &Confidence::CHOICES)
        .unwrap_or(Confidence::Proposal);
    let read = match given.as_slice() {
        [(amount, unit)] if *amount > 0 => Some(Limit {
            amount: *amount,
            count: *unit,
            remind_before,
            then,
            source,
            confidence,
        }),
        _ => {
            entry.problem(
                entry.line,
                "a limit counts one thing, at least 1",
                "write one of `working_days = 5`, `days = 7`, `hours = 8`",
            );
            None
        }
    };
    entry.finish();
    read
}

fn read_move(entry: Entry<'_>) -> Move {
    let who: Vec<Who> = entry
        .tables("who")
        .into_iter()
        .map(|who| {
            let read = Who {
                posts: names(&who, "posts"),
                action: who.choice("action", &Action::CHOICES),
                relation: who
                    .need_choice("relation", &Relation::CHOICES)
                    .unwrap_or(Relation::Node),
            };
            if read.relation == Relation::Applicant
                && (!read.posts.is_empty() || read.action.is_some())
            {
                who.problem(
                    who.line,
                    "the applicant is asked whatever the post",
                    "remove `posts` and `action`",
                );
            }
            who.finish();
            read
        })
        .collect();
    if who.is_empty() {
        entry.problem(
            entry.line,
            "nobody may make this move",
            "write `who = [{ posts = [\"…\"], relation = \"above\" }]`",
        );
    }
    let step = Move {
        name: entry.need_name("name"),
        title: entry.need_label("title"),
        from: names(&entry, "from"),
        to: entry.need_text("to"),
        not_applicant: entry.flag("not_applicant").unwrap_or(false),
        not_after: names(&entry, "not_after"),
        note: entry
            .choice("note", &NoteRule::CHOICES)
            .unwrap_or(NoteRule::Optional),
        edits: entry.flag("edits").unwrap_or(false),
        who,
    };
    if step.from.is_empty() {
        entry.problem(
            entry.line,
            "the move begins nowhere",
            "write `from = [\"…\"]` with names of states",
        );
    }
    if step.edits
        && step
            .who
            .iter()
            .any(|who| who.relation != Relation::Applicant)
    {
        entry.problem(
            entry.line_of("edits"),
            "only the applicant changes the form",
            "write `who = [{ relation = \"applicant\" }]` or remove `edits`",
        );
    }
    entry.finish();
    step
}

fn read_files(entry: &Entry<'_>) -> FileRule {
    let Some(files) = entry.table("files") else {
        return FileRule {
            kept_days: KEPT_DAYS,
            ..FileRule::default()
        };
    };
    let kinds = files.list("kinds");
    for (kind, line) in &kinds {
        if !FileRule::KINDS.contains(&kind.as_str()) {
            files.problem(
                *line,
                format!("`{kind}` is no kind of file that can be told by its content"),
                write_instead(kind, FileRule::KINDS),
            );
        }
    }
    let rule = FileRule {
        most: count(&files, "most", 100).unwrap_or(0),
        bytes: u64::from(count(&files, "bytes", LARGEST_FILE).unwrap_or(0)),
        kinds: kinds.into_iter().map(|(kind, _)| kind).collect(),
        kept_days: count(&files, "kept_days", 36_500).unwrap_or(KEPT_DAYS),
    };
    if rule.most == 0 || rule.bytes == 0 || rule.kinds.is_empty() {
        files.problem(
            files.line,
            "files need `most`, `bytes` and `kinds`",
            "write `files = { most = 5, bytes = 10485760, kinds = [\"pdf\"] }` or remove it",
        );
    }
    files.finish();
    rule
}

/// That the graph hangs together: names are known, every state is reached, and every open one ends.
fn check_itself(entry: &Entry<'_>, workflow: &Workflow) {
    let fault = |what: String, instead: String| entry.problem(entry.line_of("name"), what, instead);
    let states: BTreeSet<&str> = workflow
        .states
        .iter()
        .map(|state| state.name.as_str())
        .collect();
    twice(&workflow.states, |state| &state.name, "state", &fault);
    twice(&workflow.moves, |step| &step.name, "move", &fault);
    twice(&workflow.fields, |field| &field.name, "field", &fault);
    let starts = workflow.states.iter().filter(|state| state.start).count();
    if starts != 1 {
        fault(
            format!("{starts} states are marked `start`"),
            "mark exactly one".to_owned(),
        );
    }
    let known = |name: &str, where_from: &str| {
        if !states.contains(name) && !name.is_empty() {
            fault(
                format!("{where_from} names the state `{name}`, which there is not"),
                write_instead(name, states.iter().copied()),
            );
        }
    };
    for step in &workflow.moves {
        let place = format!("move `{}`", step.name);
        known(&step.to, &place);
        for from in &step.from {
            known(from, &place);
            if workflow
                .state(from)
                .is_some_and(|state| state.kind.is_over())
            {
                fault(
                    format!("{place} begins in `{from}`, where a case is over"),
                    "remove that state from `from`".to_owned(),
                );
            }
        }
        for other in &step.not_after {
            if workflow.step(other).is_none() {
                fault(
                    format!("{place} names the move `{other}`, which there is not"),
                    write_instead(other, workflow.moves.iter().map(|step| step.name.as_str())),
                );
            }
        }
    }
    for state in &workflow.states {
        check_state(workflow, state, &known, &fault);
    }
    if let Some(field) = &workflow.unit_field {
        let fits = workflow
            .field(field)
            .is_some_and(|field| field.kind == FormKind::Unit && field.required);
        if !fits {
            fault(
                format!("`unit_field = \"{field}\"` is no required field of the kind `unit`"),
                "name one that is".to_owned(),
            );
        }
    }
    if starts == 1 {
        check_ways(workflow, &fault);
    }
}

fn twice<T>(all: &[T], name: impl Fn(&T) -> &str, what: &str, fault: &impl Fn(String, String)) {
    let mut seen = BTreeSet::new();
    for one in all {
        let name = name(one);
        if !name.is_empty() && !seen.insert(name) {
            fault(
                format!("{what} `{name}` is defined twice"),
                "give one of them another name".to_owned(),
            );
        }
    }
}

fn check_state(
    workflow: &Workflow,
    state: &State,
    known: &impl Fn(&str, &str),
    fault: &impl Fn(String, String),
) {
    let place = format!("state `{}`", state.name);
    if let Some(Limit {
        then: AtLimit::Lapse(to),
        ..
    }) = &state.limit
    {
        known(to, &place);
    }
    if let Some(effect) = &state.effect {
        known(&effect.refused_to, &place);
        if !effect.name.split('.').all(is_name) {
            fault(
                format!("{place}: `{}` is no name of an effect", effect.name),
                "write `room.what`, such as `security.grant`".to_owned(),
            );
        }
        if !state.kind.is_over() {
            fault(
                format!("{place} has an effect and is not over"),
                "an effect follows the last decision: move it to a state in which a case is over"
                    .to_owned(),
            );
        }
    }
    if state.kind.is_over() {
        if state.limit.is_some() {
            fault(
                format!("{place} is over and has a limit"),
                "remove the limit".to_owned(),
            );
        }
    } else if workflow.moves_from(&state.name).next().is_none() {
        fault(
            format!("no move leads out of {place}"),
            "add one, or make it a state in which a case is over".to_owned(),
        );
    }
}

/// Every state can be reached, and from every state a case can come to an end.
fn check_ways(workflow: &Workflow, fault: &impl Fn(String, String)) {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<&str> = workflow
        .start()
        .map(|state| state.name.as_str())
        .into_iter()
        .collect();
    let mut back: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    while let Some(name) = ahead.pop() {
        let Some(state) = workflow.state(name) else {
            continue;
        };
        if !reached.insert(name) {
            continue;
        }
        for to in workflow.ways_from(state) {
            back.entry(to).or_default().push(name);
            ahead.push(to);
        }
    }
    let mut ends = BTreeSet::new();
    let mut ahead: Vec<&str> = workflow
        .states
        .iter()
        .filter(|state| state.kind.is_over())
        .map(|state| state.name.as_str())
        .collect();
    while let Some(name) = ahead.pop() {
        if ends.insert(name) {
            ahead.extend(back.get(name).into_iter().flatten());
        }
    }
    for state in &workflow.states {
        let name = state.name.as_str();
        if !reached.contains(name) {
            fault(
                format!("state `{name}` is never reached"),
                "add a move to it or remove it".to_owned(),
            );
        } else if !ends.contains(name) {
            fault(
                format!("a case in state `{name}` never ends"),
                "add a move that leads to a state in which a case is over".to_owned(),
            );
        }
    }
}

/// That posts, code sets and processes that are named are there.
pub(super) fn check(builder: &mut Builder) {
    let report = &builder.report;
    let posts: Vec<&str> = builder
        .posts
        .iter()
        .map(|post| post.name.as_str())
        .collect();
    for workflow in &builder.workflows {
        let at = &workflow.at;
        let named = workflow
            .moves
            .iter()
            .flat_map(|step| &step.who)
            .flat_map(|who| &who.posts)
            .chain(&workflow.begin.posts);
        for post in named {
            if !posts.contains(&post.as_str()) {
                report.add(
                    &at.file,
                    at.line,
                    format!("post `{post}` is not defined"),
                    write_instead(post, posts.iter().copied()),
                );
            }
        }
        for field in &workflow.fields {
            if let FormKind::Code(set) = &field.kind
                && !builder.code_sets.iter().any(|known| known.name == *set)
            {
                report.add(
                    &at.file,
                    at.line,
                    format!("code set `{set}` of field `{}` is not defined", field.name),
                    write_instead(set, builder.code_sets.iter().map(|set| set.name.as_str())),
                );
            }
        }
        if let Some(other) = &workflow.replaces
            && !builder.workflows.iter().any(|known| known.name == *other)
        {
            report.add(
                &at.file,
                at.line,
                format!("workflow `{other}` is not defined"),
                write_instead(
                    other,
                    builder.workflows.iter().map(|known| known.name.as_str()),
                ),
            );
        }
    }
}
