//! The province as a whole.

use std::collections::BTreeMap;

use kernel::Day;

use crate::attached::attach;
use crate::build::{Builder, day};
use crate::error::DemoError;
use crate::headlines::headlines;
use crate::model::{Headline, Institution, Kind, Population, Stage};
use crate::places::Places;
use crate::published::{CITY_POPULATION, PROVINCE_POPULATION, StageYear, YANGLING_POPULATION};
use crate::slots::{FreeVillages, Planner};

/// The seed of the demo province that the program loads.
pub const SEED: u64 = 6_100_002_022;

/// The demo province: real places, made-up institutions. The same seed gives the same province.
#[derive(Debug)]
pub struct Province {
    /// What it was made from.
    pub seed: u64,
    /// Counties, townships, villages, outlines.
    pub places: Places,
    /// Institutions of all times, those that others belong to first.
    pub institutions: Vec<Institution>,
    /// Yearly headlines, by institution and year.
    pub headlines: Vec<Headline>,
    /// Population of 2020.
    pub population: Vec<Population>,
}

impl Province {
    /// Makes a province.
    ///
    /// # Errors
    /// [`DemoError::Data`] when the data in the program is damaged.
    pub fn generate(seed: u64) -> Result<Province, DemoError> {
        let places = Places::read(seed)?;
        let mut primary = FreeVillages::new(&places, seed, "primary villages");
        let slots = Planner::plan(&places, seed, &mut primary);
        let mut builder = Builder::new(&places, seed);
        for slot in &slots {
            builder.build(slot);
        }
        attach(&mut builder, &places, &mut primary);
        let institutions = builder.institutions;
        let county_of =
            |township: usize| places.townships.get(township).map_or(0, |each| each.county);
        let headlines = headlines(&institutions, &county_of, seed);
        let population = population(&places);
        Ok(Province {
            seed,
            places,
            institutions,
            headlines,
            population,
        })
    }

    /// Institutions that are counted as schools and open on a day, by kind.
    pub fn counted_on(&self, day: Day) -> BTreeMap<Kind, u64> {
        let mut counts = BTreeMap::new();
        for institution in self
            .institutions
            .iter()
            .filter(|each| each.counted && each.is_open_on(day))
        {
            *counts.entry(institution.kind).or_default() += 1;
        }
        counts
    }

    /// Institutions that are counted as schools today: on 1 September of the last year with figures.
    pub fn counted_today(&self) -> u64 {
        self.counted_on(day(crate::published::LAST_YEAR, 9, 1))
            .values()
            .sum()
    }

    /// What the institutions of a stage have in a school year, by the year in which it begins.
    pub fn stage_total(&self, stage: Stage, year: i32) -> StageYear {
        let mut total = StageYear {
            pupils: 0,
            classes: 0,
            teachers: 0,
        };
        for part in self
            .headlines
            .iter()
            .filter(|each| each.year == year)
            .flat_map(|each| &each.parts)
        {
            if part.stage == stage {
                total.pupils += u64::from(part.pupils);
                total.classes += u64::from(part.classes.unwrap_or(0));
                total.teachers += u64::from(part.teachers);
            }
        }
        total
    }
}

const PUBLISHED: &str = "公开网页转录:第七次全国人口普查常住人口(2020-11-01)";
const PUBLISHED_XIAN: &str =
    "公开网页转录:第七次全国人口普查常住人口(2020-11-01);含西咸新区代管区域,与行政区划范围不一致";
const PUBLISHED_XIANYANG: &str =
    "公开网页转录:第七次全国人口普查常住人口(2020-11-01);不含单列的杨凌示范区";
const PUBLISHED_YANGLING: &str =
    "公开网页转录:第七次全国人口普查常住人口(2020-11-01);杨凌示范区单列数";
const PUBLISHED_REGISTERED: &str = "公开网页转录:2020 年末户籍人口";
const SPREAD: &str = "合成数据:全市普查数按社区数×3+村数+乡镇街道数×3 分摊到区县,不是公布数";

/// Published figures of the province, the cities and 杨凌; of the counties what our rule makes of them.
fn population(places: &Places) -> Vec<Population> {
    let mut rows = Vec::new();
    let published = |code: &str, kind, population, source| Population {
        division: code.to_owned(),
        kind,
        population,
        is_published: true,
        source,
    };
    for total in [&PROVINCE_POPULATION]
        .into_iter()
        .chain(&CITY_POPULATION)
        .chain([&YANGLING_POPULATION])
    {
        let source = match total.code {
            "610100" => PUBLISHED_XIAN,
            "610400" => PUBLISHED_XIANYANG,
            "610403" => PUBLISHED_YANGLING,
            _ => PUBLISHED,
        };
        rows.push(published(total.code, "census", total.census, source));
        rows.push(published(
            total.code,
            "registered",
            total.registered,
            PUBLISHED_REGISTERED,
        ));
    }
    for county in places
        .counties
        .iter()
        .filter(|county| county.code != YANGLING_POPULATION.code)
    {
        rows.push(Population {
            division: county.code.clone(),
            kind: "census",
            population: county.population,
            is_published: false,
            source: SPREAD,
        });
    }
    rows
}
