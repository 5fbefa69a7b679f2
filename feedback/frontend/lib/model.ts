/** Everything the phone's page knows and may do; the parts read its signals and call its deeds. */

import { batch, computed, signal } from "@preact/signals";
import { leftOf, standingOf, type Settled, type Standing } from "./ballot.ts";
import { ideaOf, type Kept, type Outbox } from "./outbox.ts";
import type { Refusals } from "./refusals.ts";
import { arrange, ideasOf, isOnScreen, promptToShow, search, type Order, type Room } from "./state.ts";
import type { Ack, Boot, EditOp, Idea, IdeaOp, Mine, Op, Prompt, VoteValue } from "./types.ts";
import { sentenceOf } from "./words.ts";
import type { Health } from "./wire.ts";

/** One line of the list, ready to draw. */
export interface Row {
  id: string;
  text: string;
  lang: string;
  at: number;
  mine: boolean;
  floor: boolean;
  gone: boolean;
  state: "waiting" | "saved" | "screen" | "hidden" | null;
  reason: string | null;
  editable: boolean;
  /** An own idea for which another one stands: it is not shown, and can still be withdrawn. */
  merged: boolean;
  standing: Standing;
}

export const PAGE = 40;

export class Model {
  readonly boot: Boot;
  readonly room = signal<Room | null>(null);
  readonly mine = signal<Mine | null>(null);
  readonly waiting = signal<readonly Kept[]>([]);
  readonly health = signal<Health>("starting");
  readonly online = signal(true);
  readonly durable = signal(true);
  readonly refusedPage = signal<string | null>(null);
  /** Why this phone has no socket though the server is there; null when it has one, or nobody knows. */
  readonly crowded = signal<string | null>(null);
  readonly chosen = signal<number | null>(null);
  readonly order = signal<Order>("new");
  readonly query = signal("");
  readonly drawn = signal(PAGE);
  readonly frozen = signal<readonly string[]>([]);
  readonly hints = signal<ReadonlyMap<string, string>>(new Map());
  /** The op whose text still stands in the box. */
  readonly inBox = signal<string | null>(null);
  readonly editing = signal<string | null>(null);
  readonly withdrawing = signal<string | null>(null);
  /** What is being written into the edit box of an idea: the box may be drawn anew elsewhere in the list. */
  readonly changes = new Map<string, string>();

  private readonly settled = signal<ReadonlyMap<string, Settled>>(new Map());
  private readonly seenAt = new Map<string, number>();
  private readonly remembered = new Map<string, Idea>();
  private readonly refusals: Refusals;
  private outbox: Outbox | null = null;

  constructor(boot: Boot, refusals: Refusals) {
    this.boot = boot;
    this.refusals = refusals;
  }

  readonly prompts = computed(() => (this.room.value?.prompts ?? []).filter((prompt) => prompt.state !== "draft"));

  readonly prompt = computed<Prompt | undefined>(() => {
    const room = this.room.value;
    if (!room) return undefined;
    return this.prompts.value.find((prompt) => prompt.id === this.chosen.value) ?? promptToShow(room);
  });

  readonly open = computed(() => this.prompt.value?.state === "open" && this.room.value?.conversation.state === "open");

  readonly ideas = computed(() => {
    const room = this.room.value;
    return room && this.prompt.value ? ideasOf(room, this.prompt.value.id) : [];
  });

  readonly myIdeas = computed<ReadonlySet<string>>(() => {
    const ids = (this.mine.value?.ideas ?? []).map((idea) => idea.id);
    return new Set([...ids, ...this.waiting.value.filter((kept) => kept.op.k === "idea").map((kept) => ideaOf(kept.op))]);
  });

  /** The list as it would be if it were drawn afresh now. */
  readonly fresh = computed(() => search(arrange(this.ideas.value, this.order.value, this.myIdeas.value), this.query.value).map((idea) => idea.id));

  /** Ideas of others that wait to be asked for. */
  readonly news = computed(() => {
    const shown = new Set(this.frozen.value);
    return this.fresh.value.filter((id) => !shown.has(id) && !this.myIdeas.value.has(id)).length;
  });

  readonly reordered = computed(() => {
    const present = new Set(this.fresh.value);
    return this.order.value === "top" && this.news.value === 0 && this.frozen.value.filter((id) => present.has(id)).join() !== this.fresh.value.join();
  });

  readonly left = computed(() => {
    const prompt = this.prompt.value;
    if (!prompt) return null;
    return leftOf(prompt.id, prompt.votes_each, this.mine.value, this.waiting.value, (id) => this.room.value?.ideas.get(id)?.prompt);
  });

  /** Own ideas that have not reached the server, newest first; the one still in the box is not repeated. */
  readonly unsent = computed<Row[]>(() => {
    const here = this.waiting.value.filter(({ op }) => op.k === "idea" && op.prompt === this.prompt.value?.id && op.op !== this.inBox.value && !this.room.value?.ideas.has(op.id));
    return here.reverse().map(({ op, at }) => rowOfOp(op, at));
  });

