// What the page tells the map (crates/ui/src/map.rs documents it) and what the server answers.

/** What is shown. Every key stands in the page's address. */
export type State = Record<string, string>;

export interface Config {
  /** West, south, east, north of the whole. */
  bounds: [number, number, number, number];
  /** The place that is shown when none is chosen. */
  home: string;
  /** Tile addresses; `{layer}` and every key of the state are filled in. */
  tiles: string;
  /** Layers of areas, from the widest to the narrowest. */
  areas: string[];
  /** The zooms at which a layer of areas has tiles. */
  areaZooms: Record<string, [number, number]>;
  points?: { layer: string; zooms: [number, number]; kinds: string[] };
  figures: string;
  panel: string;
  /** The page of one point; `{id}` is filled in. */
  pointPage?: string;
  state: State;
}

export interface FigureClass {
  from: number | null;
  to: number | null;
  label: string;
  colour: string;
}

export interface FigureValue {
  value: number | null;
  text: string;
  /** Counts from 1; null where there is no value. */
  class: number | null;
  name: string;
  /** That the number is of a part of the place, or why there is none. */
  note?: string;
  href?: string;
  at?: [number, number];
}

export interface Figures {
  figure: string;
  unit: string;
  decimals: number;
  classes: FigureClass[];
  values: Record<string, FigureValue>;
  missing: number;
  /** What the legend calls places without a value. */
  missing_label?: string;
  note?: string;
}

/** Class of a place without a value, and of one outside of the chosen place. */
export const missingClass = 0;
export const outsideClass = -1;

/** Fills `{name}` in an address from the state, and what is left from `more`. */
export function fill(template: string, state: State, more: Record<string, string> = {}): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = more[name] ?? state[name];
    return value === undefined ? whole : encodeURIComponent(value);
  });
}

/** An address with the state as its query; empty values are left out. */
export function address(path: string, state: State): string {
  const url = new URL(path, location.href);
  for (const [name, value] of Object.entries(state)) {
    if (value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.pathname + url.search;
}
