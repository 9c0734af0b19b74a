// Signing in and out, the home page, posts, settings and the map review number, the language, over the
// served demo province. Each test signs in for itself: a post belongs to a session.
import assert from "node:assert/strict";
import { audit, overflows, phone, signIn, wide } from "./browser.mjs";
import { chinese, done, drawn, house, number, served } from "./served.mjs";

const { visit } = house();

async function signedIn(options) {
  const opened = await visit(undefined, { anonymous: true, ...options });
  await signIn(opened.page);
  return opened;
}

/** Switches to the post with this name at /account. */
async function take(page, post) {
  await page.goto("/account");
  const line = page.locator(".plain-list li", { hasText: post });
  if ((await line.locator(".badge").count()) > 0) return;
  await Promise.all([page.waitForNavigation(), line.locator("button").click()]);
}

served("a wrong password is refused with a sentence, a right one leads where one wanted to go", async () => {
  const opened = await visit("/institutions?q=yyq", { anonymous: true });
  const { page } = opened;
  assert.equal(new URL(page.url()).pathname, "/signin");
  assert.equal(await overflows(page), false);
  assert.deepEqual(await audit(page), []);
  await page.fill("input[name=login]", "nobody-of-this-name");
  await page.fill("input[name=password]", "Not-the-password-1");
  await Promise.all([page.waitForNavigation(), page.click("main button[type=submit]")]);
  assert.match(await page.innerText("main"), /用户名或密码不对/);
  assert.equal(await page.inputValue("input[name=login]"), "nobody-of-this-name");
  assert.equal(await page.inputValue("input[name=password]"), "");
  assert.deepEqual(await audit(page), []);
  await page.fill("input[name=login]", process.env.WEIHE_USER);
  await page.fill("input[name=password]", process.env.WEIHE_PASSWORD);
  await Promise.all([page.waitForNavigation(), page.click("main button[type=submit]")]);
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, "/institutions?q=yyq");
  await page.click("details.user summary");
  await Promise.all([page.waitForNavigation(), page.click("details.user button")]);
  await page.goto("/imports");
  assert.equal(new URL(page.url()).pathname, "/signin", "signed out");
  await done(opened, (problem) => problem.includes("422"));
});

served("sign-in works without a script, and a record is not shown to a stranger", async () => {
  const opened = await signedIn({ javaScript: false });
  assert.equal(new URL(opened.page.url()).pathname, "/");
  await done(opened);
  const stranger = await visit(undefined, { anonymous: true });
  for (const path of ["/institutions.csv", "/map/figures.json", "/dictionary.json", "/tiles/county/5/25/12.mvt"]) {
    const answer = await stranger.page.request.get(path, { maxRedirects: 0 });
    assert.ok([302, 303, 401, 403, 404].includes(answer.status()), `${path} ${answer.status()}`);
  }
  await stranger.context.close();
});

served("after signing out Back shows nothing of what was seen", async () => {
  const opened = await signedIn();
  const { page, context } = opened;
  await page.goto("/institutions?q=yyq");
  const other = await context.newPage();
  await other.goto("/");
  await other.click("details.user summary");
  await Promise.all([other.waitForNavigation(), other.click("details.user button")]);
  await other.goBack();
  assert.equal(new URL(other.url()).pathname, "/signin");
  // What browsers that keep whole pages in memory do: the page is shown again as it was.
  const again = page.waitForNavigation();
  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await again;
  assert.equal(new URL(page.url()).pathname, "/signin");
  await done(opened);
});

served("the home page says what needs me, figures of my unit, and what changed", async () => {
  const opened = await visit("/");
  const { page } = opened;
  const words = await page.innerText("main");
  for (const part of ["需要我处理", "本单位数字", "昨天以来的变动", "入库批次"]) assert.ok(words.includes(part), part);
  const schools = page.locator(".stats > div", { hasText: "学校(机构)数" }).locator("b");
  assert.equal(number(await schools.innerText()), 14_961);
  await Promise.all([page.waitForURL(/\/map\?figure=institutions/), page.click(".stats a >> nth=0")]);
  await drawn(page);
  assert.match(await page.innerText(".legend-title"), /学校\(机构\)数/);
  assert.match(await page.innerText("[data-map-panel] .stats"), /14,961/, "the same number on the map");
  await done(opened);
});

