//! Who is trained for what.

use kernel::Day;
use standard::Course;

use super::model::Attendance;
use crate::systems::rules::add_months;

/// Whether attendance that counts on a day makes up the hours of a course.
pub(crate) fn is_trained(course: &Course, attended: &[Attendance], on: Day) -> bool {
    let hours: i64 = attended
        .iter()
        .filter(|entry| entry.course == course.name && entry.withdrawn.is_none())
        .filter(|entry| entry.day <= on)
        .filter(|entry| {
            course
                .valid_months
                .is_none_or(|months| on < add_months(entry.day, months))
        })
        .map(|entry| entry.hours)
        .sum();
    hours >= course.hours
}

#[cfg(test)]
mod tests {
    use kernel::{AccountId, Millis, UnitId};

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn attended(on: &str, hours: i64) -> Attendance {
        Attendance {
            number: 1,
            account: AccountId::new(7),
            course: "security_before_post".to_owned(),
            unit: UnitId::new(1),
            day: day(on),
            hours,
            at: Millis::new(0),
            actor: String::new(),
            withdrawn: None,
        }
    }

    #[test]
    fn hours_add_up_run_out_and_can_be_taken_back() {
        let standard = standard::embedded().unwrap();
        let course = standard.assurance().course("security_before_post").unwrap();
        let mut entries = vec![attended("2025-03-01", 4), attended("2025-06-01", 4)];
        assert!(!is_trained(course, &entries, day("2025-05-31")));
        assert!(is_trained(course, &entries, day("2025-06-01")));
        assert!(is_trained(course, &entries, day("2028-02-29")));
        assert!(
            !is_trained(course, &entries, day("2028-03-01")),
            "the first four ran out"
        );
        entries[0].withdrawn = Some(Millis::new(1));
        assert!(!is_trained(course, &entries, day("2025-07-01")));
        entries[0] = Attendance {
            course: "security_yearly".to_owned(),
            ..attended("2025-03-01", 8)
        };
        assert!(
            !is_trained(course, &entries, day("2025-07-01")),
            "another course"
        );
    }
}
