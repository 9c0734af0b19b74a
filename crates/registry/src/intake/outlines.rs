//! Geometries of a file: converted to CGCS2000, each held against what an outline must be.

use kernel::Datum;
use shape::{Geometry, GeometryFault};
use standard::Field;

use super::explain::Words;
use super::plan::Detail;
use super::typing::{CellFault, Flaw};
use crate::read::RawChunk;

/// The geometries of a chunk; `None` for a row that has none or a faulty one.
pub(super) fn outlines(
    place: usize,
    field: &Field,
    datum: Datum,
    chunk: &RawChunk,
    flaws: &mut Vec<Flaw>,
) -> Vec<Option<Vec<u8>>> {
    let mut geometries = Vec::with_capacity(chunk.len());
    for row in 0..chunk.len() {
        let mut flaw = |fault, detail: Detail| {
            flaws.push(Flaw {
                row: u32::try_from(row).unwrap_or(u32::MAX),
                field: Some(place),
                fault,
                text: String::new(),
                detail,
            });
        };
        let Some(bytes) = chunk.geometry.get(row).and_then(Option::as_ref) else {
            if field.required {
                flaw(CellFault::Required, Detail::default());
            }
            geometries.push(None);
            continue;
        };
        match read_outline(bytes, datum) {
            Ok(geometry) => geometries.push(Some(shape::wkb::encode(&geometry))),
            Err(faults) => {
                for (code, detail) in faults {
                    flaw(CellFault::Geometry(code), detail);
                }
                geometries.push(None);
            }
        }
    }
    geometries
}

/// A geometry in CGCS2000, or what is wrong with it. Its places are named as they stand in the file.
fn read_outline(bytes: &[u8], datum: Datum) -> Result<Geometry, Vec<(&'static str, Detail)>> {
    let given = shape::wkb::decode(bytes)
        .map(Geometry::without_repeats)
        .map_err(|damaged| vec![("GEOMETRY-DAMAGED", Detail::from(damaged.to_string()))])?;
    let said = |faults: &[GeometryFault]| {
        let both = |fault: &GeometryFault| {
            let (zh, en) = (fault.zh(), fault.en());
            (code_of(fault), Detail { zh, en })
        };
        faults.iter().map(both).collect::<Vec<_>>()
    };
    let faults = shape::faults(&given);
    if !faults.is_empty() {
        return Err(said(&faults));
    }
    let converted = shape::convert(&given, datum);
    if converted == given {
        return Ok(given);
    }
    let faults = shape::faults(&converted);
    if faults.is_empty() {
        Ok(converted)
    } else {
        Err(said(&faults))
    }
}

/// The code of a cause.
fn code_of(fault: &GeometryFault) -> &'static str {
    match fault {
        GeometryFault::Empty => "GEOMETRY-EMPTY",
        GeometryFault::NotFinite => "GEOMETRY-NOT-FINITE",
        GeometryFault::SwappedAxes { .. } => "GEOMETRY-SWAPPED-AXES",
        GeometryFault::LostDecimalPoint { .. } => "GEOMETRY-LOST-DECIMAL-POINT",
        GeometryFault::OutsideChina { .. } => "GEOMETRY-OUTSIDE-CHINA",
        GeometryFault::NotClosed { .. } => "GEOMETRY-RING-OPEN",
        GeometryFault::TooFewPoints { .. } => "GEOMETRY-RING-TOO-FEW-POINTS",
        GeometryFault::NoArea { .. } => "GEOMETRY-RING-NO-AREA",
        GeometryFault::RingCrossesItself { .. } => "GEOMETRY-RING-CROSSES-ITSELF",
        GeometryFault::RingTouchesItself { .. } => "GEOMETRY-RING-TOUCHES-ITSELF",
        GeometryFault::RingsCross { .. } => "GEOMETRY-RINGS-CROSS",
        GeometryFault::HoleOutside { .. } => "GEOMETRY-HOLE-OUTSIDE",
        GeometryFault::PartInsidePart { .. } => "GEOMETRY-PART-INSIDE-PART",
    }
}

