/**
 * What this phone has asked for and not been answered yet. Every op is kept before it is first sent and leaves only
 * with a final answer; one op is in flight per idea; votes and edits of one idea collapse into the newest.
 */

import { askedWait } from "./calls.ts";
import { localStorageOrNull, type Store } from "./storage.ts";
import type { Ack, EditOp, IdeaOp, Op, SortOp, VoteOp, WithdrawOp } from "./types.ts";
import { ulid } from "./ulid.ts";

export interface Clock {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

/** How ops leave: by the socket one at a time, or by HTTP in batches. Both reject when no answer came. */
export interface Doors {
  connected(): boolean;
  bySocket(op: Op): Promise<Ack>;
  byHttp(ops: Op[]): Promise<Ack[]>;
}

export interface Channel {
  post(message: TabMessage): void;
  listen(hear: (message: TabMessage) => void): void;
}

/** What tabs of one conversation tell each other. */
export type TabMessage = { kind: "rev"; rev: number } | { kind: "kept" } | { kind: "settled"; op: Op; ack: Ack };

export interface Kept {
  op: Op;
  at: number;
}

interface Entry extends Kept {
  failures: number;
  notBefore: number;
  /** The door by which it left and has not been answered. */
  flying: "socket" | "http" | null;
  /** Made by this page; others were found in the store. */
  own: boolean;
}

type DraftOf<Kind> = Kind extends unknown ? Omit<Kind, "op" | "rev"> : never;
type Draft = Omit<IdeaOp, "op"> | DraftOf<EditOp | WithdrawOp | VoteOp | SortOp>;

export const OPS_AT_ONCE = 20;
export const KEPT_AT_MOST = 200;
const IN_FLIGHT = 8;
/** The server hangs up on a socket that says more than 60 things at once and then 10 a second: we stay well below. */
const BURST = 30;
const PER_SECOND = 8;
const SOCKET_TRIES = 2;
/** An op of another tab is that tab's to send; after so many ms, and up to half as long again, this one sends it too. */
const OTHERS_TURN = 8_000;

/** Return a wait of full jitter for the n-th failure in a row: up to 0.5, 1, 2, 4, then 5 seconds. */
export function backOff(failures: number, chance: number): number {
  return Math.round(chance * Math.min(5_000, 500 * 2 ** Math.max(0, failures - 1)));
}

/** Name the idea an op is about. */
export function ideaOf(op: Op): string {
  return op.k === "idea" ? op.id : op.idea;
}

export class Outbox {
  private entries: Entry[] = [];
  private rev = 0;
  private allowance = BURST;
  private allowedAt = 0;
  private wake: (() => void) | null = null;
  private readonly settledHooks: ((op: Op, ack: Ack) => void)[] = [];
  private readonly changeHooks: (() => void)[] = [];
  private readonly prefix: string;
  private readonly store: Store;
  private readonly doors: Doors;
  private readonly clock: Clock;
  private readonly channel: Channel | null;
  private readonly chance: () => number;

  constructor(code: string, store: Store, doors: Doors, clock: Clock, channel: Channel | null = null, chance: () => number = Math.random) {
    this.prefix = `feedback.${code}.`;
    this.store = store;
    this.doors = doors;
    this.clock = clock;
    this.channel = channel;
    this.chance = chance;
    this.rev = Number(store.get(`${this.prefix}rev`)) || 0;
    this.load();
    channel?.listen((message) => this.hear(message));
  }

  /** List what waits for an answer, oldest first. */
  waiting(): readonly Kept[] {
    return this.entries;
  }

  /** Tell whether everything waiting would survive a reload. */
  get durable(): boolean {
    return this.store.durable;
  }

  onSettled(hook: (op: Op, ack: Ack) => void): void {
    this.settledHooks.push(hook);
  }

  onChange(hook: () => void): void {
    this.changeHooks.push(hook);
  }

  /** Learn the highest rev the server knows of this participant, so that ours is above it. */
  learnRev(rev: number): void {
    if (rev <= this.rev) return;
    this.rev = rev;
    this.store.set(`${this.prefix}rev`, String(rev));
  }

