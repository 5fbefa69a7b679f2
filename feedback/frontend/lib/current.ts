/**
 * Keeps a server-rendered page current: its forms go by fetch, and news makes it fetch itself again. Without this script
 * the same forms and links simply work; what only they need is marked `data-plain`. A link marked `data-sheet` shows its
 * page's #sheet-body in a dialog over this one; one marked `data-look` shows this page as its address has it, in place.
 */

import { gapAfter } from "./fresh.ts";
import { takeRegions, watchRegions } from "./regions.ts";
import { t } from "./words.ts";

const parser = new DOMParser();
const LEAVING = new Set([401, 403, 404]);

let inFlight: AbortController | undefined;
let sending = 0;
/** Forms that are on their way, and those that wait for them. */
let underWay: Promise<unknown> = Promise.resolve();
const waiting = new WeakSet<HTMLFormElement>();
let wanted = false;
let timer: number | undefined;
let typing: number | undefined;
let lastStart = -Infinity;
let lastTook = 0;
/** What of this page is shown, as its address says. */
let shown = location.search;

/** Take over the forms and links of this page. */
export function keepCurrent(): void {
  watchRegions();
  for (const spare of document.querySelectorAll<HTMLElement>("[data-plain]")) spare.hidden = true;
  document.addEventListener("submit", onSubmit);
  document.addEventListener("click", onClick);
  document.addEventListener("input", onSearch);
  // The back button goes from one part of a page to the one before it. Places within a page are the browser's business.
  window.addEventListener("popstate", () => {
    if (location.search !== shown) void look(new URL(location.href), "back");
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && wanted) plan();
  });
}

/** Say that the page may be out of date; it is fetched soon, at most twice a second and only while somebody looks. */
export function refresh(): void {
  wanted = true;
  plan();
}

/** Fetch the page now and take in what changed; rejects when it did not come. */
export async function fetchPage(): Promise<void> {
  wanted = false;
  inFlight?.abort();
  const mine = (inFlight = new AbortController());
  lastStart = performance.now();
  try {
    const answer = await fetch(location.href, { ...ASKING, signal: mine.signal });
    if (LEAVING.has(answer.status)) return location.reload();
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    take(parser.parseFromString(await answer.text(), "text/html"), false);
    lastTook = performance.now() - lastStart;
  } finally {
    if (inFlight === mine) inFlight = undefined;
    if (wanted) plan();
  }
}

/**
 * Show a sentence in the page's notice; it stays until the next one, or until it is put away. Behind an open sheet nobody
 * would see or hear it: there it is said above what the sheet asks.
 */
export function tell(sentence: string, kind: "good" | "wait" | "bad"): void {
  const words = Object.assign(document.createElement("div"), { className: `notice ${kind}` });
  words.append(Object.assign(document.createElement("span"), { textContent: sentence }));
  const sheet = document.querySelector("dialog#sheet[open] #sheet-body");
  if (sheet) return tellAbove(sheet, words);
  const away = Object.assign(document.createElement("a"), { className: "button small plain", href: location.pathname, textContent: t("OK") });
  away.dataset["close"] = "";
  words.append(away);
  document.getElementById("notice")?.replaceChildren(words);
}

function tellAbove(sheet: Element, words: HTMLElement): void {
  sheet.querySelector(":scope > [role='alert']")?.remove();
  words.setAttribute("role", "alert");
  sheet.prepend(words);
  words.scrollIntoView({ block: "nearest" });
}

const ASKING: RequestInit = { headers: { Accept: "text/html" }, credentials: "same-origin" };

function plan(): void {
  if (timer !== undefined || inFlight || sending > 0 || document.hidden) return;
  const wait = Math.max(0, lastStart + gapAfter(lastTook) - performance.now());
  timer = window.setTimeout(() => {
    timer = undefined;
    // Offline, or cut short by a form: the next frame or the line's return asks again.
    if (wanted && sending === 0) fetchPage().catch(() => undefined);
  }, wait);
}

function take(page: Document, own: boolean, from?: string): void {
  takeRegions(page, own, from);
  // What was said stays until something else is: news alone never wipes it away.
  if (own || page.querySelector("#notice > *")) {
    document.getElementById("notice")?.replaceChildren(...[...(page.getElementById("notice")?.children ?? [])].map((said) => document.importNode(said, true)));
  }
  settle(page);
}

