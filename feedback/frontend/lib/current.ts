/**
 * Keeps a server-rendered page current: its forms go by fetch, and news makes it fetch itself again. Without this script
 * the same forms and links simply work; what only they need is marked `data-plain`. A link marked `data-sheet` shows its page's #sheet-body in a dialog over this one.
 */

import { gapAfter } from "./fresh.ts";
import { takeRegions, watchRegions } from "./regions.ts";
import { t } from "./words.ts";

const parser = new DOMParser();
const LEAVING = new Set([401, 403, 404]);

let inFlight: AbortController | undefined;
let sending = 0;
let wanted = false;
let timer: number | undefined;
let typing: number | undefined;
let lastStart = -Infinity;
let lastTook = 0;

/** Take over the forms and links of this page. */
export function keepCurrent(): void {
  watchRegions();
  for (const spare of document.querySelectorAll<HTMLElement>("[data-plain]")) spare.hidden = true;
  document.addEventListener("submit", onSubmit);
  document.addEventListener("click", onClick);
  document.addEventListener("input", onSearch);
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

/** Show a sentence in the page's notice; it stays until the next one, or until it is put away. */
export function tell(sentence: string, kind: "good" | "wait" | "bad"): void {
  const words = document.createElement("p");
  words.className = `notice ${kind}`;
  words.append(Object.assign(document.createElement("span"), { textContent: sentence }));
  document.getElementById("notice")?.replaceChildren(words);
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

function take(page: Document, own: boolean): void {
  takeRegions(page, own);
  // What was said stays until something else is: news alone never wipes it away.
  if (own || page.querySelector("#notice > *")) {
    document.getElementById("notice")?.replaceChildren(...[...(page.getElementById("notice")?.children ?? [])].map((said) => document.importNode(said, true)));
  }
}

// Forms.

function onSubmit(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented || form.dataset["native"] !== undefined || form.method === "dialog") return;
  event.preventDefault();
  if (form.method === "get") look(form);
  else void send(form, event.submitter as HTMLButtonElement | null);
}

function onSearch({ target }: Event): void {
  const form = (target as Element).closest<HTMLFormElement>("form[data-live]");
  if (!form) return;
  clearTimeout(typing);
  typing = window.setTimeout(() => look(form), 250);
}

/** Answer a search form: the address changes, the page stays. */
function look(form: HTMLFormElement): void {
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (typeof value === "string" && value !== "") address.searchParams.set(name, value);
  history.replaceState(null, "", address);
  fetchPage().catch(() => tell(t("That did not come: the connection is lost. Please try again."), "bad"));
}

async function send(form: HTMLFormElement, button: HTMLButtonElement | null): Promise<void> {
  if (form.getAttribute("aria-busy") === "true") return;
  const body = new FormData(form);
  if (button?.name) body.append(button.name, button.value);
  const before = written(form);
  sending += 1;
  inFlight?.abort();
  form.setAttribute("aria-busy", "true");
  button?.setAttribute("aria-disabled", "true");
  try {
    const answer = await fetch(button?.getAttribute("formaction") ?? form.getAttribute("action") ?? location.href, { ...ASKING, method: "POST", body });
    const page = parser.parseFromString(await answer.text(), "text/html");
    receive(form, answer, page, before === written(form));
  } catch {
    tell(t("That did not go out: the connection is lost. What you wrote is still here. Please try again."), "bad");
  } finally {
    sending -= 1;
    form.removeAttribute("aria-busy");
    button?.removeAttribute("aria-disabled");
    refresh();
  }
}

function receive(form: HTMLFormElement, answer: Response, page: Document, untouched: boolean): void {
  const sheet = form.closest<HTMLDialogElement>("dialog#sheet");
  const body = page.getElementById("sheet-body");
  if (sheet && body) return showSheet(sheet, body);
  if (!page.querySelector("[data-region]")) return answer.ok ? location.assign(answer.url) : complain(page);
  if (answer.ok) {
    if (untouched) form.reset();
    const fold = form.closest<HTMLDetailsElement>("details[data-fold]");
    if (fold) fold.open = false;
    sheet?.close();
  }
  take(page, true);
  const wrong = answer.ok ? null : page.querySelector("[data-region] [aria-invalid]");
  if (wrong) document.getElementById(wrong.id)?.focus();
}

/** A refusal came back as a page of its own: say its sentence here, where the form still holds what was written. */
function complain(page: Document): void {
  const sentence = page.querySelector("[data-sentence], [data-code] h1") ?? page.querySelector("h1");
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
  const link = target.closest<HTMLAnchorElement>("a[data-sheet]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  openSheet(link).catch(() => tell(t("That did not come: the connection is lost. Please try again."), "bad"));
}

async function openSheet(link: HTMLAnchorElement): Promise<void> {
  const answer = await fetch(link.href, ASKING);
  const page = parser.parseFromString(await answer.text(), "text/html");
  const body = page.getElementById("sheet-body");
  const sheet = document.querySelector<HTMLDialogElement>("dialog#sheet");
  if (!sheet) return location.assign(link.href);
  if (!body) return complain(page);
  showSheet(sheet, body);
  if (!sheet.open) sheet.showModal();
}

function showSheet(sheet: HTMLDialogElement, body: HTMLElement): void {
  sheet.replaceChildren(document.importNode(body, true));
  const heading = sheet.querySelector("h1, h2");
  if (heading?.id) sheet.setAttribute("aria-labelledby", heading.id);
}

function putAway(button: Element, event: Event): void {
  const sheet = button.closest<HTMLDialogElement>("dialog#sheet");
  const notice = button.closest("#notice");
  if (!sheet && !notice) return;
  event.preventDefault();
  sheet?.close();
  notice?.replaceChildren();
}
