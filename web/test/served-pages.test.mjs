// Every main page of the served demo province: accessible, as wide as its window, without errors, within
// its bytes, printable, usable by keyboard, and with links that lead somewhere.
import assert from "node:assert/strict";
import { address, audit, overflows, phone, wide } from "./browser.mjs";
import { done, drawn, house, json, quietCounty, served } from "./served.mjs";

const { visit } = house();
const zoomed = { width: 640, height: 400 };
const fixed = ["/", "/map", "/map/table", "/institutions", "/institutions/new", "/imports", "/imports/new", "/commits", "/commits/10", "/divisions", "/divisions/610305", "/divisions/610113001", "/dictionary", "/dictionary/institution", "/dictionary/codes/school_type", "/dictionary/checks", "/account"];

/** The main pages, with one institution, its form, and one import of the demo. */
async function mainPages(page) {
  await page.goto(`/institutions?division=${quietCounty.code}&type=211`);
  const school = await page.getAttribute("tbody th a", "href");
  await page.goto("/imports");
  const imported = await page.getAttribute("tbody th a:text-is('demo-institutions.csv')", "href");
  const path = school.split("?")[0];
  return [...fixed, path, `${path}/edit`, imported];
}

served("every main page is accessible and as wide as its window at 1280, 360 and 200 %", async () => {
  const opened = await visit();
  const left = await mainPages(opened.page);
  await done(opened);
  const faults = [];
  await Promise.all([look(left, faults), look(left, faults)]);
  assert.deepEqual(faults, []);
});

/** Looks at pages until none is left. */
async function look(left, faults) {
  const { context, page, problems } = await visit();
  for (let path = left.shift(); path; path = left.shift()) {
    await page.setViewportSize(wide);
    const answer = await page.goto(path);
    assert.equal(answer.status(), 200, path);
    if (path === "/map") await drawn(page);
    for (const size of [wide, phone, zoomed]) {
      await page.setViewportSize(size);
      if (await overflows(page)) faults.push(`${path} at ${size.width}: wider than its window`);
      // From 719 px down the layout is the same, so it is audited once.
      if (size !== zoomed) for (const violation of await audit(page)) faults.push(`${path} at ${size.width}: ${violation}`);
    }
    if ((await page.content()).includes("⟨")) faults.push(`${path}: a message is missing`);
    for (const problem of problems.splice(0)) faults.push(`${path}: ${problem}`);
  }
  await context.close();
}

served("every link of every main page leads to a page", async () => {
  const opened = await visit();
  const { page } = opened;
  const found = new Map();
  for (const path of [...(await mainPages(page)), "/map?points=1&place=610113", "/institutions?q=yyq&sort=-pupils&page=2"]) {
    await page.goto(path, { waitUntil: "domcontentloaded" });
    const links = await page.$$eval("a[href]", (all) => all.map((link) => (typeof link.href === "string" ? link.href : new URL(link.href.baseVal, location.href).href)));
    for (const link of links) {
      const url = new URL(link);
      if (url.origin !== new URL(address).origin || url.pathname === "/language") continue;
      // Of links of one shape a few are followed.
      const shape = url.pathname.replace(/\d+/g, "9") + Array.from(url.searchParams.keys()).sort().join();
      const alike = found.get(shape) ?? new Set();
      if (alike.size < 2) alike.add(url.pathname + url.search);
      found.set(shape, alike);
    }
  }
  const all = Array.from(found.values()).flatMap((alike) => Array.from(alike)).slice(0, 140);
  assert.ok(all.length > 50, `${all.length} links`);
  const broken = [];
  const follow = async () => {
    for (let link = all.pop(); link; link = all.pop()) {
      const answer = await page.request.get(link);
      if (answer.status() >= 400) broken.push(`${answer.status()} ${link}`);
    }
  };
  await Promise.all([follow(), follow(), follow()]);
  assert.deepEqual(broken, []);
  await done(opened);
});

served("the first view of map and list is at most 60 kB before islands", async () => {
  for (const path of ["/map", "/institutions", "/map?points=1&figure=institutions"]) {
    const opened = await visit();
    const { page } = opened;
    const sizes = [];
    const islands = /\/(map|map-worker|upload|progress|cascade)\.[0-9a-f]+\.(js|css)/;
    page.on("requestfinished", (request) => sizes.push(request));
    await page.goto(path);
    let total = 0;
    for (const request of sizes.filter((one) => ["document", "stylesheet", "script", "image"].includes(one.resourceType()) && !islands.test(one.url()))) {
      const { responseBodySize, responseHeadersSize } = await request.sizes();
      total += responseBodySize + responseHeadersSize;
    }
    assert.ok(total > 5_000 && total <= 60_000, `${path}: ${total} bytes`);
    await done(opened);
  }
});