/** A notice that waits for a proposal says so only until it has come; it goes where none will come. */
function settle(page: Document): void {
  const notice = document.querySelector<HTMLElement>("#notice [data-awaits]");
  const theme = notice?.dataset["awaits"];
  if (!notice || page.querySelector(`[data-sought="${theme}"]`)) return;
  if (!page.querySelector(`[data-found="${theme}"]`)) return notice.remove();
  notice.querySelector("[data-sentence]")?.remove();
  notice.querySelector<HTMLElement>("[data-then]")?.removeAttribute("hidden");
  notice.classList.replace("wait", "good");
  delete notice.dataset["awaits"];
}

// Forms.

function onSubmit(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented || form.dataset["native"] !== undefined || form.method === "dialog") return;
  event.preventDefault();
  if (form.method === "get") void look(asked(form));
  else post(form, event.submitter as HTMLButtonElement | null);
}

/** Undo is about what was done last: while that is on its way its form waits, for it knows the step by the answer. */
function post(form: HTMLFormElement, button: HTMLButtonElement | null): void {
  if (waiting.has(form) || form.getAttribute("aria-busy") === "true") return;
  if (form.elements.namedItem("step")) waiting.add(form);
  const sent = waiting.has(form) ? underWay.then(() => send(form, button)).finally(() => waiting.delete(form)) : send(form, button);
  underWay = Promise.allSettled([underWay, sent]);
}

function onSearch({ target }: Event): void {
  const form = (target as Element).closest<HTMLFormElement>("form[data-live]");
  if (!form) return;
  clearTimeout(typing);
  typing = window.setTimeout(() => void look(asked(form), "typing"), 250);
}

/** The address that a search form asks for: as without this script, its fields take the place of what was asked before. */
function asked(form: HTMLFormElement): URL {
  const address = new URL(form.action);
  const fields = [...new FormData(form)].filter((field): field is [string, string] => typeof field[1] === "string" && field[1] !== "");
  address.search = String(new URLSearchParams(fields));
  return address;
}

/** Show what is at another address of this page: the address changes, the page stays; what was shown before is one step back. */
async function look(address: URL, by: "choice" | "typing" | "back" = "choice"): Promise<void> {
  if (by === "choice" && address.search !== shown) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  shown = address.search;
  await fetchPage().catch((why: unknown) => {
    // What a later look, a form or news has replaced is no loss: that fetches the same address.
    if ((why as Error).name !== "AbortError") tell(t("That did not come: the connection is lost. Please try again."), "bad");
  });
}

async function send(form: HTMLFormElement, button: HTMLButtonElement | null): Promise<void> {
  const body = new FormData(form);
  if (button?.name) body.append(button.name, button.value);
  const before = written(form);
  // A card that is being answered is out of sight at once, and the focus with it.
  const from = form.contains(document.activeElement) ? form.closest("[data-region]")?.id : undefined;
  sending += 1;
  inFlight?.abort();
  form.setAttribute("aria-busy", "true");
  button?.setAttribute("aria-disabled", "true");
  try {
    const answer = await fetch(kept(button?.getAttribute("formaction") ?? form.getAttribute("action") ?? ""), { ...ASKING, method: "POST", body });
    const page = parser.parseFromString(await answer.text(), "text/html");
    const queue = form.closest("details[name='queue']")?.id;
    receive(form, answer, page, before === written(form), from);
    if (queue && answer.ok) nextCard(queue);
  } catch {
    tell(t("That did not go out: the connection is lost. What you wrote is still here. Please try again."), "bad");
  } finally {
    sending -= 1;
    form.removeAttribute("aria-busy");
    button?.removeAttribute("aria-disabled");
    refresh();
  }
}

function receive(form: HTMLFormElement, answer: Response, page: Document, untouched: boolean, from?: string): void {
  const body = page.getElementById("sheet-body");
  // A form of the page itself may be answered by a question in a sheet.
  const sheet = body ? document.querySelector<HTMLDialogElement>("dialog#sheet") : form.closest<HTMLDialogElement>("dialog#sheet");
  if (sheet && body) return showSheet(sheet, body);
  if (!page.querySelector("[data-region]")) return answer.ok ? location.assign(answer.url) : complain(page);
  if (answer.ok) {
    if (untouched) form.reset();
    if (sheet) untick(new FormData(form));
    const fold = form.closest<HTMLDetailsElement>("details[data-fold]");
    if (fold?.contains(document.activeElement)) fold.querySelector("summary")?.focus();
    if (fold) fold.open = false;
    sheet?.close();
  }
  take(page, true, from);
  // A field's own words stand beside it; where that place is not renewed they are said here, and for a sheet in the sheet.
  if (!answer.ok && sheet) document.getElementById("notice")?.replaceChildren();
  if (!answer.ok && (sheet || !page.querySelector("#notice > *"))) complain(page);
  const wrong = answer.ok ? null : page.querySelector("[data-region] [aria-invalid]");
  if (wrong) document.getElementById(wrong.id)?.focus();
}