  /** Keep an op and send it as soon as its turn comes; null when the outbox is full (votes and sorts always fit). */
  add(draft: Draft): Op | null {
    if (this.entries.length >= KEPT_AT_MOST && draft.k !== "vote" && draft.k !== "sort") return null;
    const op = this.numbered(draft);
    this.dropCollapsed(op);
    const entry: Entry = { op, at: this.clock.now(), failures: 0, notBefore: 0, flying: null, own: true };
    this.entries.push(entry);
    this.store.set(this.keyOf(entry.op), JSON.stringify({ op, at: entry.at }));
    this.channel?.post({ kind: "kept" });
    this.changed();
    this.pump();
    return op;
  }

  /** Send what may go now and plan the next try. Call it when the socket connects and when the network is back. */
  pump(afresh = false): void {
    if (afresh) {
      for (const entry of this.entries) {
        entry.notBefore = 0;
        if (entry.flying === "http") entry.flying = null; // that call may never end; asking twice does no harm
      }
    }
    this.forget();
    const ready = this.ready();
    const byHttp = ready.filter((entry) => entry.failures >= SOCKET_TRIES);
    const bySocket = ready.filter((entry) => entry.failures < SOCKET_TRIES);
    if (byHttp.length > 0 && !this.flies("http")) this.post(byHttp.slice(0, OPS_AT_ONCE));
    for (const entry of bySocket.slice(0, Math.max(0, IN_FLIGHT - this.flies("socket")))) this.emit(entry);
    this.plan();
  }

  /** Return the ops to hand to the browser when the page goes away. */
  leftovers(): Op[] {
    return this.entries.slice(0, OPS_AT_ONCE).map((entry) => entry.op);
  }

  private load(notBefore = 0): void {
    const known = new Set(this.entries.map((entry) => entry.op.op));
    for (const key of this.store.keys(`${this.prefix}op.`)) {
      const kept = parseKept(this.store.get(key));
      if (kept === null) this.store.remove(key);
      else if (!known.has(kept.op.op)) this.entries.push({ ...kept, failures: 0, notBefore, flying: null, own: false });
    }
    this.entries.sort((a, b) => a.at - b.at || (a.op.op < b.op.op ? -1 : 1));
  }

  private hear(message: TabMessage): void {
    if (message.kind === "rev") this.rev = Math.max(this.rev, message.rev);
    if (message.kind === "kept") {
      this.load(this.clock.now() + OTHERS_TURN * (1 + this.chance() / 2));
      this.changed();
      this.plan();
    }
    if (message.kind === "settled") {
      this.entries = this.entries.filter((entry) => entry.op.op !== message.op.op);
      this.tell(message.op, message.ack);
    }
  }

  private numbered(draft: Draft): Op {
    const op = ulid(this.clock.now());
    if (draft.k === "idea") return { op, ...draft };
    this.rev = Math.max(this.rev, Number(this.store.get(`${this.prefix}rev`)) || 0) + 1;
    this.store.set(`${this.prefix}rev`, String(this.rev));
    this.channel?.post({ kind: "rev", rev: this.rev });
    return { op, ...draft, rev: this.rev } as Op;
  }

  /** A vote is a state, so only the newest one of an idea needs to arrive; so are an edit's words. */
  private dropCollapsed(op: Op): void {
    if (op.k === "idea") return;
    for (const entry of this.entries.filter((each) => !each.flying && each.op.k === op.k && ideaOf(each.op) === op.idea)) this.remove(entry);
  }

  private ready(): Entry[] {
    const busy = new Set(this.entries.filter((entry) => entry.flying).map((entry) => ideaOf(entry.op)));
    const ready: Entry[] = [];
    for (const entry of this.entries) {
      const idea = ideaOf(entry.op);
      if (busy.has(idea)) continue;
      busy.add(idea);
      if (entry.notBefore <= this.clock.now()) ready.push(entry);
    }
    return ready;
  }

  /** What is in the store no more was answered or replaced in another tab, and we were not awake to hear it. */
  private forget(): void {
    const left = this.entries.filter((entry) => entry.own || entry.flying || this.store.get(this.keyOf(entry.op)) !== null);
    if (left.length === this.entries.length) return;
    this.entries = left;
    this.changed();
  }

  private flies(door: "socket" | "http"): number {
    return this.entries.filter((entry) => entry.flying === door).length;
  }

