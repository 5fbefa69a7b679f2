/** Small rooms for the tests. */

import type { Clock } from "../lib/outbox.ts";
import type { Idea, Prompt, Snapshot } from "../lib/types.ts";

export function idea(id: string, more: Partial<Idea> = {}): Idea {
  return { id, n: 1, prompt: 1, text: `idea ${id}`, lang: "en", agree: 0, disagree: 0, pass: 0, theme: null, floor: false, at: 0, ...more };
}

export function prompt(id: number, more: Partial<Prompt> = {}): Prompt {
  return { id, number: id, text: `prompt ${id}`, state: "open", votes_each: null, voting: "support", ...more };
}

export function snapshot(more: Partial<Snapshot> = {}): Snapshot {
  return {
    seq: 1,
    shown: 0,
    snapshot: true,
    conversation: { code: "ABC234", title: "Depots", state: "open", strand: { key: "inspire", name: "Inspire", tagline: "", mark: "I" } },
    prompts: [prompt(1)],
    ideas: [],
    stage: { scene: "ranking", prompt: 1, idea: null },
    themes: [],
    leftovers: 0,
    sorting: { open: false, sorted: 0, unsure: 0 },
    run: null,
    opinions: [],
    counts: { joined: 0, here: 0, ideas: 0, votes: 0 },
    ...more,
  };
}

/** A clock that the test winds. */
export class Wound implements Clock {
  private time = 1_000_000;
  private due: { at: number; run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, run: () => void): () => void {
    const entry = { at: this.time + ms, run };
    this.due.push(entry);
    return () => {
      this.due = this.due.filter((each) => each !== entry);
    };
  }

  /** Let `ms` pass, with all that is due and what promises follow from it. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (;;) {
      const next = this.due.filter((each) => each.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.due = this.due.filter((each) => each !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
      await settle();
    }
    this.time = end;
  }
}

/** Let promises that are done tell whoever waits for them. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}
