/** Choosing ideas on the desk: the bar counts them, dragging takes them along, Escape lets them go. */

import { t, tn } from "./words.ts";

/** Watch the ticks of form#selection and say how many stand. */
export function countChosen(form: HTMLFormElement): void {
  const tellCount = () => say(form);
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement && target.name === "idea" && target.checked) remember(target);
    tellCount();
  });
  form.addEventListener("reset", () => setTimeout(tellCount));
  new MutationObserver(tellCount).observe(document.getElementById("board") ?? document.body, { childList: true, subtree: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && chosen().length > 0 && !(event.target as Element).closest("dialog, select, input:not([type='checkbox'])")) form.reset();
  });
  tellCount();
}

/** Keep with a tick in which theme it was made: news may move the idea, and "not here" is said of where it stood. */
function remember(box: HTMLInputElement): void {
  const theme = box.closest<HTMLElement>("section[data-theme]")?.dataset["theme"] ?? "none";
  box.value = `${box.value.split("@")[0]}@${theme === "none" ? "" : theme}`;
}

/** Let ideas be dragged into another column: the dragged one, or all chosen ones when it is among them. */
export function dragToMove(form: HTMLFormElement): void {
  const board = document.getElementById("board");
  if (!board || !matchMedia("(hover: hover) and (pointer: fine)").matches) return;
  board.addEventListener("dragstart", (event) => start(event));
  board.addEventListener("dragover", (event) => over(event));
  board.addEventListener("drop", (event) => drop(event, form));
  board.addEventListener("dragend", () => mark(null));
  board.addEventListener("pointerdown", (event) => {
    const row = (event.target as Element).closest<HTMLElement>("li.idea");
    if (row) row.draggable = true;
  });
}

let dragged: HTMLInputElement | null = null;

function start(event: DragEvent): void {
  dragged = (event.target as Element).closest("li.idea")?.querySelector<HTMLInputElement>("input[name='idea']") ?? null;
  event.dataTransfer?.setData("text/plain", dragged?.value ?? "");
  if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
}

function over(event: DragEvent): void {
  const column = columnUnder(event);
  if (!dragged || !column || column.contains(dragged)) return mark(null);
  event.preventDefault();
  mark(column);
}

function drop(event: DragEvent, form: HTMLFormElement): void {
  const column = columnUnder(event);
  mark(null);
  if (!dragged || !column || column.contains(dragged)) return;
  event.preventDefault();
  if (!dragged.checked) {
    for (const other of chosen()) other.checked = false;
    dragged.checked = true;
  }
  const target = form.elements.namedItem("to") as HTMLSelectElement;
  target.value = column.dataset["theme"] === "none" ? "" : (column.dataset["theme"] ?? "");
  dragged = null;
  form.querySelector<HTMLButtonElement>("button.main")?.click();
}

function columnUnder(event: Event): HTMLElement | null {
  return (event.target as Element).closest<HTMLElement>("section[data-theme]");
}

function mark(column: HTMLElement | null): void {
  for (const each of document.querySelectorAll("section.over")) if (each !== column) each.classList.remove("over");
  column?.classList.add("over");
}

function chosen(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>("input[name='idea'][form='selection']:checked")];
}

function say(form: HTMLFormElement): void {
  const count = chosen().length;
  const place = document.getElementById("chosen");
  const words = count === 0 ? t("No idea chosen") : tn("%(n)s idea chosen", "%(n)s ideas chosen", count);
  form.classList.toggle("idle", count === 0);
  for (const button of form.querySelectorAll<HTMLElement>("[data-several]")) button.hidden = count < 2;
  if (place && place.textContent !== words) place.textContent = words;
}
