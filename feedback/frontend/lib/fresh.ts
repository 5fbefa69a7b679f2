// The sums behind keeping a page current, without a page: how often to ask, what is new, whether anything changed.

const LEAST_GAP_MS = 500;
const SHARE = 10;

/** How long to wait between two fetches, in ms: half a second, or ten times what the last one took. */
export function gapAfter(tookMs: number): number {
  return Math.max(LEAST_GAP_MS, Math.min(10_000, tookMs * SHARE));
}

/** How many of the fresh ids are not among the old ones. */
export function newcomers(old: readonly string[], fresh: readonly string[]): number {
  const known = new Set(old);
  return fresh.filter((id) => !known.has(id)).length;
}

/** The page text without the proofs of origin, which differ each time and change nothing to see. */
export function sameBut(html: string): string {
  return html.replace(/(name="csrf_token" value=")[^"]*/g, "$1");
}
