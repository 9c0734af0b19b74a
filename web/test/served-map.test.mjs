// The province map over the served demo province: figures, colours, points, days, the way down, the
// legend as a filter, and all of it again without a script.
import assert from "node:assert/strict";
import { coloursAt, done, drawn, house, idle, json, number, served, tableOf, windowPoint } from "./served.mjs";

const { visit } = house();
const hex = (words) => {
  const parts = words.match(/\d+/g).slice(0, 3).map(Number);
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
};

served("the map opens on mean class size by county, in the colours of its legend and with the values of its list", async () => {
  const opened = await visit("/map");
  const { page } = opened;
  await drawn(page);
  assert.equal(await page.$eval("select[name=figure]", (field) => field.selectedOptions[0].textContent), "平均班额");
  assert.equal(await page.$eval("select[name=level]", (field) => field.value), "county");
  assert.match(await page.innerText("[data-map-panel]"), /平均班额[\s\S]*生师比/);
  const figures = await json(page, "/map/figures.json");
  assert.equal(Object.keys(figures.values).length, 107, "every county has an entry");
  const legend = await page.$$eval(".legend-class", (all) => all.map((one) => [getComputedStyle(one.querySelector(".swatch")).backgroundColor, one.children[1].textContent, Number(one.querySelector(".count").textContent)]));
  figures.classes.forEach((one, index) => {
    const members = Object.values(figures.values).filter((value) => value.class === index + 1);
    assert.deepEqual([hex(legend[index][0]), legend[index][1], legend[index][2]], [one.colour, one.label, members.length]);
  });
  const list = Object.fromEntries((await tableAt(page, "/map/table")).map((row) => [row[2], number(row[1])]));
  // One county in each class whose middle is wide enough for a pixel to be its own.
  const chosen = ["610825", "610881", "610802", "610722", "610928"].filter((code) => figures.values[code]);
  assert.ok(chosen.length >= 4);
  const colours = await coloursAt(page, chosen.map((code) => figures.values[code].at));
  chosen.forEach((code, index) => {
    const one = figures.classes.find((each) => list[code] >= each.from && list[code] <= each.to);
    assert.equal(colours[index], one.colour, `${figures.values[code].name} ${list[code]}`);
  });
  await page.selectOption("select[name=figure]", { label: "生师比" });
  await page.waitForFunction(() => document.querySelector(".legend-title").textContent.startsWith("生师比"));
  assert.match(page.url(), /figure=pupils_per_teacher/);
  await idle(page);
  const next = await json(page, "/map/figures.json?figure=pupils_per_teacher");
  assert.deepEqual(await coloursAt(page, chosen.map((code) => next.values[code].at)), chosen.map((code) => next.classes[next.values[code].class - 1].colour));
  await done(opened);
});

/** The rows of a list page, read in a page of its own context. */
async function tableAt(page, path) {
  const other = await page.context().newPage();
  await other.goto(path);
  const { rows } = await tableOf(other);
  await other.close();
  return rows;
}

served("the numbers of the points add up to the count of the list at every zoom", async () => {
  const opened = await visit("/map?figure=institutions&points=1", { size: { width: 1500, height: 1150 } });
  const { page } = opened;
  await drawn(page);
  const list = await page.getAttribute('[data-map-panel] .links a[href^="/institutions"]', "href");
  const total = await listTotal(page, list);
  assert.ok(total > 10_000);
  const figures = await json(page, "/map/figures.json?figure=institutions");
  assert.equal(figures.points.shown + figures.points.without_coordinates, total, "the map says how many it shows");
  for (const zoom of [5, 5.6, 6.2]) {
    const sum = await page.evaluate(async (level) => {
      const element = document.querySelector("weihe-map");
      const map = element.map;
      const bounds = element.config.bounds;
      map.jumpTo({ center: [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2], zoom: level });
      await element.whenIdle();
      const shown = map.queryRenderedFeatures(undefined, { layers: ["clusters", "singles"] });
      // A circle on the edge of two tiles is met in both.
      const each = new Map(shown.map((one) => [JSON.stringify([one.geometry.coordinates.map((part) => part.toFixed(4)), one.properties.count, one.properties.id]), Number(one.properties.count ?? 1)]));
      return Array.from(each.values()).reduce((all, one) => all + one, 0);
    }, zoom);
    assert.equal(sum, figures.points.shown, `zoom ${zoom}`);
  }
  await done(opened);
});