/// What a cause says of all its rows, and what to do, in Chinese and English.
pub(super) fn words(code: &str) -> Option<(Words, Words)> {
    Some(match code {
        "GEOMETRY-DAMAGED" => (
            ("图形数据损坏", "the geometry is damaged"),
            (
                "从制图软件重新导出",
                "export it again from the mapping program",
            ),
        ),
        "GEOMETRY-EMPTY" => (
            ("图形是空的", "the geometry is empty"),
            (
                "给出轮廓，或去掉该要素",
                "give an outline, or remove the feature",
            ),
        ),
        "GEOMETRY-NOT-FINITE" => (
            ("有的坐标不是数字", "a coordinate is not a number"),
            (
                "检查文件中空缺或损坏的坐标后重新导出",
                "look for empty or broken coordinates and export again",
            ),
        ),
        "GEOMETRY-SWAPPED-AXES" => (
            (
                "坐标的经度、纬度写反了",
                "longitude and latitude of the coordinates are swapped",
            ),
            (
                "导出时改为先经度、后纬度",
                "export with longitude before latitude",
            ),
        ),
        "GEOMETRY-LOST-DECIMAL-POINT" => (
            (
                "有的坐标丢了小数点",
                "a coordinate has lost its decimal point",
            ),
            (
                "按说明补上小数点后重新导出",
                "put the point back as told and export again",
            ),
        ),
        "GEOMETRY-OUTSIDE-CHINA" => (
            ("有的坐标不在中国范围内", "a coordinate lies outside China"),
            (
                "核对坐标系、次序和单位",
                "check datum, order and unit of the coordinates",
            ),
        ),
        "GEOMETRY-RING-OPEN" => (
            ("轮廓首尾不闭合", "a ring of the outline is open"),
            (
                "在每个环的末尾重复第一个点，或在制图软件中闭合后重新导出",
                "repeat the first point at the end of the ring, or close it in the mapping program and export again",
            ),
        ),
        "GEOMETRY-RING-TOO-FEW-POINTS" => (
            (
                "轮廓的点太少，围不成面",
                "a ring of the outline has too few points to enclose anything",
            ),
            (
                "一个环至少 4 个点，末点与首点相同；补上缺的点，或去掉该环",
                "a ring has at least 4 points, the last equal to the first; add what is missing, or remove the ring",
            ),
        ),
        "GEOMETRY-RING-NO-AREA" => (
            (
                "轮廓的点在一条线上，没有面积",
                "the points of a ring lie on one line and enclose no area",
            ),
            (
                "更正各点，或去掉该环",
                "correct the points, or remove the ring",
            ),
        ),
        "GEOMETRY-RING-CROSSES-ITSELF" => (
            ("轮廓自相交", "a ring of the outline crosses itself"),
            (
                "在制图软件中按说明的位置修正后重新导出",
                "mend it at the place told in the mapping program and export again",
            ),
        ),
        "GEOMETRY-RING-TOUCHES-ITSELF" => (
            ("轮廓自相接触", "a ring of the outline touches itself"),
            (
                "在该处拆成两个部分，或拆成外轮廓与内环",
                "split it there into two parts, or into outline and hole",
            ),
        ),
        "GEOMETRY-RINGS-CROSS" => (
            (
                "图形的两个部分相交或共边",
                "two rings of the geometry cross or share an edge",
            ),
            (
                "合并这两个部分，或移动其中一个",
                "merge the two, or move one of them",
            ),
        ),
        "GEOMETRY-HOLE-OUTSIDE" => (
            ("内环不在外轮廓之内", "a hole lies outside its outline"),
            (
                "改为独立的部分，或去掉",
                "make it a part of its own, or remove it",
            ),
        ),
        "GEOMETRY-PART-INSIDE-PART" => (
            ("一个部分在另一个部分之内", "one part lies inside another"),
            ("去掉，或改为内环", "remove it, or make it a hole"),
        ),
        _ => return None,
    })
}
