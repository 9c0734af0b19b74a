//! Decisions on exports, pure.

use kernel::{AccountId, Day, Millis};
use standard::{Action, Sensitivity};

use crate::evidence::exports::model::{ExportRequest, ExportState};
use crate::permit::{Denied, Permit};
use crate::units::UnitTree;

/// The setting with the number of persons up to which no approval is needed.
pub(crate) const LIMIT_SETTING: &str = "export_approval_above";
/// The setting with the days for which an approved export may be downloaded.
pub(crate) const DAYS_SETTING: &str = "export_download_days";
/// Days in which a request must be decided.
pub(crate) const ASKED_DAYS: i64 = 14;
/// Where nothing is set; ours, since no rule gives a number.
const LIMIT: i64 = 100;
const DAYS: i64 = 7;

/// More persons than this need approval.
pub(crate) fn limit(setting: Option<&str>) -> i64 {
    setting
        .and_then(|value| value.trim().parse().ok())
        .filter(|limit| *limit >= 0)
        .unwrap_or(LIMIT)
}

/// For how many days an approved export may be downloaded: 1 to 90.
pub(crate) fn download_days(setting: Option<&str>) -> i64 {
    setting
        .and_then(|value| value.trim().parse().ok())
        .filter(|days| (1..=90).contains(days))
        .unwrap_or(DAYS)
}

/// What an export is, to be held against what was approved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) account: AccountId,
    pub(crate) dataset: &'a str,
    pub(crate) selection: &'a str,
    pub(crate) persons: i64,
    pub(crate) level: Sensitivity,
    pub(crate) in_full: bool,
}

/// Whether an approved request covers an export: the same person, dataset and selection, no more persons,
/// nothing more sensitive, in full only where in full was approved.
pub(crate) fn covers(request: &ExportRequest, wanted: &Wanted<'_>, now: Millis) -> bool {
    state_on(request, now) == ExportState::Approved
        && request.account == wanted.account
        && request.dataset == wanted.dataset
        && request.selection == wanted.selection
        && wanted.persons <= request.persons
        && wanted.level <= request.level
        && (request.in_full || !wanted.in_full)
}

/// The state at a moment: what waits and what may be downloaded ends by itself.
pub(crate) fn state_on(request: &ExportRequest, now: Millis) -> ExportState {
    match request.state {
        ExportState::Asked | ExportState::Approved if request.expires <= now => {
            ExportState::Expired
        }
        state => state,
    }
}

/// Whether the permit's holder may decide: a leader of the unit that asks or of one above it, over the dataset.
pub(crate) fn may_decide(
    permit: &Permit,
    units: &UnitTree,
    request: &ExportRequest,
) -> Result<(), Denied> {
    let reaches = match request.unit {
        Some(unit) => permit.sees(units, unit),
        None => permit.reaches_everything(),
    };
    if !reaches || !permit.sees_dataset(&request.dataset) {
        return Err(Denied::Hidden);
    }
    permit.require(Action::Approve)
}

/// Letters and digits that are not taken for one another (Crockford's base 32).
const LETTERS: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J',
    'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// A trace number: the day, the number of the export, and four letters that nobody guesses, so that a number
/// that somebody made up is told from one that was given.
pub(crate) fn trace(day: Day, number: i64, random: [u8; 4]) -> String {
    let letters: String = random
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte & 31)))
        .collect();
    let (year, month, date) = day.ymd();
    format!("{year:04}{month:02}{date:02}-{number:06}-{letters}")
}
