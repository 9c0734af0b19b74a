//! Counting tests: from libtest's lines, from TAP, and from the list of what was skipped.

/// How many tests passed, failed and were skipped, and which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    /// The names of what failed, as far as they are known
    pub(crate) failures: Vec<String>,
    /// Name and reason of what was skipped
    pub(crate) skips: Vec<(String, String)>,
    /// How many of the skips the harness counted as passed
    self_skips: usize,
}

impl Tally {
    pub(crate) fn pass() -> Self {
        Self {
            passed: 1,
            ..Self::default()
        }
    }

    pub(crate) fn failure(name: String) -> Self {
        Self {
            failed: 1,
            failures: vec![name],
            ..Self::default()
        }
    }

    pub(crate) fn skip(name: &str, reason: &str) -> Self {
        Self {
            skips: vec![(name.to_owned(), reason.to_owned())],
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend(other.failures);
        self.skips.extend(other.skips);
        self.self_skips += other.self_skips;
    }

    /// Passed, without the tests that skipped themselves.
    fn really_passed(&self) -> usize {
        self.passed.saturating_sub(self.self_skips)
    }

    /// `ok (12 passed)` or `FAILED (12 passed, 1 failed)`.
    pub(crate) fn verdict(&self) -> String {
        let skipped = if self.skips.is_empty() {
            String::new()
        } else {
            format!(", {} skipped", self.skips.len())
        };
        match self.failed {
            0 => format!("ok ({} passed{skipped})", self.really_passed()),
            failed => format!(
                "FAILED ({} passed, {failed} failed{skipped})",
                self.really_passed()
            ),
        }
    }

    /// The last line of a run.
    pub(crate) fn closing_line(&self) -> String {
        format!(
            "{} passed, {} failed, {} skipped",
            self.really_passed(),
            self.failed,
            self.skips.len()
        )
    }

    /// One line that `cargo test` printed. Tests in several binaries add up.
    pub(crate) fn read_libtest_line(&mut self, line: &str) {
        if let Some((_, skip)) = line.split_once("SKIPPED: ") {
            self.skip_itself(skip);
        } else if let Some(counts) = line.strip_prefix("test result: ") {
            self.passed += count_before(counts, " passed");
            self.failed += count_before(counts, " failed");
        } else if let Some((name, outcome)) = line
            .strip_prefix("test ")
            .and_then(|test| test.split_once(" ... "))
        {
            if outcome == "FAILED" {
                self.failures.push(name.to_owned());
            } else if let Some(reason) = outcome.strip_prefix("ignored") {
                let reason = reason.trim_start_matches([',', ' ']);
                let reason = if reason.is_empty() {
                    "marked #[ignore]"
                } else {
                    reason
                };
                self.skips.push((name.to_owned(), reason.to_owned()));
            }
        }
    }

    /// Node's TAP report.
    pub(crate) fn read_tap(&mut self, report: &str) {
        for line in report.lines() {
            if let Some(count) = line.strip_prefix("# pass ") {
                self.passed += count.trim().parse().unwrap_or(0);
            } else if let Some(count) = line
                .strip_prefix("# fail ")
                .or_else(|| line.strip_prefix("# cancelled "))
            {
                self.failed += count.trim().parse().unwrap_or(0);
            }
            self.read_tap_point(line.trim_start());
        }
    }

    fn read_tap_point(&mut self, line: &str) {
        let (is_ok, point) = match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
            (Some(point), _) => (true, point),
            (None, Some(point)) => (false, point),
            (None, None) => return,
        };
        let Some((_, name)) = point.split_once(" - ") else {
            return;
        };
        match name
            .split_once(" # SKIP")
            .or_else(|| name.split_once(" # TODO"))
        {
            Some((name, reason)) if is_ok => {
                let reason = if reason.trim().is_empty() {
                    "skipped without a reason"
                } else {
                    reason.trim()
                };
                self.skips.push((name.to_owned(), reason.to_owned()));
            }
            _ if !is_ok => self.failures.push(name.to_owned()),
            _ => {}
        }
    }

