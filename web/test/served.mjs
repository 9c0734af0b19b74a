// What the tests against the served demo province share. They read WEIHE_URL, WEIHE_USER and
// WEIHE_PASSWORD (see browser.mjs); without an address each of them is skipped with its reason.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { address, launch, open, signIn } from "./browser.mjs";

const skip = address ? false : "WEIHE_URL names no running program";

/** A test that needs the served program. */
export const served = (name, body) => test(name, { skip }, body);

/** A county of the demo province that only the tests that write may change. */
export const ownCounty = { code: "610929", name: "白河县", unit: "白河县教育局", city: "610900" };

/** Counties that no test writes to: what their pages count stays. */
export const quietCounty = { code: "610802", name: "榆阳区" };
export const smallCounty = { code: "610927", name: "镇坪县", unit: "镇坪县教育局" };

/** From this day on the tests' own institutions exist, so that no count of today changes. */
export const ownDay = "2031-03-01";

/**
 * One browser and one sign-in for a file. `visit` opens a page that is signed in; every test asserts in
 * the end that nothing went wrong in it. `first` reads what the tests of the file have in common.
 */
export function house(first = async () => {}) {
  const held = { browser: undefined, cookies: [] };
  before(async () => {
    if (skip) return;
    held.browser = await launch();
    const { context, page } = await open(held.browser);
    await signIn(page);
    held.cookies = await context.cookies();
    await first(page);
    await context.close();
  });
  after(() => held.browser?.close());
  return {
    /** A page of its own, signed in unless `anonymous`. */
    async visit(path, { anonymous = false, ...options } = {}) {
      const opened = await open(held.browser, options);
      if (!anonymous) await opened.context.addCookies(held.cookies);
      if (path) await opened.page.goto(path);
      return opened;
    },
    get browser() {
      return held.browser;
    },
  };
}

/** Closes a page of a test after asserting that nothing went wrong in it. */
export async function done({ context, problems }, but = () => false) {
  assert.deepEqual(problems.filter((problem) => !but(problem)), []);
  await context.close();
}

/** An answer as JSON, fetched with the page's cookies. */
export async function json(page, path) {
  const answer = await page.request.get(path);
  assert.equal(answer.status(), 200, path);
  return answer.json();
}

/** An answer as text. */
export async function text(page, path) {
  const answer = await page.request.get(path);
  assert.equal(answer.status(), 200, path);
  return answer.text();
}

/** The rows of a CSV file (quotes as in RFC 4180), without its byte order mark. */
export function rowsOf(csv) {
  const rows = [[""]];
  let quoted = false;
  const letters = csv.replace(/^\uFEFF/, "");
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters[at];
    const row = rows[rows.length - 1];
    if (quoted) {
      if (letter !== '"') row[row.length - 1] += letter;
      else if (letters[at + 1] === '"') row[row.length - 1] += letters[(at += 1)];
      else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === ",") row.push("");
    else if (letter === "\n") rows.push([""]);
    else if (letter !== "\r") row[row.length - 1] += letter;
  }
  return rows.filter((row) => row.length > 1 || row[0] !== "");
}

/** What a data table shows: the words of its cells, headers apart. */
export const tableOf = (page, selector = "table.data") =>
  page.$eval(selector, (table) => {
    const words = (cell) => {
      const copy = cell.cloneNode(true);
      for (const hidden of copy.querySelectorAll(".sr-only, .arrow")) hidden.remove();
      return copy.textContent.replace(/\s+/g, " ").trim();
    };
    const cells = (row) => Array.from(row.cells).map(words);
    return {
      header: cells(table.tHead.rows[0]),
      rows: Array.from(table.tBodies[0].rows).map(cells),
      totals: table.tFoot ? cells(table.tFoot.rows[0]) : [],
    };
  });

/** A number as pages write it. */
export const number = (words) => Number(words.replace(/[^\d.−-]/g, "").replace("−", "-"));

/** Opens the map and waits until it is drawn. */
export async function drawn(page) {
  await page.waitForSelector("weihe-map.ready");
  await page.waitForSelector(".legend button");
  await idle(page);
}

export const idle = (page) => page.evaluate(() => document.querySelector("weihe-map").whenIdle());

/** The colours of the canvas at places, as `#rrggbb`. Names and numbers on the map are taken away first. */
export const coloursAt = (page, places) =>
  page.evaluate(async (asked) => {
    const element = document.querySelector("weihe-map");
    const map = element.map;
    for (const layer of ["labels", "clusters", "cluster-numbers", "singles"]) map.setLayoutProperty(layer, "visibility", "none");
    await new Promise((drawn) => map.once("idle", drawn).triggerRepaint());
    const canvas = map.getCanvas();
    const flat = document.createElement("canvas");
    flat.width = canvas.width;
    flat.height = canvas.height;
    const context = flat.getContext("2d");
    context.drawImage(canvas, 0, 0);
    const scale = canvas.width / canvas.clientWidth;
    const colours = asked.map((place) => {
      const point = map.project(place);
      const data = context.getImageData(Math.round(point.x * scale), Math.round(point.y * scale), 1, 1).data;
      return `#${Array.from(data.slice(0, 3), (part) => part.toString(16).padStart(2, "0")).join("")}`;
    });
    map.setLayoutProperty("labels", "visibility", "visible");
    return colours;
  }, places);

/** Where a place of the map is in the window. */
export const windowPoint = (page, place) =>
  page.evaluate((at) => {
    const element = document.querySelector("weihe-map");
    const box = element.getBoundingClientRect();
    const point = element.map.project(at);
    return [box.left + point.x, box.top + point.y];
  }, place);

/** Chinese letters and marks. */
export const chinese = /[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]/;
