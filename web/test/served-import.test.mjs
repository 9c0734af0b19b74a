// A file comes in: upload, plan, approval, progress, done, reversal; with a script and without one. What
// is written begins on a day to come, so that no count of today changes.
import assert from "node:assert/strict";
import { done, house, number, ownCounty, ownDay, rowsOf, served, smallCounty, tableOf, text } from "./served.mjs";

// Read once, before anything is written: schools with their codes, and how many a small county has.
let schools = [];
let others = [];
let inSmallCounty = 0;

const { visit } = house(async (page) => {
  const held = async (county) => rowsOf(await text(page, `/institutions.csv?division=${county}&type=211&status=open&col=code`)).slice(1).filter((row) => row[1]);
  const count = async (query) => number((await text(page, `/institutions?unit=${smallCounty.code}${query}`)).match(/共 ([\d,]+) 条/)[1]);
  schools = await held(ownCounty.code);
  others = await held(smallCounty.code);
  inSmallCounty = (await count("")) - (await count("&status=closed"));
});

const header = "学校名称,标识码,办学类型,办别,所在区划,主管教育局,联系电话";

/** New rows, one unchanged, one changed, and rows of three kinds that cannot be taken. */
function file(mark, place) {
  const one = schools[place];
  const row = (name, code = "", type = "小学", division = ownCounty.code) => `${name},${code},${type},,${division},${ownCounty.unit},`;
  const rows = [
    header,
    row(`${ownCounty.name}${mark}第一小学`),
    row(`${ownCounty.name}${mark}第二小学`),
    row(`${ownCounty.name}${mark}第三小学`),
    `${one[0]},${one[1]},,,${ownCounty.code},,0915-7820001`,
    row(`${ownCounty.name}${mark}第四小学`, "12345"),
    row(`${ownCounty.name}${mark}第五小学`, "ABCDEFGHIJ"),
    row(`${ownCounty.name}${mark}第六小学`, "", "小学", "999999"),
    row("", "", "小学"),
    row(`${ownCounty.name}${mark}第七小学`, "", "不存在的类型"),
  ];
  return { body: Buffer.from(`${rows.join("\r\n")}\r\n`), changed: one[0] };
}

const five = (page) => page.$$eval(".plan li", (all) => Object.fromEntries(all.map((one) => [one.textContent.replace(/[\d,]/g, "").trim(), Number(one.querySelector("b").textContent.replace(/,/g, ""))])));

async function choose(page, name, body) {
  await page.goto("/imports/new");
  await page.selectOption("select[name=dataset]", "institution");
  await page.fill("input[name=effective]", ownDay);
  await page.fill("input[name=reason]", "浏览器测试");
  await page.setInputFiles("input[name=file]", { name, mimeType: "text/csv", buffer: body });
}

/** Takes a written import back. */
async function reverse(page) {
  await page.click("main details:has(input[name=sure]) summary");
  await page.check("input[name=sure]");
  await page.fill("form[action$='/reverse'] input[name=reason]", "浏览器测试结束");
  await Promise.all([page.waitForNavigation(), page.click("form[action$='/reverse'] button[type=submit]")]);
}

served("a file with bad rows is uploaded, planned, approved, written and taken back", async () => {
  const opened = await visit();
  const { page } = opened;
  const { body, changed } = file("浏览器", 0);
  await choose(page, "浏览器测试.csv", body);
  await Promise.all([page.waitForURL(/\/imports\/\d+$/), page.click("weihe-upload button.main")]);
  const address = page.url();
  await page.waitForSelector(".plan", { timeout: 30_000 });
  assert.equal(page.url(), address, "the plan is where the progress was");
  assert.deepEqual(await five(page), { 新增: 3, 变更: 1, 不变: 0, 退回: 5, 缺失: 0 });
  // 问题清单: each cause with its rows and what to do.
  const causes = await tableOf(page, "table.data:has(th:text-is('处理建议'))");
  assert.ok(causes.rows.length >= 3 && causes.rows.length <= 5, JSON.stringify(causes.rows));
  assert.equal(causes.rows.reduce((sum, row) => sum + number(row[1]), 0), 5);
  assert.ok(causes.rows.every((row) => row[3].length > 3), "every cause has its repair");
  assert.match(causes.rows.map((row) => row.join()).join(), /INST-001/);
  const refused = await page.request.get(await page.getAttribute("a[href$='refused.csv']", "href"));
  assert.equal(rowsOf(await refused.text()).length, 6, "header and five rows");
  // The numbers open.
  await page.click(".plan a:has-text('新增')");
  await page.waitForSelector("text=白河县浏览器第一小学");
  await page.click(".plan a:has-text('变更')");
  await page.waitForSelector(`text=${changed}`);
  assert.match(await page.innerText("#plan"), /0915-7820001/);
  await Promise.all([page.waitForNavigation(), page.click("form[action$='/approve'] button")]);
  await page.waitForSelector("text=告诉报送单位", { timeout: 30_000 });
  const words = await page.innerText("main");
  assert.match(words, /新增 3,变更 1,不变 0,退回 5/);
  assert.match(words, /写入 \d+ 个变更单/);
  const q = `/institutions?division=${ownCounty.code}&q=${encodeURIComponent("白河县浏览器")}`;
  await page.goto(`${q}&as_of=${ownDay}`);
  assert.equal((await tableOf(page)).rows.length, 3);
  await page.goto(address);
  await reverse(page);
  await page.waitForSelector("text=本次入库已撤销");
  await page.goto(`${q}&as_of=${ownDay}`);
  assert.match(await page.innerText("#results .empty"), /没有符合条件/);
  await page.goto("/imports");
  assert.match(await page.innerText("main"), /浏览器测试\.csv[\s\S]*已撤销/);
  await done(opened);
});

