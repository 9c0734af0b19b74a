// What the browser tests share: headless Chromium with software WebGL, a page that remembers what went
// wrong in it, sign-in, an accessibility audit, screenshots, and a server for the gallery.
//
// Environment: WEIHE_URL (address of a running program; tests that need one are skipped without it),
// WEIHE_USER and WEIHE_PASSWORD (sign-in), WEIHE_CHROMIUM (default /usr/bin/chromium), WEIHE_SHOTS (a
// folder for screenshots).
import { readFile, mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

export const address = process.env.WEIHE_URL;
export const wide = { width: 1280, height: 800 };
export const phone = { width: 360, height: 740 };

/** Sent with every page by crates/ui (page.rs); the gallery's server sends it too. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
  "connect-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

export async function launch() {
  return chromium.launch({
    executablePath: process.env.WEIHE_CHROMIUM ?? "/usr/bin/chromium",
    env: { ...process.env, LANGUAGE: "zh_CN" },
    args: [
      "--no-sandbox",
      // Date and file fields in Chinese, where the package with the browser's own words is installed.
      "--lang=zh-CN",
      "--disable-gpu",
      "--use-gl=angle",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-domain-reliability",
      "--disable-sync",
      "--no-first-run",
      "--no-default-browser-check",
      "--force-color-profile=srgb",
    ],
  });
}

/**
 * A page in a context of its own. `problems` collects uncaught errors, console errors (a breach of the
 * content security policy is one) and failed answers; a test asserts that it is empty.
 */
export async function open(browser, { base = address, size = wide, javaScript = true, language = "zh-CN" } = {}) {
  const context = await browser.newContext({
    baseURL: base,
    viewport: size,
    javaScriptEnabled: javaScript,
    locale: language,
    hasTouch: size.width < 500,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 500) problems.push(`${response.status()} ${response.url()}`);
  });
  return { context, page, problems };
}

/** Signs in through the sign-in form. */
export async function signIn(page, user = process.env.WEIHE_USER, password = process.env.WEIHE_PASSWORD) {
  await page.goto("/signin");
  await page.fill("input[name=login]", user);
  await page.fill("input[name=password]", password);
  await Promise.all([page.waitForNavigation(), page.click("main button[type=submit]")]);
}

/** What an accessibility audit (axe, WCAG 2.1 A and AA) finds, as short sentences. */
export async function audit(page) {
  // Evaluated by the debugger, so the page's content security policy does not stand in the way.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(await readFile(require.resolve("axe-core/axe.min.js"), "utf8"));
  const violations = await page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], resultTypes: ["violations"] });
    return result.violations.map((violation) => ({
      id: violation.id,
      help: violation.help,
      where: violation.nodes.slice(0, 5).map((node) => `${node.target.join(" ")} (${node.any[0]?.message ?? ""})`),
    }));
  });
  return violations.map(({ id, help, where }) => `${id}: ${help}: ${where.join("; ")}`);
}

/** Whether the page must be scrolled sideways. */
export async function overflows(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

/** A picture, where WEIHE_SHOTS names a folder. */
export async function shot(page, name, options = {}) {
  const folder = process.env.WEIHE_SHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, ...options });
}

const types = { html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml", json: "application/json" };

/** Removes from a page (or worker) what Chromium 86 did not have yet, as far as a script can. */
export const chromium86 = `
  for (const [holder, names] of [
    [Array.prototype, ["at", "findLast", "findLastIndex", "toSorted", "toReversed", "toSpliced", "with", "group"]],
    [String.prototype, ["at", "isWellFormed", "toWellFormed"]],
    [Object.getPrototypeOf(Int8Array.prototype), ["at", "findLast", "toSorted", "toReversed", "with"]],
    [Object, ["hasOwn", "groupBy"]],
    [Map, ["groupBy"]],
    [Promise, ["withResolvers", "try"]],
    [Array, ["fromAsync"]],
    [Set.prototype, ["union", "intersection", "difference", "isSubsetOf"]],
    [globalThis, ["structuredClone", "Iterator", "Temporal", "reportError", "CompressionStream", "scheduler", "cookieStore"]],
    [Intl, ["Segmenter"]],
    [globalThis.AbortSignal, ["timeout", "any", "abort"]],
    [globalThis.AbortSignal && AbortSignal.prototype, ["throwIfAborted", "reason"]],
    [globalThis.crypto && Crypto.prototype, ["randomUUID"]],
    [globalThis.HTMLElement && HTMLElement.prototype, ["showPopover", "hidePopover", "inert"]],
    [globalThis.Element && Element.prototype, ["checkVisibility", "setHTML", "getHTML"]],
    [globalThis.Document && Document.prototype, ["startViewTransition"]],
    [globalThis.CanvasRenderingContext2D && CanvasRenderingContext2D.prototype, ["reset", "roundRect", "letterSpacing", "fontKerning"]],
  ]) {
    if (holder) for (const name of names) delete holder[name];
  }
`;

/**
 * Serves web/dist under /assets/, the gallery pages that crates/ui's tests write, and what `routes`
 * (path → { type, body } or a function of the URL) adds.
 */
export async function serve(routes = {}, { old = false } = {}) {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    const send = (type, body, status = 200) => {
      response.writeHead(status, { "content-type": type, "content-security-policy": contentSecurityPolicy, "cache-control": "no-store" });
      response.end(body);
    };
    const match = Object.keys(routes).find((path) => (path.endsWith("*") ? url.pathname.startsWith(path.slice(0, -1)) : path === url.pathname));
    try {
      if (match) {
        const route = typeof routes[match] === "function" ? await routes[match](url, request) : routes[match];
        return send(route.type, route.body, route.status);
      }
      const file = normalize(url.pathname).replace(/^\/+/, "");
      const [folder, name] = file.startsWith("assets/") ? [join(here, "../dist"), file.slice(7)] : [join(here, ".gallery"), file];
      const body = await readFile(join(folder, name));
      const extension = name.split(".").pop();
      const prefix = old && extension === "js" && name.includes("worker") ? chromium86 : "";
      send(`${types[extension] ?? "application/octet-stream"}; charset=utf-8`, prefix ? prefix + body : body);
    } catch {
      send("text/plain", "not here", 404);
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { base: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((closed) => { server.closeAllConnections(); server.close(closed); }) };
}
