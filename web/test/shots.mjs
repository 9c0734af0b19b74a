// The pictures of docs/screenshots, taken by `cargo xtask shots` from a served demo province: WEIHE_URL,
// WEIHE_USER, WEIHE_PASSWORD, and WEIHE_SHOTS, the folder they go to. What is written is taken back.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { launch, open, phone, shot, signIn, wide } from "./browser.mjs";
import { drawn, json, ownCounty, ownDay, rowsOf, text } from "./served.mjs";

const folder = process.env.WEIHE_SHOTS;
if (!process.env.WEIHE_URL || !folder) throw new Error("WEIHE_URL and WEIHE_SHOTS must be set");
const mostBytes = 3_000_000;

const browser = await launch();
const { context, page } = await open(browser);
await signIn(page);
const cookies = await context.cookies();
const small = await open(browser, { size: phone });
await small.context.addCookies(cookies);
const plain = await open(browser, { javaScript: false });
await plain.context.addCookies(cookies);

let bytes = 0;
async function take(from, name) {
  await shot(from, name, { fullPage: false });
  const { size } = await stat(join(folder, `${name}.png`));
  bytes += size;
  console.log(`${name.padEnd(24)} ${String(size).padStart(8)} B`);
}

/** The same page wide, and on a phone. */
async function both(path, name, ready = async () => {}) {
  for (const [from, suffix] of [[page, ""], [small.page, "-360"]]) {
    await from.goto(path);
    await ready(from);
    await take(from, `${name}${suffix}`);
  }
}

await both("/map", "map", drawn);

await page.goto("/map?figure=institutions&points=1");
await drawn(page);
await take(page, "map-points");

const cities = await json(page, "/map/figures.json?level=city");
const [city] = Object.keys(cities.values);
const counties = await json(page, `/map/figures.json?level=county&within=${city}`);
const [county] = Object.entries(counties.values).sort(([, one], [, other]) => other.used - one.used)[0];
await both(`/map?level=township&within=${county}&place=${county}`, "map-county", drawn);

await plain.page.goto("/map?place=610802");
await take(plain.page, "map-no-script");

await both("/institutions?city=610800&county=610802&division=610802&sort=-pupils", "institutions");

const school = await page.goto("/institutions?division=610802&type=211&sort=-pupils").then(() => page.getAttribute("tbody th a", "href"));
await both(school, "institution");

// An import with bad rows, from the file to the end, on a day to come.
const held = rowsOf(await text(page, `/institutions.csv?division=${ownCounty.code}&type=211&status=open&col=code`)).slice(1).filter((row) => row[1]);
const fresh = ["仓上镇", "茅坪镇", "宋家镇", "麻虎镇"].map((town) => `${ownCounty.name}${town}希望小学,,小学,公办,${ownCounty.code},${ownCounty.unit},`);
const changed = held.slice(0, 6).map((row, index) => `${row[0]},${row[1]},,,${ownCounty.code},,0915-782000${index}`);
const same = held.slice(6, 18).map((row) => `${row[0]},${row[1]},,,,,`);
const bad = [
  `${ownCounty.name}第八小学,12345,小学,公办,${ownCounty.code},,`,
  `${ownCounty.name}第九小学,2161O90021,小学,公办,${ownCounty.code},,`,
  `${ownCounty.name}第十小学,,小学,公办,619999,,`,
  `${ownCounty.name}第十一小学,,小学,公办,619999,,`,
  `,,小学,公办,${ownCounty.code},,`,
  `${ownCounty.name}第十二小学,,完小,公办,${ownCounty.code},,`,
];
const rows = ["学校名称,标识码,办学类型,办别,所在区划,主管教育局,联系电话", ...fresh, ...changed, ...same, ...bad];
await page.goto("/imports/new");
await page.fill("input[name=effective]", ownDay);
await page.fill("input[name=reason]", "白教发〔2026〕12号");
await page.setInputFiles("input[name=file]", { name: "白河县2026年学校名单.csv", mimeType: "text/csv", buffer: Buffer.from(`${rows.join("\r\n")}\r\n`) });
await Promise.all([page.waitForURL(/\/imports\/\d+$/), page.click("weihe-upload button.main")]);
const imported = page.url();
await page.waitForSelector(".plan", { timeout: 60_000 });
await take(page, "import-plan");
await small.page.goto(imported);
await take(small.page, "import-plan-360");
await Promise.all([page.waitForNavigation(), page.click("form[action$='/approve'] button")]);
await page.waitForSelector("text=告诉报送单位", { timeout: 60_000 });
await take(page, "import-done");
const commit = await page.getAttribute("a[href^='/commits/']", "href");
await page.goto(commit);
await take(page, "commit");
await page.goto(imported);
await page.click("main details:has(input[name=sure]) summary");
await page.check("input[name=sure]");
await page.fill("form[action$='/reverse'] input[name=reason]", "示例结束");
await Promise.all([page.waitForNavigation(), page.click("form[action$='/reverse'] button[type=submit]")]);

await both("/dictionary", "dictionary");
await page.goto("/divisions/610305");
await take(page, "division");

await browser.close();
console.log(`${bytes} B in all`);
if (bytes > mostBytes) throw new Error(`the pictures are larger than ${mostBytes} B in all`);
