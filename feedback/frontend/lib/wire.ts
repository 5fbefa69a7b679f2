/**
 * The line to the server. The socket is only an accelerator: whatever it loses, `sync` heals; without it the screen
 * asks every five seconds. Nothing here touches the page.
 */

import { backOff, type Clock, type Doors } from "./outbox.ts";
import { applyFrame, applyHeart, placeOf, roomOf, type Room } from "./state.ts";
import type { Ack, Beat, Heart, Op, Snapshot, View } from "./types.ts";

/** As much of a socket.io client as the line needs. */
export interface Socket {
  connected: boolean;
  connect(): unknown;
  disconnect(): unknown;
  on(event: string, hear: (...values: never[]) => void): unknown;
  timeout(ms: number): { emit(event: string, value: unknown, answer: (error: Error | null, ack: Ack) => void): unknown };
}

export interface Fetcher {
  /** Return the body of GET sync, or null when nothing changed; rejects with the refusal's code. */
  sync(since: number): Promise<Snapshot | Beat | null>;
  ops(ops: Op[]): Promise<Ack[]>;
}

export type Health = "starting" | "live" | "polling" | "lost";

export interface Hooks {
  room(room: Room): void;
  health(health: Health, heardAt: number): void;
  /** The server said no to this page as a whole: its refusal code. */
  refused?(code: string): void;
  connected?(): void;
}

export const ACK_WAIT = 4_000;
export const SYNC_EVERY = 5_000;
export const SYNC_JITTER = 2_000;
const FRAMES_HELD = 40;
const SILENCE = 12_000;

export class Wire implements Doors {
  room: Room | null = null;
  private failures = 0;
  private syncing = false;
  private again = false;
  private held: Beat[] = [];
  private heardAt: number;
  private closed = false;
  /** No heartbeat has come since the socket opened. */
  private fresh = false;
  private planned: (() => void) | null = null;
  private poll: (() => void) | null = null;
  private redial: (() => void) | null = null;
  private readonly socket: Socket;
  private readonly fetcher: Fetcher;
  private readonly hooks: Hooks;
  private readonly clock: Clock;
  private readonly chance: () => number;

  constructor(socket: Socket, fetcher: Fetcher, hooks: Hooks, clock: Clock, chance: () => number = Math.random) {
    this.socket = socket;
    this.fetcher = fetcher;
    this.hooks = hooks;
    this.clock = clock;
    this.chance = chance;
    this.heardAt = clock.now();
    this.listen();
  }

  /** Fetch the whole state and open the socket. */
  start(): void {
    this.socket.connect();
    this.syncNow();
    this.tick();
  }

  /** Close the line for good. */
  stop(): void {
    this.closed = true;
    this.socket.disconnect();
    for (const cancel of [this.planned, this.poll, this.redial]) cancel?.();
  }

  /** Try at once: the network or the page has come back. */
  revive(): void {
    if (this.closed) return;
    this.failures = 0;
    if (!this.socket.connected) this.dial(0);
    this.syncNow();
  }

  get since(): number {
    return this.room?.seq ?? 0;
  }

  connected(): boolean {
    return this.socket.connected;
  }

  bySocket(op: Op): Promise<Ack> {
    return new Promise((resolve, reject) => {
      this.socket.timeout(ACK_WAIT).emit("op", op, (error, ack) => (error ? reject(error) : resolve(ack)));
    });
  }

  byHttp(ops: Op[]): Promise<Ack[]> {
    return this.fetcher.ops(ops);
  }

  private listen(): void {
    this.socket.on("connect", () => {
      this.failures = 0;
      this.heard();
      this.fresh = true;
      this.hooks.connected?.();
    });
    this.socket.on("disconnect", () => this.lost());
    this.socket.on("connect_error", (error: { message?: string }) => {
      this.lost();
      if (/^[a-z_]+$/.test(error?.message ?? "")) this.hooks.refused?.(error.message ?? "");
    });
    this.socket.on("stop", () => this.socket.disconnect());
    this.socket.on("sync", (hint: { to?: number } | undefined) => {
      this.heard();
      if ((hint?.to ?? Infinity) > this.since) this.syncSoon();
    });
    this.socket.on("beat", (beat: Beat) => this.beat(beat));
    this.socket.on("heart", (heart: Heart) => this.heart(heart));
  }

  private beat(beat: Beat): void {
    this.heard();
    if (this.room === null || this.syncing) {
      this.held = [...this.held, beat].slice(-FRAMES_HELD);
      return;
    }
    const place = placeOf(this.room.seq, beat);
    if (place === "fits") this.take(applyFrame(this.room, beat));
    if (place === "gap") this.syncSoon();
  }

  private heart(heart: Heart): void {
    this.heard();
    if (this.room === null) return;
    this.take(applyHeart(this.room, heart));
    // Ahead of us: we missed something. Behind us right after a connect: the server may have been put back.
    if (heart.to > this.room.seq || (this.fresh && heart.to < this.room.seq)) this.syncSoon();
    this.fresh = false;
  }

