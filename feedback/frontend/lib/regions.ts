/**
 * The parts of a server-rendered page that may change: each element marked `data-region` takes in its namesake from a
 * fresh page. What people are writing, choosing, have opened or are pointing at stays as it is.
 */

import { Idiomorph } from "idiomorph";
import { newcomers, sameBut } from "./fresh.ts";
import { tn } from "./words.ts";

interface Waiting {
  list: HTMLElement;
  fresh: HTMLElement;
}

const TOUCH_MS = 4_000;
const READING_PX = 80;

const waiting = new Map<string, Waiting>();
const drawn = new Map<string, string>();
// A select has no default of its own to compare with when no option is marked selected.
const chosen = new WeakSet<HTMLSelectElement>();
let touched: { list: Element; at: number } | undefined;

/** Watch what people touch and choose, and let lists that were held catch up once nobody touches them. */
export function watchRegions(): void {
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) document.addEventListener(kind, onTouch, { passive: true });
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLSelectElement) chosen.add(target);
  });
  document.addEventListener("reset", ({ target }) => {
    for (const field of (target as HTMLFormElement).elements) if (field instanceof HTMLSelectElement) chosen.delete(field);
  });
  setInterval(catchUp, 1_000);
}

/**
 * Take all regions of a fresh page in; `own` = it answers what this person just did, so nothing is held back. `from` = the
 * region in which they did it: what had the focus may be out of sight since, and have lost it.
 */
export function takeRegions(page: Document, own: boolean, from?: string): void {
  const lost = document.activeElement === null || document.activeElement === document.body;
  const focused = document.activeElement;
  const place = lost ? from : focused?.closest<HTMLElement>("[data-region]")?.id;
  for (const fresh of page.querySelectorAll<HTMLElement>("[data-region]")) {
    const old = document.getElementById(fresh.id);
    if (old) renew(old, fresh, own);
  }
  document.title = page.title;
  if (!place || !(lost || !focused?.isConnected)) return;
  const heading = document.getElementById(place)?.querySelector<HTMLElement>("[tabindex='-1']");
  if (heading) heading.focus();
  else document.getElementById("main")?.focus({ preventScroll: true });
}

function renew(old: HTMLElement, fresh: HTMLElement, own: boolean): void {
  const html = sameBut(fresh.outerHTML);
  if (drawn.get(old.id) === html && !waiting.has(old.id)) return;
  drawn.set(old.id, html);
  if (old.dataset["hold"] !== undefined && !own && isTouched(old)) hold(old, fresh);
  else release(old, fresh);
}

/** Somebody's finger or eyes are in this list: change what stands in it, move nothing, and say what waits. */
function hold(list: HTMLElement, fresh: HTMLElement): void {
  for (const item of fresh.children) {
    const standing = item.id ? document.getElementById(item.id) : null;
    if (standing && list.contains(standing)) morph(standing, item);
  }
  waiting.set(list.id, { list, fresh });
  announce(list, newcomers(idsOf(list), idsOf(fresh)));
}

function release(list: HTMLElement, fresh: HTMLElement): void {
  waiting.delete(list.id);
  morph(list, fresh);
  announce(list, 0);
}

function catchUp(): void {
  for (const { list, fresh } of [...waiting.values()]) if (!isTouched(list)) release(list, fresh);
}

function announce(list: HTMLElement, count: number): void {
  const place = document.querySelector<HTMLElement>(`[data-newer="${list.id}"]`);
  if (!place) return;
  place.hidden = count === 0;
  if (count === 0) return void place.replaceChildren();
  const button = place.querySelector("button") ?? document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.textContent = tn("%(n)s new idea", "%(n)s new ideas", count);
  button.onclick = () => {
    const held = waiting.get(list.id);
    if (held) release(held.list, held.fresh);
    list.scrollIntoView({ block: "nearest" });
  };
  if (!button.isConnected) place.append(button);
}

function idsOf(list: Element): string[] {
  return [...list.children].map((item) => item.id).filter(Boolean);
}

function onTouch({ target }: Event): void {
  const list = target instanceof Element ? target.closest("[data-hold]") : null;
  if (list) touched = { list, at: performance.now() };
}

function isTouched(list: HTMLElement): boolean {
  if (touched?.list === list && performance.now() - touched.at < TOUCH_MS) return true;
  if (list.contains(document.activeElement) || document.querySelector("dialog[open]")) return true;
  const box = list.getBoundingClientRect();
  return box.top < -READING_PX && box.bottom > 0;
}

function morph(old: Element, fresh: Element): void {
  Idiomorph.morph(old, document.importNode(fresh, true), {
    // A button that was pressed takes its new words in: only what people write must stay.
    ignoreActiveValue: isWritten(document.activeElement),
    callbacks: {
      // Of thousands of rows hardly one has changed: what is the same is passed over with all that is in it.
      beforeNodeMorphed: (node, next) => !isDraft(node) && !(node instanceof HTMLElement && node.isEqualNode(next)),
      beforeNodeRemoved: (node) => !isKept(node),
      beforeAttributeUpdated: (name, node) => !(name === "open" && /^(DETAILS|DIALOG)$/.test(node.tagName)),
    },
  });
}

/**
 * A ticked row stays where it has sunk below those that a list holds: it is to be moved all the same. A column whose theme
 * is gone stays while somebody writes in it: what they send is then refused in words, and their words are still there.
 */
function isKept(node: Node): boolean {
  if (!(node instanceof HTMLElement)) return false;
  if (node.dataset["theme"] !== undefined) return [...node.querySelectorAll<HTMLElement>("input:not([type='checkbox']), textarea")].some(isDraft);
  const below = node.closest<HTMLElement>("[data-more]")?.dataset["more"]?.split(" ");
  if (!below?.includes(node.dataset["number"] ?? "")) return false;
  return node.querySelector("input[name='idea']:checked") !== null;
}

function isWritten(element: Element | null): boolean {
  return element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement;
}

/** A field that somebody has changed keeps what they wrote or chose. */
function isDraft(node: Node): boolean {
  if (node instanceof HTMLTextAreaElement) return node.value !== node.defaultValue;
  if (node instanceof HTMLSelectElement) return chosen.has(node);
  if (!(node instanceof HTMLInputElement) || node.type === "hidden") return false;
  if (node.type === "checkbox" || node.type === "radio") return node.checked !== node.defaultChecked;
  return node.value !== node.defaultValue;
}
