/** Downloads that take a while: the link says that the file is being made, and what went wrong if it was not. */

import { tell } from "./current.ts";
import { t } from "./words.ts";

/** Take over all links marked `data-download`, also those that come later. */
export function announceDownloads(): void {
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-download]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    if (link.getAttribute("aria-busy") !== "true") void fetchFile(link);
  });
}

async function fetchFile(link: HTMLAnchorElement): Promise<void> {
  const format = link.dataset["download"] ?? "";
  link.setAttribute("aria-busy", "true");
  tell(t("The %(format)s file is being made.", { format }), "wait");
  try {
    const answer = await fetch(link.href, { headers: { Accept: "application/json, */*" }, credentials: "same-origin" });
    if (!answer.ok) return tell(await sentenceOf(answer), "bad");
    save(await answer.blob(), nameIn(answer) ?? "report");
    tell(t("The %(format)s file is saved on this device.", { format }), "good");
  } catch {
    tell(t("The %(format)s file did not come: the connection is lost. Please try again.", { format }), "bad");
  } finally {
    link.removeAttribute("aria-busy");
  }
}

async function sentenceOf(answer: Response): Promise<string> {
  try {
    const { sentence } = (await answer.json()) as { sentence?: string };
    if (sentence) return sentence;
  } catch {
    // Not our own answer: something between us and the server spoke.
  }
  return t("The file could not be made. The frozen state is safe; please try again.");
}

function nameIn(answer: Response): string | undefined {
  const said = answer.headers.get("Content-Disposition") ?? "";
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(said)?.[1];
  return encoded ? decodeURIComponent(encoded) : /filename="?([^";]+)/i.exec(said)?.[1];
}

function save(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
