//! Features of a GeoJSON file (RFC 7946): properties become cells, the geometry stands beside
//! the row as WKB, still in the datum of the file.

use shape::geojson::{GeoJsonError, each_feature};

use super::chunk::NoteKind;
use super::json::RecordRows;
use super::{Limits, ReadError};

/// Reads a feature collection, a feature or a bare geometry. A feature that cannot be used
/// stays as a row with a note, so that the report can name it.
pub(super) fn open(text: &str, limits: &Limits) -> Result<(Vec<String>, RecordRows), ReadError> {
    let mut rows = RecordRows::new(limits);
    let read = each_feature(text.as_bytes(), &mut |feature| match feature {
        Ok(feature) => {
            for (name, value) in &feature.properties {
                rows.push(&kernel::normalise_text(name), value);
            }
            // As it is: what is wrong with it is for intake to say.
            rows.end_record(feature.geometry.as_ref().map(shape::wkb::encode_as_given));
        }
        Err(problem) => {
            rows.note(NoteKind::UnusableFeature {
                code: problem.problem.code(),
                zh: problem.problem.zh(),
                en: problem.problem.to_string(),
            });
            rows.end_record(None);
        }
    });
    rows.check()?;
    read.map_err(|error| match error {
        GeoJsonError::Syntax { line, column, .. } => ReadError::DamagedJson {
            line: line as u64,
            column: column as u64,
        },
        GeoJsonError::Projected { crs } => ReadError::Projected { crs },
        GeoJsonError::NotGeoJson { .. } | GeoJsonError::Encoding { .. } => {
            ReadError::JsonWithoutRecords
        }
    })?;
    if rows.is_empty() {
        return Err(ReadError::Empty);
    }
    Ok((rows.take_names(), rows))
}

#[cfg(test)]
mod tests {
    use super::super::{FileKind, RawReader, ReadOptions};
    use super::*;

    #[test]
    fn features_become_rows_with_geometry_beside() {
        let text = r#"{"type":"FeatureCollection","features":[
            {"type":"Feature","properties":{"名称":"甲","code":610927.0},"geometry":{"type":"Point","coordinates":[108.95,34.26]}},
            {"type":"Feature","properties":{"code":"2","level":null},"geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}},
            {"type":"Feature","properties":{"code":"3","level":1},"geometry":null}]}"#;
        let mut reader = RawReader::open(
            text.as_bytes().to_vec(),
            &Limits::default(),
            &ReadOptions::default(),
        )
        .unwrap();
        assert_eq!(reader.about().kind, FileKind::GeoJson);
        assert_eq!(reader.headers().unwrap(), ["名称", "code", "level"]);
        let chunk = reader.next_chunk().unwrap().unwrap();
        assert_eq!(chunk.row_numbers, [1, 2, 3]);
        assert_eq!(
            (chunk.cell(0, 0), chunk.cell(1, 0), chunk.cell(2, 2)),
            ("甲", "610927", "1")
        );
        let point = shape::wkb::decode(chunk.geometry[0].as_deref().unwrap()).unwrap();
        assert_eq!(
            point,
            shape::Geometry::Point(shape::Point::new(108.95, 34.26))
        );
        assert_eq!(chunk.geometry[1..], [None, None]);
        assert!(matches!(
            &chunk.notes[0].kind,
            NoteKind::UnusableFeature {
                code: "geojson-type",
                ..
            }
        ));
        assert!(reader.next_chunk().unwrap().is_none());
    }

    #[test]
    fn what_is_no_feature_collection_is_refused() {
        for (text, code) in [
            (
                r#"{"type":"FeatureCollection","features":[{"#,
                "file-damaged-json",
            ),
            (r#"{"type":"Topology"}"#, "file-json-without-records"),
            (
                r#"{"type":"FeatureCollection","features":[]}"#,
                "file-empty",
            ),
            (
                r#"{"type":"FeatureCollection","features":[],"crs":{"type":"name","properties":{"name":"EPSG:4547"}}}"#,
                "file-projected",
            ),
        ] {
            assert_eq!(open(text, &Limits::default()).err().unwrap().code(), code);
        }
    }
}
