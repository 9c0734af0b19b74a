// Second factors in a real browser: a passkey of a virtual authenticator (CDP) and codes of an authenticator app, each
// made, used to sign in and taken away again, on a screen and on a phone. The account is one of its own
// (WEIHE_SECOND_USER, WEIHE_SECOND_PASSWORD): with a second factor nobody else's sign-in is in its way.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { address, audit, launch, open, overflows, phone, shot, signIn, wide } from "./browser.mjs";

const { WEIHE_SECOND_USER: user, WEIHE_SECOND_PASSWORD: password } = process.env;
const skip = address && user ? false : "WEIHE_URL and WEIHE_SECOND_USER name no running program and account";

// Browsers bind passkeys to names, and a number is none.
const base = address?.replace("127.0.0.1", "localhost");
const held = {};

before(async () => {
  if (skip) return;
  held.browser = await launch();
  held.site = await setSite(base);
});

after(async () => {
  if (skip) return;
  if (held.site !== undefined) await setSite(held.site);
  await held.browser.close();
});

/** Says under which address people reach the program; answers what was said before. */
async function setSite(site) {
  const { context, page } = await open(held.browser);
  await signIn(page);
  await page.goto("/account");
  const line = page.locator(".plain-list li", { hasText: "系统管理员" });
  if ((await line.locator(".badge").count()) === 0) await Promise.all([page.waitForNavigation(), line.locator("button").click()]);
  await page.goto("/settings/signin");
  const before = await page.inputValue("[name=signin_site]");
  await page.fill("[name=signin_site]", site);
  const form = page.locator("form", { has: page.locator("[name=signin_site]") });
  await Promise.all([page.waitForNavigation(), form.locator("button[type=submit]").click()]);
  assert.match(await page.innerText(".notice.good"), /已保存/);
  await context.close();
  return before;
}

const path = (page) => new URL(page.url()).pathname;

async function isGood(page, what) {
  assert.equal(await overflows(page), false, `${what} is too wide`);
  assert.deepEqual(await audit(page), [], what);
}

/** Clicks what leads elsewhere. */
const follow = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

async function signOut(page) {
  await page.context().clearCookies();
  await page.goto("/signin");
}

/** Opens the page of one's own factors; the password is asked for before anything is changed. */
async function confirmed(page) {
  await page.goto("/account/confirm?next=/account/factors");
  await page.fill("main input[type=password]", password);
  await follow(page, "main form button.main");
  assert.equal(path(page), "/account/factors");
}

/** Takes every factor away. */
async function removeAll(page) {
  await confirmed(page);
  const remove = "form[action='/account/factors/remove'] button";
  while ((await page.$$(remove)).length > 0) await follow(page, `${remove} >> nth=0`);
  assert.match(await page.innerText("main"), /还没有/);
}

/** The code of an authenticator app (RFC 6238) so many steps from now. */
function codeOf(secret, steps = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = Array.from(secret.replace(/[^A-Z2-7]/g, ""), (letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac("sha1", key).update(counter).digest();
  const at = hash[hash.length - 1] & 0xf;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function visitor(size) {
  const opened = await open(held.browser, { base, size });
  // What is removed asks first.
  opened.page.on("dialog", (dialog) => dialog.accept());
  return opened;
}

for (const [name, size] of Object.entries({ "a screen": wide, "a phone": phone })) {
  test(`on ${name} a passkey is made, signs in alone and as second step, and is taken away`, { skip }, async () => {
    const { context, page, problems } = await visitor(size);
    const debug = await context.newCDPSession(page);
    await debug.send("WebAuthn.enable");
    const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
    const { authenticatorId } = await debug.send("WebAuthn.addVirtualAuthenticator", { options });
    await signIn(page, user, password);
    await confirmed(page);
    await isGood(page, "the page of factors");
    await follow(page, "a[href='/account/factors/passkey']");
    await isGood(page, "the page that makes a passkey");
    await follow(page, "weihe-passkey button");
    const { credentials } = await debug.send("WebAuthn.getCredentials", { authenticatorId });
    assert.equal(credentials.length, 1);
    assert.equal(credentials[0].rpId, "localhost");

    // Alone: neither name nor password.
    await signOut(page);
    await isGood(page, "the page to sign in");
    await shot(page, `passkey-${size.width}`);
    await follow(page, "weihe-passkey button");
    assert.equal(path(page), "/");
    assert.match(await page.innerText("details.user summary"), new RegExp(user));

    // As the second step.
    await signOut(page);
    await signIn(page, user, password);
    assert.equal(path(page), "/signin/second");
    await isGood(page, "the second step");
    await follow(page, "weihe-passkey button");
    assert.equal(path(page), "/");

    // A device that does not know its holder gives nothing.
    await signOut(page);
    await debug.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    await page.click("weihe-passkey button");
    await page.waitForFunction(() => document.querySelector("weihe-passkey [role=status]").textContent !== "");
    assert.equal(path(page), "/signin");
    await debug.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
    await follow(page, "weihe-passkey button");

    await removeAll(page);
    await signOut(page);
    await follow(page, "weihe-passkey button");
    assert.notEqual(path(page), "/", "a passkey that was taken away signs nobody in");
    await signIn(page, user, password);
    assert.equal(path(page), "/", "the password is enough again");
    // The refusal above is an answer of 422.
    assert.deepEqual(problems.filter((problem) => !problem.includes("422")), []);
    await context.close();
  });

  test(`on ${name} codes of an authenticator app sign in once each`, { skip }, async () => {
    const { context, page, problems } = await visitor(size);
    await signIn(page, user, password);
    await confirmed(page);
    await follow(page, "form[action='/account/factors/totp'] button");
    assert.equal(path(page), "/account/factors/totp");
    await isGood(page, "the page that makes codes");
    const secret = await page.innerText("main ol .code");
    await page.fill("[name=totp]", "000000");
    await follow(page, "form[action='/account/factors/totp/check'] button");
    assert.match(await page.innerText("main"), /不对|不正确/);
    // The step before this one, so that this one and the next are left for the sign-in.
    await page.fill("[name=totp]", codeOf(secret, -1));
    await follow(page, "form[action='/account/factors/totp/check'] button");
    // With the first factor of an account come codes for the day when it is lost; later ones are asked for.
    await page.goto("/account/factors");
    await follow(page, "form[action='/account/factors/recovery'] button");
    await isGood(page, "the recovery codes");
    const recovery = await page.innerText("main .plain-list li >> nth=0");

    const second = async (field, value) => {
      await page.fill(`[name=${field}]`, value);
      const form = page.locator("form", { has: page.locator(`[name=${field}]`) });
      await Promise.all([page.waitForNavigation(), form.locator("button[type=submit]").click()]);
    };
    await signOut(page);
    await signIn(page, user, password);
    assert.equal(path(page), "/signin/second");
    await isGood(page, "the second step");
    await shot(page, `second-step-${size.width}`);
    assert.equal(await page.getAttribute("[name=totp]", "autocomplete"), "one-time-code");
    await second("totp", "12");
    assert.equal(path(page), "/signin/second");
    await isGood(page, "the second step, refused");
    const code = codeOf(secret);
    await second("totp", code);
    assert.equal(path(page), "/");

    // The same code a second time, and then a recovery code, which is good once.
    await signOut(page);
    await signIn(page, user, password);
    await second("totp", code);
    assert.equal(path(page), "/signin/second", "a code is good once");
    await second("recovery", recovery.trim());
    assert.equal(path(page), "/", await page.innerText("main"));
    await removeAll(page);
    assert.deepEqual(problems.filter((problem) => !problem.includes("422")), []);
    await context.close();
  });
}