  private lost(): void {
    if (this.closed) return;
    this.failures += 1;
    this.dial(backOff(this.failures, this.chance()));
    this.report();
  }

  private dial(wait: number): void {
    this.redial?.();
    this.redial = this.clock.after(wait, () => {
      if (!this.closed && !this.socket.connected) this.socket.connect();
    });
  }

  /** Sync after up to two seconds, so that a room of phones does not ask in the same instant. */
  private syncSoon(): void {
    if (this.planned || this.syncing) {
      this.again = this.syncing;
      return;
    }
    this.planned = this.clock.after(Math.round(this.chance() * SYNC_JITTER), () => this.syncNow());
  }

  private syncNow(): void {
    this.planned?.();
    this.planned = null;
    if (this.syncing || this.closed) return;
    this.syncing = true;
    const asked = this.room?.seq ?? 0;
    this.fetcher.sync(asked).then(
      (answer) => {
        this.heard();
        this.synced(asked, answer);
      },
      (error: unknown) => {
        this.syncing = false;
        const code = error instanceof Error ? error.message : "";
        if (/^[a-z_]+$/.test(code)) this.hooks.refused?.(code);
        this.report();
        if (this.room === null) this.planned = this.clock.after(500 + backOff(4, this.chance()), () => this.syncNow());
      },
    );
  }

  private synced(asked: number, answer: Snapshot | Beat | null): void {
    this.syncing = false;
    if (answer && "snapshot" in answer && answer.snapshot) {
      // A lower number than ours is believed only if nothing came in meanwhile: the server was put back to an older state.
      if (answer.seq >= this.since || asked === this.since) this.take(roomOf(answer));
    } else if (answer && "from" in answer && this.room) {
      const place = placeOf(this.room.seq, answer);
      if (place === "fits") this.take(applyFrame(this.room, answer));
      if (place === "gap") this.again = true;
    }
    const held = this.held;
    this.held = [];
    for (const beat of held) this.beat(beat);
    if (this.again) {
      this.again = false;
      this.syncSoon();
    }
  }

  /** Once a second: poll where no socket speaks, and notice silence. */
  private tick(): void {
    let waited = 0;
    const beatOnce = () => {
      if (this.closed) return;
      waited = this.socket.connected && !this.silent() ? 0 : waited + 1_000;
      if (waited >= SYNC_EVERY) {
        waited = 0;
        this.syncNow();
      }
      this.report();
      this.poll = this.clock.after(1_000, beatOnce);
    };
    this.poll = this.clock.after(1_000, beatOnce);
  }

  private silent(): boolean {
    return this.clock.now() - this.heardAt > SILENCE;
  }

  private heard(): void {
    this.heardAt = this.clock.now();
    this.report();
  }

  private report(): void {
    const health = this.silent() ? "lost" : this.socket.connected ? "live" : this.room ? "polling" : "starting";
    this.hooks.health(health, this.heardAt);
  }

  private take(room: Room): void {
    this.room = room;
    this.hooks.room(room);
  }
}

/** Speak HTTP to one conversation; every answer that is not as hoped rejects with the refusal's code. */
export function fetcherOf(code: string, view: View): Fetcher {
  const base = `/c/${encodeURIComponent(code)}`;
  return {
    sync: (since) => call(`${base}/sync?since=${since}${view === "phone" ? "" : `&view=${view}`}`),
    async ops(ops) {
      const answer = await call<{ acks: Ack[] }>(`${base}/ops`, { method: "POST", body: JSON.stringify({ ops }) });
      return answer?.acks ?? [];
    },
  };
}

/** Fetch JSON within eight seconds; null for "nothing new". */
export async function call<T>(path: string, more: RequestInit = {}): Promise<T | null> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), 8_000);
  const headers = { Accept: "application/json", "X-Op": "1", ...(more.body ? { "Content-Type": "application/json" } : {}) };
  try {
    const answer = await fetch(path, { credentials: "same-origin", signal: patience.signal, headers, ...more });
    if (answer.status === 204 || answer.status === 304) return null;
    if (!answer.ok) throw new Error(await refusalIn(answer));
    return (await answer.json()) as T;
  } finally {
    clearTimeout(timer);
  }
}

/** Hand ops to the browser while the page goes away; it delivers them without us. */
export function postAtLeaving(code: string, ops: Op[]): void {
  if (ops.length === 0) return;
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-Op": "1" };
  void fetch(`/c/${encodeURIComponent(code)}/ops`, {
    method: "POST",
    body: JSON.stringify({ ops }),
    headers,
    keepalive: true,
    credentials: "same-origin",
  }).catch(() => undefined);
}

async function refusalIn(answer: Response): Promise<string> {
  try {
    const { code } = (await answer.json()) as { code?: unknown };
    return typeof code === "string" ? code : `status ${answer.status}`;
  } catch {
    return `status ${answer.status}`;
  }
}
