/**
 * The line to the server. The socket is only an accelerator: whatever it loses, `sync` heals; without it the screen
 * asks every five seconds or so. Nothing here touches the page.
 */

import { askedWait, type Fetcher, NotNow } from "./calls.ts";
import { backOff, type Clock, type Doors } from "./outbox.ts";
import { applyFrame, applyHeart, placeOf, roomOf, type Room } from "./state.ts";
import type { Ack, Beat, Heart, Op, Snapshot } from "./types.ts";

/** As much of a socket.io client as the line needs. */
export interface Socket {
  connected: boolean;
  connect(): unknown;
  disconnect(): unknown;
  on(event: string, hear: (...values: never[]) => void): unknown;
  timeout(ms: number): { emit(event: string, value: unknown, answer: (error: Error | null, ack: Ack) => void): unknown };
}

export type Health = "starting" | "live" | "polling" | "lost";

export interface Hooks {
  room(room: Room): void;
  health(health: Health, heardAt: number): void;
  /** The server said no to this page as a whole: its refusal code. */
  refused?(code: string): void;
  connected?(): void;
  /** There is no socket for this screen: `room_full`, or `many_tabs` of this browser; null once there is one. */
  crowded?(why: string | null): void;
}

export const ACK_WAIT = 4_000;
export const SYNC_EVERY = 4_000;
export const SYNC_JITTER = 2_000;
/** What each phone of a room gets of the time over which all of them ask, where that is more. */
export const SYNC_SHARE = 2;
const FRAMES_HELD = 40;
const SILENCE = 12_000;
/** A socket says something every five seconds. One that has been quiet for so long may be dead without knowing. */
const DEAF = 10_000;
const DEAF_AT_RETURN = 6_000;
/** All places for sockets are taken: this screen asks by HTTP, and tries for a socket again after half a minute or more. */
const ROOM_FULL = 30_000;
/** Pause after a refusal that asking again at once would not change. */
const REFUSED_FOR = 5_000;

