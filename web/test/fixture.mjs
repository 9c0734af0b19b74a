// A small made-up province of nine square counties in three cities with 1,000 points, as vector tiles
// and JSON, for the tests of the map element.
import { createRequire } from "node:module";
import { GeoJSONVT } from "@maplibre/geojson-vt";
import { fromGeojsonVt } from "@maplibre/vt-pbf";

const require = createRequire(import.meta.url);
const colours = require("../colours.json");

const [west, south] = [106, 33];
export const total = 1000;

function square(x, y, wide, high) {
  const ring = [[x, y], [x + wide, y], [x + wide, y + high], [x, y + high], [x, y]].map(([a, b]) => [west + a, south + b]);
  return { type: "Polygon", coordinates: [ring] };
}

const area = (code, name, geometry, schematic = false) => ({ type: "Feature", geometry, properties: { code, name, schematic } });
const cells = Array.from({ length: 9 }, (_, index) => ({ code: `c${index}`, name: `第${index + 1}县`, x: index % 3, y: Math.floor(index / 3) }));
const features = {
  province: [area("p", "某省", square(0, 0, 3, 3))],
  city: [0, 1, 2].map((row) => area(`t${row}`, `第${row + 1}市`, square(0, row, 3, 1))),
  county: cells.map(({ code, name, x, y }) => area(code, name, square(x, y, 1, 1), code === "c8")),
};

// A sequence that looks scattered and is always the same.
let seed = 7;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const points = Array.from({ length: total }, (_, index) => ({
  type: "Feature",
  geometry: { type: "Point", coordinates: [west + random() * 3, south + random() * 3] },
  properties: { id: String(index + 1), name: `第${index + 1}学校`, type: ["primary", "junior", "senior", "other"][index % 4] },
}));

const indexes = Object.fromEntries(
  Object.entries(features).map(([name, list]) => [name, new GeoJSONVT({ type: "FeatureCollection", features: list }, { maxZoom: 12, buffer: 64 })]),
);

/** Each point counted exactly once: by the cell of a fixed grid per zoom, in the tile that cell's middle is in. */
function pointTile(z, x, y) {
  const extent = 4096;
  const scale = 2 ** z;
  const project = ([lon, lat]) => [((lon + 180) / 360) * scale, ((1 - Math.log(Math.tan((lat * Math.PI) / 180) + 1 / Math.cos((lat * Math.PI) / 180)) / Math.PI) / 2) * scale];
  const grid = 6;
  const groups = new Map();
  for (const point of points) {
    const [px, py] = project(point.geometry.coordinates);
    if (Math.floor(px) !== x || Math.floor(py) !== y) continue;
    const key = z >= 11 ? point.properties.id : `${Math.floor((px - x) * grid)}/${Math.floor((py - y) * grid)}`;
    const group = groups.get(key) ?? { count: 0, sx: 0, sy: 0, first: point };
    group.count += 1;
    group.sx += px - x;
    group.sy += py - y;
    groups.set(key, group);
  }
  const list = [...groups.values()].map(({ count, sx, sy, first }) => ({
    type: 1,
    geometry: [[Math.min(extent - 1, Math.floor((sx / count) * extent)), Math.min(extent - 1, Math.floor((sy / count) * extent))]],
    tags: count === 1 ? first.properties : { count },
  }));
  return { features: list };
}

function tile(url) {
  const [, , layer, z, x, rest] = url.pathname.split("/");
  const y = rest.split(".")[0];
  const found = layer === "institution" ? pointTile(Number(z), Number(x), Number(y)) : indexes[layer]?.getTile(Number(z), Number(x), Number(y));
  const body = found ? fromGeojsonVt({ [layer]: found }, { version: 2, extent: 4096 }) : new Uint8Array();
  return { type: "application/vnd.mapbox-vector-tile", body: Buffer.from(body) };
}

function figures(url) {
  const level = url.searchParams.get("level");
  const within = url.searchParams.get("within");
  const list = features[level].filter((one) => !within || level !== "county" || `t${cells.find((cell) => cell.code === one.properties.code).y}` === within);
  const edges = [30, 35, 40, 45];
  const values = Object.fromEntries(
    list.map((one, index) => {
      const ring = one.geometry.coordinates[0];
      const value = one.properties.code === "c4" ? null : 28 + ((index * 17) % 23) + (url.searchParams.get("as_of") < "2020" ? 3 : 0);
      const at = [(ring[0][0] + ring[1][0]) / 2, (ring[0][1] + ring[2][1]) / 2];
      const group = value === null ? null : edges.filter((edge) => value >= edge).length + 1;
      return [one.properties.code, { value, text: value === null ? "–" : value.toFixed(1), class: group, name: one.properties.name, at }];
    }),
  );
  const labels = ["30 以下", "30–35", "35–40", "40–45", "45 以上"];
  const classes = labels.map((label, index) => ({ from: edges[index - 1] ?? null, to: edges[index] ?? null, label, colour: colours.sequential[index] }));
  const name = url.searchParams.get("figure") === "ratio" ? "生师比" : "平均班额";
  return { type: "application/json", body: JSON.stringify({ figure: name, unit: "人/班", decimals: 1, classes, values, missing: Object.values(values).filter(({ value }) => value === null).length, note: "口径:在校学生 / 班数" }) };
}

function panel(url) {
  const code = decodeURIComponent(url.pathname.split("/").pop());
  const one = Object.values(features).flat().find((found) => found.properties.code === code);
  const ring = one.geometry.coordinates[0];
  const bounds = [ring[0][0], ring[0][1], ring[2][0], ring[2][1]].join(",");
  const crumbs = code === "p" ? "<li><span aria-current=page>某省</span></li>" : `<li><a href="/map?place=p" data-place="p" data-level="county">某省</a></li><li><span aria-current=page>${one.properties.name}</span></li>`;
  const body = `<div data-bounds="${bounds}"><ol data-crumbs>${crumbs}</ol><h2>${one.properties.name}</h2><p>业务时点 ${url.searchParams.get("as_of")}</p></div>`;
  return { type: "text/html; charset=utf-8", body };
}

/** The routes for `serve` of browser.mjs. */
export const asked = [];
export const routes = {
  "/tiles/*": (url) => (asked.push(url.pathname + url.search), tile(url)),
  "/map/figures.json": (url) => (asked.push(url.pathname + url.search), figures(url)),
  "/map/place/*": (url) => (asked.push(url.pathname + url.search), panel(url)),
};
