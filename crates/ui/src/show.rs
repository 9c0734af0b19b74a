//! Small things that show: notices, badges, buttons, figures, bars.

use maud::{Markup, html};

use crate::format;
use crate::icon::{Icon, icon};
use crate::text::Text;

/// What a notice, badge or number means. The words say it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Plain.
    #[default]
    Plain,
    /// Of this place, chosen, done.
    Good,
    /// To be explained.
    Explain,
    /// Must be put right.
    Fix,
}

impl Tone {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Explain => "explain",
            Self::Fix => "fix",
        }
    }
}

/// A sentence that must be seen, with what to do.
pub fn notice(tone: Tone, title: &str, body: Markup) -> Markup {
    let role = if tone == Tone::Fix { "alert" } else { "note" };
    html! { div class={ "notice " (tone.class()) } role=(role) { p.title { strong { (title) } } (body) } }
}

/// One or two words in a frame: 合成数据, 示意, 停办.
pub fn badge(tone: Tone, words: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (words) } }
}

/// A code, in figures of one width.
pub fn code(words: &str) -> Markup {
    html! { span.code { (words) } }
}

/// The button that sends a form. One per form is the main one.
pub fn button(label: &str, main: bool) -> Markup {
    html! { button.main[main] type="submit" { (label) } }
}

/// One of several buttons of a form: `name=value` is sent when it is pressed.
pub fn choice_button(label: &str, name: &str, value: &str, main: bool) -> Markup {
    html! { button.main[main] type="submit" name=(name) value=(value) { (label) } }
}

/// A link that looks like a button.
pub fn link_button(label: &str, href: &str, symbol: Option<Icon>, main: bool) -> Markup {
    html! { a.button.main[main] href=(href) { @if let Some(symbol) = symbol { (icon(symbol)) } span { (label) } } }
}

/// A button with a form of its own, that does something: POST to `action` with hidden values. `confirm`
/// is asked first (with a script; without one the page behind must ask).
pub fn post_button(
    label: &str,
    action: &str,
    values: &[(&str, &str)],
    tone: Tone,
    confirm: Option<&str>,
) -> Markup {
    html! {
        form.inline method="post" action=(action) {
            @for (name, value) in values { input type="hidden" name=(name) value=(value); }
            button class=(tone.class()) type="submit" data-confirm=[confirm] { (label) }
        }
    }
}

/// Prints the page. Only there with a script; the browser prints without it.
pub fn print_button(text: &Text) -> Markup {
    html! { button.small type="button" data-print="" data-script="" { (icon(Icon::Print)) span { (text.get("ui-print")) } } }
}

/// A slip of paper: what one person is handed.
#[derive(Clone, Debug)]
pub struct Slip {
    /// What it is headed by.
    pub title: String,
    /// What each line says: a label and a value.
    pub lines: Vec<(String, String)>,
}

/// Slips to be printed and cut: two beside each other, none over two sheets.
pub fn slips(slips: &[Slip]) -> Markup {
    html! {
        div.slips { @for slip in slips {
            section.slip {
                h2 { (slip.title) }
                dl { @for (label, value) in &slip.lines { dt { (label) } dd { (value) } } }
            }
        } }
    }
}

/// A part of a page with its heading.
pub fn section(title: &str, tools: Markup, body: Markup) -> Markup {
    html! { section.part { header { h2 { (title) } div.tools { (tools) } } (body) } }
}

/// Names and values of one thing. A value that is not there is left out by the caller or given as `–`.
pub fn key_values(pairs: &[(String, Markup)]) -> Markup {
    html! { dl.pairs { @for (name, value) in pairs { div { dt { (name) } dd { (value) } } } } }
}

/// What will be here and how to start.
pub fn empty_state(title: &str, sentence: &str, action: Option<Markup>) -> Markup {
    html! { div.empty { p { strong { (title) } } p { (sentence) } @if let Some(action) = action { p { (action) } } } }
}

/// A square of a legend. `class` is one of `fill-seq-1` … `fill-missing`.
pub fn swatch(class: &str) -> Markup {
    html! { span class={ "swatch " (class) } aria-hidden="true" {} }
}

/// How a figure stands against the year before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The difference, as it reads, without its sign: `1,203` or `0.4`.
    pub amount: String,
    /// More, fewer or the same.
    pub direction: std::cmp::Ordering,
}

impl Change {
    /// Of two whole numbers.
    pub fn between(now: i64, before: i64) -> Self {
        Self {
            amount: format::integer(now.saturating_sub(before).abs()),
            direction: now.cmp(&before),
        }
    }
}

/// A figure.
#[derive(Clone, Debug)]
pub struct Stat {
    /// What it is.
    pub label: String,
    /// The number as it reads.
    pub value: String,
    /// 人, 所, 万人.
    pub unit: String,
    /// Against last year.
    pub change: Option<Change>,
    /// Where it leads: its rows or how it was computed.
    pub href: Option<String>,
}

/// Figures on one line, divided by rules, not in boxes.
pub fn stats(text: &Text, figures: &[Stat]) -> Markup {
    html! {
        dl.stats {
            @for figure in figures {
                div {
                    dt { (figure.label) }
                    dd {
                        @let number = html! { b { (figure.value) } " " span.unit { (figure.unit) } };
                        @if let Some(href) = &figure.href { a href=(href) { (number) } } @else { (number) }
                        @if let Some(change) = &figure.change { (change_words(text, change)) }
                    }
                }
            }
        }
    }
}

fn change_words(text: &Text, change: &Change) -> Markup {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let (key, shown) = match change.direction {
        Greater => ("ui-change-up", format!("+{}", change.amount)),
        Less => ("ui-change-down", format!("−{}", change.amount)),
        Equal => ("ui-change-none", "±0".to_owned()),
    };
    let words = text.with(key, &[("change", &change.amount)]);
    html! { span.change title=(words) { span aria-hidden="true" { (text.get("ui-compared")) " " (shown) } span.sr-only { (words) } } }
}

/// A value on a line with the norm marked.
#[derive(Clone, Debug)]
pub struct NormBar {
    /// What is measured.
    pub label: String,
    /// The value, and as it reads.
    pub value: (f64, String),
    /// The norm, and as it reads.
    pub norm: Option<(f64, String)>,
    /// The end of the line.
    pub most: f64,
    /// How the value stands.
    pub tone: Tone,
}

/// The bar. Lengths are SVG attributes, since nothing may be styled inline.
pub fn norm_bar(text: &Text, bar: &NormBar) -> Markup {
    let share = |number: f64| {
        let share = if bar.most > 0.0 {
            number / bar.most * 100.0
        } else {
            0.0
        };
        format!("{:.2}%", share.clamp(0.0, 100.0))
    };
    let norm = bar
        .norm
        .as_ref()
        .map(|(_, shown)| format!("{} {shown}", text.get("ui-norm")));
    html! {
        div class={ "norm-bar " (bar.tone.class()) } {
            span.label { (bar.label) }
            span.value { (bar.value.1) }
            svg width="100%" height="12" aria-hidden="true" focusable="false" {
                rect.track width="100%" height="12" {}
                rect.length width=(share(bar.value.0)) height="12" {}
                @if let Some((norm, _)) = &bar.norm { line.norm x1=(share(*norm)) x2=(share(*norm)) y1="0" y2="12" {} }
            }
            span.norm { @if let Some(norm) = norm { (norm) } }
        }
    }
}
