/**
 * The cards a phone holds: a few are fetched ahead, so that the next one is there at once, and every answer leaves
 * through the outbox. A round is five cards; whoever wants may take another.
 */

import { batch, computed, signal } from "@preact/signals";
import { askedWait } from "./calls.ts";
import { backOff, type Clock, type Outbox } from "./outbox.ts";
import type { Room } from "./state.ts";
import type { Ack, Card, Op } from "./types.ts";

/** A theme's number, none of these (null), or passed over. */
export type Answer = number | null | "skip";

export interface Given {
  card: Card;
  answer: Answer;
}

export const ROUND = 5;
/** With so few cards left more are fetched. */
const LOW = 2;
/** The next card takes the place of the last one: a second tap of the same finger is not an answer to it. */
const SAME_FINGER = 250;

export class Sorter {
  /** Whether the person has asked for cards, or has just written an idea. */
  readonly at = signal<"rest" | "own" | "round">("rest");
  readonly held = signal<readonly Card[]>([]);
  readonly done = signal(0);
  readonly last = signal<Given | null>(null);
  /** The answer that is about to be changed. */
  readonly before = signal<Answer | undefined>(undefined);
  readonly problem = signal<string | null>(null);
  /** What there was when the server had no more cards; null while it may have some. */
  readonly empty = signal<string | null>(null);
  readonly fetching = signal(false);

  private readonly answered = new Set<string>();
  private readonly own = new Set<string>();
  private readonly fetch: (n: number) => Promise<Card[]>;
  private readonly room: () => Room | null;
  private readonly clock: Clock;
  private readonly chance: () => number;
  private outbox: Outbox | null = null;
  private failures = 0;
  private shownAt = 0;
  private again: (() => void) | null = null;

  constructor(fetch: (n: number) => Promise<Card[]>, room: () => Room | null, clock: Clock, chance: () => number = Math.random) {
    this.fetch = fetch;
    this.room = room;
    this.clock = clock;
    this.chance = chance;
  }

  /** The card to show; those whose idea or themes are no longer there are passed by. */
  readonly card = computed<Card | null>(() => this.held.value.find((card) => this.fits(card)) ?? null);

  /** Whether a round is over and the next one waits to be asked for. */
  readonly resting = computed(() => this.at.value === "round" && this.done.value >= ROUND && this.before.value === undefined);

  attach(outbox: Outbox): void {
    this.outbox = outbox;
    for (const { op } of outbox.waiting()) if (op.k === "sort") this.answered.add(op.idea);
    outbox.onSettled((op, ack) => this.settle(op, ack));
  }

  /** Begin a round, or another one. */
  start(): void {
    batch(() => {
      this.at.value = "round";
      this.done.value = 0;
      this.last.value = null;
      this.problem.value = null;
      this.empty.value = null;
    });
    this.shown();
    this.fill();
  }

  stop(): void {
    batch(() => {
      this.at.value = "rest";
      this.held.value = [];
      this.last.value = null;
      this.before.value = undefined;
      this.problem.value = null;
    });
  }

  /** Ask the author of an idea that was just saved where it belongs. */
  ownSaved(idea: string): void {
    if ((this.room()?.themes.length ?? 0) < 2) return;
    this.own.add(idea);
    batch(() => {
      if (this.at.value === "rest") {
        this.at.value = "own";
        this.done.value = 0;
        this.last.value = null;
      }
      this.empty.value = null;
    });
    this.fill(true);
  }

  answer(card: Card, answer: Answer): void {
    if (this.clock.now() - this.shownAt < SAME_FINGER) return;
    this.outbox?.add({ k: "sort", idea: card.idea, theme: answer === "skip" ? null : answer, skip: answer === "skip" });
    this.answered.add(card.idea);
    batch(() => {
      this.held.value = this.held.value.filter((each) => each.idea !== card.idea);
      if (this.before.value === undefined) this.done.value += 1;
      this.before.value = undefined;
      this.last.value = { card, answer };
      this.problem.value = null;
    });
    this.shown();
    this.fill();
  }

  /** Put the last card back, so that its answer can be changed. */
  change(): void {
    const last = this.last.value;
    if (!last) return;
    batch(() => {
      this.held.value = [last.card, ...this.held.value.filter((each) => each.idea !== last.card.idea)];
      this.before.value = last.answer;
      this.last.value = null;
    });
    this.shown();
  }

  /** Whether there may be something to sort though the server had nothing a while ago. */
  mayHaveMore(): boolean {
    return this.empty.value === null || this.empty.value !== this.mark();
  }

  private shown(): void {
    this.shownAt = this.clock.now();
  }

  private fits(card: Card): boolean {
    const room = this.room();
    if (!room) return false;
    const asked = this.before.value !== undefined || !this.answered.has(card.idea);
    return asked && room.ideas.has(card.idea) && card.themes.some((theme) => room.themes.some((each) => each.id === theme));
  }

  private fill(now = false): void {
    const enough = this.held.value.filter((card) => this.fits(card)).length > LOW;
    if (this.fetching.value || this.at.value === "rest" || (!now && (enough || this.empty.value !== null || this.at.value === "own"))) return;
    this.again?.();
    this.again = null;
    this.fetching.value = true;
    this.fetch(ROUND).then((cards) => this.take(cards), (error: unknown) => this.failed(error));
  }

  private take(cards: readonly Card[]): void {
    const fresh = cards.filter((card) => !this.answered.has(card.idea));
    batch(() => {
      this.failures = 0;
      this.fetching.value = false;
      if (this.at.value === "rest") return;
      const front = this.before.value === undefined && this.at.value === "round" && this.done.value === 0 ? [] : this.held.value.slice(0, 1);
      const kept = front.map((card) => card.idea);
      const wanted = this.at.value === "own" ? fresh.filter((card) => this.own.has(card.idea)) : fresh;
      if (this.card.value === null) this.shown();
      this.held.value = [...front, ...wanted.filter((card) => !kept.includes(card.idea))];
      if (fresh.length === 0) this.empty.value = this.mark();
      if (this.at.value === "own" && this.held.value.length === 0 && this.done.value === 0) this.at.value = "rest";
    });
  }

  private failed(error: unknown): void {
    this.failures += 1;
    this.fetching.value = false;
    const wait = Math.max(askedWait(error, this.chance()), backOff(this.failures, this.chance()), 200);
    this.again = this.clock.after(wait, () => this.fill(true));
  }

  private settle(op: Op, ack: Ack): void {
    if (op.k !== "sort" || ack.status === "ok" || ack.status === "superseded" || ack.status === "gone") return;
    const code = ack.status === "rejected" ? ack.code : ack.status;
    if (code === "theme_gone") this.answered.delete(op.idea);
    if (this.at.value === "rest") return;
    this.problem.value = code;
    if (code === "theme_gone") this.fill(true);
    else this.held.value = [];
  }

  private mark(): string {
    const room = this.room();
    return room ? `${room.counts.ideas} ${room.themes.map((theme) => theme.id).join()} ${room.sorting.open}` : "";
  }
}
