//! GeoJSON as it stands in the text, with room for everything that can be wrong in it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::Value;

use crate::geometry::{MultiPolygon, Point, Polygon, Ring};

/// The members of the outermost object; its features have been handed on.
#[derive(Default)]
pub(super) struct Document {
    pub(super) kind: Option<String>,
    pub(super) crs: Option<String>,
    pub(super) has_features: bool,
    feature: RawFeature,
    coordinates: Nest,
}

#[derive(Default)]
pub(super) struct RawFeature {
    pub(super) kind: Option<String>,
    pub(super) id: Option<String>,
    pub(super) properties: Vec<(String, String)>,
    pub(super) geometry: Option<RawGeometry>,
}

#[derive(Default)]
pub(super) struct RawGeometry {
    pub(super) kind: Option<String>,
    pub(super) coordinates: Nest,
}

/// Coordinates of any depth.
#[derive(Default)]
pub(super) enum Nest {
    #[default]
    Missing,
    Number(f64),
    /// The first two numbers of a list that begins with a number; how many there were.
    Position(Point, usize),
    List(Vec<Nest>),
    /// Something that is no coordinate.
    Wrong(CoordinateFault),
}

/// What stands where a coordinate, a position or a list of them belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CoordinateFault {
    /// No `coordinates`, or `null` for them.
    Missing,
    /// A position of one number.
    OneNumber,
    /// `[]` for a position.
    EmptyPosition,
    /// A list deeper than a position.
    ListForPosition,
    /// A bare number for a position.
    NumberForPosition,
    /// A position for a list of them.
    PositionForList,
    /// A bare number for a list.
    NumberForList,
    /// Numbers beside lists.
    Mixed,
    /// A text for a number; its beginning.
    Text(String),
    /// `true`, `false`, `null` or an object for a number.
    Other(&'static str),
}

impl CoordinateFault {
    /// In Chinese; `Display` in English.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Missing => "没有坐标".to_owned(),
            Self::OneNumber => "有的点只有一个数字".to_owned(),
            Self::EmptyPosition => "有的点是空的".to_owned(),
            Self::ListForPosition => "应写点的地方写了列表".to_owned(),
            Self::NumberForPosition => "应写点的地方写了数字".to_owned(),
            Self::PositionForList => "应写列表的地方写了点".to_owned(),
            Self::NumberForList => "应写列表的地方写了数字".to_owned(),
            Self::Mixed => "数字与列表混在一起".to_owned(),
            Self::Text(text) => format!("应写数字的地方写了文字 {text:?}"),
            Self::Other("object") => "应写数字的地方写了对象".to_owned(),
            Self::Other(word) => format!("应写数字的地方写了 {word}"),
        }
    }
}

impl fmt::Display for CoordinateFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => formatter.write_str("there are none"),
            Self::OneNumber => formatter.write_str("a position has only one number"),
            Self::EmptyPosition => formatter.write_str("a position is empty"),
            Self::ListForPosition => formatter.write_str("a list stands where a position belongs"),
            Self::NumberForPosition => {
                formatter.write_str("a number stands where a position belongs")
            }
            Self::PositionForList => formatter.write_str("a position stands where a list belongs"),
            Self::NumberForList => formatter.write_str("a number stands where a list belongs"),
            Self::Mixed => formatter.write_str("numbers and lists are mixed"),
            Self::Text(text) => {
                write!(formatter, "found the text {text:?} where a number belongs")
            }
            Self::Other("object") => formatter.write_str("found an object where a number belongs"),
            Self::Other(word) => write!(formatter, "found {word} where a number belongs"),
        }
    }
}

impl Document {
    pub(super) fn into_feature(self) -> RawFeature {
        RawFeature {
            kind: self.kind,
            ..self.feature
        }
    }

    pub(super) fn into_bare_geometry(self) -> RawFeature {
        let geometry = RawGeometry {
            kind: self.kind,
            coordinates: self.coordinates,
        };
        RawFeature {
            kind: Some("Feature".to_owned()),
            geometry: Some(geometry),
            ..RawFeature::default()
        }
    }
}

