// The map element over a made-up province (fixture.mjs), in software WebGL under the program's content
// security policy.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { audit, chromium86, launch, open, overflows, phone, serve, shot, wide } from "./browser.mjs";
import { asked, routes, total } from "./fixture.mjs";

const file = join(dirname(fileURLToPath(import.meta.url)), ".gallery/map.html");
const html = async () => readFile(file, "utf8").catch(() => assert.fail("run `cargo test -p weihe-ui` first: it writes the gallery pages"));
const map = { "/map": async () => ({ type: "text/html; charset=utf-8", body: await html() }) };

let browser;
let site;
let oldSite;

before(async () => {
  browser = await launch();
  site = await serve({ ...routes, ...map });
  oldSite = await serve({ ...routes, ...map }, { old: true });
});

after(async () => {
  await browser?.close();
  await site?.close();
  await oldSite?.close();
});

async function openMap(path = "/map", { old = false, ...options } = {}) {
  const opened = await open(browser, { base: old ? oldSite.base : site.base, ...options });
  if (old) await opened.page.addInitScript(chromium86);
  await opened.page.goto(path);
  await opened.page.waitForSelector("weihe-map.ready");
  await opened.page.waitForSelector(".legend button");
  await idle(opened.page);
  return opened;
}

const idle = (page) => page.evaluate(() => document.querySelector("weihe-map").whenIdle());

/** The colour of the middle of a place on the canvas. */
const colourAt = (page, lon, lat) =>
  page.evaluate(async ([x, y]) => {
    const map = document.querySelector("weihe-map").map;
    await document.querySelector("weihe-map").whenIdle();
    const canvas = map.getCanvas();
    const point = map.project([x, y]);
    const flat = document.createElement("canvas");
    flat.width = canvas.width;
    flat.height = canvas.height;
    const context = flat.getContext("2d");
    context.drawImage(canvas, 0, 0);
    const scale = canvas.width / canvas.clientWidth;
    return Array.from(context.getImageData(Math.round(point.x * scale), Math.round(point.y * scale), 1, 1).data.slice(0, 3));
  }, [lon, lat]);

for (const [label, options] of [["1280", { size: wide }], ["360", { size: phone }], ["Chromium 86, as far as it can be imitated", { old: true }]]) {
  test(`the map draws, is accessible and fits: ${label}`, async () => {
    const { context, page, problems } = await openMap("/map", options);
    await shot(page, `map-${label.split(",")[0].replace(" ", "-")}`, { fullPage: false });
    assert.equal(await overflows(page), false);
    assert.deepEqual(await audit(page), []);
    // The first county is in the first class: #dcedea.
    assert.deepEqual(await colourAt(page, 106.2, 33.45), [220, 237, 234]);
    assert.deepEqual(problems, []);
    await context.close();
  });
}

test("the points on the map stand for every institution at every zoom", async () => {
  const { context, page } = await openMap("/map", { size: { width: 1600, height: 1200 } });
  for (const zoom of [5, 6, 7, 7.6]) {
    await page.evaluate((level) => document.querySelector("weihe-map").map.jumpTo({ center: [107.5, 34.5], zoom: level }), zoom);
    await idle(page);
    assert.equal(await page.evaluate(() => document.querySelector("weihe-map").counted()), total, `zoom ${zoom}`);
  }
  await context.close();
});

test("a class of the legend is switched off and on", async () => {
  const { context, page } = await openMap();
  await page.click(".legend button >> nth=0");
  assert.equal(await page.getAttribute(".legend button >> nth=0", "aria-pressed"), "false");
  assert.deepEqual(await colourAt(page, 106.2, 33.45), [247, 248, 248]);
  await page.click(".legend button >> nth=0");
  assert.deepEqual(await colourAt(page, 106.2, 33.45), [220, 237, 234]);
  await context.close();
});

test("another day redraws without loading the page, and back returns", async () => {
  const { context, page, problems } = await openMap();
  await page.evaluate(() => (window.stays = true));
  await page.fill(".as-of input[type=date]", "2018-09-01");
  await page.waitForURL(/as_of=2018-09-01/);
  await page.waitForSelector("[data-map-panel] >> text=业务时点 2018-09-01");
  await idle(page);
  assert.ok(asked.some((address) => address.startsWith("/tiles/county/") && address.endsWith("as_of=2018-09-01")));
  // Every value is higher by 3: the first county moves to the second class, #a9d3ce.
  assert.deepEqual(await colourAt(page, 106.2, 33.45), [169, 211, 206]);
  await page.goBack();
  await page.waitForSelector("[data-map-panel] >> text=业务时点 2025-09-01");
  assert.equal(await page.inputValue(".as-of input[type=date]"), "2025-09-01");
  assert.equal(await page.evaluate(() => window.stays), true);
  assert.deepEqual(problems, []);
  await context.close();
});

test("one goes into a place by a double click and out by the breadcrumb", async () => {
  const { context, page, problems } = await openMap("/map?level=city&points=0");
  const [x, y] = await page.evaluate(() => {
    const element = document.querySelector("weihe-map");
    const box = element.getBoundingClientRect();
    const point = element.map.project([106.5, 33.5]);
    return [box.left + point.x, box.top + point.y];
  });
  await page.mouse.click(x, y);
  await page.waitForSelector("[data-map-panel] >> text=第1市");
  assert.match(page.url(), /place=t0/);
  await page.mouse.dblclick(x, y);
  await page.waitForURL(/within=t0/);
  assert.match(page.url(), /level=county/);
  await page.waitForFunction(() => document.querySelectorAll(".legend .count").length > 0);
  await idle(page);
  const counts = await page.$$eval(".legend .count", (all) => all.reduce((sum, one) => sum + Number(one.textContent), 0));
  assert.equal(counts, 3, "only the counties of the city are in the legend");
  await page.click(".crumbs a[data-place=p]");
  await page.waitForURL((url) => !url.search.includes("within"));
  assert.deepEqual(problems, []);
  await context.close();
});

test("the keyboard reaches the map, moves it, and opens the list", async () => {
  const { context, page } = await openMap();
  await page.focus("canvas.maplibregl-canvas");
  const before = await page.evaluate(() => document.querySelector("weihe-map").map.getZoom());
  await page.keyboard.press("+");
  await page.waitForFunction((zoom) => document.querySelector("weihe-map").map.getZoom() > zoom + 0.5, before);
  await Promise.all([page.waitForURL(/\/list/), page.keyboard.press("l")]);
  await context.close();
});

test("the review number stands on the map, on paper, and without a script on the still picture", async () => {
  const { context, page } = await openMap();
  assert.match(await page.innerText(".map-review"), /审图号.*示意图,不作为划界依据/s);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.isVisible(".map-review"), true);
  await shot(page, "map-print", { fullPage: false });
  await context.close();

  const plain = await open(browser, { base: site.base, javaScript: false });
  await plain.page.goto("/map");
  assert.equal(await plain.page.isVisible(".map-picture svg"), true);
  assert.equal(await plain.page.isVisible(".map-review"), true);
  assert.equal(await plain.page.isVisible(".map-left button[type=submit]"), true);
  await shot(plain.page, "map-plain", { fullPage: false });
  await plain.context.close();
});
