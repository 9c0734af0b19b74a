//! Things in an order: the steps of a task, tabs, a timeline, the numbers of a plan, a running job.

use maud::{Markup, html};

use crate::format;
use crate::show::Tone;
use crate::text::Text;

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Behind.
    Done,
    /// Here.
    Current,
    /// To come.
    Ahead,
}

/// A step of a task.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done in it.
    pub label: String,
    /// Where it stands.
    pub state: StepState,
    /// Where one can go back to it.
    pub href: Option<String>,
}

/// The steps on one line.
pub fn steps(items: &[Step]) -> Markup {
    html! {
        ol.steps {
            @for (index, step) in items.iter().enumerate() {
                li.done[step.state == StepState::Done].current[step.state == StepState::Current]
                    aria-current=[(step.state == StepState::Current).then_some("step")] {
                    span.number aria-hidden="true" { @if step.state == StepState::Done { "✓" } @else { (index + 1) } }
                    @if let Some(href) = &step.href { a href=(href) { (step.label) } } @else { span { (step.label) } }
                }
            }
        }
    }
}

/// One of several views of the same thing; each has its own address.
#[derive(Clone, Debug)]
pub struct Tab {
    /// Its name.
    pub label: String,
    /// Its address.
    pub href: String,
    /// How many things are in it.
    pub count: Option<i64>,
    /// Whether it is this one.
    pub current: bool,
}

/// The views on one line.
pub fn tabs(label: &str, items: &[Tab]) -> Markup {
    html! {
        nav.tabs aria-label=(label) data-live-links="" {
            ul { @for tab in items {
                li { a href=(tab.href) aria-current=[tab.current.then_some("page")] { (tab.label) @if let Some(count) = tab.count { " " span.count { (format::integer(count)) } } } }
            } }
        }
    }
}

/// Something that happened: when, what, by whom, from which file, with what changed.
#[derive(Clone, Debug)]
pub struct Event {
    /// When it took effect or was done, as it reads.
    pub when: String,
    /// What.
    pub title: String,
    /// Who, from where, as known when.
    pub about: String,
    /// What changed.
    pub body: Option<Markup>,
}

/// A history, latest first as the caller orders it.
pub fn timeline(events: &[Event]) -> Markup {
    html! {
        ol.timeline { @for event in events {
            li {
                time { (event.when) }
                div {
                    p { strong { (event.title) } }
                    p.about { (event.about) }
                    @if let Some(body) = &event.body { (body) }
                }
            }
        } }
    }
}

/// One of the numbers of a plan: how many, and what opens under it.
#[derive(Clone, Debug)]
pub struct PlanNumber {
    /// 新增, 变更, 缺失, 不变, 退回.
    pub label: String,
    /// How many.
    pub count: i64,
    /// What the colour of the number means; only where the count is not 0.
    pub tone: Tone,
    /// Where its rows are. None if there is nothing to open.
    pub href: Option<String>,
    /// Whether its rows are open below.
    pub open: bool,
}

/// The numbers on one line, each of which opens its rows below.
pub fn plan_numbers(label: &str, numbers: &[PlanNumber]) -> Markup {
    html! {
        nav.plan aria-label=(label) data-live-links="" {
            ul { @for number in numbers {
                @let tone = if number.count == 0 { Tone::Plain } else { number.tone };
                @let inner = html! { b { (format::integer(number.count)) } span { (number.label) } };
                li class=(tone.class()) {
                    @if let Some(href) = number.href.as_ref().filter(|_| number.count > 0) {
                        a href=(href) aria-current=[number.open.then_some("true")] { (inner) }
                    } @else { div { (inner) } }
                }
            } }
        }
    }
}

/// A job that runs.
#[derive(Clone, Debug)]
pub struct Progress {
    /// What it is doing now: `正在校验第 3 / 12 批`.
    pub label: String,
    /// How much is done, and of how much (0: not known yet).
    pub done: u64,
    /// Of how much.
    pub of: u64,
    /// Rate and time left, as it reads.
    pub about: String,
    /// The address that answers the same fragment again; a job that ended has none.
    pub poll: Option<String>,
    /// Where to go when it ends.
    pub then: Option<String>,
}

/// The job's state. With [`crate::Island::Progress`] it follows the job; without a script the page must
/// be given [`crate::Page::refresh_without_script`]. The polled address answers [`progress`] again, as a
/// fragment; when the answer carries `then` and no `poll`, the reader is taken there.
pub fn progress(text: &Text, job: &Progress) -> Markup {
    let share = if job.of == 0 {
        None
    } else {
        Some(job.done.min(job.of))
    };
    html! {
        weihe-progress data-poll=[job.poll.as_ref()] data-then=[job.then.as_ref()] data-lost=(text.get("ui-progress-lost")) {
            p.label { (job.label) @if job.poll.is_none() { " " span.badge.good { (text.get("ui-progress-done")) } } }
            progress max=[share.map(|_| job.of)] value=[share] aria-label=(job.label) {}
            p.about role="status" {
                @if let Some(done) = share { (format::percent(i64::try_from(done).unwrap_or(i64::MAX), i64::try_from(job.of).unwrap_or(i64::MAX))) " · " }
                (job.about)
            }
        }
    }
}