pub(super) fn read(
    text: &str,
    each: &mut dyn FnMut(RawFeature),
) -> Result<Document, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let document = reader.deserialize_map(DocumentVisitor { each })?;
    reader.end()?;
    Ok(document)
}

struct DocumentVisitor<'a> {
    each: &'a mut dyn FnMut(RawFeature),
}

impl<'de> Visitor<'de> for DocumentVisitor<'_> {
    type Value = Document;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a GeoJSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut document = Document::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "type" => document.kind = text_of(&map.next_value()?),
                "crs" => document.crs = crs_name(&map.next_value()?),
                "features" => {
                    document.has_features = true;
                    map.next_value_seed(Features {
                        each: &mut *self.each,
                    })?;
                }
                "coordinates" => document.coordinates = map.next_value()?,
                _ => document.feature.take_member(&name, &mut map)?,
            }
        }
        Ok(document)
    }
}

fn crs_name(value: &Value) -> Option<String> {
    value
        .pointer("/properties/name")
        .or_else(|| value.pointer("/properties/code"))
        .and_then(text_of)
}

struct Features<'a> {
    each: &'a mut dyn FnMut(RawFeature),
}

impl<'de> DeserializeSeed<'de> for Features<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(feature) = list.next_element()? {
            (self.each)(feature);
        }
        Ok(())
    }
}

impl RawFeature {
    fn take_member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match name {
            "type" => self.kind = text_of(&map.next_value()?),
            "id" => self.id = text_of(&map.next_value()?),
            "properties" => self.properties = map.next_value::<Properties>()?.0,
            "geometry" => self.geometry = map.next_value()?,
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A visitor that takes an object, and takes anything else for an object without members.
macro_rules! lenient_object {
    ($type:ty, $take:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Lenient;
                impl<'de> Visitor<'de> for Lenient {
                    type Value = $type;

                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut value = <$type>::default();
                        while let Some(name) = map.next_key::<String>()? {
                            $take(&mut value, name, &mut map)?;
                        }
                        Ok(value)
                    }

                    fn visit_seq<A: SeqAccess<'de>>(
                        self,
                        mut list: A,
                    ) -> Result<Self::Value, A::Error> {
                        while list.next_element::<IgnoredAny>()?.is_some() {}
                        Ok(<$type>::default())
                    }

                    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                        Ok(<$type>::default())
                    }

                    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
                        Ok(<$type>::default())
                    }

                    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
                        Ok(<$type>::default())
                    }

                    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
                        Ok(<$type>::default())
                    }

                    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
                        Ok(<$type>::default())
                    }

                    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
                        Ok(<$type>::default())
                    }
                }
                deserializer.deserialize_any(Lenient)
            }
        }
    };
}

#[derive(Default)]
struct Properties(Vec<(String, String)>);

lenient_object!(RawFeature, |feature: &mut RawFeature,
                             name: String,
                             map: &mut A| {
    feature.take_member(&name, map)
});
lenient_object!(RawGeometry, |geometry: &mut RawGeometry,
                              name: String,
                              map: &mut A|
 -> Result<(), A::Error> {
    match name.as_str() {
        "type" => geometry.kind = text_of(&map.next_value()?),
        "coordinates" => geometry.coordinates = map.next_value()?,
        _ => drop(map.next_value::<IgnoredAny>()?),
    }
    Ok(())
});
lenient_object!(Properties, |properties: &mut Properties,
                             name: String,
                             map: &mut A|
 -> Result<(), A::Error> {
    let text = text_of(&map.next_value()?).unwrap_or_default();
    properties.0.push((name, text));
    Ok(())
});

/// `None` for null.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => {
            let text = number.to_string();
            Some(
                text.strip_suffix(".0")
                    .map_or(text.clone(), ToOwned::to_owned),
            )
        }
        other => Some(other.to_string()),
    }
}

