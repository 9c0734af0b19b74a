// Fetches a page of ours without its frame and puts its parts in place of the old ones.

const fragmentHeader = "weihe-fragment";
const workArea = "work";

let running: AbortController | undefined;

/** A fetched page, or nothing when the browser must go there itself. */
export async function fetchPage(address: string, signal?: AbortSignal): Promise<Document | undefined> {
  const headers = { [fragmentHeader]: "1", accept: "text/html" };
  const response = await fetch(address, signal ? { headers, signal } : { headers });
  const type = response.headers.get("content-type") ?? "";
  if (!response.ok || response.redirected || !type.startsWith("text/html")) return undefined;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** How a visit stands in the browser's history. */
export type Entry = "push" | "replace" | "none";

/** Goes to an address of ours without loading the whole page. */
export async function visit(address: string, entry: Entry, toTop = false): Promise<void> {
  running?.abort();
  const own = new AbortController();
  running = own;
  const quiet = window.setTimeout(() => showBusy(true), 300);
  for (const region of regions()) region.setAttribute("aria-busy", "true");
  try {
    const answer = await fetchPage(address, own.signal);
    if (!answer) {
      location.assign(address);
      return;
    }
    remember(address, entry);
    show(answer);
    if (toTop) document.getElementById(workArea)?.scrollIntoView();
  } catch (error) {
    if (own.signal.aborted) return;
    console.warn(error);
    location.assign(address);
  } finally {
    window.clearTimeout(quiet);
    if (running === own) {
      running = undefined;
      showBusy(false);
      for (const region of regions()) region.removeAttribute("aria-busy");
    }
  }
}

/** Writes an address into the history, marking which script will redraw it on the way back. */
export function remember(address: string, entry: Entry, owner = "visit"): void {
  if (entry === "none") return;
  const state = { owner };
  if (history.state === null) history.replaceState(state, "");
  if (entry === "push" && address !== location.pathname + location.search) history.pushState(state, "", address);
  else history.replaceState(state, "", address);
}

/** Puts the answer's regions in place; where something else differs too, the whole work area. */
export function show(answer: Document): void {
  if (answer.title) document.title = answer.title;
  const work = document.getElementById(workArea);
  const freshWork = answer.getElementById(workArea);
  const here = regions();
  const pairs = here.map((old) => ({ old, fresh: answer.getElementById(old.id) }));
  const fits = here.length > 0 && pairs.every(({ fresh }) => fresh !== null) && answer.querySelectorAll("[data-region][id]").length === here.length;
  if (fits && (!work || !freshWork || withoutRegions(work) === withoutRegions(freshWork))) {
    for (const { old, fresh } of pairs) replaceKeeping(old, fresh as HTMLElement);
  } else if (work && freshWork) replaceKeeping(work, freshWork);
  const said = document.querySelector(".pager p, [data-says]");
  announce(said?.textContent ?? document.title);
  document.dispatchEvent(new CustomEvent("weihe:shown"));
}

/** Tells a screen reader. */
export function announce(words: string): void {
  const place = document.querySelector("[data-announce]");
  if (place) place.textContent = words;
}

/** The quiet line at the top of the window. */
export function showBusy(busy: boolean): void {
  const line = document.querySelector<HTMLElement>("[data-busy]");
  if (line) line.hidden = !busy;
}

/** What stands round the regions: title, badges, figures, the line of sources. */
function withoutRegions(work: HTMLElement): string {
  const copy = work.cloneNode(true) as HTMLElement;
  for (const region of Array.from(copy.querySelectorAll("[data-region][id]"))) region.remove();
  for (const opened of Array.from(copy.querySelectorAll("details[open]"))) opened.removeAttribute("open");
  return copy.innerHTML;
}

function regions(): HTMLElement[] {
  return Array.from(document.querySelectorAll<HTMLElement>("[data-region][id]"));
}

/**
 * Replaces an element, except that a field which has the focus stays itself: what is being typed (and an
 * input method that is composing) is not disturbed; what stands round it is replaced.
 */
function replaceKeeping(old: Element, fresh: Element): void {
  const active = document.activeElement;
  if (!active || !old.contains(active)) {
    old.replaceWith(document.adoptNode(fresh));
    return;
  }
  if (!active.matches("input, select, textarea")) {
    old.replaceWith(document.adoptNode(fresh));
    focusAgain(active, fresh as HTMLElement);
    return;
  }
  if (old === active) return;
  const branch = Array.from(old.children).find((child) => child.contains(active));
  const match = branch && sameField(old, fresh, branch, active);
  if (!branch || !match) return;
  for (const node of Array.from(old.childNodes)) if (node !== branch) node.remove();
  let behind = false;
  for (const node of Array.from(fresh.childNodes)) {
    if (node === match) behind = true;
    else if (behind) old.append(document.adoptNode(node));
    else branch.before(document.adoptNode(node));
  }
  replaceKeeping(branch, match);
}

/** The fresh element that holds the field with the focus: found by its name, else by its place. */
function sameField(old: Element, fresh: Element, branch: Element, active: Element): Element | undefined {
  const after = Array.from(fresh.children);
  const name = active.getAttribute("name");
  // Forms beside it may hold the same name hidden, to keep the rest of the address.
  const isSame = (field: Element) => field.tagName === active.tagName && field.getAttribute("type") === active.getAttribute("type");
  const holds = (child: Element) => [child, ...Array.from(child.querySelectorAll("[name]"))].some((field) => field.getAttribute("name") === name && isSame(field));
  return (name && after.find(holds)) || after[Array.from(old.children).indexOf(branch)];
}

/** A link that was followed has the focus again if the answer has it too; else the region takes it. */
function focusAgain(active: Element, fresh: HTMLElement): void {
  const href = active.getAttribute("href");
  const links = Array.from(fresh.querySelectorAll<HTMLElement>("a[href]"));
  const same = href === null ? undefined : links.find((link) => link.getAttribute("href") === href);
  if (!same) fresh.setAttribute("tabindex", "-1");
  (same ?? fresh).focus({ preventScroll: true });
}
