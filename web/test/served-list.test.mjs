// The list of institutions, the page of one, and its correction through the form, over the served demo
// province.
import assert from "node:assert/strict";
import { done, house, number, ownCounty, quietCounty, rowsOf, served, tableOf, text } from "./served.mjs";

const { visit } = house();
const shownTotal = async (page) => number((await page.innerText(".pager p")).split("共")[1]);

served("the list narrows by place, type and words, all of it in the address", async () => {
  const opened = await visit("/institutions");
  const { page } = opened;
  const all = await shownTotal(page);
  assert.ok(all > 15_000);
  assert.match(await page.innerText("header.title"), /合成数据/);
  await page.selectOption("select[name=city]", "610800");
  await page.waitForSelector(`select[name=county] option[value="${quietCounty.code}"]`, { state: "attached" });
  await page.selectOption("select[name=county]", quietCounty.code);
  await page.waitForURL((url) => url.search.includes(quietCounty.code));
  await page.waitForSelector(`.chips >> text=${quietCounty.name}`);
  const inCounty = await shownTotal(page);
  assert.ok(inCounty > 50 && inCounty < all / 10);
  await page.selectOption("select[name=run_by]", { label: "民办" });
  await page.waitForSelector(".chips >> text=民办");
  const { header, rows } = await tableOf(page);
  const at = header.findIndex((title) => title.startsWith("办别"));
  assert.ok(rows.length > 0 && rows.every((row) => row[at] === "民办"));
  assert.ok((await shownTotal(page)) < inCounty);
  // The address alone says it all.
  const address = page.url();
  const other = await visit(address);
  assert.deepEqual(await tableOf(other.page), await tableOf(page));
  await done(other);
  await page.goBack();
  await page.waitForFunction((count) => document.querySelector(".pager p").textContent.includes(count), inCounty.toLocaleString("en"));
  await page.click(".chips a.chip >> nth=0");
  await page.waitForFunction((county) => !location.search.includes(county), quietCounty.code);
  await done(opened);
});

served("the list is searched by Chinese and by pinyin initials while one types", async () => {
  const opened = await visit(`/institutions?division=${quietCounty.code}`);
  const { page } = opened;
  const first = (await tableOf(page)).rows[0][0];
  const search = page.locator("#filters input[name=q]");
  await search.fill("yyq");
  await page.waitForURL(/q=yyq/);
  await page.waitForSelector(".chips >> text=yyq");
  const byInitials = await tableOf(page);
  assert.ok(byInitials.rows.length > 10 && byInitials.rows.every((row) => row[0].includes("榆阳区")), "yyq finds 榆阳区");
  assert.equal(await search.evaluate((field) => field === document.activeElement), true, "one can go on typing");
  await search.fill(first);
  await page.waitForSelector(`.chips >> text=${first}`);
  assert.ok((await tableOf(page)).rows.some((row) => row[0] === first));
  await search.fill("没有这样的学校名");
  await page.waitForSelector(".empty");
  assert.match(await page.innerText(".empty"), /没有符合条件的学校\(机构\)[\s\S]*清除/);
  await done(opened);
});

served("the search above every page finds a school", async () => {
  const opened = await visit("/commits");
  const { page } = opened;
  await page.keyboard.press("/");
  await page.keyboard.type("yyq");
  await Promise.all([page.waitForURL(/\/institutions\?q=yyq/), page.keyboard.press("Enter")]);
  assert.ok((await tableOf(page)).rows.some((row) => row[0].includes("榆阳区")));
  await done(opened);
});

served("the list sorts and pages, and the way back leads to the same rows", async () => {
  const opened = await visit(`/institutions?division=${quietCounty.code}`);
  const { page } = opened;
  await page.click("thead a.sort:has-text('在校生数')");
  await page.waitForSelector("th[aria-sort=descending]");
  const { header, rows } = await tableOf(page);
  const at = header.findIndex((title) => title.startsWith("在校生数"));
  const pupils = rows.map((row) => number(row[at])).filter((one) => !Number.isNaN(one) && one > 0);
  assert.deepEqual(pupils, [...pupils].sort((one, other) => other - one));
  await page.click(".pager a[rel=next]");
  await page.waitForURL(/page=2/);
  const second = await tableOf(page);
  assert.notEqual(second.rows[0][0], rows[0][0]);
  assert.match(await page.innerText(".pager p"), /第 51–100 条/);
  await Promise.all([page.waitForURL(/\/institutions\/\d+/), page.click("tbody th a >> nth=3")]);
  await page.goBack();
  await page.waitForURL(/page=2/);
  assert.deepEqual((await tableOf(page)).rows, second.rows);
  await done(opened);
});

served("the export holds the rows and columns that are shown, in their order, marked as synthetic", async () => {
  const opened = await visit(`/institutions?division=${quietCounty.code}&run_by=public&sort=-pupils`);
  const { page } = opened;
  const shown = await tableOf(page);
  const link = await page.getAttribute('.tools a[href*="institutions.csv"]', "href");
  const answer = await page.request.get(link);
  assert.match(answer.headers()["content-disposition"], /attachment/);
  const [header, ...rows] = rowsOf(await answer.text());
  assert.equal(header[header.length - 1], "数据性质");
  assert.equal(rows.length, await shownTotal(page));
  assert.ok(rows.every((row) => row[row.length - 1] === "合成数据"));
  const bare = (title) => title.replace(/ ?\([^)]*[/人个所²班师]\)$/, "");
  assert.deepEqual(shown.header.map(bare), header.slice(0, -1).map(bare));
  shown.rows.forEach((cells, index) => {
    assert.deepEqual(cells.map((cell) => cell.replace(/,/g, "").replace("–", "")), rows[index].slice(0, -1).map((cell) => cell.replace(/,/g, "")));
  });
  await done(opened);
});

