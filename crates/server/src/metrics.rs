//! Counts and times of requests, kept in memory, written in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kernel::{CommitNumber, Day};

/// Upper borders of the classes of duration, in seconds. A click answers within 0.1, a page within 1.
const BORDERS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0];

/// What is counted of requests.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<Key, Histogram>>,
    in_flight: AtomicI64,
    /// By dataset: the commit and the day of the last count, and the count.
    rows: Mutex<BTreeMap<String, (CommitNumber, Day, u64)>>,
}

/// Method, route (never an address) and status.
type Key = (String, String, u16);

#[derive(Debug, Default, Clone)]
struct Histogram {
    classes: [u64; BORDERS.len()],
    count: u64,
    seconds: f64,
}

impl Metrics {
    pub(crate) fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end(&self, method: &str, route: &str, status: u16, took: Duration) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        let seconds = took.as_secs_f64();
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (method.to_owned(), route.to_owned(), status);
        let histogram = requests.entry(key).or_default();
        histogram.count += 1;
        histogram.seconds += seconds;
        for (class, border) in histogram.classes.iter_mut().zip(BORDERS) {
            *class += u64::from(seconds <= border);
        }
    }

    /// How many rows a dataset had, if it was counted at this commit and on this day.
    pub(crate) fn rows(&self, dataset: &str, commit: CommitNumber, day: Day) -> Option<u64> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, on, counted) = rows.get(dataset)?;
        (*at == commit && *on == day).then_some(*counted)
    }

    /// Keeps a count for [`Metrics::rows`].
    pub(crate) fn keep_rows(&self, dataset: &str, commit: CommitNumber, day: Day, counted: u64) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.insert(dataset.to_owned(), (commit, day, counted));
    }

    /// The request part of the page.
    pub(crate) fn write(&self, text: &mut Exposition) {
        text.describe(
            "weihe_requests_in_flight",
            "gauge",
            "Requests being answered",
        );
        text.sample(
            "weihe_requests_in_flight",
            &[],
            self.in_flight.load(Ordering::Relaxed) as f64,
        );
        let requests = self
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let name = "weihe_request_duration_seconds";
        text.describe(
            name,
            "histogram",
            "Requests by route and status, and how long they took",
        );
        for ((method, route, status), histogram) in requests {
            let status = status.to_string();
            let labels = [
                ("method", method.as_str()),
                ("route", route.as_str()),
                ("status", status.as_str()),
            ];
            for (count, border) in histogram.classes.iter().zip(BORDERS) {
                let border = border.to_string();
                let mut with_border = labels.to_vec();
                with_border.push(("le", &border));
                text.sample(&format!("{name}_bucket"), &with_border, *count as f64);
            }
            let mut with_border = labels.to_vec();
            with_border.push(("le", "+Inf"));
            text.sample(
                &format!("{name}_bucket"),
                &with_border,
                histogram.count as f64,
            );
            text.sample(&format!("{name}_sum"), &labels, histogram.seconds);
            text.sample(&format!("{name}_count"), &labels, histogram.count as f64);
        }
    }
}

/// What the machine says of this process; nothing where it says nothing.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Process {
    pub(crate) resident_bytes: Option<f64>,
    pub(crate) cpu_seconds: Option<f64>,
    pub(crate) open_files: Option<f64>,
    pub(crate) most_files: Option<f64>,
}

/// Ticks of processor time in a second, as Linux counts them for programs.
const TICKS: f64 = 100.0;

impl Process {
    pub(crate) fn read() -> Self {
        let file = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).ok();
        let open = std::fs::read_dir("/proc/self/fd").map(Iterator::count);
        Self {
            resident_bytes: file("status").and_then(|text| resident_bytes(&text)),
            cpu_seconds: file("stat").and_then(|text| cpu_seconds(&text)),
            open_files: open.ok().map(|count| count as f64),
            most_files: file("limits").and_then(|text| most_files(&text)),
        }
    }
}

/// `VmRSS:    81234 kB`
fn resident_bytes(status: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024.0)
}

/// User and system time are the 14th and 15th word; the second, in brackets, may hold blanks.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let ticks: Vec<f64> = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|word| word.parse().ok())
        .collect();
    (ticks.len() == 2).then(|| ticks.iter().sum::<f64>() / TICKS)
}

/// `Max open files            1024                 524288               files`
fn most_files(limits: &str) -> Option<f64> {
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

/// Text in the format of Prometheus.
#[derive(Debug, Default)]
pub(crate) struct Exposition(String);

impl Exposition {
    /// Introduces a metric.
    pub(crate) fn describe(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One value.
    pub(crate) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (place, (label, text)) in labels.iter().enumerate() {
            self.0.push(if place == 0 { '{' } else { ',' });
            let text = text
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            let _ = write!(self.0, "{label}=\"{text}\"");
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_in_every_class_at_or_above_its_duration() {
        let metrics = Metrics::default();
        metrics.begin();
        metrics.end("GET", "/institutions/{id}", 200, Duration::from_millis(30));
        let mut text = Exposition::default();
        metrics.write(&mut text);
        let text = text.into_text();
        let line = |border: &str, count: u8| {
            let labels =
                format!(r#"method="GET",route="/institutions/{{id}}",status="200",le="{border}""#);
            assert!(
                text.contains(&format!("_bucket{{{labels}}} {count}\n")),
                "{text}"
            );
        };
        line("0.025", 0);
        line("0.05", 1);
        line("+Inf", 1);
        assert!(text.contains("weihe_requests_in_flight 0\n"));
    }

    #[test]
    fn what_the_machine_says_is_read() {
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t   8 kB\n"), Some(8192.0));
        let stat = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        let limits = "Max open files            1024                 524288               files";
        assert_eq!(most_files(limits), Some(1024.0));
        assert_eq!(
            (resident_bytes(""), cpu_seconds(""), most_files("")),
            (None, None, None)
        );
    }

    #[test]
    fn labels_are_escaped() {
        let mut text = Exposition::default();
        text.sample("m", &[("a", "x\"y\\z\n")], 1.5);
        assert_eq!(text.into_text(), "m{a=\"x\\\"y\\\\z\\n\"} 1.5\n");
    }
}
