//! Typed ids, and the pair of clocks that every read carries.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Day;

macro_rules! ids {
    ($($(#[$attribute:meta])* $name:ident;)+) => {
        $(
            $(#[$attribute])*
            #[derive(
                Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            )]
            #[serde(transparent)]
            pub struct $name(pub i64);

            impl $name {
                /// Wraps a number read from the store.
                pub const fn new(number: i64) -> $name {
                    $name(number)
                }

                /// The number as the store keeps it.
                pub const fn get(self) -> i64 {
                    self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(formatter)
                }
            }

            impl FromStr for $name {
                type Err = std::num::ParseIntError;

                fn from_str(text: &str) -> Result<$name, Self::Err> {
                    text.parse().map($name)
                }
            }

            impl From<i64> for $name {
                fn from(number: i64) -> $name {
                    $name(number)
                }
            }

            impl From<$name> for i64 {
                fn from(id: $name) -> i64 {
                    id.0
                }
            }
        )+
    };
}

ids! {
    /// A record of any dataset: the surrogate key that stays when its codes change.
    RecordId;
    /// The number of a commit in this node's own order.
    CommitNumber;
    /// A reporting unit: a row of the `unit` table that `security` owns.
    UnitId;
    /// An account that signs in.
    AccountId;
    /// One import: the batch of change sets that came from one file.
    ImportId;
}

impl CommitNumber {
    /// Before any commit.
    pub const NONE: CommitNumber = CommitNumber(0);
    /// Later than any commit: "as known now".
    pub const LATEST: CommitNumber = CommitNumber(i64::MAX);

    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> CommitNumber {
        CommitNumber(self.0.saturating_add(1))
    }
}

/// The two clocks of a read: what was true on a day, as the ledger knew it after a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Clocks {
    /// The day in the world that is asked about.
    pub as_of: Day,
    /// The last commit whose knowledge counts.
    pub as_known_on: CommitNumber,
}

impl Clocks {
    /// What is true on `day` as far as is known now.
    pub const fn latest(day: Day) -> Clocks {
        Clocks {
            as_of: day,
            as_known_on: CommitNumber::LATEST,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_and_read_as_plain_numbers() {
        assert_eq!(RecordId(42).to_string(), "42");
        assert_eq!("42".parse::<RecordId>().unwrap(), RecordId::new(42));
        assert_eq!(serde_json::to_string(&UnitId(5)).unwrap(), "5");
        assert_eq!(CommitNumber::NONE.next(), CommitNumber(1));
        assert_eq!(CommitNumber::LATEST.next(), CommitNumber::LATEST);
    }
}
