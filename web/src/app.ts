// Loaded by every page. Everything it does also works without it, as links and forms (see the table in
// crates/ui/src/lib.rs).
import { remember, visit } from "./swap";

const typingPause = 300;

document.documentElement.classList.add("js");

// On a phone the views of a room stand on one line that is wider than the screen: the present one is brought into sight.
document.querySelectorAll<HTMLElement>(".tabs a[aria-current]").forEach((current) => {
  const line = current.closest("ul");
  if (line && line.scrollWidth > line.clientWidth) line.scrollLeft = current.offsetLeft - line.offsetLeft - 24;
});

// A page that Back brings out of the browser's memory as it was is asked for again: its reader may have signed out.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

/** The address a GET form leads to; empty fields are left out. */
function addressOf(form: HTMLFormElement): string {
  const query = new URLSearchParams();
  new FormData(form).forEach((value, name) => {
    if (typeof value === "string" && value.trim() !== "") query.append(name, value.trim());
  });
  const path = new URL(form.getAttribute("action") || location.pathname, location.href).pathname;
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

function liveForm(target: EventTarget | null): HTMLFormElement | undefined {
  if (!(target instanceof Element)) return undefined;
  const form = target.closest<HTMLFormElement>("form[data-live]");
  return form ?? undefined;
}

function isTyped(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && ["text", "search", ""].includes(target.type);
}

let typing = 0;
let composing = false;

document.addEventListener("compositionstart", () => (composing = true));
document.addEventListener("compositionend", (event) => {
  composing = false;
  typed(event);
});
document.addEventListener("input", typed);

function typed(event: Event): void {
  const form = liveForm(event.target);
  if (!form || composing || !isTyped(event.target)) return;
  window.clearTimeout(typing);
  typing = window.setTimeout(() => void visit(addressOf(form), "replace"), typingPause);
}

document.addEventListener("change", (event) => {
  const form = liveForm(event.target);
  if (!form || isTyped(event.target) || !form.checkValidity()) return;
  void visit(addressOf(form), "push");
});

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented) return;
  if (form.method === "post") {
    // The same thing is not sent twice by a double click.
    if (form.dataset["sent"]) event.preventDefault();
    form.dataset["sent"] = "1";
    window.setTimeout(() => delete form.dataset["sent"], 4000);
    return;
  }
  if (!liveForm(form)) return;
  event.preventDefault();
  window.clearTimeout(typing);
  void visit(addressOf(form), "push");
});

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  closeMenus(target);
  if (!target) return;
  const asked = target.closest<HTMLElement>("[data-confirm]");
  if (asked && !window.confirm(asked.dataset["confirm"])) {
    event.preventDefault();
    return;
  }
  if (target.closest("[data-print]")) window.print();
  const link = target.closest<HTMLAnchorElement>("[data-live-links] a[href]");
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
  // Only other views of this page; a link in a cell leads elsewhere.
  if (link.origin !== location.origin || link.pathname !== location.pathname || link.getAttribute("href")?.startsWith("#")) return;
  event.preventDefault();
  void visit(link.pathname + link.search, "push", link.closest("[data-to-top]") !== null);
});

window.addEventListener("popstate", (event) => {
  const state = event.state as { owner?: string } | null;
  if (state?.owner === "visit") void visit(location.pathname + location.search, "none");
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target as HTMLElement;
  if (target.matches("input, select, textarea, [contenteditable]")) return;
  for (const keyed of document.querySelectorAll<HTMLElement>("[data-key]")) {
    if (keyed.dataset["key"] !== event.key) continue;
    event.preventDefault();
    if (keyed instanceof HTMLAnchorElement) keyed.click();
    else keyed.focus();
    return;
  }
});

function closeMenus(except: Element | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!except || !menu.contains(except)) menu.open = false;
  }
}

// A form that came back with faults is read from its summary.
document.querySelector<HTMLElement>("[data-focus]")?.focus();

// The first "back" must know who redraws this page.
if (document.querySelector("[data-live], [data-live-links]") && !document.querySelector("weihe-map")) {
  remember(location.pathname + location.search + location.hash, "replace");
}
