//! Vector tiles, version 2.1 (github.com/mapbox/vector-tile-spec), as bytes.
//!
//! A tile is a protocol buffer: `Tile { repeated Layer layers = 3 }`. A layer has its name (1), features
//! (2), keys (3), values (4), extent (5) and version (15); a feature its id (1), tags (2: pairs of places in
//! keys and values), kind (3) and geometry (4: commands with zigzag deltas from the position before). Only
//! what is needed here is written: points and polygons, texts, whole numbers and yes/no.

use std::collections::HashMap;

/// Units of a tile's width: what `shape::Tile` positions are given in.
pub(crate) const EXTENT: u32 = 4096;

const VARINT: u32 = 0;
const BYTES: u32 = 2;

const POINT: u64 = 1;
const POLYGON: u64 = 3;

/// A property's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Tag {
    /// A text.
    Text(String),
    /// A number that is not negative.
    Number(u64),
    /// Yes or no.
    Flag(bool),
}

/// One layer, written feature by feature.
#[derive(Debug)]
pub(crate) struct LayerWriter {
    name: &'static str,
    features: Vec<u8>,
    keys: Vec<&'static str>,
    values: Vec<Tag>,
    places: HashMap<Tag, u64>,
}

/// Rings of a polygon, outline first, each without its closing point, in units of the tile.
type Rings = [Vec<[i32; 2]>];

