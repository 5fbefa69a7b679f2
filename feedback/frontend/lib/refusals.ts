/** Words of this person that the server would not take: kept on this phone until they are put back or discarded. */

import { signal } from "@preact/signals";
import type { Store } from "./storage.ts";
import { sentenceOf } from "./words.ts";

export interface Refused {
  /** The op that was refused. */
  op: string;
  prompt: number;
  text: string;
  code: string;
  detail: Record<string, string | number>;
  /** New words for an idea that stands as it was. */
  change: boolean;
}

export class Refusals {
  readonly all = signal<readonly Refused[]>([]);
  private readonly prefix: string;
  private readonly store: Store;

  constructor(code: string, store: Store) {
    this.prefix = `feedback.${code}.refused.`;
    this.store = store;
    this.all.value = store.keys(this.prefix).flatMap((key) => parsed(store.get(key)));
  }

  add(refused: Refused): void {
    this.store.set(this.prefix + refused.op, JSON.stringify(refused));
    this.all.value = [...this.all.value.filter((each) => each.op !== refused.op), refused];
  }

  forget(op: string): void {
    this.store.remove(this.prefix + op);
    this.all.value = this.all.value.filter((each) => each.op !== op);
  }
}

/** Say why, in the page's language of now. */
export function reasonOf(refused: Refused): string {
  return sentenceOf(refused.code, refused.detail);
}

function parsed(json: string | null): Refused[] {
  try {
    const found = JSON.parse(json ?? "null") as Refused | null;
    return found && typeof found.op === "string" && typeof found.text === "string" && typeof found.code === "string" ? [found] : [];
  } catch {
    return [];
  }
}
