// The pictures of accounts and security duties, taken by `cargo xtask shots` after those of shots.mjs. Besides
// WEIHE_URL, WEIHE_USER, WEIHE_PASSWORD and WEIHE_SHOTS it reads WEIHE_BIN and WEIHE_DATA: the accounts of the people it
// plays are made at the command line, as an operator would. It writes into the demo province; run it on a copy.
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch, open, overflows, phone, shot, signIn } from "./browser.mjs";
import { ownCounty, rowsOf, text } from "./served.mjs";

const { WEIHE_URL, WEIHE_SHOTS: folder, WEIHE_BIN: program, WEIHE_DATA: data } = process.env;
if (!WEIHE_URL || !folder || !program || !data) throw new Error("WEIHE_URL, WEIHE_SHOTS, WEIHE_BIN and WEIHE_DATA must be set");
const mostBytes = 3_500_000;
// A program without optimisation hashes passwords slowly.
const patience = 120_000;

/** One command; its last line is JSON. */
function weihe(...words) {
  const printed = execFileSync(program, [...words, "--data", data, "--format", "json"], { encoding: "utf8" });
  return JSON.parse(printed.trim().split("\n").pop());
}

/** An account with a post, trained for it where it must be. */
function appoint(login, name, post, unit) {
  const { password } = weihe("user", "add", login, "--name", name);
  if (["security_administrator", "audit_administrator", "information_officer"].includes(post)) {
    weihe("user", "trained", login, "--course", "security_before_post", "--hours", "8");
  }
  weihe("user", "grant", login, "--post", post, ...(unit ? ["--unit", unit] : []));
  return { login, password };
}

const browser = await launch();
let bytes = 0;
async function take(from, name) {
  await shot(from, name, { fullPage: false });
  const { size } = await stat(join(folder, `${name}.png`));
  bytes += size;
  const wide = (await overflows(from)) ? " WIDER THAN THE SCREEN" : "";
  console.log(`${name.padEnd(28)} ${String(size).padStart(8)} B${wide}`);
}

/** Someone who is signed in, on a desktop and on a phone. */
async function person(who, { language = "zh-CN" } = {}) {
  const wide = await open(browser, { language });
  wide.page.setDefaultTimeout(patience);
  await signIn(wide.page, who.login, who.password);
  const cookies = await wide.context.cookies();
  const small = await open(browser, { size: phone, language });
  small.page.setDefaultTimeout(patience);
  await small.context.addCookies(cookies);
  const both = async (path, name) => {
    for (const [from, suffix] of [[wide.page, ""], [small.page, "-360"]]) {
      await from.goto(path);
      await take(from, `${name}${suffix}`);
    }
  };
  const one = async (path, name) => {
    await wide.page.goto(path);
    await take(wide.page, name);
  };
  return { page: wide.page, one, both, problems: [wide.problems, small.problems] };
}

/** Sends the form that a button belongs to and waits for what follows. */
async function press(page, selector) {
  await Promise.all([page.waitForNavigation(), page.click(selector)]);
}

/** Fills fields of the form that holds them all, by their names. */
async function fill(page, form, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = `${form} [name=${name}]`;
    const kind = await page.getAttribute(field, "type");
    const tag = await page.locator(field).first().evaluate((element) => element.tagName);
    if (kind === "radio") await page.check(`${field}[value="${value}"]`);
    else if (kind === "checkbox") await page.check(field);
    else if (tag === "SELECT") await page.selectOption(field, value);
    else await page.fill(field, value);
  }
}

/** The code of an authenticator now (RFC 6238). */
function code(secret, at = Date.now()) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/[^A-Z2-7]/g, "")].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = mac[19] & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);

// The people. The school is the first of the county that has a code.
const admin = await person({ login: process.env.WEIHE_USER, password: process.env.WEIHE_PASSWORD });
const schools = rowsOf(await text(admin.page, `/institutions.csv?division=${ownCounty.code}&type=211&status=open`));
const school = schools[1][0];
const clerkOf = appoint("baihe", "白某", "security_administrator", ownCounty.unit);
const officerOf = appoint("xinxi", "信某", "information_officer", school);
const leaderOf = appoint("shouxi", "首某", "cio", ownCounty.unit);
const provinceOf = appoint("anquan", "安某", "security_administrator");
const auditorOf = appoint("shenji", "审某", "audit_administrator");

// Signing in, with a second factor.
const visitor = await open(browser);
await visitor.page.goto("/signin");
await take(visitor.page, "signin");
const province = await person(provinceOf);
await province.page.goto("/account/factors");
await press(province.page, "main form[action='/account/factors/totp'] button");
const secret = (await province.page.innerText("main")).match(/[A-Z2-7]{4}( [A-Z2-7]{4}){3,}/)?.[0] ?? "";
if (secret) {
  await province.page.fill("main [name=totp]", code(secret));
  await press(province.page, "main form[action='/account/factors/totp/check'] button");
  await province.one("/account/factors", "account-factors");
  const second = await open(browser);
  second.page.setDefaultTimeout(patience);
  await second.page.goto("/signin");
  await second.page.fill("input[name=login]", provinceOf.login);
  await second.page.fill("input[name=password]", provinceOf.password);
  await press(second.page, "main button[type=submit]");
  await take(second.page, "signin-second");
}
await province.both("/account", "account");

