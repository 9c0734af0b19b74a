//! Reads GeoJSON: a FeatureCollection, one Feature, or a bare geometry.
//!
//! Features are handed on one by one while the text is read, so memory holds one feature at a
//! time. A feature that cannot be used is reported by its number and the rest is still read; only
//! broken JSON ends the reading, with line and column.

mod raw;

use crate::geometry::{Geometry, MultiPolygon, Point};
pub use raw::CoordinateFault;
use raw::{RawFeature, RawGeometry};

/// A feature as read: properties as text, geometry as it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Its place in the file, from 1.
    pub number: usize,
    /// Its `id` member, as text.
    pub id: Option<String>,
    /// Its properties in the order of the file; null is the empty text, numbers without a
    /// fraction are written without one (610927.0 is "610927"), nested values are JSON text.
    pub properties: Vec<(String, String)>,
    /// Its geometry; `None` where the file has null.
    pub geometry: Option<Geometry>,
}

impl Feature {
    /// The text of a property; the last where a name occurs twice.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, text)| text.as_str())
    }
}

/// A feature that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("feature {number}: {problem}")]
pub struct FeatureProblem {
    /// Its place in the file, from 1.
    pub number: usize,
    /// Its `id` member or its property `name` or `code`, where it has one.
    pub label: Option<String>,
    /// What is wrong.
    pub problem: GeometryProblem,
}

/// Why a GeoJSON geometry cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeometryProblem {
    /// A line, a collection, several points…
    #[error("geometry type {found} is not kept; give a Point, Polygon or MultiPolygon")]
    Type {
        /// The type named.
        found: String,
    },
    /// Numbers missing, text instead of numbers, wrong nesting.
    #[error("the coordinates of the {kind} are not as GeoJSON has them: {what}")]
    Coordinates {
        /// The type of the geometry.
        kind: String,
        /// What was found.
        what: CoordinateFault,
    },
    /// Not a Feature.
    #[error("a member of features is a {found}, not a Feature")]
    NotAFeature {
        /// The type named.
        found: String,
    },
}

impl GeometryProblem {
    /// A stable code, the key of its message.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Type { .. } => "geojson-type",
            Self::Coordinates { .. } => "geojson-coordinates",
            Self::NotAFeature { .. } => "geojson-not-a-feature",
        }
    }

    /// What is wrong, in Chinese; `Display` in English.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Type { found } => {
                format!("不支持图形类型 {found};请提供 Point、Polygon 或 MultiPolygon")
            }
            Self::Coordinates { kind, what } => {
                format!("{kind} 的坐标不符合 GeoJSON 的写法:{}", what.zh())
            }
            Self::NotAFeature { found } => format!("features 中有一项是 {found},不是 Feature"),
        }
    }
}

/// Why a file is not GeoJSON that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeoJsonError {
    /// Broken or cut off.
    #[error(
        "the file is not whole JSON: line {line}, column {column} (after feature {features}): {what}"
    )]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// Features read before.
        features: usize,
        /// In the words of the JSON reader.
        what: String,
    },
    /// Some other encoding.
    #[error("the file is not UTF-8 (byte {at}); save it as UTF-8")]
    Encoding {
        /// Offset of the first wrong byte.
        at: usize,
    },
    /// JSON, but not GeoJSON.
    #[error("the file is JSON but not GeoJSON: its type is {found}; give a FeatureCollection")]
    NotGeoJson {
        /// The type named, or "missing".
        found: String,
    },
    /// Projected coordinates.
    #[error(
        "the file says its coordinates are in {crs}; convert it to longitude and latitude (CGCS2000 or WGS 84) first"
    )]
    Projected {
        /// The name in the file.
        crs: String,
    },
}

impl GeoJsonError {
    /// A stable code, the key of its message.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "geojson-syntax",
            Self::Encoding { .. } => "geojson-encoding",
            Self::NotGeoJson { .. } => "geojson-not-geojson",
            Self::Projected { .. } => "geojson-projected",
        }
    }

    /// What is wrong and what to do, in Chinese; `Display` in English.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Syntax {
                line,
                column,
                features,
                what,
            } => {
                format!(
                    "文件不是完整的 JSON:第 {line} 行第 {column} 列(第 {features} 个要素之后):{what}"
                )
            }
            Self::Encoding { at } => format!("文件不是 UTF-8 编码(第 {at} 字节);请另存为 UTF-8"),
            Self::NotGeoJson { found } => {
                format!("文件是 JSON 但不是 GeoJSON:类型为 {found};请提供 FeatureCollection")
            }
            Self::Projected { crs } => {
                format!("文件声明的坐标系为 {crs};请先转换为经纬度(CGCS2000 或 WGS 84)")
            }
        }
    }
}

