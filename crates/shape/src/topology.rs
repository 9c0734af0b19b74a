//! A coverage as a file: TopoJSON, which common map tools read.
//!
//! Arcs are stored once, as differences of whole steps; layers (say counties, cities, province)
//! are choices of arcs. So a file is about a fifth of the same outlines as GeoJSON, and neighbours,
//! and layers among each other, touch exactly.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::coverage::{ArcUse, Coverage, CoverageRegion};
use crate::geometry::{Bounds, MultiPolygon, Point, Polygon, Ring};

/// Layers read from a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Topology {
    /// In the order of their names.
    pub layers: Vec<TopologyLayer>,
}

/// One layer.
#[derive(Debug, Clone, PartialEq)]
pub struct TopologyLayer {
    /// Its name in the file.
    pub name: String,
    /// Its regions.
    pub regions: Vec<TopologyRegion>,
}

/// One region.
#[derive(Debug, Clone, PartialEq)]
pub struct TopologyRegion {
    /// Its `id`.
    pub code: String,
    /// Its property `name`.
    pub name: String,
    /// Its outline, canonical.
    pub outline: MultiPolygon,
}

/// Why a topology cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// Not JSON, or not TopoJSON.
    #[error("the file is not TopoJSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A region names an arc that is not there.
    #[error("region {code} uses arc {arc}, which the file does not have")]
    Arc {
        /// The region's id.
        code: String,
        /// The arc's number.
        arc: i64,
    },
}

/// A layer to write: regions over the arcs of one coverage, with code and name for each id.
pub struct LayerToWrite<'a> {
    /// Its name in the file.
    pub name: &'a str,
    /// The regions.
    pub regions: &'a [CoverageRegion],
    /// Code and name of a region.
    pub label: &'a dyn Fn(i64) -> (String, String),
}

impl Coverage {
    /// The regions, to be written as a layer.
    #[must_use]
    pub fn regions(&self) -> &[CoverageRegion] {
        &self.regions
    }
}

/// TopoJSON text of layers over one coverage; coordinates in steps of `1/steps` degree.
#[must_use]
pub fn write(coverage: &Coverage, layers: &[LayerToWrite<'_>], steps: u32) -> String {
    let origin = Bounds::around(&coverage.points).map_or(Point::new(0.0, 0.0), |bounds| {
        Point::new(bounds.west.floor(), bounds.south.floor())
    });
    let mut text = format!(
        "{{\"type\":\"Topology\",\n\"transform\":{{\"scale\":[{scale},{scale}],\"translate\":[{},{}]}},\n\"objects\":{{",
        origin.lon,
        origin.lat,
        scale = 1.0 / f64::from(steps)
    );
    for (number, layer) in layers.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        text.push_str(&format!(
            "{comma}\n{}:{{\"type\":\"GeometryCollection\",\"geometries\":[",
            quoted(layer.name)
        ));
        for (number, region) in layer.regions.iter().enumerate() {
            let (code, name) = (layer.label)(region.id);
            let comma = if number > 0 { "," } else { "" };
            let arcs = list(&region.parts, &|rings| {
                list(rings, &|ring| {
                    list(ring, &|arc_use| arc_number(*arc_use).to_string())
                })
            });
            let line = format!(
                "{comma}\n{{\"type\":\"MultiPolygon\",\"id\":{},\"properties\":{{\"name\":{}}},\"arcs\":{arcs}}}",
                quoted(&code),
                quoted(&name)
            );
            text.push_str(&line);
        }
        text.push_str("]}");
    }
    text.push_str("},\n\"arcs\":[");
    for (number, arc) in coverage.arcs.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        let points = arc
            .iter()
            .filter_map(|point| coverage.points.get(crate::coverage::index(*point)));
        let line = differences(points, origin, f64::from(steps));
        text.push_str(&format!(
            "{comma}\n{}",
            list(&line, &|(x, y)| format!("[{x},{y}]"))
        ));
    }
    text.push_str("]}\n");
    text
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn list<T>(items: &[T], item: &dyn Fn(&T) -> String) -> String {
    format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(","))
}

fn arc_number(arc_use: ArcUse) -> i64 {
    let number = i64::from(arc_use.arc);
    if arc_use.reversed { !number } else { number }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "degrees times steps fit 64 bits"
)]
fn differences<'a>(
    points: impl Iterator<Item = &'a Point>,
    origin: Point,
    steps: f64,
) -> Vec<(i64, i64)> {
    let mut last = (0, 0);
    let step = |point: &Point| {
        let here = (
            ((point.lon - origin.lon) * steps).round() as i64,
            ((point.lat - origin.lat) * steps).round() as i64,
        );
        let difference = (here.0 - last.0, here.1 - last.1);
        last = here;
        difference
    };
    points.map(step).collect()
}

#[derive(Deserialize)]
struct FileShape {
    transform: Transform,
    objects: BTreeMap<String, Collection>,
    arcs: Vec<Vec<(i64, i64)>>,
}

#[derive(Deserialize)]
struct Transform {
    scale: (f64, f64),
    translate: (f64, f64),
}