// A schedule of daily reports; a county that keeps its duties; a school that reports.
await province.page.goto("/assurance/reports/new");
await fill(province.page, "main form", { title: "重要时期值守", from: today, to: today, hour: "00:01", below: "all" });
await press(province.page, "main form button.main");
const clerk = await person(clerkOf);
await clerk.page.goto("/assurance/units");
const office = await clerk.page.getAttribute("main table a[href^='/assurance/units/']", "href");
for (const [duty, name, post] of [["cio", "首某", "局长"], ["leader_in_charge", "分某", "副局长"]]) {
  await clerk.page.goto(`${office}?duty=${duty}`);
  await fill(clerk.page, "main form:has([name=phone])", { name, post, phone: "0915-7820000", from: today });
  await press(clerk.page, "main form:has([name=phone]) button.main");
}
await clerk.one(office, "assurance-unit");
await clerk.page.goto("/assurance/systems/new");
await fill(clerk.page, "main form", { name: "白河县教育资源平台", in_charge: "信息化股", run_by: "县电教馆", used_by: "全县学校", domain: "edu.baihe.example.cn", level: "3", contact: "信息化股", contact_phone: "0915-7820001" });
await press(clerk.page, "main form button.main");

const officer = await person(officerOf);
await officer.both("/assurance/reports", "assurance-reports");
await press(officer.page, "main form:has([name=incidents][value='0']) button");
await officer.page.goto("/assurance/incidents/new");
await fill(officer.page, "main form", { title: "学校网站首页被篡改", kind: "attack", level: "iii", summary: "已断网并保留日志。" });
await press(officer.page, "main form button.main");
const incident = new URL(officer.page.url()).pathname;

await clerk.both("/inbox", "inbox");
const asked = await clerk.page.getAttribute("main table a[href^='/cases/']", "href");
if (asked) await clerk.one(asked, "case");
await clerk.page.goto(incident);
await clerk.page.click("summary:has-text('问责')");
await fill(clerk.page, "details[open] form", { who: "学校信息中心", text: "未按要求更新系统补丁。" });
await press(clerk.page, "details[open] form button");
await clerk.both(incident, "incident");
await clerk.one("/assurance/incidents", "incidents");
await clerk.one("/assurance/accountability", "accountability");
await clerk.both("/assurance", "assurance");
await clerk.one("/assurance/units", "assurance-units");
await clerk.one("/assurance/systems", "assurance-systems");
await clerk.page.goto("/assurance/reports");
const schedule = await clerk.page.getAttribute("main table a[href^='/assurance/reports/']", "href");
await clerk.both(schedule, "assurance-schedule");
await clerk.one("/assurance/trainings", "assurance-trainings");
await clerk.one("/assurance/accounts", "assurance-accounts");
await province.page.goto("/assurance/node");
await press(province.page, "main form[action='/assurance/node'] button");
for (let asked = 0; asked < 30 && (await province.page.locator("main table tbody tr").count()) < 2; asked += 1) {
  await province.page.waitForTimeout(2_000);
  await province.page.goto("/assurance/node");
}
await province.one("/assurance/node", "assurance-node");
await province.page.goto("/map?figure=reports_missing");
await province.page.waitForTimeout(3_000);
await take(province.page, "map-reports");

// Persons who cannot exist: masked, in full for a purpose, as a file that a leader approves.
const list = join(tmpdir(), "weihe-people.csv");
await writeFile(list, `姓名,所在学校,性别,出生日期,监护人电话\n欧阳不在,${school},男,2015-03-04,13900000017\n司马乌有,${school},女,2014-05-06,13900000025\n公孙没有,${school},女,2013-07-08,13900000033\n`);
execFileSync(program, ["import", list, "--dataset", "person", "--data", data]);
const keeper = await person(appoint("xitong", "系某", "system_administrator"));
await keeper.page.goto("/settings");
await keeper.page.fill("[name=export_approval_above]", "2");
await press(keeper.page, "main form[action='/settings'] button.main");
const registrar = await person(appoint("xueji", "籍某", "registrar", ownCounty.unit));
await registrar.both("/people", "people");
const record = await registrar.page.getAttribute("main table a[href^='/people/']", "href");
await registrar.page.goto(record);
await fill(registrar.page, "main form[action$='/full']", { purpose: "enrolment", reference: "XJ-2026-031" });
await press(registrar.page, "main form[action$='/full'] button");
await take(registrar.page, "person-full");
await registrar.page.goto("/people/export");
await fill(registrar.page, "main form[action='/people/export']", { shown: "masked", purpose: "enrolment", reference: "XJ-2026-031", recipient: "基教股" });
await press(registrar.page, "main form[action='/people/export'] button.main");
const leader = await person(leaderOf);
await leader.one("/exports", "exports-decide");
await leader.page.click("main table a[href^='/cases/']");
await leader.page.waitForSelector("button[value=approve]");
await take(leader.page, "export-case");
await press(leader.page, "button[value=approve]");
await registrar.one("/exports", "exports");
const auditor = await person(auditorOf);
await auditor.one("/audit", "audit");

// Who looked: tied to a record at the command line.
weihe("user", "link", officerOf.login, "--person", record.split("/").pop(), "--guardian");
await officer.both("/account/readings", "looks");

await browser.close();
console.log(`${bytes} B in all`);
const problems = [admin, province, clerk, officer, keeper, registrar, leader, auditor].flatMap((who) => who.problems.flat());
if (problems.length) throw new Error(problems.join("\n"));
if (bytes > mostBytes) throw new Error(`the pictures are larger than ${mostBytes} B in all`);
