/** Reads what the page brought along for its script. */

import type { Boot } from "./types.ts";
import { speak } from "./words.ts";

/** Return the page's #boot JSON and make the page's language speak. */
export function readBoot(): Boot {
  const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "{}") as Boot;
  speak(boot.words ?? {}, boot.lang, boot.zone, boot.refusals);
  return boot;
}

/** Return the element the page must have under this id. */
export function region(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
