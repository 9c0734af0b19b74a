//! How far long work has come: a bar with rate and time left on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ui::{Text, format};

use crate::output::Output;
use crate::stop::Stop;

/// Without a terminal, one line in so much time.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Tells how far the work has come, and whether it is to go on.
pub(crate) struct Reporter {
    state: Mutex<State>,
    on_terminal: bool,
    text: Text,
    output: Output,
    stop: Stop,
}

struct State {
    step: String,
    bar: Option<ProgressBar>,
    begun: Instant,
    last_line: Instant,
    has_told: bool,
}

impl Reporter {
    pub(crate) fn new(output: &Output, stop: &Stop) -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                step: String::new(),
                bar: None,
                begun: now,
                last_line: now,
                has_told: false,
            }),
            on_terminal: std::io::stderr().is_terminal(),
            text: output.text.clone(),
            output: output.clone(),
            stop: stop.clone(),
        }
    }

    /// Tells that of `total` (0: not known) so many are done in a step, named by a message key. Answers
    /// whether the work is to go on.
    pub(crate) fn tell(&self, step: &str, done: u64, total: u64) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.step != step {
            state.begin(step);
            if self.on_terminal {
                state.bar = Some(bar(&self.text.get(step), total));
            }
        }
        if let Some(bar) = &state.bar {
            if total > 0 && bar.length() != Some(total) {
                bar.set_length(total);
            }
            bar.set_position(done);
        } else if state.last_line.elapsed() >= LINE_EVERY {
            state.last_line = Instant::now();
            state.has_told = true;
            self.output
                .aside(self.line(step, done, total, state.begun.elapsed()));
        }
        !self.stop.is_asked()
    }

    fn line(&self, step: &str, done: u64, total: u64, took: Duration) -> String {
        let number = |count: u64| format::integer(i64::try_from(count).unwrap_or(i64::MAX));
        let rate = (done as f64 / took.as_secs_f64().max(0.001)) as u64;
        let step = self.text.get(step);
        if total == 0 {
            return self.text.with(
                "cli-progress-open",
                &[
                    ("step", &step),
                    ("done", &number(done)),
                    ("rate", &number(rate)),
                ],
            );
        }
        let left = total.saturating_sub(done) / rate.max(1);
        let left = if done >= total {
            "0".to_owned()
        } else {
            number(left)
        };
        self.text.with(
            "cli-progress",
            &[
                ("step", &step),
                ("done", &number(done)),
                ("total", &number(total)),
                ("rate", &number(rate)),
                ("left", &left),
            ],
        )
    }

    /// Takes the bar away, so that the answer stands alone.
    pub(crate) fn end(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.begin("");
    }
}

impl State {
    fn begin(&mut self, step: &str) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        step.clone_into(&mut self.step);
        self.begun = Instant::now();
        if !self.has_told {
            self.last_line = self.begun;
        }
    }
}

fn bar(step: &str, total: u64) -> ProgressBar {
    let target = ProgressDrawTarget::stderr();
    let bar = if total == 0 {
        let style =
            ProgressStyle::with_template("{spinner} {prefix} {human_pos} ({per_sec}) {elapsed}");
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = style {
            bar.with_style(style)
        } else {
            bar
        }
    } else {
        let style = ProgressStyle::with_template(
            "{prefix} {bar:30} {human_pos}/{human_len} {percent}% ({per_sec}, {eta})",
        );
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = style {
            bar.with_style(style)
        } else {
            bar
        }
    };
    bar.set_prefix(step.to_owned());
    bar
}
