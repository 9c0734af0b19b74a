// Every component in a real browser: nothing wrong in the console, accessible, no sideways scrolling at
// 360 px and at 200 %, usable without a script. `cargo test -p weihe-ui` writes the pages.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { audit, chromium86, launch, open, overflows, phone, serve, shot, wide } from "./browser.mjs";

const gallery = join(dirname(fileURLToPath(import.meta.url)), ".gallery");
const html = async (name) => readFile(join(gallery, `${name}.html`), "utf8").catch(() => assert.fail("run `cargo test -p weihe-ui` first: it writes the gallery pages"));
const answer = (body) => ({ type: "text/html; charset=utf-8", body });

let browser;
let site;
let polls = 0;
let received = 0;

before(async () => {
  browser = await launch();
  site = await serve({
    "/list": async (url) => {
      const query = url.searchParams.get("q") ?? "";
      const fresh = (await html("list")).replaceAll("14,961", `${1000 + query.length}`).replace('name="q" value=""', `name="q" value="${query}"`);
      return answer(fresh.replaceAll("sort=people", url.searchParams.get("sort") === "people" ? "sort=-people" : "sort=people"));
    },
    "/upload": async (url, request) => {
      if (request.method === "POST") {
        for await (const part of request) received += part.length;
        return { ...answer(""), status: 200, body: (await html("error")).replaceAll("没有这个页面", "文件读不出来") };
      }
      return answer((await html("gallery")).replace('<form action="#" method="post" enctype', '<form action="/upload" method="post" enctype').replace('method="post" action="#" enctype', 'method="post" action="/upload" enctype'));
    },
    "/job": async () => answer((await html("gallery")).replace("<weihe-progress", '<weihe-progress data-poll="/job/state"')),
    "/job/state": () => {
      polls += 1;
      const more = polls < 2 ? 'data-poll="/job/state"' : 'data-then="/list.html"';
      return answer(`<weihe-progress ${more}><p class="label">第 ${polls} 步</p><progress max="2" value="${polls}"></progress><p class="about"></p></weihe-progress>`);
    },
  });
});

after(async () => {
  await browser?.close();
  await site?.close();
});

async function visit(path, options) {
  const opened = await open(browser, { base: site.base, ...options });
  if (options?.before) await opened.page.addInitScript(options.before);
  await opened.page.goto(path);
  return opened;
}

for (const name of ["gallery", "list", "list-en", "error"]) {
  for (const [label, size] of [["1280", wide], ["360", phone], ["200 percent", { width: 640, height: 400 }]]) {
    test(`${name} is accessible and fits at ${label}`, async () => {
      await html(name);
      const { context, page, problems } = await visit(`/${name}.html`, { size });
      await shot(page, `${name}-${label.replace(" ", "-")}`);
      assert.equal(await overflows(page), false, "the page scrolls sideways");
      assert.deepEqual(await audit(page), []);
      assert.deepEqual(problems, []);
      await context.close();
    });
  }
}

test("without a script the filter has its button and nothing that needs one is shown", async () => {
  const { context, page } = await visit("/list.html", { javaScript: false });
  assert.equal(await page.isVisible("form.filters button"), true);
  assert.equal(await page.isVisible("[data-print]"), false);
  await context.close();
});

for (const [label, script] of [["this browser", undefined], ["Chromium 86, as far as it can be imitated", chromium86]]) {
  test(`a list follows its filter while one types, keeps the focus, and goes back: ${label}`, async () => {
    const { context, page, problems } = await visit("/list", { before: script });
    assert.equal(await page.isVisible("form.filters button"), false);
    await page.evaluate(() => (window.stays = true));
    await page.click("form.filters input[name=q]");
    await page.keyboard.type("abc", { delay: 20 });
    await page.waitForFunction(() => document.querySelector(".pager p").textContent.includes("1003"));
    assert.equal(await page.evaluate(() => document.activeElement.name), "q");
    assert.equal(await page.inputValue("form.filters input[name=q]"), "abc");
    assert.match(page.url(), /q=abc/);

    await page.click("th a.sort >> nth=0");
    await page.waitForURL(/sort=name/);
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes("sort=name"));
    assert.equal(await page.evaluate(() => window.stays), true, "the page was loaded as a whole");
    assert.deepEqual(problems, []);
    await context.close();
  });
}

test("the slash key goes to the search box and Escape closes a menu", async () => {
  const { context, page } = await visit("/list.html");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.type), "search");
  await page.click("details.user summary");
  assert.equal(await page.isVisible("details.user ul"), true);
  await page.keyboard.press("Escape");
  assert.equal(await page.isVisible("details.user ul"), false);
  await context.close();
});

test("a file is uploaded and the page that comes back takes the place of the form", async () => {
  const { context, page, problems } = await visit("/upload");
  await page.setInputFiles("input[type=file]", { name: "a.csv", mimeType: "text/csv", buffer: Buffer.alloc(300_000, "a") });
  await page.click("weihe-upload button.main");
  await page.waitForFunction(() => document.querySelector("h1").textContent === "文件读不出来");
  assert.ok(received > 300_000);
  assert.deepEqual(problems, []);
  await context.close();
});

test("a running job is followed and leads on when it ends", async () => {
  const { context, page, problems } = await visit("/job");
  await page.waitForURL(/list\.html/, { timeout: 10_000 });
  assert.equal(polls, 2);
  assert.deepEqual(problems, []);
  await context.close();
});