/// A whole file in memory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeatureFile {
    /// The features that can be used.
    pub features: Vec<Feature>,
    /// The others.
    pub problems: Vec<FeatureProblem>,
    /// The name in its `crs` member, where it has one (longitude and latitude in any case).
    pub crs: Option<String>,
}

/// Reads a whole file.
///
/// # Errors
/// [`GeoJsonError`] when it is not whole GeoJSON in longitude and latitude.
pub fn read_features(bytes: &[u8]) -> Result<FeatureFile, GeoJsonError> {
    let mut file = FeatureFile::default();
    let mut keep = |feature: Result<Feature, FeatureProblem>| match feature {
        Ok(feature) => file.features.push(feature),
        Err(problem) => file.problems.push(problem),
    };
    let crs = each_feature(bytes, &mut keep)?;
    file.crs = crs;
    Ok(file)
}

/// Reads a file and hands on each feature when it has been read; gives the name in its `crs`
/// member. That member may come last: nothing handed on may be kept when an error follows.
///
/// # Errors
/// [`GeoJsonError`] when it is not whole GeoJSON in longitude and latitude.
pub fn each_feature(
    bytes: &[u8],
    each: &mut dyn FnMut(Result<Feature, FeatureProblem>),
) -> Result<Option<String>, GeoJsonError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| GeoJsonError::Encoding {
        at: error.valid_up_to(),
    })?;
    let mut count = 0;
    let document = {
        let mut number_and_pass = |raw: RawFeature| {
            count += 1;
            each(feature_from(raw, count));
        };
        raw::read(text, &mut number_and_pass)
    };
    let document = document.map_err(|error| GeoJsonError::Syntax {
        line: error.line(),
        column: error.column(),
        features: count,
        what: words_of(&error),
    })?;
    if let Some(crs) = document.crs.as_deref().filter(|crs| !is_degrees(crs)) {
        return Err(GeoJsonError::Projected {
            crs: crs.to_owned(),
        });
    }
    let crs = document.crs.clone();
    match document.kind.as_deref() {
        Some("FeatureCollection") if document.has_features => {}
        Some("Feature") => each(feature_from(document.into_feature(), 1)),
        Some(
            "Point" | "Polygon" | "MultiPolygon" | "LineString" | "MultiLineString" | "MultiPoint"
            | "GeometryCollection",
        ) => {
            each(feature_from(document.into_bare_geometry(), 1));
        }
        Some("FeatureCollection") => {
            return Err(GeoJsonError::NotGeoJson {
                found: "FeatureCollection without features".to_owned(),
            });
        }
        found => {
            return Err(GeoJsonError::NotGeoJson {
                found: found.unwrap_or("missing").to_owned(),
            });
        }
    }
    Ok(crs)
}