  /** Own ideas that were taken off the screens, with the reason. */
  readonly taken = computed<Row[]>(() => {
    const inPlace = this.frozen.value.find((id) => id === this.editing.value);
    const hidden = (this.mine.value?.ideas ?? []).filter((idea) => idea.state === "hidden" && !this.room.value?.ideas.has(idea.id) && idea.id !== inPlace);
    return hidden.filter((idea) => idea.prompt === undefined || idea.prompt === this.prompt.value?.id).map((idea) => ({
      ...blankRow(idea.id, idea.text, 0),
      state: this.isLeaving(idea.id) ? ("waiting" as const) : ("hidden" as const),
      reason: idea.reason,
      merged: idea.merged === true,
    }));
  });

  readonly rows = computed<Row[]>(() => this.frozen.value.slice(0, this.drawn.value).map((id) => this.rowOf(id)));

  readonly ownRefused = computed(() => this.refusals.all.value.filter((each) => each.prompt === this.prompt.value?.id));

  attach(outbox: Outbox): void {
    this.outbox = outbox;
    const follow = () =>
      batch(() => {
        this.waiting.value = [...outbox.waiting()];
        this.durable.value = outbox.durable;
      });
    outbox.onChange(follow);
    outbox.onSettled((op, ack) => this.settle(op, ack));
    follow();
  }

  /** Take a new state of the room; the list under the finger stays as it is. */
  take(room: Room): void {
    const before = this.room.value;
    const first = before === null;
    batch(() => {
      for (const [id, idea] of room.ideas) {
        if (!this.seenAt.has(id)) this.seenAt.set(id, idea.seq ?? room.seq);
        this.remembered.set(id, idea);
      }
      this.room.value = room;
      if (first || !this.frozen.value.some((id) => room.ideas.has(id))) this.refresh();
      else this.adopt();
      this.settled.value = new Map([...this.settled.value].filter(([, vote]) => vote.seq > room.seq));
    });
  }

  takeMine(mine: Mine): void {
    batch(() => {
      this.mine.value = mine;
      this.outbox?.learnRev(mine.max_rev);
      if (this.frozen.value.length === 0) this.refresh();
    });
  }

  /** Draw the list afresh: asked for by the person, or when nobody is looking. */
  refresh(): void {
    this.frozen.value = this.fresh.value;
  }

  show(change: { prompt?: number; order?: Order; query?: string }): void {
    batch(() => {
      if (change.prompt !== undefined) this.chosen.value = change.prompt;
      if (change.order !== undefined) this.order.value = change.order;
      if (change.query !== undefined) this.query.value = change.query;
      this.drawn.value = PAGE;
      this.hints.value = new Map();
      this.refresh();
    });
  }

  /** Support an idea or take the support back; says so on the idea when no vote is left. */
  vote(id: string, val: VoteValue): void {
    if (val !== null && this.left.value === 0) {
      this.hint(id, sentenceOf("budget", { left: 0 }));
      return;
    }
    this.hint(id, null);
    this.outbox?.add({ k: "vote", idea: id, val });
  }

  /** Leave the edit box of an idea without a change. */
  leaveAsItWas(id: string): void {
    this.editing.value = null;
    this.changes.delete(id);
  }

  edit(id: string, text: string): void {
    this.leaveAsItWas(id);
    this.hint(id, null);
    this.outbox?.add({ k: "edit", idea: id, text });
  }

  withdraw(id: string): void {
    this.withdrawing.value = null;
    this.hint(id, null);
    this.outbox?.add({ k: "withdraw", idea: id });
  }

  /** Put a new idea on its way; null when the outbox can hold no more. */
  send(id: string, prompt: number, text: string, lang: string): Op | null {
    return this.outbox?.add({ k: "idea", id, prompt, text, lang }) ?? null;
  }

  forget(op: string): void {
    this.refusals.forget(op);
  }

  hint(id: string, sentence: string | null): void {
    const hints = new Map(this.hints.value);
    if (sentence === null) hints.delete(id);
    else hints.set(id, sentence);
    this.hints.value = hints;
  }

  private settle(op: Op, ack: Ack): void {
    batch(() => {
      if (ack.status === "ok") this.accepted(op, ack);
      else if (ack.status === "superseded" && op.k === "vote") this.setVote(op.idea, ack.val ?? null);
      else this.declined(op, ack);
      if ("left" in ack && op.k === "vote") this.setLeft(op.idea, ack.left ?? null);
    });
  }

  private accepted(op: Op, ack: Extract<Ack, { status: "ok" }>): void {
    const mine = this.mine.value ?? { participant: "", max_rev: 0, votes: {}, ideas: [], left: {} };
    if (op.k === "vote") {
      this.settled.value = new Map(this.settled.value).set(op.idea, { was: mine.votes[op.idea] ?? null, val: op.val, seq: ack.seq });
      this.setVote(op.idea, op.val);
    }
    if (op.k === "idea") {
      this.seenAt.set(op.id, ack.seq);
      const known = mine.ideas.filter((idea) => idea.id !== op.id);
      this.mine.value = { ...mine, ideas: [...known, { id: op.id, text: op.text, state: "shown", reason: null, rev: 0, prompt: op.prompt }] };
      this.remembered.set(op.id, ideaFrom(op, ack.number ?? Number.MAX_SAFE_INTEGER));
      this.adopt();
    }
    if (op.k === "edit") {
      const idea = this.remembered.get(op.idea);
      if (idea) this.remembered.set(op.idea, { ...idea, text: op.text });
    }
    if (op.k === "withdraw") {
      this.mine.value = { ...mine, ideas: mine.ideas.filter((idea) => idea.id !== op.idea) };
      this.frozen.value = this.frozen.value.filter((id) => id !== op.idea);
      this.remembered.delete(op.idea);
    }
  }