/** On a narrow screen each card of a queue comes to where the last one was, and below the notice about it. */
function nextCard(queue: string): void {
  if (!matchMedia("(max-width: 40rem)").matches) return;
  document.querySelector(`#${queue}[open] .cards`)?.scrollIntoView({ block: "start" });
}

/**
 * The address of a form, with all that this page's own says of what is shown and the form's does not: forms stand outside
 * of what is renewed, and the page that answers them is to be the one that people were looking at.
 */
function kept(action: string): URL {
  const address = new URL(action, location.href);
  const named = new Set(address.searchParams.keys());
  for (const [name, value] of new URLSearchParams(location.search)) if (!named.has(name)) address.searchParams.append(name, value);
  return address;
}

/** What a sheet was about is done: it is not chosen any more. */
function untick(about: FormData): void {
  const done = about.getAll("idea").map((said) => String(said).split("@")[0]);
  for (const box of document.querySelectorAll<HTMLInputElement>("input[name='idea']:checked")) {
    if (!done.includes(box.value.split("@")[0])) continue;
    box.checked = false;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

/** A refusal came back as a page: say its sentence here, where the form or its sheet still holds what was written. */
function complain(page: Document): void {
  const sentence = page.querySelector("[data-sentence], [data-code] h1") ?? page.querySelector(".problem[id]") ?? page.querySelector("h1");
  tell(sentence?.textContent?.trim() || t("That did not work, and nothing was changed. Please try again."), "bad");
}

function written(form: HTMLFormElement): string {
  return [...new FormData(form)].map(([name, value]) => `${name}=${typeof value === "string" ? value : `${value.name}:${value.size}`}`).join("\n");
}

// Sheets.

function onClick(event: MouseEvent): void {
  const target = event.target as Element;
  const close = target.closest("[data-close]");
  if (close) return putAway(close, event);
  if (target.closest("[data-then]")) setTimeout(() => document.getElementById("notice")?.replaceChildren());
  const link = target.closest<HTMLAnchorElement>("a[data-sheet], a[data-look]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  if (link.dataset["look"] !== undefined) return void lengthen(link);
  openSheet(link).catch(() => tell(t("That did not come: the connection is lost. Please try again."), "bad"));
}

/** Show more or less of the list that a link ends; whoever asked for more goes on reading where they were. */
async function lengthen(link: HTMLAnchorElement): Promise<void> {
  const [list, row] = [link.closest("ol, ul"), link.closest("li")];
  if (!list || !row) return;
  const at = [...list.children].indexOf(row);
  await look(new URL(link.href));
  const next = list.children[at];
  if (next && !next.contains(link)) next.querySelector<HTMLElement>("input, a")?.focus();
}

async function openSheet(link: HTMLAnchorElement): Promise<void> {
  const answer = await fetch(link.href, ASKING);
  const page = parser.parseFromString(await answer.text(), "text/html");
  const body = page.getElementById("sheet-body");
  const sheet = document.querySelector<HTMLDialogElement>("dialog#sheet");
  if (!sheet) return location.assign(link.href);
  if (!body) return complain(page);
  showSheet(sheet, body);
}

function showSheet(sheet: HTMLDialogElement, body: HTMLElement): void {
  sheet.replaceChildren(document.importNode(body, true));
  const heading = sheet.querySelector("h1, h2");
  if (heading?.id) sheet.setAttribute("aria-labelledby", heading.id);
  if (!sheet.open) sheet.showModal();
}

function putAway(button: Element, event: Event): void {
  const sheet = button.closest<HTMLDialogElement>("dialog#sheet");
  const notice = button.closest("#notice");
  if (!sheet && !notice) return;
  event.preventDefault();
  sheet?.close();
  notice?.replaceChildren();
}