served("a page that has not changed is not sent again, and assets are kept", async () => {
  const opened = await visit();
  const { page } = opened;
  for (const path of ["/institutions", "/map/figures.json", "/tiles/county/6/52/25.mvt"]) {
    const first = await page.request.get(path);
    const tag = first.headers().etag;
    assert.ok(tag, `${path} has an ETag`);
    const again = await page.request.get(path, { headers: { "if-none-match": tag } });
    assert.equal(again.status(), 304, path);
  }
  await page.goto("/dictionary");
  const style = await page.request.get(await page.getAttribute("link[rel=stylesheet]", "href"));
  assert.equal(style.status(), 200);
  await done(opened);
});

served("tables and maps print with their title, time and source, and without the frame", async () => {
  const opened = await visit();
  const { page } = opened;
  for (const path of [`/institutions?division=${quietCounty.code}`, "/map/table", "/divisions/610305"]) {
    await page.goto(path);
    await page.emulateMedia({ media: "print" });
    for (const hidden of [".top", ".side", ".tools", "#filters", ".pager ul"]) {
      for (const one of await page.$$(hidden)) assert.equal(await one.isVisible(), false, `${path} ${hidden}`);
    }
    assert.equal(await page.isVisible(".print-head"), true, path);
    assert.match(await page.innerText(".print-head"), /业务时点 \d{4}-\d\d-\d\d/);
    assert.equal(await page.isVisible("h1"), true, path);
    assert.equal(await page.isVisible("footer.source"), true, path);
    const paper = await page.pdf({ format: "A4", landscape: true });
    assert.equal(paper.subarray(0, 5).toString(), "%PDF-");
    assert.ok(paper.length > 20_000, path);
    await page.emulateMedia({ media: "screen" });
  }
  await done(opened);
});

served("the keyboard reaches every main control of the list in the order of the page, each with a visible focus", async () => {
  const opened = await visit(`/institutions?division=${quietCounty.code}`);
  const { page } = opened;
  const steps = [];
  for (let press = 0; press < 70; press += 1) {
    await page.keyboard.press("Tab");
    const step = await page.evaluate(() => {
      const active = document.activeElement;
      const style = getComputedStyle(active);
      const box = active.getBoundingClientRect();
      const kinds = [".skip", ".brand", ".search input", ".lang", ".side a", "input[name=as_of]", "#filters input[name=q]", "#filters select", "#columns summary", ".scroll", "a.sort", "tbody th a"];
      return {
        kind: kinds.find((kind) => active.matches(kind)) ?? "",
        what: active.outerHTML.slice(0, 80),
        // Inside of a date field the browser itself shows which part has the focus.
        seen: !active.matches(":focus") || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1),
        inWindow: box.bottom > 0 && box.top < innerHeight && box.width > 0,
      };
    });
    steps.push(step);
    if (step.kind === "tbody th a") break;
  }
  for (const step of steps) assert.ok(step.seen && step.inWindow, `focus is not visible: ${step.what}`);
  const met = steps.map((step) => step.kind).filter((kind, index, all) => kind !== "" && all.indexOf(kind) === index);
  assert.deepEqual(met, [".skip", ".brand", ".search input", ".lang", ".side a", "input[name=as_of]", "#filters input[name=q]", "#filters select", "#columns summary", ".scroll", "a.sort", "tbody th a"]);
  await page.focus(".skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "work");
  await page.focus("details.user summary");
  await page.keyboard.press("Enter");
  assert.equal(await page.isVisible("details.user button"), true);
  await page.keyboard.press("Escape");
  assert.equal(await page.isVisible("details.user button"), false);
  await done(opened);
});

served("the dictionary says what each dataset, field, code and check is, also to programs", async () => {
  const opened = await visit("/dictionary");
  const { page } = opened;
  for (const title of ["行政区划", "学校(机构)", "学校(机构)年度概况"]) assert.equal(await page.locator("tbody th a", { hasText: new RegExp(`^${title.replace(/[()]/g, "\\$&")}$`) }).count() > 0, true, title);
  await page.goto("/dictionary/institution");
  const words = await page.innerText("main");
  for (const part of ["学校(机构)标识码", "JCXX0101.XXDM", "识别 16 种表头"]) assert.ok(words.includes(part), part);
  await Promise.all([page.waitForURL(/\/dictionary\/codes\/school_type/), page.click("a[href*='/dictionary/codes/school_type'] >> nth=0")]);
  assert.match(await page.innerText("main"), /211[\s\S]*小学/);
  const standard = await json(page, "/dictionary.json");
  assert.ok(JSON.stringify(standard).includes("school_type"));
  await done(opened);
});

served("what is not there is said in a page, with a way back", async () => {
  const opened = await visit();
  const { page } = opened;
  for (const path of ["/no-such-page", "/institutions/999999999", "/divisions/999999", "/commits/999999", "/imports/999999"]) {
    const answer = await page.goto(path);
    assert.equal(answer.status(), 404, path);
    assert.match(await page.innerText("main"), /返回首页/, path);
  }
  const bad = await page.request.get("/map/figures.json?as_of=yesterday");
  assert.equal(bad.status(), 400);
  await done(opened, (problem) => problem.includes("404"));
});