  private emit(entry: Entry): void {
    if (!this.doors.connected()) return this.failed(entry);
    if (this.allowed() < 1) return;
    this.allowance -= 1;
    entry.flying = "socket";
    this.doors.bySocket(entry.op).then((ack) => this.answered(entry, ack), () => this.failed(entry));
  }

  /** Return how many ops may leave by the socket now. */
  private allowed(): number {
    const now = this.clock.now();
    this.allowance = Math.min(BURST, this.allowance + (Math.max(0, now - this.allowedAt) / 1_000) * PER_SECOND);
    this.allowedAt = now;
    return this.allowance;
  }

  private post(entries: Entry[]): void {
    for (const entry of entries) entry.flying = "http";
    this.doors.byHttp(entries.map((entry) => entry.op)).then(
      (acks) => {
        for (const entry of entries) {
          const ack = acks.find((each) => each.op === entry.op.op);
          if (ack) this.answered(entry, ack);
          else this.failed(entry);
        }
      },
      (error: unknown) => entries.filter((entry) => entry.flying === "http").forEach((entry) => this.failed(entry, askedWait(error, this.chance()))),
    );
  }

  private answered(entry: Entry, ack: Ack): void {
    entry.flying = null;
    if (!this.entries.includes(entry)) return; // another tab heard the answer first
    if (ack.status === "retry") {
      entry.notBefore = this.clock.now() + Math.max(100, ack.after_ms * (1 + this.chance() / 2));
      return this.pump();
    }
    if ("rev" in ack && ack.rev !== undefined) this.learnRev(ack.rev);
    this.remove(entry);
    this.channel?.post({ kind: "settled", op: entry.op, ack });
    this.tell(entry.op, ack);
    this.pump();
  }

  private failed(entry: Entry, asked = 0): void {
    entry.flying = null;
    entry.failures += 1;
    entry.notBefore = this.clock.now() + Math.max(asked, backOff(entry.failures, this.chance()));
    this.plan();
  }

  private plan(): void {
    this.wake?.();
    const next = Math.min(...this.entries.filter((entry) => !entry.flying).map((entry) => entry.notBefore));
    const wait = Math.max(50, next - this.clock.now(), Math.ceil(((1 - this.allowed()) / PER_SECOND) * 1_000));
    this.wake = Number.isFinite(next) ? this.clock.after(wait, () => this.pump()) : null;
  }

  private remove(entry: Entry): void {
    this.entries = this.entries.filter((each) => each !== entry);
    this.store.remove(this.keyOf(entry.op));
  }

  private tell(op: Op, ack: Ack): void {
    for (const hook of this.settledHooks) hook(op, ack);
    this.changed();
  }

  private changed(): void {
    for (const hook of this.changeHooks) hook();
  }

  /** One key per op: tabs never overwrite each other's. */
  private keyOf(op: Op): string {
    return `${this.prefix}op.${op.op}`;
  }
}

function parseKept(json: string | null): Kept | null {
  try {
    const kept = JSON.parse(json ?? "null") as Kept | null;
    return kept && typeof kept.at === "number" && typeof kept.op?.op === "string" && typeof kept.op.k === "string" ? kept : null;
  } catch {
    return null;
  }
}

/** Join the tabs of one conversation, as the browser can. */
export function tabsOf(code: string): Channel | null {
  const name = `feedback.${code}`;
  if (typeof BroadcastChannel === "undefined") return tabsByStorage(`${name}.told`, localStorageOrNull());
  const channel = new BroadcastChannel(name);
  return {
    post: (message) => channel.postMessage(message),
    listen: (hear) => channel.addEventListener("message", (event: MessageEvent<TabMessage>) => hear(event.data)),
  };
}

/** Older browsers: what one tab writes, the others are told of. */
function tabsByStorage(key: string, local: Storage | null): Channel | null {
  return (
    local && {
      post(message) {
        try {
          local.setItem(key, JSON.stringify(message));
          local.removeItem(key); // or the same message could not be told twice
        } catch {
          // Full or forbidden: the other tabs find out from the server.
        }
      },
      listen: (hear) =>
        addEventListener("storage", (event) => {
          if (event.key === key && event.newValue) hear(JSON.parse(event.newValue) as TabMessage);
        }),
    }
  );
}

export const browserClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const id = setTimeout(run, ms);
    return () => clearTimeout(id);
  },
};
