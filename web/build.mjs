// Builds web/src into web/dist: minified files with content-hashed names, a .gz beside each, and
// manifest.json, which crates/ui embeds. Everything is compiled down to Chromium 86.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const target = "chrome86";

/** Entry points: the logical name a page asks for, and where it comes from. */
const entries = [
  { name: "app.css", source: "src/style/app.css" },
  { name: "gallery.css", source: "src/style/gallery.css" },
  { name: "app.js", source: "src/app.ts" },
  { name: "upload.js", source: "src/upload.ts" },
  { name: "progress.js", source: "src/progress.ts" },
  { name: "cascade.js", source: "src/cascade.ts" },
  { name: "passkey.js", source: "src/passkey.ts" },
  { name: "map.js", source: "src/map/index.ts" },
  { name: "map.css", source: "src/map/map.css" },
  { name: "map-worker.js", source: "src/map/worker.ts" },
  { name: "icon.svg", source: "src/icon.svg" },
  { name: "licences.txt", source: "" },
];

const types = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml", txt: "text/plain; charset=utf-8" };

/** The colours stand once, in colours.json; here they become custom properties and fill classes. */
async function colourSheet() {
  const colours = JSON.parse(await readFile(join(here, "colours.json"), "utf8"));
  const properties = [];
  const classes = [];
  const scale = (prefix, values) =>
    values.forEach((value, index) => {
      const name = `${prefix}-${index + 1}`;
      properties.push(`--${name}:${value}`);
      classes.push(`.fill-${name}{fill:var(--${name});background-color:var(--${name})}`);
    });
  scale("seq", colours.sequential);
  scale("div", colours.diverging);
  scale("point", colours.point);
  properties.push(`--missing:${colours.missing}`, `--map-line:${colours.line}`, `--map-outline:${colours.outline}`);
  classes.push(".fill-missing{fill:var(--missing);background-color:var(--missing)}");
  return `:root{${properties.join(";")}}\n${classes.join("\n")}\n`;
}

const virtual = {
  name: "weihe-virtual",
  setup(plugin) {
    plugin.onResolve({ filter: /^weihe:colours\.css$/ }, () => ({ path: "colours.css", namespace: "weihe" }));
    plugin.onLoad({ filter: /.*/, namespace: "weihe" }, async () => ({ contents: await colourSheet(), loader: "css" }));
  },
};

/** What is shipped with the map: MapLibre GL and what it bundles, each with its licence. */
async function licences() {
  const modules = join(here, "node_modules");
  const map = JSON.parse(await readFile(join(modules, "maplibre-gl/package.json"), "utf8"));
  const names = ["maplibre-gl", ...Object.keys(map.dependencies).filter((name) => !name.startsWith("@types/"))];
  const parts = names.map(async (name) => {
    const folder = join(modules, name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
    const text = file ? await readFile(join(folder, file), "utf8") : "";
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return Buffer.from((await Promise.all(parts)).join(`\n${"-".repeat(72)}\n\n`));
}

async function compile(entry) {
  if (entry.name === "licences.txt") return licences();
  if (entry.name.endsWith(".svg")) return readFile(join(here, entry.source));
  const result = await build({
    absWorkingDir: here,
    entryPoints: [entry.source],
    bundle: true,
    minify: true,
    write: false,
    charset: "utf8",
    format: "esm",
    target,
    legalComments: "eof",
    // MapLibre GL marks its worker as free of side effects; it is nothing but them.
    ignoreAnnotations: entry.name === "map-worker.js",
    plugins: [virtual],
    logLevel: "warning",
    outdir: "out",
  });
  const [output] = result.outputFiles;
  return Buffer.from(output.contents);
}

const staging = join(here, `dist.${process.pid}`);
const dist = join(here, "dist");
await rm(staging, { recursive: true, force: true });
await mkdir(staging, { recursive: true });

const manifest = {};
for (const entry of entries) {
  const bytes = await compile(entry);
  const zipped = gzipSync(bytes, { level: 9 });
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const extension = entry.name.split(".").pop();
  const file = entry.name.replace(/\.([a-z]+)$/, `.${hash}.$1`);
  await writeFile(join(staging, file), bytes);
  await writeFile(join(staging, `${file}.gz`), zipped);
  manifest[entry.name] = { file, type: types[extension], bytes: bytes.length, gzip: zipped.length };
}
await writeFile(join(staging, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);

await rm(dist, { recursive: true, force: true });
await rename(staging, dist);

for (const [name, { bytes, gzip }] of Object.entries(manifest)) {
  console.log(`${name.padEnd(16)} ${String(bytes).padStart(9)} B  ${String(gzip).padStart(8)} B gzip`);
}
