//! The synthetic demo province: real divisions and outlines, invented institutions.
//!
//! # What is real and what is not
//!
//! | part | what it is |
//! |---|---|
//! | divisions, codes, names | real (data/README.md) |
//! | outlines of counties, cities, province | real in shape, 示意图,不作为划界依据 |
//! | positions of townships and villages | made up inside their county, 示意 |
//! | institutions, headlines | made up; `origin = synthetic` (合成数据) on every record |
//! | population of province, cities and 杨凌 | published; of counties: our rule, said in `source` |
//!
//! # How it is calibrated
//!
//! [`published`] holds every figure and says which are published and which are ours.
//! - *Institutions.* 14,961 are open and counted on 1 September 2022 and ever since, by kind as published
//!   (8,028 幼儿园, 4,407 小学, 1,666 初中, 79 特殊教育, 444 普通高中, 225 中职, 111 高等). These parts add up to
//!   14,960; the published total has one more, which here is a 工读(专门)学校, the one kind that the
//!   breakdown leaves out.
//! - *History.* Numbers by kind are as published on 1 September of 2013 (kindergartens, primary, junior,
//!   special), 2021 (15,296 in all) and 2022; between these years they follow straight lines. Openings are on
//!   1 September, closings in the summer before. After 2022 as many open as close. Before 2013 only those are
//!   there that lived to see 2013. Closed institutions stay, with the status 撤并 or 撤销 from the day of
//!   their closing. Some closed village schools go on as teaching sites, under a new record, since a code
//!   that was given up is not used again.
//! - *Where.* By population, spread over townships; one central school and kindergarten for each town and
//!   township; villages closed more, streets opened more.
//! - *Headlines* of 2018-2019 to 2025-2026. Stage by stage the pupils, classes and teachers of all
//!   institutions add up to the figures of [`published::stage_year`] exactly, which for 2021 and 2022 are the
//!   published ones; a record has the sum of its stages. Classes of 56–65 in primary schools: 765 in 2021,
//!   396 in 2022, in schools with that average. Higher education reports no classes.
//! - *Not counted as schools:* teaching sites, attached kindergarten classes, campuses. The pupils of a
//!   campus are in its school's headline.
//!
//! # What keeps it apart from the real world
//!
//! Codes have the form of real ones and cannot be one: their serials begin at 990001, where the province
//! gives them out from 000001 on, and codes of universities have five-digit codes below 10000, of which there
//! are none. Nothing carries a name by which a real school is known: what has a name of its own has a coined
//! word in it, all else is named after its town, village or street (names.rs). There are no telephone numbers,
//! no contacts and no house numbers.
//!
//! # How it is made
//!
//! [`Province::generate`] works from a seed with a generator of its own (SplitMix64), in whole numbers; only
//! positions are floating point, rounded to a millionth of a degree. No hash maps, no clock: the same seed
//! gives the same bytes, and a test holds their hash. [`load`] writes the province to files and imports them
//! as anyone would, with `effective_field` in the mapping, so that institutions hold from their founding and
//! closings from their day. A second load writes nothing.

mod apportion;
mod attached;
mod build;
mod error;
mod files;
mod headlines;
mod load;
mod model;
mod names;
mod places;
mod province;
pub mod published;
mod random;
mod slots;

#[cfg(test)]
mod tests;

pub use error::DemoError;
pub use load::{Part, PartSummary, Summary, load, load_province};
pub use model::{
    Closing, Headline, Institution, Kind, Ownership, Population, Setting, Stage, StagePart,
};
pub use places::{County, Places, Township, TownshipKind, Village};
pub use province::{Province, SEED};