  private declined(op: Op, ack: Ack): void {
    const [code, detail] = refusalIn(ack);
    if (op.k === "idea" || op.k === "edit") {
      if (op.op !== this.inBox.value) this.refusals.add({ op: op.op, prompt: this.promptOf(op), text: op.text, code, detail, change: op.k === "edit" });
      return;
    }
    if (op.k !== "sort") this.hint(op.idea, sentenceOf(code, detail)); // the card says it
  }

  private promptOf(op: IdeaOp | EditOp): number {
    if (op.k === "idea") return op.prompt;
    const known = this.room.value?.ideas.get(op.idea) ?? this.remembered.get(op.idea) ?? this.mine.value?.ideas.find((idea) => idea.id === op.idea);
    return known?.prompt ?? this.prompt.value?.id ?? 0;
  }

  private setVote(idea: string, val: VoteValue): void {
    const mine = this.mine.value;
    if (mine) this.mine.value = { ...mine, votes: { ...mine.votes, [idea]: val } };
  }

  private setLeft(idea: string, left: number | null): void {
    const mine = this.mine.value;
    const prompt = this.room.value?.ideas.get(idea)?.prompt;
    if (mine && prompt !== undefined) this.mine.value = { ...mine, left: { ...mine.left, [prompt]: left } };
  }

  /** Own ideas come to the top of the list as soon as they are saved, also when they came from another tab. */
  private adopt(): void {
    const shown = new Set(this.frozen.value);
    const own = [...this.myIdeas.value].filter((id) => {
      const idea = this.room.value?.ideas.get(id) ?? this.remembered.get(id);
      const unsent = this.waiting.value.some((kept) => kept.op.k === "idea" && kept.op.id === id && !this.room.value?.ideas.has(id));
      const hidden = this.mine.value?.ideas.some((each) => each.id === id && each.state !== "shown");
      return idea && !unsent && !hidden && !shown.has(id) && idea.prompt === this.prompt.value?.id && !this.query.value;
    });
    if (own.length > 0) this.frozen.value = [...own.reverse(), ...this.frozen.value];
  }

  private isLeaving(id: string): boolean {
    return this.waiting.value.some(({ op }) => op.k === "withdraw" && op.idea === id);
  }

  private rowOf(id: string): Row {
    const room = this.room.value;
    const present = room?.ideas.get(id);
    const idea = present ?? this.remembered.get(id);
    if (!idea || !room) return { ...blankRow(id, "", 0), mine: false, gone: true, state: null };
    const mine = this.myIdeas.value.has(id);
    const edit = this.waiting.value.find(({ op }) => op.k === "edit" && op.idea === id)?.op;
    const leaving = this.isLeaving(id);
    const standing = standingOf(idea, this.mine.value, this.waiting.value, this.settled.value.get(id), room.seq);
    const ownUnseen = mine && (this.seenAt.get(id) ?? 0) > room.seq;
    return {
      id,
      text: edit?.k === "edit" ? edit.text : idea.text,
      lang: idea.lang,
      at: idea.at,
      mine,
      floor: idea.floor,
      gone: !present && !ownUnseen,
      state: !mine ? null : edit || leaving ? "waiting" : isOnScreen(this.seenAt.get(id), room.shown) ? "screen" : "saved",
      reason: null,
      editable: mine && this.open.value && idea.agree + idea.disagree + idea.pass === 0,
      merged: false,
      standing,
    };
  }
}

function refusalIn(ack: Ack): [code: string, detail: Record<string, string | number>] {
  if (ack.status === "rejected") return [ack.code, ack.detail ?? {}];
  return [ack.status, "left" in ack ? { left: ack.left ?? 0 } : {}];
}

function rowOfOp(op: Op, at: number): Row {
  const text = op.k === "idea" ? op.text : "";
  return { ...blankRow(ideaOf(op), text, at), lang: op.k === "idea" ? op.lang : "", state: "waiting" };
}

function blankRow(id: string, text: string, at: number): Row {
  const standing = { val: null, waiting: false, agree: 0, disagree: 0, pass: 0 };
  return { id, text, lang: "", at, mine: true, floor: false, gone: false, state: "waiting", reason: null, editable: false, merged: false, standing };
}

function ideaFrom(op: Extract<Op, { k: "idea" }>, number: number): Idea {
  return { id: op.id, n: number, prompt: op.prompt, text: op.text, lang: op.lang, agree: 0, disagree: 0, pass: 0, theme: null, floor: false, at: Date.now() };
}
