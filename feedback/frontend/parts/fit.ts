/** Makes words as large as they fit, and lets what changes place slide there. */

export type Places = Map<string, number>;

/** Sizes of the ideas' type, in 1/28 of the screen's height. */
const SIZES = Array.from({ length: 37 }, (_, step) => (56 - step) / 20);
/** At least so many ideas, in type no smaller than this, the best first: large type, then more ideas. */
const LIST_WISHES: [number, number][] = [[7, 1.75], [6, 1.75], [5, 1.75], [6, 1.55], [5, 1], [4, 1], [3, 1], [2, 1], [1, 1]];
/** How many examples of a theme, with how many lines each, in which size, the best first: whole ideas, then more of them. */
const CARD_FITS: [number, number, number][] = [
  ...[1.4, 1.25, 1.1].map((size): [number, number, number] => [3, 9, size]),
  ...[1.35, 1.2, 1.05].map((size): [number, number, number] => [2, 9, size]),
  [2, 4, 1.05], [1, 9, 1.2], [2, 3, 1.05], [2, 2, 1.05], [1, 9, 1.05], [1, 3, 1.05], [1, 2, 1.05], [1, 1, 1], [0, 1, 1],
];
const NAME_SIZES = [1.45, 1.3, 1.2, 1.1, 1];
const SPOT_LARGEST = 4.5;
const SPOT_SMALLEST = 1;
const SLIDE = 280;

interface Try {
  size: number;
  /** How many ideas fit, from the first. */
  count: number;
  /** How many of them show only their first two lines. */
  cut: number;
}

/** Show as many ideas as fit, as large as they fit without cutting more of them; the rest is left out from the end. */
export function fitList(list: HTMLElement | null): void {
  const items = [...(list?.children ?? [])] as HTMLElement[];
  if (!list || items.length === 0) return;
  for (const item of items) item.hidden = false;
  const tries = SIZES.map((size) => tryList(list, items, size));
  const chosen = choose(tries, items.length);
  setSize(list, chosen.size);
  items.forEach((item, place) => (item.hidden = place >= chosen.count));
}

/** Lay the ideas out in this size. Heights are added up: what slides to its place reaches beyond the list meanwhile. */
function tryList(list: HTMLElement, items: HTMLElement[], size: number): Try {
  setSize(list, size);
  const gap = parseFloat(getComputedStyle(list).rowGap) || 0;
  let left = list.clientHeight + 0.5;
  let count = 0;
  for (const item of items) {
    left -= item.getBoundingClientRect().height + (count > 0 ? gap : 0);
    if (left < 0) break;
    count += 1;
  }
  const cut = items.slice(0, count).filter((item) => isCut(item.querySelector(".ranked-text"))).length;
  return { size, count, cut };
}

/** Grant the best wish that can be granted; smaller type wins where it cuts fewer of as many ideas and still reads well. */
function choose(tries: Try[], all: number): Try {
  for (const [wanted, least] of LIST_WISHES) {
    const good = tries.filter(({ size, count }) => size >= least && count >= Math.min(wanted, all));
    const first = good[0];
    if (!first) continue;
    const readable = good.filter(({ size, count }) => count === first.count && size >= Math.min(first.size, 1.75));
    return readable.reduce((best, each) => (each.cut < best.cut ? each : best), first);
  }
  return { size: SIZES.at(-1) ?? 1, count: 1, cut: 1 };
}

/** Show in the cards of a page as many examples, and as much of them, as fit all of them; names get smaller before they are cut. */
export function fitCards(list: HTMLElement | null): void {
  if (!list) return;
  const cards = [...list.children] as HTMLElement[];
  const names = cards.map((card) => card.querySelector<HTMLElement>(".theme-name bdi"));
  list.style.setProperty("--wrap", "normal");
  NAME_SIZES.find((size) => (setSize(list, size, "--name"), names.every((name) => !isCut(name))));
  list.style.removeProperty("--wrap");
  CARD_FITS.find(([count, lines, size]) => {
    for (const card of cards) card.querySelectorAll<HTMLElement>(".theme-example").forEach((example, place) => (example.hidden = place >= count));
    list.style.setProperty("--lines", String(lines));
    setSize(list, size);
    return cards.every((card) => card.scrollHeight <= card.clientHeight + 1);
  });
}

/** Tell whether words are shown in part only, or a word is wider than its place. */
function isCut(words: HTMLElement | null): boolean {
  if (words === null) return false;
  const spare = parseFloat(getComputedStyle(words).fontSize) / 2; // letters reach a little beyond tight lines
  return words.scrollHeight > words.clientHeight + spare || words.scrollWidth > words.clientWidth + 1;
}

function setSize(element: HTMLElement, size: number, name = "--size"): void {
  element.style.setProperty(name, `${size}rem`);
}

/** Set the largest size at which the words fit their frame. */
export function fitWords(words: HTMLElement | null): void {
  const frame = words?.parentElement;
  if (!words || !frame) return;
  let low = SPOT_SMALLEST;
  let high = SPOT_LARGEST;
  for (let step = 0; step < 8; step += 1) {
    const size = (low + high) / 2;
    setSize(words, size);
    if (words.scrollHeight <= frame.clientHeight && words.scrollWidth <= frame.clientWidth) low = size;
    else high = size;
  }
  setSize(words, low);
}

/** Slide what stands elsewhere than before from its old place, and let what is new appear. */
export function glide(list: HTMLElement | null, places: Places): void {
  if (!list) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const first = places.size === 0;
  const before = new Map(places);
  places.clear();
  for (const item of list.children as HTMLCollectionOf<HTMLElement>) {
    if (item.hidden) continue;
    const key = item.dataset["key"] ?? "";
    const top = item.offsetTop;
    places.set(key, top);
    const was = before.get(key);
    if (still || first) continue;
    if (was === undefined) item.animate([{ opacity: 0 }, { opacity: 1 }], { duration: SLIDE, easing: "ease-out" });
    else if (was !== top) item.animate([{ transform: `translateY(${was - top}px)` }, { transform: "none" }], { duration: SLIDE, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" });
  }
}