#[derive(Deserialize)]
struct Collection {
    geometries: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    id: String,
    properties: MemberProperties,
    arcs: Vec<Vec<Vec<i64>>>,
}

#[derive(Deserialize)]
struct MemberProperties {
    name: String,
}

impl Topology {
    /// Reads the TopoJSON that [`write`] makes (quantised arcs, collections of MultiPolygons).
    ///
    /// # Errors
    /// [`TopologyError`] when it is something else, or damaged.
    pub fn read(bytes: &[u8]) -> Result<Self, TopologyError> {
        let file: FileShape = serde_json::from_slice(bytes)?;
        let arcs: Vec<Vec<Point>> = file
            .arcs
            .iter()
            .map(|arc| points_of(arc, &file.transform))
            .collect();
        let mut layers = Vec::new();
        for (name, collection) in file.objects {
            let regions = collection
                .geometries
                .into_iter()
                .map(|member| region_of(member, &arcs));
            layers.push(TopologyLayer {
                name,
                regions: regions.collect::<Result<_, _>>()?,
            });
        }
        Ok(Self { layers })
    }

    /// A layer by its name; empty when there is none.
    #[must_use]
    pub fn layer(&self, name: &str) -> &[TopologyRegion] {
        self.layers
            .iter()
            .find(|layer| layer.name == name)
            .map_or(&[], |layer| &layer.regions)
    }
}

#[expect(clippy::cast_precision_loss, reason = "steps fit 53 bits")]
fn points_of(arc: &[(i64, i64)], transform: &Transform) -> Vec<Point> {
    let steps = (1.0 / transform.scale.0).round();
    let mut at = (0, 0);
    let point = |difference: &(i64, i64)| {
        at = (at.0 + difference.0, at.1 + difference.1);
        let lon = transform.translate.0 + at.0 as f64 * transform.scale.0;
        let lat = transform.translate.1 + at.1 as f64 * transform.scale.1;
        Point::new(lon, lat).snapped(steps)
    };
    arc.iter().map(point).collect()
}

fn region_of(member: Member, arcs: &[Vec<Point>]) -> Result<TopologyRegion, TopologyError> {
    let mut polygons = Vec::new();
    for part in &member.arcs {
        let rings = part
            .iter()
            .map(|ring| ring_of(ring, arcs, &member.id))
            .collect::<Result<Vec<Ring>, _>>()?;
        let mut rings = rings.into_iter();
        polygons.extend(rings.next().map(|outer| Polygon {
            outer,
            holes: rings.collect(),
        }));
    }
    let outline = MultiPolygon { polygons }.normalised();
    Ok(TopologyRegion {
        code: member.id,
        name: member.properties.name,
        outline,
    })
}

fn ring_of(numbers: &[i64], arcs: &[Vec<Point>], code: &str) -> Result<Ring, TopologyError> {
    let mut ring: Ring = Vec::new();
    for number in numbers {
        let (arc, reversed) = if *number < 0 {
            (!*number, true)
        } else {
            (*number, false)
        };
        let points = usize::try_from(arc).ok().and_then(|arc| arcs.get(arc));
        let points = points.ok_or_else(|| TopologyError::Arc {
            code: code.to_owned(),
            arc: *number,
        })?;
        ring.pop();
        if reversed {
            ring.extend(points.iter().rev());
        } else {
            ring.extend(points);
        }
    }
    Ok(ring)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::wandering_grid;

    #[test]
    fn what_is_written_is_read() {
        let grid: Vec<(i64, MultiPolygon)> = wandering_grid(3, 3, 12, 9)
            .into_iter()
            .map(|(id, region)| (id, region.snapped(1e6)))
            .collect();
        let coverage = Coverage::new(&grid);
        let all = coverage.dissolved(&|_| Some(99));
        let label = |id: i64| (id.to_string(), format!("区\"{id}"));
        let text = write(
            &coverage,
            &[
                LayerToWrite {
                    name: "county",
                    regions: coverage.regions(),
                    label: &label,
                },
                LayerToWrite {
                    name: "province",
                    regions: &all,
                    label: &label,
                },
            ],
            1_000_000,
        );
        let read = Topology::read(text.as_bytes()).unwrap();
        let outlines: Vec<(i64, MultiPolygon)> = read
            .layer("county")
            .iter()
            .map(|region| (region.code.parse().unwrap(), region.outline.clone()))
            .collect();
        assert_eq!(outlines, grid);
        assert_eq!(read.layer("province")[0].name, "区\"99");
        assert_eq!(
            read.layer("province")[0].outline,
            coverage.outlines_of(&all)[0].1
        );
        assert!(read.layer("none").is_empty());
    }

    #[test]
    fn damage_is_named() {
        assert!(Topology::read(b"{}").is_err());
        let text = r#"{"transform":{"scale":[1,1],"translate":[0,0]},"objects":{"a":{"geometries":[{"id":"7","properties":{"name":"x"},"arcs":[[[3]]]}]}},"arcs":[]}"#;
        assert_eq!(
            Topology::read(text.as_bytes()).unwrap_err().to_string(),
            "region 7 uses arc 3, which the file does not have"
        );
    }
}