served("without a script a file is uploaded, planned, approved and taken back", async () => {
  const opened = await visit(undefined, { javaScript: false });
  const { page } = opened;
  const { body } = file("无脚本", 1);
  await choose(page, "无脚本.csv", body);
  await Promise.all([page.waitForNavigation(), page.click("weihe-upload button.main")]);
  assert.match(page.url(), /\/imports\/\d+$/);
  const address = page.url();
  // Without a script the page loads itself again until the job has ended.
  await page.waitForSelector(".plan", { timeout: 30_000 });
  assert.deepEqual(await five(page), { 新增: 3, 变更: 1, 不变: 0, 退回: 5, 缺失: 0 });
  await Promise.all([page.waitForNavigation(), page.click("form[action$='/approve'] button")]);
  await page.waitForSelector("text=告诉报送单位", { timeout: 30_000 });
  assert.equal(page.url().split("?")[0], address);
  await reverse(page);
  await page.waitForSelector("text=本次入库已撤销");
  await done(opened);
});

served("a complete list proposes closures, and is discarded", async () => {
  const opened = await visit();
  const { page } = opened;
  const rows = others.map((row) => `${row[0]},${row[1]}`);
  await choose(page, "完整名单.csv", Buffer.from(`学校名称,标识码\r\n${rows.join("\r\n")}\r\n`));
  await page.fill("input[name=complete_for]", smallCounty.unit);
  await Promise.all([page.waitForURL(/\/imports\/\d+$/), page.click("weihe-upload button.main")]);
  await page.waitForSelector(".plan", { timeout: 30_000 });
  const numbers = await five(page);
  assert.equal(numbers["不变"], rows.length);
  assert.equal(numbers["缺失"], inSmallCounty - rows.length);
  await page.click(".plan a:has-text('缺失')");
  await page.waitForSelector("text=按 镇坪县教育局 的完整名单比对");
  assert.match(await page.innerText("#plan"), /办学状态 → 撤销/);
  await Promise.all([page.waitForNavigation(), page.click("button:has-text('放弃')")]);
  assert.match(await page.innerText("main"), /已放弃,没有写入任何内容/);
  await done(opened);
});

served("the same file a second time writes nothing, and what is no table is refused with a sentence", async () => {
  const opened = await visit();
  const { page } = opened;
  const [one] = others;
  await choose(page, "不变.csv", Buffer.from(`学校名称,标识码\r\n${one[0]},${one[1]}\r\n`));
  await Promise.all([page.waitForURL(/\/imports\/\d+$/), page.click("weihe-upload button.main")]);
  await page.waitForSelector(".plan", { timeout: 30_000 });
  assert.match(await page.innerText("main"), /没有需要写入的内容/);
  assert.equal((await page.$$("form[action$='/approve']")).length, 0);
  await choose(page, "图片.xlsx", Buffer.from("\x89PNG\r\n\x1a\n0000", "latin1"));
  await Promise.all([page.waitForURL(/\/imports\/\d+$/), page.click("weihe-upload button.main")]);
  await page.waitForSelector("text=没有入库,库内没有任何变化", { timeout: 30_000 });
  assert.match(await page.innerText("main"), /另存|重新/);
  await done(opened);
});
