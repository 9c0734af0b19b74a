// The worker of MapLibre GL, served from our own origin so that the content security policy allows it.
import "./old";
import "maplibre-gl/dist/maplibre-gl-worker.mjs";
