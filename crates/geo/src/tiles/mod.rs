//! Vector tiles made from memory: areas from the outlines of a scene, institutions from their index. They
//! are kept compressed.

pub(crate) mod mvt;
pub(crate) mod points;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use shape::Tile;
use shape::clip::tile_polygons;

use self::mvt::{EXTENT, LayerWriter, Tag};
use crate::layers::Scene;
use crate::model::{Kinds, Level, kind_codes};
use crate::schools::{Schools, Scope};

/// The layer of institutions.
pub(crate) const INSTITUTIONS: &str = "institution";

/// The deepest zoom at which there are tiles of points; maps draw further in from these.
pub(crate) const DEEPEST_POINTS: u8 = 14;
/// The deepest zoom at which there are tiles of areas.
pub(crate) const DEEPEST_AREAS: u8 = 12;
/// How far an area is drawn beyond its tile, so that the cut is not seen.
const BUFFER: u32 = 64;

/// A layer of tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Layer {
    /// Divisions of a level.
    Areas(Level),
    /// Institutions.
    Institutions,
}

impl Layer {
    /// The layer of a name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        if name == INSTITUTIONS {
            return Some(Self::Institutions);
        }
        Level::of_layer(name).map(Self::Areas)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Areas(level) => level.layer(),
            Self::Institutions => INSTITUTIONS,
        }
    }

    /// The zooms at which it has tiles.
    pub(crate) fn zooms(self) -> (u8, u8) {
        match self {
            Self::Areas(_) => (0, DEEPEST_AREAS),
            Self::Institutions => (0, DEEPEST_POINTS),
        }
    }
}

/// What a tile depends on: two readers with the same key get the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TileKey {
    pub(crate) layer: Layer,
    pub(crate) tile: Tile,
    pub(crate) scene: u64,
    /// Of institutions: what is within reach, and the kinds.
    pub(crate) scope: Option<(Scope, String)>,
}

/// A tile as it is sent.
#[derive(Debug)]
pub(crate) struct StoredTile {
    /// Compressed; empty where the tile holds nothing.
    pub(crate) gzip: Vec<u8>,
    /// A strong validator made from the content.
    pub(crate) etag: String,
}

impl StoredTile {
    /// Compresses a tile.
    pub(crate) fn of(bytes: &[u8]) -> std::io::Result<Self> {
        let digest = Sha256::digest(bytes);
        let mut etag = String::with_capacity(34);
        etag.push('"');
        for byte in digest.iter().take(16) {
            etag.push_str(&format!("{byte:02x}"));
        }
        etag.push('"');
        if bytes.is_empty() {
            return Ok(Self {
                gzip: Vec::new(),
                etag,
            });
        }
        let mut encoder =
            GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::default());
        encoder.write_all(bytes)?;
        Ok(Self {
            gzip: encoder.finish()?,
            etag,
        })
    }

    /// Bytes that it takes in memory.
    pub(crate) fn memory(&self) -> usize {
        self.gzip.len() + 256
    }
}

/// The tile of a level of divisions: `code`, `name`, and `schematic` where the outline was worked out by
/// the program.
pub(crate) fn areas(scene: &Scene, level: Level, tile: Tile) -> Vec<u8> {
    let window = tile.bounds(f64::from(BUFFER) / f64::from(EXTENT));
    let mut layer = LayerWriter::new(level.layer());
    for (number, region) in scene.outlines(level, tile.z) {
        let touches = scene
            .bounds(number)
            .is_none_or(|bounds| bounds.touches(&window));
        let Some(place) = scene.places.get(number).filter(|_| touches) else {
            continue;
        };
        let polygons = tile_polygons(region, tile, EXTENT, BUFFER);
        let mut tags = vec![
            ("code", Tag::Text(place.code.clone())),
            ("name", Tag::Text(place.name.clone())),
        ];
        if scene.is_schematic(number) {
            tags.push(("schematic", Tag::Flag(true)));
        }
        layer.polygons(place.record.unsigned_abs(), &polygons, tags);
    }
    layer.finish()
}

/// The tile of institutions: a cluster has `count`; a single one `id`, `name`, and `type`, its kind.
pub(crate) fn institutions(
    schools: &Schools,
    kinds: &Kinds,
    standard: &standard::Standard,
    tile: Tile,
) -> Vec<u8> {
    let codes = kind_codes(standard);
    let mut layer = LayerWriter::new(INSTITUTIONS);
    for cluster in schools.clusters(tile, kinds) {
        if cluster.count > 1 {
            // Ids of clusters are only unlike within a tile, which is all that the format asks.
            let id = u64::from(cluster.first) + 1;
            layer.point(
                id,
                cluster.at,
                vec![("count", Tag::Number(u64::from(cluster.count)))],
            );
        } else if let Some(school) = schools.get(cluster.first) {
            let kind = codes
                .get(usize::from(school.kind))
                .copied()
                .unwrap_or("other");
            let tags = vec![
                ("id", Tag::Number(school.record.unsigned_abs())),
                ("name", Tag::Text(schools.name(cluster.first).to_owned())),
                ("type", Tag::Text(kind.to_owned())),
            ];
            layer.point(school.record.unsigned_abs(), cluster.at, tags);
        }
    }
    layer.finish()
}
