// <weihe-map>: draws the areas of one level by the class of a figure, institutions as points above
// them, and keeps address, panel, legend and breadcrumb in step. Without WebGL 2 or without this script
// the still picture inside the element stays.
import "./old";
import { type GeoJSONSource, type MapGeoJSONFeature, type MapMouseEvent, Map as MapLibre, NavigationControl, ScaleControl, type VectorTileSource, setWorkerUrl } from "maplibre-gl";
import { announce, remember, showBusy } from "../swap";
import { Legend, element } from "./legend";
import { type Config, type Figures, type State, address, fill, missingClass } from "./model";
import { areaSource, buildStyle, fillColour, fillLayer, labelSource, layers, lineWidth, pointSource, tileAddress } from "./style";

class WeiheMap extends HTMLElement {
  /** For tests and the curious. */
  map: MapLibre | undefined;
  private config!: Config;
  private state!: State;
  private figures: Figures | undefined;
  private legend!: Legend;
  private tip!: HTMLElement;
  private hovered: { source: string; sourceLayer: string; id: string } | undefined;
  private asking: Record<string, AbortController> = {};
  private leaving = new AbortController();

  connectedCallback(): void {
    const block = this.querySelector('script[type="application/json"]');
    if (!block?.textContent || this.map) return;
    this.config = JSON.parse(block.textContent) as Config;
    this.state = this.stateOfAddress();
    if (!this.start()) {
      const note = element("p", "map-note", this.dataset["plain"]);
      this.append(note);
      return;
    }
    this.listen();
  }

  disconnectedCallback(): void {
    this.leaving.abort();
    for (const one of Object.values(this.asking)) one.abort();
    this.map?.remove();
    this.map = undefined;
  }

  /** How many institutions the points that are loaded stand for. */
  counted(): number {
    const points = this.config.points;
    if (!this.map || !points) return 0;
    const found = this.map.querySourceFeatures(pointSource, { sourceLayer: points.layer });
    return found.reduce((sum, one) => sum + Number(one.properties["count"] ?? 1), 0);
  }

  /** When everything that was asked for is drawn. */
  async whenIdle(): Promise<void> {
    const map = this.map;
    if (!map || (map.loaded() && map.areTilesLoaded() && !map.isMoving())) return;
    await new Promise<void>((done) => void map.once("idle", () => done()));
  }

  private stateOfAddress(): State {
    const query = new URLSearchParams(location.search);
    const state: State = {};
    for (const [name, value] of Object.entries(this.config.state)) state[name] = query.get(name) ?? value;
    return state;
  }

  private start(): boolean {
    if (!document.createElement("canvas").getContext("webgl2")) return false;
    const canvas = element("div", "map-canvas");
    this.append(canvas);
    const [west, south, east, north] = this.config.bounds;
    const margin = Math.max(east - west, north - south) * 0.6;
    try {
      setWorkerUrl(new URL(this.dataset["worker"] ?? "", location.href).href);
      this.map = new MapLibre({
        container: canvas,
        style: buildStyle(this.config, this.state),
        bounds: [west, south, east, north],
        fitBoundsOptions: { padding: 16 },
        maxBounds: [west - margin, south - margin, east + margin, north + margin],
        attributionControl: false,
        dragRotate: false,
        pitchWithRotate: false,
        touchPitch: false,
        doubleClickZoom: false,
        renderWorldCopies: false,
        maxZoom: 17,
        fadeDuration: 0,
        localIdeographFontFamily: '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
        // A printed page shows what the canvas holds.
        canvasContextAttributes: { preserveDrawingBuffer: true, antialias: true },
        locale: {
          "Map.Title": `${this.dataset["label"] ?? ""} ${this.dataset["help"] ?? ""}`.trim(),
          "NavigationControl.ZoomIn": this.dataset["zoomIn"] ?? "",
          "NavigationControl.ZoomOut": this.dataset["zoomOut"] ?? "",
          "ScaleControl.Meters": "m",
          "ScaleControl.Kilometers": "km",
        },
      });
    } catch (error) {
      console.warn(error);
      canvas.remove();
      return false;
    }
    this.tip = element("div", "map-tip");
    this.tip.hidden = true;
    this.append(this.tip);
    const legendPlace = document.querySelector<HTMLElement>("[data-map-legend]") ?? element("div", "");
    this.legend = new Legend(legendPlace, { noValue: this.dataset["noValue"] ?? "", hint: this.dataset["legendHint"] ?? "" }, () => this.colour());
    this.controls(this.map);
    return true;
  }

