/** The organiser's pages: copying a link. Everything else there is plain forms. */

import { readBoot } from "./lib/boot.ts";
import { t } from "./lib/words.ts";

readBoot();
for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
  const field = document.getElementById(button.dataset["copy"] ?? "") as HTMLInputElement | null;
  if (!field) continue;
  button.hidden = false;
  button.addEventListener("click", () => void copy(field));
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