impl<'de> Deserialize<'de> for Nest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NestVisitor)
    }
}

struct NestVisitor;

impl<'de> Visitor<'de> for NestVisitor {
    type Value = Nest;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("coordinates")
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Nest, E> {
        Ok(Nest::Number(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "JSON numbers are doubles")]
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Nest, E> {
        Ok(Nest::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "JSON numbers are doubles")]
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Nest, E> {
        Ok(Nest::Number(number as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Nest, E> {
        let start: String = text.chars().take(20).collect();
        Ok(Nest::Wrong(CoordinateFault::Text(start)))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Nest, E> {
        let word = if value { "true" } else { "false" };
        Ok(Nest::Wrong(CoordinateFault::Other(word)))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Nest, E> {
        Ok(Nest::Wrong(CoordinateFault::Other("null")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Nest, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Nest::Wrong(CoordinateFault::Other("object")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Nest, A::Error> {
        let first = match list.next_element::<Nest>()? {
            None => return Ok(Nest::List(Vec::new())),
            Some(Nest::Number(lon)) => return position(lon, list),
            Some(first) => first,
        };
        let mut items = vec![first];
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Nest::List(items))
    }
}

fn position<'de, A: SeqAccess<'de>>(lon: f64, mut list: A) -> Result<Nest, A::Error> {
    let mut lat = f64::NAN;
    let mut count = 1;
    let mut wrong = None;
    while let Some(item) = list.next_element::<Nest>()? {
        count += 1;
        match item {
            Nest::Number(number) if count == 2 => lat = number,
            Nest::Number(_) => {}
            Nest::Wrong(words) => wrong = Some(words),
            Nest::Missing | Nest::Position(..) | Nest::List(_) => {
                wrong = Some(CoordinateFault::Mixed)
            }
        }
    }
    Ok(wrong.map_or(Nest::Position(Point::new(lon, lat), count), Nest::Wrong))
}

impl Nest {
    pub(super) fn point(self) -> Result<Point, CoordinateFault> {
        match self {
            Self::Position(_, 1) => Err(CoordinateFault::OneNumber),
            Self::Position(point, _) => Ok(point),
            Self::List(items) => Err(match items.into_iter().next() {
                None => CoordinateFault::EmptyPosition,
                Some(Self::Wrong(words)) => words,
                Some(_) => CoordinateFault::ListForPosition,
            }),
            Self::Number(_) => Err(CoordinateFault::NumberForPosition),
            Self::Missing => Err(CoordinateFault::Missing),
            Self::Wrong(words) => Err(words),
        }
    }

    fn items(self) -> Result<Vec<Self>, CoordinateFault> {
        match self {
            Self::List(items) => Ok(items),
            Self::Position(..) => Err(CoordinateFault::PositionForList),
            Self::Number(_) => Err(CoordinateFault::NumberForList),
            Self::Missing => Err(CoordinateFault::Missing),
            Self::Wrong(words) => Err(words),
        }
    }

    fn ring(self) -> Result<Ring, CoordinateFault> {
        self.items()?.into_iter().map(Self::point).collect()
    }

    /// `None` without rings.
    pub(super) fn polygon(self) -> Result<Option<Polygon>, CoordinateFault> {
        let rings: Vec<Ring> = self
            .items()?
            .into_iter()
            .map(Self::ring)
            .collect::<Result<_, _>>()?;
        let mut rings = rings.into_iter();
        Ok(rings.next().map(|outer| Polygon {
            outer,
            holes: rings.collect(),
        }))
    }

    pub(super) fn multi_polygon(self) -> Result<MultiPolygon, CoordinateFault> {
        let polygons: Vec<Option<Polygon>> = self
            .items()?
            .into_iter()
            .map(Self::polygon)
            .collect::<Result<_, _>>()?;
        Ok(MultiPolygon {
            polygons: polygons.into_iter().flatten().collect(),
        })
    }
}
