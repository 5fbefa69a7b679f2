/** Keys of the desk: undo, redo, and the answers of the queue that is open: unsure ideas, or near-duplicates. */

/** What a key press means on the desk; undefined = nothing. */
export type Wish = "undo" | "redo" | `answer ${string}` | undefined;

export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** Read a key press; Ctrl on most keyboards, Cmd on a Mac. */
export function wishOf({ key, ctrlKey, metaKey, shiftKey, altKey }: Press): Wish {
  if (altKey) return undefined;
  if (ctrlKey || metaKey) return key.toLowerCase() === "z" ? (shiftKey ? "redo" : "undo") : undefined;
  return /^[012349]$/.test(key) ? `answer ${key}` : undefined;
}

/** Listen to the keys while nobody is writing, choosing from a list or answering a dialog. */
export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    const wish = wishOf(event);
    if (!wish || event.defaultPrevented || isBusy(event.target as Element)) return;
    const button = buttonFor(wish);
    if (!button) return;
    event.preventDefault();
    if (!event.repeat) button.click();
  });
}

function isBusy(target: Element): boolean {
  return target.closest("input:not([type='checkbox']), textarea, select, [contenteditable], dialog") !== null;
}

function buttonFor(wish: string): HTMLButtonElement | undefined {
  if (wish === "undo" || wish === "redo") return document.querySelector<HTMLButtonElement>(`form#${wish} button`) ?? undefined;
  const key = wish.slice("answer ".length);
  const buttons = document.querySelectorAll<HTMLButtonElement>(`details[open] .cards [data-key="${key}"]`);
  // One queue is open at a time, and of its cards only the first that is not being answered is shown.
  return [...buttons].find((button) => button.checkVisibility());
}
