//! `posts.toml` and `lines.toml`.

use toml::de::DeTable;

use super::Builder;
use super::others::twice;
use crate::model::{Confidence, Sensitivity};
use crate::post::{Action, Line, Post, Scope, UnitLevel};
use crate::problem::write_instead;
use crate::read::{Entry, Sheet};

/// A list of words of which each must be one of `choices`; a wrong one is reported where it stands.
fn chosen<T: Copy, const N: usize>(
    entry: &Entry<'_>,
    key: &'static str,
    what: &str,
    choices: &[(&'static str, T); N],
) -> Vec<T> {
    let mut found = Vec::new();
    for (word, line) in entry.list(key) {
        match choices.iter().find(|(name, _)| *name == word) {
            Some((_, value)) => found.push(*value),
            None => entry.problem(
                line,
                format!("{what} `{word}` is not known"),
                write_instead(&word, choices.iter().map(|(name, _)| *name)),
            ),
        }
    }
    found
}

fn names(entry: &Entry<'_>, key: &'static str) -> Vec<String> {
    entry.list(key).into_iter().map(|(name, _)| name).collect()
}

pub(super) fn read(builder: &mut Builder, sheet: Sheet<'_>, table: &DeTable<'_>, overlay: bool) {
    let file = Entry::new(sheet, table, 1);
    for entry in file.tables("post") {
        let name = entry.need_name("name");
        if let Some(first) = builder.posts.iter_mut().find(|post| post.name == name) {
            if overlay {
                tighten(first, &entry);
                entry.finish();
            } else {
                let first = first.at.to_string();
                twice(&entry, "post", &name, &first);
            }
            continue;
        }
        let levels = if entry.has("levels") {
            chosen(&entry, "levels", "level", &UnitLevel::CHOICES)
        } else {
            entry.problem(
                entry.line,
                "`levels` is missing",
                "write `levels = [\"province\", \"city\", \"county\", \"institution\"]` or some of them",
            );
            UnitLevel::ALL.to_vec()
        };
        builder.posts.push(Post {
            title: entry.need_label("title"),
            about: entry.need_label("about"),
            actions: chosen(&entry, "actions", "action", &Action::CHOICES),
            scope: entry
                .need_choice("scope", &Scope::CHOICES)
                .unwrap_or(Scope::Own),
            sees: entry
                .need_choice("sees", &Sensitivity::CHOICES)
                .unwrap_or(Sensitivity::Public),
            levels,
            excluded: names(&entry, "excludes"),
            may_grant: names(&entry, "may_grant"),
            training: names(&entry, "training"),
            may_approve: names(&entry, "may_approve"),
            at: entry.sheet.at(entry.line_of("name")),
            name,
        });
        entry.finish();
    }
    file.finish();
}

/// What an overlay says of a post of the release: it may only take away.
fn tighten(post: &mut Post, entry: &Entry<'_>) {
    let widens = |key: &'static str, line: u32, more: &str| {
        entry.problem(
            line,
            format!(
                "an overlay may not widen post `{}`: `{key}` gains `{more}`",
                post.name
            ),
            "take it out, or define a post of another name",
        );
    };
    if entry.has("actions") {
        let kept = chosen(entry, "actions", "action", &Action::CHOICES);
        for action in kept.iter().filter(|action| !post.allows(**action)) {
            widens("actions", entry.line_of("actions"), action.as_str());
        }
        post.actions.retain(|action| kept.contains(action));
        if !post.allows(Action::ManageAccounts) {
            post.may_grant.clear();
        }
        if !post.allows(Action::Approve) {
            post.may_approve.clear();
        }
    }
    if entry.has("levels") {
        let kept = chosen(entry, "levels", "level", &UnitLevel::CHOICES);
        for level in kept.iter().filter(|level| !post.is_held_at(**level)) {
            widens("levels", entry.line_of("levels"), level.as_str());
        }
        post.levels.retain(|level| kept.contains(level));
    }
    if entry.has("may_grant") {
        let kept = names(entry, "may_grant");
        for name in kept.iter().filter(|name| !post.may_grant.contains(name)) {
            widens("may_grant", entry.line_of("may_grant"), name);
        }
        post.may_grant.retain(|name| kept.contains(name));
    }
    if entry.has("may_approve") {
        let kept = names(entry, "may_approve");
        for name in kept.iter().filter(|name| !post.may_approve.contains(name)) {
            widens("may_approve", entry.line_of("may_approve"), name);
        }
        post.may_approve.retain(|name| kept.contains(name));
    }
    if let Some(sees) = entry.choice("sees", &Sensitivity::CHOICES) {
        if sees > post.sees {
            widens("sees", entry.line_of("sees"), sees.as_str());
        }
        post.sees = post.sees.min(sees);
    }
    if let Some(scope) = entry.choice("scope", &Scope::CHOICES) {
        if scope == Scope::Subtree && post.scope == Scope::Own {
            widens("scope", entry.line_of("scope"), "subtree");
        } else {
            post.scope = scope;
        }
    }
    for name in names(entry, "excludes") {
        if !post.excluded.contains(&name) {
            post.excluded.push(name);
        }
    }
    for course in names(entry, "training") {
        if !post.training.contains(&course) {
            post.training.push(course);
        }
    }
}

pub(super) fn read_lines(
    builder: &mut Builder,
    sheet: Sheet<'_>,
    table: &DeTable<'_>,
    overlay: bool,
) {
    let file = Entry::new(sheet, table, 1);
    for entry in file.tables("line") {
        let name = entry.need_name("name");
        let datasets = entry.has("datasets").then(|| names(&entry, "datasets"));
        if let Some(first) = builder.lines.iter_mut().find(|line| line.name == name) {
            if overlay {
                narrow(first, &entry, datasets);
                entry.finish();
            } else {
                let first = first.at.to_string();
                twice(&entry, "line", &name, &first);
            }
            continue;
        }
        builder.lines.push(Line {
            title: entry.need_label("title"),
            datasets,
            source: entry.need_text("source"),
            confidence: entry
                .need_choice("confidence", &Confidence::CHOICES)
                .unwrap_or(Confidence::Proposal),
            at: entry.sheet.at(entry.line_of("name")),
            name,
        });
        entry.finish();
    }
    file.finish();
}

/// What an overlay says of a line of the release: to which datasets it is narrowed.
fn narrow(line: &mut Line, entry: &Entry<'_>, datasets: Option<Vec<String>>) {
    let Some(mut datasets) = datasets else {
        return;
    };
    if let Some(known) = &line.datasets {
        for more in datasets.iter().filter(|name| !known.contains(name)) {
            entry.problem(
                entry.line_of("datasets"),
                format!(
                    "an overlay may not widen line `{}`: `datasets` gains `{more}`",
                    line.name
                ),
                "take it out, or define a line of another name",
            );
        }
        datasets.retain(|name| known.contains(name));
    }
    line.datasets = Some(datasets);
}

/// Holds posts and lines against each other and against the datasets.
pub(super) fn check(builder: &Builder) {
    let report = &builder.report;
    let posts = || builder.posts.iter().map(|post| post.name.as_str());
    for post in &builder.posts {
        let (file, line) = (&post.at.file, post.at.line);
        let named = post.excluded.iter().chain(&post.may_grant);
        for name in named.chain(&post.may_approve) {
            if !posts().any(|known| known == name) {
                report.add(
                    file,
                    line,
                    format!("post `{name}` is not defined"),
                    write_instead(name, posts()),
                );
            }
        }
        if post.excluded.contains(&post.name) {
            report.add(
                file,
                line,
                format!("post `{}` excludes itself", post.name),
                "take its own name out of `excludes`",
            );
        }
        if post.levels.is_empty() {
            report.add(
                file,
                line,
                format!("post `{}` may be held nowhere", post.name),
                "write at least one level in `levels`",
            );
        }
        let separated: Vec<&str> = Action::SEPARATED
            .into_iter()
            .filter(|action| post.allows(*action))
            .map(Action::as_str)
            .collect();
        if separated.len() > 1 {
            report.add(
                file,
                line,
                format!("post `{}` joins {}", post.name, separated.join(" and ")),
                "make a post of each: system, security and audit administrators are apart (三员分立)",
            );
        }
        check_training(builder, post);
        if !post.may_grant.is_empty() && !post.allows(Action::ManageAccounts) {
            report.add(
                file,
                line,
                format!(
                    "post `{}` may give posts but not manage accounts",
                    post.name
                ),
                "add `manage_accounts` to `actions`, or take `may_grant` out",
            );
        }
        if !post.may_approve.is_empty() && !post.allows(Action::Approve) {
            report.add(
                file,
                line,
                format!("post `{}` may decide on posts but not approve", post.name),
                "add `approve` to `actions`, or take `may_approve` out",
            );
        }
    }
    for line in &builder.lines {
        for name in line.datasets.iter().flatten() {
            if !builder.datasets.iter().any(|dataset| dataset.name == *name) {
                report.add(
                    &line.at.file,
                    line.at.line,
                    format!("dataset `{name}` is not defined"),
                    write_instead(
                        name,
                        builder.datasets.iter().map(|dataset| dataset.name.as_str()),
                    ),
                );
            }
        }
    }
}

/// No security post without the training before it: one that keeps security names a course, and every course is one
/// that there is.
fn check_training(builder: &Builder, post: &Post) {
    let (report, file, line) = (&builder.report, &post.at.file, post.at.line);
    let courses = || {
        builder
            .assurance
            .courses
            .iter()
            .map(|course| course.name.as_str())
    };
    for name in &post.training {
        if !courses().any(|known| known == name) {
            report.add(
                file,
                line,
                format!(
                    "post `{}` asks for the course `{name}`, which there is not",
                    post.name
                ),
                write_instead(name, courses()),
            );
        }
    }
    if post.training.is_empty() && post.allows(Action::ManageSecurity) {
        report.add(
            file,
            line,
            format!(
                "post `{}` keeps security and asks for no training",
                post.name
            ),
            "write `training = [\"…\"]` with a course of assurance.toml: no security post without the training before it",
        );
    }
}
