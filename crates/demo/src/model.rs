//! What the province is made of.

use kernel::Day;
use shape::Point;

/// Kinds of institutions as published totals count them; the codes are those of `institution_kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// 幼儿园.
    Kindergarten,
    /// 小学.
    Primary,
    /// 初中, nine-year schools among them.
    Junior,
    /// 特殊教育.
    Special,
    /// 普通高中, complete secondary and twelve-year schools among them.
    Senior,
    /// 中职.
    Vocational,
    /// 高等学校.
    Higher,
    /// 工读(专门)学校.
    Other,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 8] = [
        Kind::Kindergarten,
        Kind::Primary,
        Kind::Junior,
        Kind::Special,
        Kind::Senior,
        Kind::Vocational,
        Kind::Higher,
        Kind::Other,
    ];

    /// The code in the set `institution_kind`.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Kindergarten => "kindergarten",
            Kind::Primary => "primary",
            Kind::Junior => "junior",
            Kind::Special => "special",
            Kind::Senior => "senior",
            Kind::Vocational => "vocational",
            Kind::Higher => "higher",
            Kind::Other => "other",
        }
    }
}

/// Stages as the calibration needs them. A nine-year school has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// 学前.
    Preschool,
    /// 小学.
    Primary,
    /// 初中.
    Junior,
    /// 普通高中.
    Senior,
    /// 中职.
    Vocational,
    /// 特殊教育.
    Special,
    /// 高等.
    Higher,
    /// 工读: no stage of its own in the code set.
    Other,
}

impl Stage {
    /// All of them.
    pub const ALL: [Stage; 8] = [
        Stage::Preschool,
        Stage::Primary,
        Stage::Junior,
        Stage::Senior,
        Stage::Vocational,
        Stage::Special,
        Stage::Higher,
        Stage::Other,
    ];

    /// The code in the set `stage`; `None` for [`Stage::Other`].
    pub fn code(self) -> Option<&'static str> {
        match self {
            Stage::Preschool => Some("1"),
            Stage::Primary => Some("2"),
            Stage::Junior => Some("3"),
            Stage::Senior => Some("4"),
            Stage::Vocational => Some("5"),
            Stage::Higher => Some("6"),
            Stage::Special => Some("7"),
            Stage::Other => None,
        }
    }

    /// The stages of a school type (办学类型码).
    pub fn of_type(school_type: &str) -> &'static [Stage] {
        match school_type {
            "111" | "119" => &[Stage::Preschool],
            "211" | "218" => &[Stage::Primary],
            "311" => &[Stage::Junior],
            "312" => &[Stage::Primary, Stage::Junior],
            "341" => &[Stage::Junior, Stage::Senior],
            "342" => &[Stage::Senior],
            "345" => &[Stage::Primary, Stage::Junior, Stage::Senior],
            "361" | "362" | "364" | "365" => &[Stage::Vocational],
            "511" | "512" | "513" | "514" => &[Stage::Special],
            "411" | "412" | "413" | "414" | "415" => &[Stage::Higher],
            _ => &[Stage::Other],
        }
    }
}

/// What kind of place an institution stands in; sizes and trends follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// A city's streets.
    City,
    /// The seat of a county.
    Seat,
    /// The centre of a town or township.
    Town,
    /// A village.
    Village,
    /// A teaching site or an attached class.
    Site,
}

/// Who runs an institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ownership {
    /// 公办.
    Public,
    /// 普惠性民办.
    InclusivePrivate,
    /// 民办.
    Private,
}

impl Ownership {
    /// The code in the set `run_by`.
    pub fn code(self) -> &'static str {
        match self {
            Ownership::Public => "public",
            Ownership::InclusivePrivate => "inclusive_private",
            Ownership::Private => "private",
        }
    }
}

/// How an institution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// The first day on which it was closed.
    pub on: Day,
    /// Whether it went into another one (撤并) or was given up (撤销).
    pub merged: bool,
}

/// One institution. Nothing of it is real but the names of the places in its name and address.
#[derive(Debug, Clone, PartialEq)]
pub struct Institution {
    /// Its kind in the published totals.
    pub kind: Kind,
    /// 标识码 of the reserved block; teaching sites, attached classes and campuses have none.
    pub code: Option<String>,
    /// Unique in the province.
    pub name: String,
    /// The name before, where it had another one.
    pub former_name: Option<String>,
    /// 办学类型码.
    pub school_type: &'static str,
    /// 举办者码.
    pub sponsor: &'static str,
    /// 办别.
    pub ownership: Ownership,
    /// 城乡分类代码.
    pub urban_rural: &'static str,
    /// Code of the education unit that manages it.
    pub unit: String,
    /// Place of its township in [`crate::Province::townships`].
    pub township: usize,
    /// Place of the institution it belongs to in [`crate::Province::institutions`]; always earlier.
    pub parent: Option<usize>,
    /// Whether it is counted as a school.
    pub counted: bool,
    /// 附属形式.
    pub campus_kind: &'static str,
    /// 地址.
    pub address: String,
    /// Where it stands, to a millionth of a degree, CGCS2000.
    pub position: Point,
    /// From when it exists.
    pub founded: Day,
    /// How it ended, where it has.
    pub closing: Option<Closing>,
    /// 备注.
    pub note: String,
    /// The kind of place.
    pub setting: Setting,
}

impl Institution {
    /// Whether it is open on a day.
    pub fn is_open_on(&self, day: Day) -> bool {
        self.founded <= day && self.closing.is_none_or(|closing| day < closing.on)
    }

    /// The codes of its stages, in order.
    pub fn stage_codes(&self) -> Vec<&'static str> {
        Stage::of_type(self.school_type)
            .iter()
            .filter_map(|stage| stage.code())
            .collect()
    }
}

/// What one stage of an institution has on 1 September.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StagePart {
    /// The stage.
    pub stage: Stage,
    /// Pupils.
    pub pupils: u32,
    /// Classes; `None` where the stage does not report them.
    pub classes: Option<u32>,
    /// Full-time teachers.
    pub teachers: u32,
}

/// The yearly headline of an institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// Place of the institution in [`crate::Province::institutions`].
    pub institution: usize,
    /// The year in which the school year begins.
    pub year: i32,
    /// Its stages.
    pub parts: Vec<StagePart>,
    /// Building area in hundredths of square metres.
    pub building_area: u32,
}

impl Headline {
    /// Pupils of all stages.
    pub fn pupils(&self) -> u32 {
        self.parts.iter().map(|part| part.pupils).sum()
    }

    /// Classes of all stages, where they are reported.
    pub fn classes(&self) -> Option<u32> {
        self.parts.iter().map(|part| part.classes).sum()
    }

    /// Full-time teachers of all stages.
    pub fn teachers(&self) -> u32 {
        self.parts.iter().map(|part| part.teachers).sum()
    }
}

/// The population of a division.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    /// Division code.
    pub division: String,
    /// `census` or `registered`.
    pub kind: &'static str,
    /// Persons.
    pub population: u64,
    /// Whether it was published, or worked out by our rule.
    pub is_published: bool,
    /// 来源.
    pub source: &'static str,
}