async function listTotal(page, path) {
  const other = await page.context().newPage();
  await other.goto(path);
  const words = await other.innerText(".pager p");
  await other.close();
  return number(words.split("共")[1]);
}

served("an earlier day redraws boundaries and institutions, and a legend class is switched off and on", async () => {
  const opened = await visit("/map?points=1");
  const { page } = opened;
  await drawn(page);
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  const today = await json(page, "/map/figures.json");
  assert.ok(today.values["610305"] && !today.values["610322"]);
  await page.fill(".as-of input[type=date]", "2018-09-01");
  await page.waitForURL(/as_of=2018-09-01/);
  await page.waitForFunction(() => document.querySelector("[data-map-legend]").textContent.includes("2018-09-01"));
  await idle(page);
  const then = await json(page, "/map/figures.json?as_of=2018-09-01");
  assert.equal(then.values["610322"].name, "凤翔县", "the county of that day");
  assert.ok(!then.values["610305"]);
  assert.notEqual(then.points.shown, today.points.shown, "institutions of that day");
  for (const layer of ["county", "institution"]) assert.ok(asked.some((url) => url.includes(`/tiles/${layer}/`) && url.includes("as_of=2018-09-01")), `tiles of ${layer}`);
  const place = then.values["610322"].at;
  const one = then.classes[then.values["610322"].class - 1];
  assert.deepEqual(await coloursAt(page, [place]), [one.colour], "drawn under its former code");
  const entry = page.locator(".legend button", { hasText: one.label });
  await entry.click();
  assert.equal(await entry.getAttribute("aria-pressed"), "false");
  assert.deepEqual(await coloursAt(page, [place]), ["#f7f8f8"]);
  await entry.click();
  assert.deepEqual(await coloursAt(page, [place]), [one.colour]);
  await page.goBack();
  await page.waitForFunction(() => !document.querySelector("[data-map-legend]").textContent.includes("2018-09-01"));
  await done(opened);
});

served("one goes from the province to a city, a county, a township and an institution", async () => {
  const opened = await visit("/map?level=city");
  const { page } = opened;
  await drawn(page);
  const cities = await json(page, "/map/figures.json?level=city");
  await page.mouse.dblclick(...(await windowPoint(page, cities.values["610800"].at)));
  await page.waitForURL(/within=610800/);
  assert.match(page.url(), /level=county/);
  await page.waitForFunction(() => document.querySelector(".legend .count") && Array.from(document.querySelectorAll(".legend .count")).reduce((sum, one) => sum + Number(one.textContent), 0) === 12, undefined, { timeout: 10_000 });
  await idle(page);
  const counties = await json(page, "/map/figures.json?level=county&within=610800");
  await page.mouse.dblclick(...(await windowPoint(page, counties.values["610881"].at)));
  await page.waitForURL(/within=610881/);
  assert.match(page.url(), /level=township/);
  await page.waitForSelector("[data-map-panel] h2:has-text('神木市')");
  assert.deepEqual((await page.$$eval(".crumbs li", (all) => all.map((one) => one.textContent.trim()))), ["陕西省", "榆林市", "神木市"]);
  await idle(page);
  const townships = await json(page, "/map/figures.json?level=township&within=610881");
  const [code] = Object.entries(townships.values).sort(([, a], [, b]) => b.used - a.used)[0];
  await page.click(`[data-map-panel] a[data-place="${code}"]`);
  await page.waitForSelector(`[data-map-panel] h2:has-text("${townships.values[code].name}")`);
  assert.match(page.url(), new RegExp(`place=${code}`));
  assert.match(await page.innerText("[data-map-panel] h2"), /示意/, "townships without an outline are marked");
  const [school] = await page.$$('[data-map-panel] a[href^="/institutions/"]');
  const name = await school.innerText();
  await Promise.all([page.waitForURL(/\/institutions\/\d+/), school.click()]);
  assert.equal(await page.innerText("h1"), name);
  assert.match(await page.innerText(".crumbs"), /神木市/);
  await done(opened);
});