served("a post is switched at /account, and decides what one may do", async () => {
  const opened = await signedIn();
  const { page } = opened;
  const refused = await page.goto("/settings");
  assert.equal(refused.status(), 403);
  assert.match(await page.innerText("main"), /当前岗位不能进行这项操作/);
  await take(page, "系统管理员");
  assert.match(await page.innerText("header .post"), /系统管理员/);
  assert.ok((await page.$$(".side a[href='/settings']")).length > 0);
  const answer = await page.goto("/settings");
  assert.equal(answer.status(), 200);
  for (const size of [wide, phone, { width: 640, height: 400 }]) {
    await page.setViewportSize(size);
    assert.equal(await overflows(page), false, `settings at ${size.width}`);
  }
  assert.deepEqual(await audit(page), []);
  await take(page, "统计员");
  assert.equal((await page.goto("/settings")).status(), 403);
  await done(opened, (problem) => problem.includes("403"));
});

served("the map review number stands on every map and its prints, with a script and without", async () => {
  const opened = await signedIn();
  const { page } = opened;
  await take(page, "系统管理员");
  await page.goto("/settings");
  const field = "[name=map_review_number]";
  const before = await page.inputValue(field);
  const save = async (value) => {
    await page.goto("/settings");
    await page.fill(field, value);
    await Promise.all([page.waitForNavigation(), page.click("main form button.main")]);
    assert.match(await page.innerText(".notice.good"), /已保存/);
  };
  try {
    await save("陕S(2026)测试001号");
    for (const javaScript of [true, false]) {
      const map = await visit("/map", { javaScript });
      if (javaScript) await drawn(map.page);
      const line = "审图号:陕S(2026)测试001号 · 示意图,不作为划界依据";
      assert.equal(await map.page.innerText(".map-review"), line);
      await map.page.emulateMedia({ media: "print" });
      assert.equal(await map.page.isVisible(".map-review"), true);
      assert.equal(await map.page.isVisible(javaScript ? ".map-canvas canvas" : ".map-picture svg"), true);
      assert.equal(await map.page.isVisible(".top"), false);
      assert.ok((await map.page.pdf({ format: "A4" })).length > 20_000);
      await done(map);
    }
  } finally {
    await save(before);
  }
  const map = await visit("/map", { javaScript: false });
  assert.match(await map.page.innerText(".map-review"), before ? new RegExp(before) : /审图号:未填写 · 示意图,不作为划界依据/);
  await done(map);
  await done(opened);
});

served("in English no Chinese is left but in the data, and back again", async () => {
  const opened = await signedIn();
  const { page } = opened;
  await Promise.all([page.waitForNavigation(), page.click(".top a.lang")]);
  assert.equal(await page.getAttribute("html", "lang"), "en");
  const left = {};
  for (const path of ["/", "/map", "/map/table", "/institutions", "/institutions/new", "/imports", "/imports/new", "/commits", "/divisions", "/divisions/610113", "/dictionary", "/dictionary/institution", "/dictionary/checks", "/account"]) {
    await page.goto(path);
    if (path === "/map") await drawn(page);
    const found = await page.evaluate((pattern) => {
      const letters = new RegExp(pattern);
      const places = "nav.side, .bar .tools, thead th, label, legend, button, summary:not(.post summary):not(.user summary), .pager, h2, .hint:not(.map-panel .hint):not([data-map-legend] .hint), .lead, caption, dt, .legend-title, .empty, .steps, .tabs, .search input, .map-review";
      const bad = [];
      for (const place of document.querySelectorAll(places)) {
        // The name of a place or a school is data, also beside a post.
        if (place.closest(".map-panel h2, .post, [lang^=zh]")) continue;
        const copy = place.cloneNode(true);
        for (const data of copy.querySelectorAll("option, [lang^=zh], datalist, .code, textarea")) data.remove();
        const user = document.querySelector(".user summary").textContent;
        if (letters.test(copy.textContent.replace(user, "").replace(/陕S\S+/, ""))) bad.push(copy.textContent.trim().slice(0, 60));
      }
      for (const named of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
        if (named.closest("[lang^=zh], .post, weihe-map .map-picture, .maplibregl-map")) continue;
        for (const name of ["aria-label", "title", "placeholder"]) {
          const value = named.getAttribute(name) ?? "";
          if (letters.test(value)) bad.push(`${name}=${value.slice(0, 60)}`);
        }
      }
      return Array.from(new Set(bad));
    }, chinese.source);
    if (found.length > 0) left[path] = found;
  }
  assert.deepEqual(left, {});
  await page.goto("/institutions?q=yyq");
  await Promise.all([page.waitForNavigation(), page.click(".top a.lang")]);
  assert.equal(await page.getAttribute("html", "lang"), "zh-CN");
  assert.match(page.url(), /q=yyq/, "one stays where one was");
  await done(opened);
});
