/** The organiser's pages: copying a link, and what all conversations have in common kept current. Everything else there is plain forms. */

import { readBoot } from "./lib/boot.ts";
import { keepCurrent, refresh } from "./lib/current.ts";
import { t } from "./lib/words.ts";

/** Seconds between two glances while nothing is under way. */
const AT_REST = 10;

readBoot();
for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
  const field = document.getElementById(button.dataset["copy"] ?? "") as HTMLInputElement | null;
  if (!field) continue;
  button.hidden = false;
  button.addEventListener("click", () => void copy(field));
}

if (document.getElementById("across-look")) {
  keepCurrent();
  let beats = 0;
  // No room to listen to: the page asks, every second while a look is under way.
  setInterval(() => {
    beats += 1;
    if (document.querySelector("#across-look .running") || beats % AT_REST === 0) refresh();
  }, 1_000);
}

/** Copy by the clipboard where the page may, else by selection: on plain http the clipboard is closed. */
async function copy(field: HTMLInputElement): Promise<void> {
  field.select();
  let done = false;
  try {
    await navigator.clipboard.writeText(field.value);
    done = true;
  } catch {
    done = document.execCommand("copy");
  }
  const place = document.getElementById("copied");
  if (place) place.textContent = done ? t("Copied.") : t("The link is selected: copy it with your device's own command.");
}
