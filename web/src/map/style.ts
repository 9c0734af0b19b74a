// The style of the map: only our own tiles, fonts of the reader's device, colours from colours.json.
import type { DataDrivenPropertyValueSpecification, ExpressionSpecification, LayerSpecification, StyleSpecification, VectorSourceSpecification } from "maplibre-gl";
import colours from "../../colours.json";
import { type Config, type FigureClass, type State, fill, missingClass, outsideClass } from "./model";

const fonts = ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "sans-serif"];
const outside = "#f1f3f3";
const hidden = "#f7f8f8";

export const areaSource = (area: string) => `area-${area}`;
export const fillLayer = (area: string) => `fill-${area}`;
export const pointSource = "points";
export const labelSource = "labels";
export const layers = { clusters: "clusters", clusterNumbers: "cluster-numbers", singles: "singles", labels: "labels" };

const feature = (name: string, otherwise: boolean): ExpressionSpecification => ["boolean", ["feature-state", name], otherwise];

/** The colour of an area by its class; switched-off classes are pale. */
export function fillColour(classes: FigureClass[]): DataDrivenPropertyValueSpecification<string> {
  const steps = classes.flatMap((one, index) => [index + 1, one.colour]);
  const byClass = ["match", ["coalesce", ["feature-state", "class"], outsideClass], ...steps, missingClass, colours.missing, outside];
  return ["case", feature("off", false), hidden, byClass as unknown as ExpressionSpecification];
}

export function tileAddress(config: Config, layer: string, state: State): string {
  const filled = fill(config.tiles, state, { layer });
  // The braces that MapLibre fills in were left alone; the worker needs a whole address.
  return location.origin + filled;
}

function source(config: Config, layer: string, zooms: [number, number], state: State, promoteId?: string): VectorSourceSpecification {
  const plain: VectorSourceSpecification = { type: "vector", tiles: [tileAddress(config, layer, state)], minzoom: zooms[0], maxzoom: zooms[1], bounds: config.bounds };
  return promoteId ? { ...plain, promoteId } : plain;
}

export function buildStyle(config: Config, state: State): StyleSpecification {
  const sources: StyleSpecification["sources"] = {
    [labelSource]: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
  };
  const drawn: LayerSpecification[] = [{ id: "paper", type: "background", paint: { "background-color": "#fbfcfc" } }];
  for (const area of config.areas) {
    sources[areaSource(area)] = source(config, area, config.areaZooms[area] ?? [0, 10], state, "code");
    drawn.push({
      id: fillLayer(area),
      type: "fill",
      source: areaSource(area),
      "source-layer": area,
      layout: { visibility: "none" },
      paint: { "fill-color": fillColour([]), "fill-opacity": ["case", feature("hover", false), 0.82, 1] },
    });
  }
  // Lines above all fills, the widest area's last.
  for (const area of [...config.areas].reverse()) drawn.push(...lines(area));
  for (const area of config.areas) drawn.push(chosen(area));
  if (config.points) {
    sources[pointSource] = source(config, config.points.layer, config.points.zooms, state);
  }
  drawn.push(labels());
  if (config.points) drawn.push(...points(config.points.layer, config.points.kinds), clusterNumbers(config.points.layer));
  return { version: 8, sources, layers: drawn, transition: { duration: 0, delay: 0 } };
}

function lines(area: string): LayerSpecification[] {
  const schematic: ExpressionSpecification = ["any", ["==", ["get", "schematic"], true], ["==", ["get", "schematic"], 1]];
  const line = (id: string, dashed: boolean): LayerSpecification => ({
    id,
    type: "line",
    source: areaSource(area),
    "source-layer": area,
    filter: dashed ? schematic : ["!", schematic],
    layout: { visibility: "none", "line-join": "round" },
    paint: {
      "line-color": colours.outline,
      "line-opacity": ["case", feature("hover", false), 1, 0.55],
      "line-width": ["case", feature("hover", false), 2, 0.6],
      ...(dashed ? { "line-dasharray": [3, 2] } : {}),
    },
  });
  return [line(`line-${area}`, false), line(`line-${area}-schematic`, true)];
}

/** How wide the lines of an area are: `depth` 0 is the level that is coloured, 1 the one above it. */
export function lineWidth(depth: number): ExpressionSpecification {
  const width = depth === 0 ? 0.6 : depth === 1 ? 1.3 : 2;
  return ["case", feature("hover", false), 2.4, width];
}

function chosen(area: string): LayerSpecification {
  return {
    id: `chosen-${area}`,
    type: "line",
    source: areaSource(area),
    "source-layer": area,
    filter: ["==", ["get", "code"], ""],
    layout: { "line-join": "round" },
    paint: { "line-color": "#7a2e00", "line-width": 2.6 },
  };
}

const isCluster: ExpressionSpecification = ["has", "count"];

function points(layer: string, kinds: string[]): LayerSpecification[] {
  const palette = colours.point;
  const byKind = kinds.slice(0, palette.length - 1).flatMap((kind, index) => [kind, palette[index] ?? colours.place]);
  const other = palette[palette.length - 1] ?? colours.place;
  const colour = kinds.length > 0 ? (["match", ["get", "type"], ...byKind, other] as unknown as ExpressionSpecification) : colours.place;
  return [
    {
      id: layers.clusters,
      type: "circle",
      source: pointSource,
      "source-layer": layer,
      filter: isCluster,
      paint: {
        "circle-color": "#ffffff",
        "circle-opacity": 0.92,
        "circle-stroke-color": colours.place,
        "circle-stroke-width": 1.4,
        "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "count"]], 1, 8, 10, 13, 32, 18, 110, 26],
      },
    },
    {
      id: layers.singles,
      type: "circle",
      source: pointSource,
      "source-layer": layer,
      filter: ["!", isCluster],
      paint: {
        "circle-color": colour,
        "circle-stroke-color": "#ffffff",
        "circle-stroke-width": 1,
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 6, 3, 10, 4.5, 14, 6],
      },
    },
  ];
}

function clusterNumbers(layer: string): LayerSpecification {
  return {
    id: layers.clusterNumbers,
    type: "symbol",
    source: pointSource,
    "source-layer": layer,
    filter: isCluster,
    layout: {
      "text-field": ["number-format", ["get", "count"], { locale: "zh-CN", "max-fraction-digits": 0 }],
      "text-font": fonts,
      "text-size": 12,
      // Every number is shown, so that they add up to the table's count; names make way for them.
      "text-allow-overlap": true,
    },
    paint: { "text-color": "#0a2f36" },
  };
}

function labels(): LayerSpecification {
  return {
    id: layers.labels,
    type: "symbol",
    source: labelSource,
    layout: {
      "text-field": ["format", ["get", "name"], {}, "\n", {}, ["get", "text"], { "font-scale": 0.92 }],
      "text-font": fonts,
      "text-size": 12,
      "text-line-height": 1.15,
      "text-padding": 3,
    },
    paint: { "text-color": "#1b2426", "text-halo-color": "rgba(255,255,255,0.9)", "text-halo-width": 1.4 },
  };
}