  private controls(map: MapLibre): void {
    map.touchZoomRotate.disableRotation();
    map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-right");
    const box = element("div", "maplibregl-ctrl maplibregl-ctrl-group");
    const home = document.createElement("button");
    home.type = "button";
    home.title = this.dataset["home"] ?? "";
    home.setAttribute("aria-label", home.title);
    home.className = "map-home";
    home.addEventListener("click", () => this.apply({ place: "", within: "", ...(this.config.state["level"] ? { level: this.config.state["level"] } : {}) }, true));
    box.append(home);
    map.addControl({ onAdd: () => box, onRemove: () => box.remove() }, "top-right");
  }

  private listen(): void {
    const map = this.map as MapLibre;
    const signal = this.leaving.signal;
    map.on("load", () => {
      this.classList.add("ready");
      this.showLevel();
      void this.loadFigures();
      const bounds = document.querySelector<HTMLElement>("[data-map-panel] [data-bounds]");
      if (bounds && this.state["within"]) this.fit(bounds.dataset["bounds"], false);
    });
    map.on("error", (event) => this.failed(event.error));
    map.on("mousemove", (event) => this.hover(event));
    map.on("mouseout", () => this.unhover());
    map.on("click", (event) => this.clicked(event));
    map.on("dblclick", (event) => this.drill(event));

    // The page's own controls redraw the map instead of loading the page. Caught before app.ts sees them.
    const caught = (event: Event) => {
      const form = event.target instanceof Element ? event.target.closest<HTMLFormElement>("form[data-live]") : null;
      if (!form) return;
      event.stopPropagation();
      if (event.type === "submit") event.preventDefault();
      else if (event.type === "input") return;
      if (form.checkValidity()) this.apply(this.stateOfForm(form), false);
    };
    for (const name of ["change", "submit", "input"]) document.addEventListener(name, caught, { capture: true, signal } as AddEventListenerOptions);
    document.addEventListener("click", (event) => this.followed(event), { capture: true, signal } as AddEventListenerOptions);
    document.addEventListener("mouseover", (event) => this.pointed(event), { signal } as AddEventListenerOptions);
    window.addEventListener("popstate", (event) => this.back(event), { signal } as AddEventListenerOptions);
  }

  private stateOfForm(form: HTMLFormElement): State {
    const changed: State = {};
    // A box that is not ticked is not in the form's data, but belongs to the state.
    for (const field of Array.from(form.elements)) {
      const name = field.getAttribute("name");
      if (name && name in this.state && !(field instanceof HTMLInputElement && field.type === "hidden")) changed[name] = "";
    }
    new FormData(form).forEach((value, name) => {
      if (name in changed && typeof value === "string") changed[name] = value;
    });
    return changed;
  }

  /** Takes a changed state: address, tiles, figures, panel, forms and links follow. */
  private apply(change: State, fly: boolean, entry: "push" | "none" = "push"): void {
    const before = this.state;
    this.state = { ...before, ...change };
    const changed = Object.keys(this.state).filter((name) => this.state[name] !== before[name]);
    if (changed.length === 0 && !fly) return;
    remember(address(location.pathname + location.search, this.state), entry, "map");
    if (changed.some((name) => this.config.tiles.includes(`{${name}}`))) this.setTiles();
    if (changed.includes("level") || changed.includes("points")) this.showLevel();
    if (changed.some((name) => name !== "place" && name !== "points")) void this.loadFigures();
    this.choose();
    void this.loadPanel(fly);
    this.followState(entry === "none");
  }

  private setTiles(): void {
    for (const area of this.config.areas) {
      (this.map?.getSource(areaSource(area)) as VectorTileSource | undefined)?.setTiles([tileAddress(this.config, area, this.state)]);
    }
    const points = this.config.points;
    if (points) (this.map?.getSource(pointSource) as VectorTileSource | undefined)?.setTiles([tileAddress(this.config, points.layer, this.state)]);
  }

  private level(): number {
    return Math.max(0, this.config.areas.indexOf(this.state["level"] ?? ""));
  }

  /** The level that is coloured, the lines of those above it, the points if they are wanted. */
  private showLevel(): void {
    const map = this.map as MapLibre;
    const level = this.level();
    this.config.areas.forEach((area, index) => {
      map.setLayoutProperty(fillLayer(area), "visibility", index === level ? "visible" : "none");
      for (const id of [`line-${area}`, `line-${area}-schematic`]) {
        map.setLayoutProperty(id, "visibility", index <= level ? "visible" : "none");
        map.setPaintProperty(id, "line-width", lineWidth(level - index));
      }
    });
    if (!this.config.points) return;
    const shown = this.state["points"] === "1" ? "visible" : "none";
    for (const id of [layers.clusters, layers.clusterNumbers, layers.singles]) map.setLayoutProperty(id, "visibility", shown);
    // Numbers of places and numbers of points on one map would be read as one another.
    map.setLayoutProperty(layers.labels, "text-field", shown === "visible" ? ["get", "name"] : ["format", ["get", "name"], {}, "\n", {}, ["get", "text"], { "font-scale": 0.92 }]);
    this.choose();
  }