/// The reader's words without its own mention of line and column.
fn words_of(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// WGS 84 and CGCS 2000 in degrees, by their several names.
fn is_degrees(crs: &str) -> bool {
    let crs = crs.to_ascii_uppercase();
    let known = [
        "CRS84", "4326", "4490", "4610", "4555", "WGS84", "WGS 84", "CGCS2000",
    ];
    known.iter().any(|name| crs.ends_with(name))
}

fn feature_from(raw: RawFeature, number: usize) -> Result<Feature, FeatureProblem> {
    let RawFeature {
        kind,
        id,
        properties,
        geometry,
    } = raw;
    let labels = ["name", "code"]
        .iter()
        .filter_map(|name| properties.iter().find(|(known, _)| known == name));
    let label = id.clone().or_else(|| {
        labels
            .map(|(_, text)| text.clone())
            .find(|text| !text.is_empty())
    });
    let problem = |problem: GeometryProblem| FeatureProblem {
        number,
        label,
        problem,
    };
    if kind.as_deref() != Some("Feature") {
        let found = kind.unwrap_or_else(|| "value without type".to_owned());
        return Err(problem(GeometryProblem::NotAFeature { found }));
    }
    let geometry = match geometry.map(geometry_from).transpose() {
        Ok(geometry) => geometry,
        Err(found) => return Err(problem(found)),
    };
    Ok(Feature {
        number,
        id,
        properties,
        geometry,
    })
}

fn geometry_from(raw: RawGeometry) -> Result<Geometry, GeometryProblem> {
    let kind = raw.kind.unwrap_or_else(|| "missing".to_owned());
    let wrong = |what: CoordinateFault| GeometryProblem::Coordinates {
        kind: kind.clone(),
        what,
    };
    match kind.as_str() {
        "Point" => raw.coordinates.point().map(Geometry::Point).map_err(wrong),
        "Polygon" => {
            let polygon = raw.coordinates.polygon().map_err(wrong)?;
            Ok(Geometry::MultiPolygon(MultiPolygon {
                polygons: polygon.into_iter().collect(),
            }))
        }
        "MultiPolygon" => raw
            .coordinates
            .multi_polygon()
            .map(Geometry::MultiPolygon)
            .map_err(wrong),
        _ => Err(GeometryProblem::Type { found: kind }),
    }
}

/// A geometry as GeoJSON text, coordinates to seven decimals (a centimetre).
#[must_use]
pub fn geometry_text(geometry: &Geometry) -> String {
    let mut text = String::new();
    match geometry {
        Geometry::Point(point) => {
            text.push_str(r#"{"type":"Point","coordinates":"#);
            put_point(&mut text, point);
        }
        Geometry::MultiPolygon(region) => {
            text.push_str(r#"{"type":"MultiPolygon","coordinates":"#);
            put_list(&mut text, &region.polygons, &|text, polygon| {
                let rings: Vec<_> = polygon.rings().collect();
                put_list(text, &rings, &|text, ring| put_list(text, ring, &put_point));
            });
        }
    }
    text.push('}');
    text
}

fn put_list<T>(text: &mut String, items: &[T], put: &dyn Fn(&mut String, &T)) {
    text.push('[');
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        put(text, item);
    }
    text.push(']');
}

fn put_point(text: &mut String, point: &Point) {
    let point = point.snapped(1e7);
    text.push_str(&format!("[{},{}]", point.lon, point.lat));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::square;

    fn one(text: &str) -> FeatureFile {
        read_features(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_collection_a_feature_and_a_bare_geometry_are_read() {
        let point = r#"{"type":"Point","coordinates":[108.95,34.26,400]}"#;
        let feature = format!(
            r#"{{"type":"Feature","id":7,"properties":{{"name":"甲","code":610927.0,"open":true,"none":null,"tags":["a"]}},"geometry":{point}}}"#
        );
        let collection = format!(
            r#"{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}}}},"features":[{feature},{feature}]}}"#
        );
        let expected = Some(Geometry::Point(Point::new(108.95, 34.26)));
        for (text, count) in [(point.to_owned(), 1), (feature, 1), (collection, 2)] {
            let file = one(&text);
            assert_eq!((file.features.len(), file.problems.len()), (count, 0));
            assert!(
                file.features
                    .iter()
                    .all(|feature| feature.geometry == expected)
            );
        }
    }

    #[test]
    fn properties_become_text() {
        let file = one(
            r#"{"type":"Feature","id":7,"properties":{"name":"甲","code":610927.0,"share":0.5,"big":12345678901234567890,"open":true,"none":null,"tags":["a",1]},"geometry":null}"#,
        );
        let feature = &file.features[0];
        assert_eq!(feature.id.as_deref(), Some("7"));
        assert_eq!(feature.geometry, None);
        let expected = [
            ("name", "甲"),
            ("code", "610927"),
            ("share", "0.5"),
            ("big", "12345678901234567890"),
            ("open", "true"),
            ("none", ""),
            ("tags", r#"["a",1]"#),
        ];
        for (name, text) in expected {
            assert_eq!(feature.property(name), Some(text), "{name}");
        }
    }

    #[test]
    fn members_may_come_in_any_order() {
        let file = one(
            r#"{"features":[{"geometry":{"coordinates":[[[108,34],[109,34],[109,35],[108,34]]],"type":"Polygon"},"type":"Feature"}],"type":"FeatureCollection","crs":{"properties":{"name":"EPSG:4490"}}}"#,
        );
        assert_eq!(file.features.len(), 1);
        assert_eq!(file.crs.as_deref(), Some("EPSG:4490"));
    }

    #[test]
    fn a_bad_feature_is_named_and_the_rest_is_read() {
        let good = r#"{"type":"Feature","properties":{"name":"好"},"geometry":{"type":"Point","coordinates":[108,34]}}"#;
        for (bad, expected) in [
            (
                r#"{"type":"Feature","properties":{"name":"线"},"geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}}"#,
                "feature 2: geometry type LineString is not kept; give a Point, Polygon or MultiPolygon",
            ),
            (
                r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":["108","34"]}}"#,
                r#"feature 2: the coordinates of the Point are not as GeoJSON has them: found the text "108" where a number belongs"#,
            ),
            (
                r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[108]}}"#,
                "feature 2: the coordinates of the Point are not as GeoJSON has them: a position has only one number",
            ),
            (
                r#"{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[108,34]]}}"#,
                "feature 2: the coordinates of the Polygon are not as GeoJSON has them: a position stands where a list belongs",
            ),
            (
                r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":null}}"#,
                "feature 2: the coordinates of the Point are not as GeoJSON has them: found null where a number belongs",
            ),
            (
                r#"{"type":"Feature","properties":{},"geometry":{"type":"Polygon"}}"#,
                "feature 2: the coordinates of the Polygon are not as GeoJSON has them: there are none",
            ),
            (
                r#"{"type":"Thing"}"#,
                "feature 2: a member of features is a Thing, not a Feature",
            ),
            (
                "17",
                "feature 2: a member of features is a value without type, not a Feature",
            ),
        ] {
            let file = one(&format!(
                r#"{{"type":"FeatureCollection","features":[{good},{bad},{good}]}}"#
            ));
            assert_eq!(
                file.features
                    .iter()
                    .map(|feature| feature.number)
                    .collect::<Vec<_>>(),
                [1, 3]
            );
            assert_eq!(
                file.problems
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>(),
                [expected]
            );
        }
    }

    #[test]
    fn a_broken_file_says_where() {
        let cases: [(&[u8], &str); 6] = [
            (b"{\"type\":\"FeatureCollection\",\"features\":[\n{\"type\":\"Feature\"},", "the file is not whole JSON: line 2, column 19 (after feature 1): EOF while parsing a value"),
            (b"{\"type\":\"Feature\xFF", "the file is not UTF-8 (byte 16); save it as UTF-8"),
            (br#"{"type":"Topology"}"#, "the file is JSON but not GeoJSON: its type is Topology; give a FeatureCollection"),
            (br#"{"name":"x"}"#, "the file is JSON but not GeoJSON: its type is missing; give a FeatureCollection"),
            (br#"{"type":"FeatureCollection"}"#, "the file is JSON but not GeoJSON: its type is FeatureCollection without features; give a FeatureCollection"),
            (br#"{"type":"FeatureCollection","features":[],"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4547"}}}"#, "the file says its coordinates are in urn:ogc:def:crs:EPSG::4547; convert it to longitude and latitude (CGCS2000 or WGS 84) first"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(read_features(bytes).unwrap_err().to_string(), expected);
        }
        assert!(read_features(b"").is_err());
        assert!(read_features(b"[]").is_err());
    }

    #[test]
    fn a_byte_order_mark_is_nothing() {
        assert_eq!(
            read_features(b"\xEF\xBB\xBF{\"type\":\"FeatureCollection\",\"features\":[]}").unwrap(),
            FeatureFile::default()
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let shape = Geometry::MultiPolygon(square(108.123_456_7, 34.0, 0.5));
        assert_eq!(
            one(&geometry_text(&shape)).features[0].geometry,
            Some(shape)
        );
    }

    proptest::proptest! {
        #[test]
        fn a_damaged_file_is_read_or_refused(cut in 0_usize..400, at in 0_usize..400, byte in proptest::prelude::any::<u8>()) {
            let mut bytes = format!(
                r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","id":"a","properties":{{"name":"甲","n":[1,{{}}]}},"geometry":{}}}]}}"#,
                geometry_text(&Geometry::MultiPolygon(square(108.0, 34.0, 0.5)))
            )
            .into_bytes();
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
            bytes.truncate(bytes.len().saturating_sub(cut));
            let _ = read_features(&bytes);
        }
    }
}
