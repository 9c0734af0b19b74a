//! Dates of measurements and durations for a person.

use anyhow::Result;
use std::time::Duration;

/// Today's date, UTC, as `2025-09-01`.
pub(crate) fn today() -> Result<String> {
    let date = crate::process::output(crate::process::command("date").args(["-u", "+%F"]))?;
    Ok(date.trim().to_owned())
}

/// `0.4 s`, `12 s`, `3 min 05 s`.
pub(crate) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    if whole < 60 {
        return format!("{whole} s");
    }
    format!("{} min {:02} s", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_spoken_in_the_unit_that_fits() {
        assert_eq!(spoken(Duration::from_millis(420)), "0.4 s");
        assert_eq!(spoken(Duration::from_secs(12)), "12 s");
        assert_eq!(spoken(Duration::from_secs(185)), "3 min 05 s");
    }
}