    /// The lines `name: reason` that tests wrote to `WEIHE_SKIPPED_FILE`.
    pub(crate) fn read_skipped_file(&mut self, lines: &str) {
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            self.skip_itself(line);
        }
    }

    /// A test that said it skipped itself. The test harness has counted it as passed, since it had
    /// to return: here it counts as skipped, and once, however often it said so.
    fn skip_itself(&mut self, line: &str) {
        let (name, reason) = line
            .trim()
            .split_once(": ")
            .unwrap_or((line.trim(), "no reason given"));
        let skip = (name.to_owned(), reason.to_owned());
        if !self.skips.contains(&skip) {
            self.self_skips += 1;
            self.skips.push(skip);
        }
    }
}

fn count_before(counts: &str, word: &str) -> usize {
    let Some((before, _)) = counts.split_once(word) else {
        return 0;
    };
    before
        .rsplit([' ', ';'])
        .next()
        .and_then(|count| count.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtests_lines_add_up_over_binaries() {
        let mut tally = Tally::default();
        for line in [
            "running 4 tests",
            "test kernel::day::parses ... ok",
            "test kernel::day::rejects ... FAILED",
            "test slow ... ignored, takes an hour",
            "test bare ... ignored",
            "test result: FAILED. 1 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 1.20s",
        ] {
            tally.read_libtest_line(line);
        }
        assert_eq!((tally.passed, tally.failed), (13, 1));
        assert_eq!(tally.failures, ["kernel::day::rejects"]);
        assert_eq!(
            tally.skips,
            [
                ("slow".to_owned(), "takes an hour".to_owned()),
                ("bare".to_owned(), "marked #[ignore]".to_owned())
            ]
        );
    }

    #[test]
    fn taps_points_and_totals_are_read() {
        let report = "TAP version 13\n# Subtest: map\n    # Subtest: inner\n    not ok 1 - draws\nok 1 - map\nok 2 - prints # SKIP no printer\n1..2\n# tests 3\n# pass 1\n# fail 1\n# cancelled 0\n# skipped 1\n";
        let mut tally = Tally::default();
        tally.read_tap(report);
        assert_eq!((tally.passed, tally.failed), (1, 1));
        assert_eq!(tally.failures, ["draws"]);
        assert_eq!(
            tally.skips,
            [("prints".to_owned(), "no printer".to_owned())]
        );
    }

    #[test]
    fn a_test_that_skipped_itself_is_not_counted_as_passed() {
        let mut tally = Tally {
            passed: 5,
            ..Tally::default()
        };
        tally.read_skipped_file(
            "universities: no reference data\nuniversities: no reference data\nodd line\n",
        );
        assert_eq!(tally.closing_line(), "3 passed, 0 failed, 2 skipped");
        assert_eq!(
            tally.skips[0],
            ("universities".to_owned(), "no reference data".to_owned())
        );
    }

    #[test]
    fn a_test_that_says_it_skipped_itself_is_found_in_the_output() {
        let mut tally = Tally::default();
        for line in [
            "SKIPPED: bulk::postgres: no PostgreSQL",
            "test bulk::postgres ... SKIPPED: jobs::postgres: no PostgreSQL",
            "test result: ok. 4 passed; 0 failed; 0 ignored",
        ] {
            tally.read_libtest_line(line);
        }
        tally.read_skipped_file("jobs::postgres: no PostgreSQL\n");
        assert_eq!(tally.closing_line(), "2 passed, 0 failed, 2 skipped");
    }

    #[test]
    fn the_closing_line_is_exactly_the_three_counts() {
        let mut tally = Tally::pass();
        tally.add(Tally::failure("clippy".to_owned()));
        tally.add(Tally::skip("browser", "no Chromium"));
        assert_eq!(tally.closing_line(), "1 passed, 1 failed, 1 skipped");
        assert_eq!(tally.verdict(), "FAILED (1 passed, 1 failed, 1 skipped)");
    }
}