  private choose(): void {
    for (const area of this.config.areas) this.map?.setFilter(`chosen-${area}`, ["==", ["get", "code"], this.state["place"] ?? ""]);
  }

  private async loadFigures(): Promise<void> {
    const answer = await this.ask("figures", address(this.config.figures, this.state), "application/json");
    if (!answer) return;
    this.figures = JSON.parse(answer) as Figures;
    this.legend.draw(this.figures);
    this.colour();
    const places = Object.entries(this.figures.values).filter(([, value]) => value.at !== undefined);
    const features = places.map(([code, value]) => ({
      type: "Feature" as const,
      geometry: { type: "Point" as const, coordinates: value.at as [number, number] },
      properties: { code, name: value.name, text: [value.text, value.note].filter(Boolean).join("\n") },
    }));
    (this.map?.getSource(labelSource) as GeoJSONSource | undefined)?.setData({ type: "FeatureCollection", features });
    announce(`${this.figures.figure} ${this.state["as_of"] ?? ""}`);
    this.dispatchEvent(new CustomEvent("weihe:figures", { bubbles: true }));
  }

  /** Gives every area of the level its class. */
  private colour(): void {
    const area = this.config.areas[this.level()];
    if (!this.map || !this.figures || !area) return;
    const source = areaSource(area);
    this.map.removeFeatureState({ source, sourceLayer: area });
    this.map.setPaintProperty(fillLayer(area), "fill-color", fillColour(this.figures.classes));
    for (const [code, value] of Object.entries(this.figures.values)) {
      const one = value.class ?? missingClass;
      this.map.setFeatureState({ source, sourceLayer: area, id: code }, { class: one, off: this.legend.off.has(one) });
    }
  }

  private async loadPanel(fly: boolean): Promise<void> {
    const panel = document.querySelector<HTMLElement>("[data-map-panel]");
    const place = this.state["place"] || this.config.home;
    const answer = await this.ask("panel", address(fill(this.config.panel, {}, { code: place }), this.state), "text/html");
    if (answer === undefined || !panel) return;
    const fresh = new DOMParser().parseFromString(answer, "text/html");
    const crumbs = fresh.querySelector("ol[data-crumbs]");
    const held = document.querySelector(".bar .crumbs ol");
    if (crumbs && held) held.replaceWith(document.adoptNode(crumbs));
    const root = fresh.querySelector<HTMLElement>("[data-bounds]");
    panel.replaceChildren(...Array.from(fresh.body.childNodes).map((node) => document.adoptNode(node)));
    panel.scrollTop = 0;
    if (fly) this.fit(root?.dataset["bounds"], true);
    this.dispatchEvent(new CustomEvent("weihe:panel", { bubbles: true }));
  }

  private fit(words: string | undefined, animate: boolean): void {
    const [west, south, east, north] = (words ?? this.config.bounds.join(",")).split(",").map(Number);
    if (west === undefined || south === undefined || east === undefined || north === undefined || Number.isNaN(north)) return;
    this.map?.fitBounds([west, south, east, north], { padding: 24, maxZoom: 14, animate: animate && !matchMedia("(prefers-reduced-motion: reduce)").matches, duration: 500 });
  }

  private async ask(what: string, from: string, type: string): Promise<string | undefined> {
    this.asking[what]?.abort();
    const own = new AbortController();
    this.asking[what] = own;
    const quiet = window.setTimeout(() => showBusy(true), 300);
    try {
      const response = await fetch(from, { signal: own.signal, headers: { accept: type, "weihe-fragment": "1" } });
      if (response.redirected) {
        location.reload();
        return undefined;
      }
      if (!response.ok) throw new Error(`${response.status} ${from}`);
      this.querySelector(".map-note")?.remove();
      return await response.text();
    } catch (error) {
      if (!own.signal.aborted) this.failed(error);
      return undefined;
    } finally {
      window.clearTimeout(quiet);
      if (this.asking[what] === own) showBusy(false);
    }
  }

  private failed(error: unknown): void {
    console.warn(error);
    if (this.querySelector(".map-note")) return;
    const note = element("p", "map-note", this.dataset["failed"]);
    note.setAttribute("role", "alert");
    this.append(note);
  }