served("the map of a day can be sent to a colleague: its address opens the same state", async () => {
  const opened = await visit("/map?figure=pupils_per_teacher&level=city&place=610800&as_of=2020-09-01");
  const { page } = opened;
  await drawn(page);
  assert.equal(await page.inputValue(".as-of input[type=date]"), "2020-09-01");
  assert.match(await page.innerText(".legend-title"), /^生师比/);
  assert.match(await page.innerText("[data-map-panel] h2"), /榆林市/);
  await Promise.all([page.waitForURL(/\/map\/table/), page.keyboard.press("l")]);
  assert.equal(new URL(page.url()).searchParams.get("as_of"), "2020-09-01");
  assert.equal(new URL(page.url()).searchParams.get("level"), "city");
  assert.equal((await tableOf(page)).rows.length, 10);
  await done(opened);
});

served("without a script the server draws the map with the same colours, links and points", async () => {
  const opened = await visit("/map", { javaScript: false });
  const { page } = opened;
  const figures = await json(page, "/map/figures.json");
  const shapes = await page.$$eval(".map-picture svg a path", (all) => all.map((path) => [new URL(path.closest("a").href.baseVal, location.href).searchParams.get("place"), getComputedStyle(path).fill, path.querySelector("title").textContent]));
  assert.equal(shapes.length, 107);
  for (const [code, colour, title] of shapes) {
    const value = figures.values[code];
    assert.equal(hex(colour), figures.classes[value.class - 1].colour, value.name);
    assert.equal(title, `${value.name} ${value.text}`);
  }
  assert.equal(await page.isVisible(".map-review"), true);
  await page.goto(new URL(await page.$eval('.map-picture a[href*="place=610881"]', (link) => link.href.baseVal), page.url()).href);
  assert.match(await page.innerText("[data-map-panel] h2"), /神木市/);
  await Promise.all([page.waitForNavigation(), page.click("[data-map-panel] a:has-text('进入下一级')")]);
  assert.match(await page.innerText(".crumbs"), /榆林市[\s\S]*神木市/);
  assert.ok((await page.$$(".map-picture svg a path[stroke-dasharray]")).length > 5, "townships, dashed because they are schematic");
  await page.fill(".as-of input[type=date]", "2018-09-01");
  await Promise.all([page.waitForNavigation(), page.click(".as-of button")]);
  assert.match(await page.innerText("[data-map-legend]"), /2018-09-01/);
  // The points of the still picture add up as well.
  await page.goto("/map?figure=institutions&points=1");
  const circles = await page.$$eval(".map-picture svg g text", (all) => all.map((one) => one.textContent).filter((words) => /^[\d,]+$/.test(words)));
  const singles = await page.$$(".map-picture svg a circle");
  const all = await json(page, "/map/figures.json?figure=institutions");
  assert.equal(circles.reduce((sum, words) => sum + number(words), 0) + singles.length, all.points.shown);
  await Promise.all([page.waitForNavigation(), page.click(".map-list a")]);
  assert.equal((await tableOf(page)).rows.length, 107);
  await done(opened);
});

served("the list behind the map sorts by its address and exports what it shows", async () => {
  const opened = await visit("/map/table?level=city&figure=pupils");
  const { page } = opened;
  await page.click("thead a.sort >> nth=0");
  await page.waitForURL(/sort=/);
  const { header, rows } = await tableOf(page);
  assert.equal(rows.length, 10);
  const csv = await page.request.get(await page.getAttribute('.tools a[href*="figures.csv"]', "href"));
  assert.equal(csv.status(), 200);
  const words = await csv.text();
  assert.match(words, /合成数据/, `the export says so too: ${header.join()}`);
  for (const row of rows) assert.ok(words.includes(row[0]) && words.includes(row[2]), row.join());
  await done(opened);
});
