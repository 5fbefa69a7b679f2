/** Makes words as large as they fit, and lets what changes place slide there. */

export type Places = Map<string, number>;

/** How many ideas at which size (in 1/28 of the screen's height), the best first: large type, then more ideas. */
const LIST_FITS: [number, number][] = [
  ...[2.8, 2.5, 2.2, 1.95, 1.75].map((size): [number, number] => [7, size]),
  [6, 1.75], [5, 1.75], [6, 1.55], [5, 1.55], [5, 1.4], [4, 1.75], [4, 1.55], [4, 1.4], [3, 1.55], [2, 1.55], [1, 1.4],
];
/** How many examples of a theme with how many lines each, the best first. */
const CARD_FITS: [number, number][] = [[3, 2], [2, 2], [1, 2], [2, 1], [1, 1], [0, 1]];
const SPOT_LARGEST = 4.5;
const SPOT_SMALLEST = 1;
const SLIDE = 280;

/** Show as many ideas as fit, as large as they fit without cutting more of them; the rest is left out from the end. */
export function fitList(list: HTMLElement | null): void {
  if (!list) return;
  const items = [...list.children] as HTMLElement[];
  const set = ([count, size]: [number, number]) => {
    items.forEach((item, place) => (item.hidden = place >= count));
    list.style.setProperty("--size", `${size}rem`);
  };
  const chosen = LIST_FITS.find((fit) => (set(fit), fits(list)));
  if (!chosen) return;
  const [count, most] = chosen;
  const tries = [...LIST_FITS.filter(([each, size]) => each === 7 && size <= most).map(([, size]) => size), most];
  set([count, Math.min(...tries)]);
  const unavoidable = cut(list);
  const size = [...tries].sort((a, b) => b - a).find((each) => (set([count, each]), cut(list) <= unavoidable));
  set([count, size ?? most]);
}

/** Count the ideas that show only their first two lines. */
function cut(list: HTMLElement): number {
  return [...list.querySelectorAll<HTMLElement>("li:not([hidden]) .ranked-text")].filter((words) => words.scrollHeight > words.clientHeight + 2).length;
}

/** Show in each card as many examples, and as much of them, as fit its place. */
export function fitCards(list: HTMLElement | null): void {
  for (const card of (list?.children ?? []) as HTMLCollectionOf<HTMLElement>) {
    const examples = [...card.querySelectorAll<HTMLElement>(".theme-example")];
    CARD_FITS.find(([count, lines]) => {
      examples.forEach((example, place) => (example.hidden = place >= count));
      card.style.setProperty("--lines", String(lines));
      return fits(card);
    });
  }
}

/** Set the largest size at which the words fit their frame. */
export function fitWords(words: HTMLElement | null): void {
  const frame = words?.parentElement;
  if (!words || !frame) return;
  let low = SPOT_SMALLEST;
  let high = SPOT_LARGEST;
  for (let step = 0; step < 8; step += 1) {
    const size = (low + high) / 2;
    words.style.setProperty("--size", `${size}rem`);
    if (words.scrollHeight <= frame.clientHeight && words.scrollWidth <= frame.clientWidth) low = size;
    else high = size;
  }
  words.style.setProperty("--size", `${low}rem`);
}

/** Slide what stands elsewhere than before from its old place, and let what is new appear. */
export function glide(list: HTMLElement | null, places: Places): void {
  if (!list) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const first = places.size === 0;
  const before = new Map(places);
  places.clear();
  for (const item of list.children as HTMLCollectionOf<HTMLElement>) {
    const key = item.dataset["key"] ?? "";
    const top = item.offsetTop;
    places.set(key, top);
    const was = before.get(key);
    if (still || first || item.hidden) continue;
    if (was === undefined) item.animate([{ opacity: 0 }, { opacity: 1 }], { duration: SLIDE, easing: "ease-out" });
    else if (was !== top) item.animate([{ transform: `translateY(${was - top}px)` }, { transform: "none" }], { duration: SLIDE, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" });
  }
}

function fits(list: HTMLElement): boolean {
  return list.scrollHeight <= list.clientHeight + 1;
}