export class Wire implements Doors {
  room: Room | null = null;
  private failures = 0;
  private syncing = false;
  /** Number of the sync whose answer counts. */
  private asking = 0;
  private again = false;
  private held: Beat[] = [];
  private heardAt: number;
  /** When the socket itself last said something. */
  private spokeAt: number;
  private syncFailures = 0;
  private syncNotBefore = 0;
  private dialNotBefore = 0;
  private closed = false;
  /** The server has sent this screen away for others of the same browser: it asks by HTTP until somebody looks at it. */
  private parked = false;
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
    this.heardAt = this.spokeAt = clock.now();
    this.listen();
  }

  /** Open the socket; fetch the whole state, unless the page has brought it along. */
  start(brought?: Snapshot): void {
    if (brought) this.take(roomOf(brought));
    this.socket.connect();
    if (!brought) this.syncNow();
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
    this.parked = false;
    // What was open or under way before may lead nowhere now, and nobody tells.
    if (!this.socket.connected || this.quietFor(DEAF_AT_RETURN)) {
      this.socket.disconnect();
      this.dial(0);
    }
    this.asking += 1;
    this.syncing = false;
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
      this.failures = this.dialNotBefore = 0;
      this.spoke();
      this.fresh = true;
      this.hooks.crowded?.(null);
      this.hooks.connected?.();
    });
    this.socket.on("disconnect", () => this.lost());
    this.socket.on("connect_error", (error: { message?: string }) => this.notLetIn(error?.message ?? ""));
    this.socket.on("stop", (why: { code?: string } | undefined) => {
      this.parked = why?.code !== undefined;
      if (why?.code) this.hooks.crowded?.(why.code);
      this.socket.disconnect();
    });
    this.socket.on("sync", (hint: { to?: number } | undefined) => {
      this.spoke();
      if ((hint?.to ?? Infinity) > this.since) this.syncSoon();
    });
    this.socket.on("beat", (beat: Beat) => this.beat(beat));
    this.socket.on("heart", (heart: Heart) => this.heart(heart));
  }

  private notLetIn(said: string): void {
    const full = said === "room_full";
    if (full) {
      this.dialNotBefore = this.clock.now() + ROOM_FULL * (1 + this.chance());
      this.hooks.crowded?.(said);
    }
    this.lost();
    // The library's own words are no refusals.
    if (!full && said !== "timeout" && /^[a-z_]+$/.test(said)) this.hooks.refused?.(said);
  }

  private beat(beat: Beat): void {
    this.spoke();
    if (this.room === null || this.syncing) {
      this.held = [...this.held, beat].slice(-FRAMES_HELD);
      return;
    }
    this.follow(beat);
  }

  private follow(beat: Beat): void {
    if (this.room === null) return;
    const place = placeOf(this.room.seq, beat);
    if (place === "fits") this.take(applyFrame(this.room, beat));
    if (place === "gap") this.syncSoon();
  }

  private heart(heart: Heart): void {
    this.spoke();
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
    this.redial = this.clock.after(Math.max(wait, this.dialNotBefore - this.clock.now()), () => {
      if (!this.closed && !this.parked && !this.socket.connected) this.socket.connect();
    });
  }

  /** Sync after up to two seconds, more in a very large room, so that its phones do not all ask in the same instant. */
  private syncSoon(): void {
    if (this.planned || this.syncing) {
      this.again = this.syncing;
      return;
    }
    this.planSync(Math.round(this.chance() * Math.max(SYNC_JITTER, SYNC_SHARE * (this.room?.counts.here ?? 0))));
  }

  private planSync(wait: number): void {
    this.planned?.();
    this.planned = this.clock.after(wait, () => this.syncNow());
  }

  private syncNow(): void {
    if (this.syncing || this.closed) return;
    const early = this.syncNotBefore - this.clock.now();
    if (early > 0) return this.planSync(early);
    this.planned?.();
    this.planned = null;
    this.syncing = true;
    const asked = this.room?.seq ?? 0;
    const number = ++this.asking;
    this.fetcher.sync(asked).then(
      (answer) => {
        if (number !== this.asking) return;
        this.syncFailures = 0;
        this.heard();
        this.synced(asked, answer);
        // The server answers and the socket does not speak: it leads nowhere.
        if (this.quietFor(DEAF)) this.socket.disconnect();
      },
      (error: unknown) => number === this.asking && this.notSynced(error),
    );
  }

  private notSynced(error: unknown): void {
    this.syncing = false;
    this.syncFailures += 1;
    const asked = askedWait(error, this.chance());
    this.syncNotBefore = this.clock.now() + asked;
    const final = error instanceof NotNow && error.status >= 400 && error.status < 500 && asked === 0;
    const code = error instanceof Error ? error.message : "";
    if (asked === 0 && /^[a-z_]+$/.test(code)) this.hooks.refused?.(code);
    this.report();
    if (!this.closed) this.planSync(Math.max(asked, final ? REFUSED_FOR : 500 + backOff(this.syncFailures, this.chance())));
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
    for (const beat of held) this.follow(beat);
    if (this.again) {
      this.again = false;
      this.syncSoon();
    }
  }

  /** Once a second: poll where no socket speaks, and notice silence. */
  private tick(): void {
    let waited = 0;
    let patience = SYNC_EVERY;
    const beatOnce = () => {
      if (this.closed) return;
      waited = this.socket.connected && !this.quietFor(DEAF) ? 0 : waited + 1_000;
      if (waited >= patience || (this.socket.connected && waited > 0)) {
        waited = 0;
        // Not all in the same instant, although all have lost their sockets in the same one.
        patience = SYNC_EVERY + this.chance() * SYNC_JITTER;
        if (!this.planned) this.syncNow();
      }
      this.report();
      this.poll = this.clock.after(1_000, beatOnce);
    };
    this.poll = this.clock.after(1_000, beatOnce);
  }

  /** Tell whether the socket is open and has said nothing for so many ms. */
  private quietFor(ms: number): boolean {
    return this.socket.connected && this.clock.now() - this.spokeAt > ms;
  }

  private silent(): boolean {
    return this.clock.now() - this.heardAt > SILENCE;
  }

  private spoke(): void {
    this.spokeAt = this.clock.now();
    this.heard();
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