served("columns are chosen, and stay in the address", async () => {
  const opened = await visit(`/institutions?division=${quietCounty.code}`);
  const { page } = opened;
  await page.click("#columns summary");
  for (const box of await page.$$("#columns input[name=col]:checked")) await box.uncheck();
  await page.check("#columns input[name=col][value=founded]");
  await Promise.all([page.waitForURL(/col=founded/), page.click("#columns button[type=submit]")]);
  const { header } = await tableOf(page);
  assert.deepEqual(header, ["学校(机构)名称", "建校日期"]);
  await done(opened);
});

served("without a script the list filters, sorts and pages by links and buttons", async () => {
  const opened = await visit("/institutions", { javaScript: false });
  const { page } = opened;
  await page.fill("#filters input[name=q]", "yyq");
  await Promise.all([page.waitForNavigation(), page.click("#filters button[type=submit]")]);
  assert.ok((await tableOf(page)).rows.every((row) => row[0].includes("榆阳区")));
  await Promise.all([page.waitForNavigation(), page.click("thead a.sort:has-text('在校生数')")]);
  await Promise.all([page.waitForNavigation(), page.click(".pager a[rel=next]")]);
  const query = new URL(page.url()).searchParams;
  assert.deepEqual([query.get("q"), query.get("sort"), query.get("page")], ["yyq", "-pupils", "2"]);
  await page.fill(".as-of input[type=date]", "2015-09-01");
  await Promise.all([page.waitForNavigation(), page.click(".as-of button")]);
  assert.match(page.url(), /as_of=2015-09-01/);
  await done(opened);
});

served("a page of an institution shows what it is, its years and where it came from, as of a day", async () => {
  const opened = await visit(`/institutions?division=${quietCounty.code}&type=211`);
  const { page } = opened;
  const [name, code] = (await tableOf(page)).rows[0];
  await page.click("tbody th a >> nth=0");
  await page.waitForURL(/\/institutions\/\d+/);
  assert.equal(await page.innerText("h1"), name);
  const words = await page.innerText("main");
  for (const part of [code, "合成数据", "本学年数字", "历年数字", "历史", "演示数据程序", "自 "]) assert.ok(words.includes(part), part);
  const years = (await tableOf(page)).rows;
  assert.ok(years.length >= 2 && years.every((row) => Math.abs(number(row[1]) / number(row[2]) - number(row[4])) < 0.06), "class size is pupils by classes");
  await page.fill(".as-of input[type=date]", "1949-10-01");
  await page.waitForURL(/as_of=1949-10-01/);
  await page.waitForSelector("main >> text=在这个业务时点没有这条记录");
  await done(opened);
});

served("one institution is corrected through the form; its history and the commit say so; it is taken back", async () => {
  const opened = await visit(`/institutions?division=${ownCounty.code}&type=211`);
  const { page } = opened;
  await page.click("tbody th a >> nth=1");
  await page.waitForURL(/\/institutions\/\d+/);
  const record = new URL(page.url()).pathname;
  const before = await page.innerText("main .timeline");
  await Promise.all([page.waitForURL(/\/edit/), page.click(`.tools a[href*="${record}/edit"]`)]);
  // What is wrong is said at the field, and nothing is lost.
  await page.fill("input[name=lon]", "34.2");
  await page.fill("textarea[name=note]", "浏览器测试所记");
  await page.fill("input[name=_reason]", "浏览器测试");
  await Promise.all([page.waitForNavigation(), page.click("main form[action$='/edit'] button.main")]);
  assert.ok((await page.$$(".summary a, .fault, .notice")).length > 0, "an impossible longitude is not taken");
  assert.equal(await page.inputValue("textarea[name=note]"), "浏览器测试所记");
  await page.goto(`${record}/edit`);
  await page.fill("textarea[name=note]", "浏览器测试所记");
  await page.fill("input[name=_reason]", "浏览器测试:白教发〔2026〕1号");
  await Promise.all([page.waitForNavigation(), page.click("main form[action$='/edit'] button.main")]);
  if (await page.$("input[name=_confirmed]")) {
    for (const box of await page.$$("input[name=_confirmed]")) await box.check();
    await Promise.all([page.waitForNavigation(), page.click("main form[action$='/edit'] button.main")]);
  }
  assert.equal(new URL(page.url()).pathname, record);
  const history = await page.innerText("main .timeline");
  assert.notEqual(history, before);
  for (const part of ["浏览器测试:白教发〔2026〕1号", "网页填写", "管理员", "备注"]) assert.ok(history.includes(part), `${part} in ${history}`);
  await Promise.all([page.waitForURL(/\/commits\/\d+/), page.click(".timeline a[href^='/commits/'] >> nth=0")]);
  const commit = await page.innerText("main");
  for (const part of ["浏览器测试:白教发〔2026〕1号", "网页填写", "哈希", "涉及的记录"]) assert.ok(commit.includes(part), part);
  const number_ = page.url().match(/commits\/(\d+)/)[1];
  const listed = await text(page, "/commits");
  assert.ok(listed.includes(`/commits/${number_}"`), "in the list of commits");
  await page.click("main details:has(input[name=sure]) summary");
  await page.check("input[name=sure]");
  await page.fill("form[action$='/reverse'] input[name=reason]", "浏览器测试结束");
  await Promise.all([page.waitForNavigation(), page.click("form[action$='/reverse'] button[type=submit]")]);
  assert.match(await page.innerText("main"), /撤销的批次/);
  await page.goto(record);
  assert.ok(!(await page.innerText("main .pairs >> nth=-1")).includes("浏览器测试所记"));
  await done(opened, (problem) => problem.includes("422"));
});