  /** Hidden fields and links of the page that carry the state; a field in use only on the way back. */
  private followState(all: boolean): void {
    const fields = document.querySelectorAll<HTMLInputElement | HTMLSelectElement>("form[data-live] [name]");
    for (const field of Array.from(fields)) {
      const value = this.state[field.name];
      if (value === undefined || (!all && field === document.activeElement)) continue;
      if (field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio")) field.checked = field.value === value;
      else field.value = value;
    }
    for (const link of Array.from(document.querySelectorAll<HTMLAnchorElement>("[data-map-list]"))) {
      link.href = address(link.getAttribute("href") ?? "", this.state);
    }
    const language = document.querySelector<HTMLAnchorElement>("a.lang");
    if (language) {
      const url = new URL(language.href);
      url.searchParams.set("back", location.pathname + location.search);
      language.href = url.pathname + url.search;
    }
  }

  private at(event: MapMouseEvent): { area?: MapGeoJSONFeature; point?: MapGeoJSONFeature } {
    const map = this.map as MapLibre;
    const area = this.config.areas[this.level()];
    const wanted = [...(this.config.points ? [layers.clusters, layers.singles] : []), ...(area ? [fillLayer(area)] : [])];
    const found = map.queryRenderedFeatures(event.point, { layers: wanted });
    const point = found.find((one) => one.source === pointSource);
    const place = found.find((one) => one.source !== pointSource);
    return { ...(place ? { area: place } : {}), ...(point ? { point } : {}) };
  }

  private hover(event: MapMouseEvent): void {
    const { area, point } = this.at(event);
    const map = this.map as MapLibre;
    map.getCanvas().style.cursor = area || point ? "pointer" : "";
    this.mark(area ? String(area.properties["code"]) : undefined);
    const words = this.tipWords(area, point);
    this.tip.hidden = words.length === 0;
    this.tip.replaceChildren(...words.map((line, index) => element(index === 0 ? "strong" : "span", "", line)));
    const right = event.point.x > map.getCanvas().clientWidth - 180;
    this.tip.style.transform = `translate(${event.point.x + (right ? -14 : 14)}px, ${event.point.y + 14}px)${right ? " translateX(-100%)" : ""}`;
  }

  private tipWords(area: MapGeoJSONFeature | undefined, point: MapGeoJSONFeature | undefined): string[] {
    if (point && point.properties["count"] === undefined) return [String(point.properties["name"] ?? "")];
    if (point) return [Number(point.properties["count"]).toLocaleString("zh-CN")];
    if (!area) return [];
    const value = this.figures?.values[String(area.properties["code"])];
    const name = value?.name ?? String(area.properties["name"] ?? "");
    if (!value) return [name];
    const shown = value.class === null ? (value.note ?? this.dataset["noValue"] ?? "") : `${value.text} ${this.figures?.unit ?? ""}`;
    const lines = [name, `${this.figures?.figure ?? ""} ${shown}`.trim()];
    return value.class !== null && value.note ? [...lines, value.note] : lines;
  }

  private mark(code: string | undefined): void {
    if (this.hovered?.id === code) return;
    if (this.hovered) this.map?.setFeatureState(this.hovered, { hover: false });
    const area = this.config.areas[this.level()];
    this.hovered = code !== undefined && area ? { source: areaSource(area), sourceLayer: area, id: code } : undefined;
    if (this.hovered) this.map?.setFeatureState(this.hovered, { hover: true });
  }

  private unhover(): void {
    this.mark(undefined);
    this.tip.hidden = true;
  }

  private clicked(event: MapMouseEvent): void {
    const { area, point } = this.at(event);
    if (point && point.properties["count"] !== undefined) {
      const map = this.map as MapLibre;
      map.easeTo({ center: event.lngLat, zoom: Math.min(map.getZoom() + 2, map.getMaxZoom()) });
      return;
    }
    if (point && this.config.pointPage) {
      location.assign(fill(this.config.pointPage, this.state, { id: String(point.properties["id"] ?? "") }));
      return;
    }
    if (area) this.apply({ place: String(area.properties["code"]) }, false);
  }

  /** A double click goes into the place: the level below it, within it. */
  private drill(event: MapMouseEvent): void {
    const { area } = this.at(event);
    const below = this.config.areas[this.level() + 1];
    if (!area || !below) return;
    const code = String(area.properties["code"]);
    this.apply({ place: code, within: code, level: below }, true);
  }

  /** Links with data-place choose a place, with data-level they go into it. */
  private followed(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>("a[data-place]") : null;
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const place = link.dataset["place"] ?? "";
    const level = link.dataset["level"];
    if (level === undefined) this.apply({ place }, false);
    else this.apply({ place, within: place === this.config.home ? "" : place, level }, true);
  }

  /** A place that is pointed at in the panel is marked on the map. */
  private pointed(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-map-panel] a[data-place]") : null;
    if (link) this.mark(link.dataset["place"]);
  }

  private back(event: PopStateEvent): void {
    const state = event.state as { owner?: string } | null;
    if (state?.owner !== "map") return;
    this.apply(this.stateOfAddress(), true, "none");
  }
}


customElements.define("weihe-map", WeiheMap);