impl LayerWriter {
    /// An empty layer.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            features: Vec::new(),
            keys: Vec::new(),
            values: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// A feature that is one point.
    pub(crate) fn point(&mut self, id: u64, at: [i32; 2], tags: Vec<(&'static str, Tag)>) {
        let mut pen = Pen::default();
        pen.move_to(at);
        self.feature(id, POINT, &pen.commands, tags);
    }

    /// A feature of polygons; outlines run clockwise on the screen, holes the other way.
    pub(crate) fn polygons(
        &mut self,
        id: u64,
        polygons: &[Vec<Vec<[i32; 2]>>],
        tags: Vec<(&'static str, Tag)>,
    ) {
        let mut pen = Pen::default();
        for rings in polygons {
            pen.rings(rings);
        }
        if !pen.commands.is_empty() {
            self.feature(id, POLYGON, &pen.commands, tags);
        }
    }

    fn feature(&mut self, id: u64, kind: u64, geometry: &[u32], tags: Vec<(&'static str, Tag)>) {
        let mut feature = Vec::new();
        put_number(&mut feature, 1, id);
        let mut packed = Vec::new();
        for (key, tag) in tags {
            put_varint(&mut packed, self.key(key));
            let value = self.value(tag);
            put_varint(&mut packed, value);
        }
        put_bytes(&mut feature, 2, &packed);
        put_number(&mut feature, 3, kind);
        let mut packed = Vec::with_capacity(geometry.len() * 2);
        for command in geometry {
            put_varint(&mut packed, u64::from(*command));
        }
        put_bytes(&mut feature, 4, &packed);
        put_bytes(&mut self.features, 2, &feature);
    }

    fn key(&mut self, key: &'static str) -> u64 {
        let place = self
            .keys
            .iter()
            .position(|known| *known == key)
            .unwrap_or_else(|| {
                self.keys.push(key);
                self.keys.len() - 1
            });
        place as u64
    }

    fn value(&mut self, tag: Tag) -> u64 {
        if let Some(place) = self.places.get(&tag) {
            return *place;
        }
        let place = self.values.len() as u64;
        self.values.push(tag.clone());
        self.places.insert(tag, place);
        place
    }

    /// The tile with this one layer; no bytes at all where it has no feature.
    pub(crate) fn finish(self) -> Vec<u8> {
        if self.features.is_empty() {
            return Vec::new();
        }
        let mut layer = Vec::with_capacity(self.features.len() + 256);
        put_bytes(&mut layer, 1, self.name.as_bytes());
        layer.extend_from_slice(&self.features);
        for key in &self.keys {
            put_bytes(&mut layer, 3, key.as_bytes());
        }
        for value in &self.values {
            let mut message = Vec::new();
            match value {
                Tag::Text(text) => put_bytes(&mut message, 1, text.as_bytes()),
                Tag::Number(number) => put_number(&mut message, 5, *number),
                Tag::Flag(flag) => put_number(&mut message, 7, u64::from(*flag)),
            }
            put_bytes(&mut layer, 4, &message);
        }
        put_number(&mut layer, 5, u64::from(EXTENT));
        put_number(&mut layer, 15, 2);
        let mut tile = Vec::with_capacity(layer.len() + 8);
        put_bytes(&mut tile, 3, &layer);
        tile
    }
}

/// Writes geometry commands; positions are told as steps from the one before.
#[derive(Default)]
struct Pen {
    commands: Vec<u32>,
    at: [i32; 2],
}

impl Pen {
    fn command(&mut self, id: u32, count: usize) {
        self.commands
            .push(id | u32::try_from(count).unwrap_or(0) << 3);
    }

    fn step(&mut self, to: [i32; 2]) {
        for (from, to) in self.at.into_iter().zip(to) {
            let by = to.wrapping_sub(from);
            self.commands.push(((by << 1) ^ (by >> 31)).cast_unsigned());
        }
        self.at = to;
    }

    fn move_to(&mut self, to: [i32; 2]) {
        self.command(1, 1);
        self.step(to);
    }

    fn rings(&mut self, rings: &Rings) {
        for ring in rings {
            let [first, rest @ ..] = ring.as_slice() else {
                continue;
            };
            self.move_to(*first);
            self.command(2, rest.len());
            for point in rest {
                self.step(*point);
            }
            self.command(7, 1);
        }
    }
}

fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn put_number(bytes: &mut Vec<u8>, field: u32, number: u64) {
    put_varint(bytes, u64::from(field << 3 | VARINT));
    put_varint(bytes, number);
}

fn put_bytes(bytes: &mut Vec<u8>, field: u32, content: &[u8]) {
    put_varint(bytes, u64::from(field << 3 | BYTES));
    put_varint(bytes, content.len() as u64);
    bytes.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use mvt_reader::Reader;
    use mvt_reader::feature::Value;

    use super::*;

    #[test]
    fn another_reader_finds_what_was_written() {
        let mut layer = LayerWriter::new("county");
        let square = vec![
            vec![[0, 0], [4096, 0], [4096, 4096], [0, 4096]],
            vec![[10, 10], [10, 20], [20, 20], [20, 10]],
        ];
        let other = vec![vec![[-64, -64], [-32, -64], [-32, -32]]];
        layer.polygons(
            610_305,
            &[square, other],
            vec![
                ("code", Tag::Text("610305".to_owned())),
                ("schematic", Tag::Flag(true)),
            ],
        );
        layer.point(
            7,
            [12, 4095],
            vec![
                ("count", Tag::Number(300)),
                ("code", Tag::Text("610305".to_owned())),
            ],
        );
        let bytes = layer.finish();

        let reader = Reader::new(bytes).unwrap();
        assert_eq!(reader.get_layer_names().unwrap(), ["county"]);
        let metadata = reader.get_layer_metadata().unwrap();
        assert_eq!(
            (
                metadata[0].extent,
                metadata[0].version,
                metadata[0].feature_count
            ),
            (4096, 2, 2)
        );
        let features = reader.get_features(0).unwrap();
        let properties = features[0].properties.as_ref().unwrap();
        assert_eq!(properties["code"], Value::String("610305".to_owned()));
        assert_eq!(properties["schematic"], Value::Bool(true));
        assert_eq!(features[0].id, Some(610_305));
        let text = format!("{:?}", features[0].get_geometry()).to_uppercase();
        assert!(text.starts_with("MULTIPOLYGON"), "{text}");
        assert_eq!(text.matches("4096").count(), 4, "{text}");
        let point = format!("{:?}", features[1].get_geometry());
        assert!(point.contains("12") && point.contains("4095"), "{point}");
        assert_eq!(
            features[1].properties.as_ref().unwrap()["count"],
            Value::UInt(300)
        );
    }

    #[test]
    fn a_layer_without_features_is_no_bytes() {
        let mut layer = LayerWriter::new("city");
        layer.polygons(1, &[], Vec::new());
        assert!(layer.finish().is_empty());
    }
}
