import assert from "node:assert/strict";
import { test } from "node:test";
import { NotNow } from "../lib/calls.ts";
import { backOff, type Channel, type Doors, Outbox, type TabMessage, tabsOf } from "../lib/outbox.ts";
import { openStore, type Store } from "../lib/storage.ts";
import type { Ack, Op } from "../lib/types.ts";
import { ulid } from "../lib/ulid.ts";
import { settle, Wound } from "./rooms.ts";

class Line implements Doors {
  up = true;
  sent: Op[] = [];
  posted: Op[][] = [];
  waiting: { op: Op; answer: (ack: Ack) => void; fail: (error: Error) => void }[] = [];
  http: (ops: Op[]) => Promise<Ack[]> = (ops) => Promise.resolve(ops.map((op) => ({ op: op.op, status: "ok", seq: 1 })));

  connected(): boolean {
    return this.up;
  }

  bySocket(op: Op): Promise<Ack> {
    this.sent.push(op);
    return new Promise((answer, fail) => this.waiting.push({ op, answer, fail }));
  }

  byHttp(ops: Op[]): Promise<Ack[]> {
    this.posted.push(ops);
    return this.http(ops);
  }

  /** Answer the oldest op in flight. */
  async answer(ack: Record<string, unknown>): Promise<void> {
    const next = this.waiting.shift();
    assert.ok(next, "nothing is in flight");
    next.answer({ op: next.op.op, ...ack } as Ack);
    await settle();
  }

  async fail(): Promise<void> {
    this.waiting.shift()?.fail(new Error("no answer"));
    await settle();
  }
}

function disk(): Storage {
  const kept = new Map<string, string>();
  return {
    get length() {
      return kept.size;
    },
    key: (i: number) => [...kept.keys()][i] ?? null,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
    clear: () => kept.clear(),
  };
}

function make(store: Store = openStore(disk()), channel: Channel | null = null) {
  const line = new Line();
  const clock = new Wound();
  const outbox = new Outbox("ABC234", store, line, clock, channel, () => 1);
  return { line, clock, outbox, store };
}

const IDEA = { k: "idea", id: "01", prompt: 1, text: "words", lang: "en" } as const;

test("an op is on the disk before it is first sent", () => {
  const { line, outbox, store } = make();
  line.bySocket = (op) => {
    assert.equal(store.keys("feedback.ABC234.op.").length, 1, "sent before it was kept");
    line.sent.push(op);
    return new Promise(() => undefined);
  };
  outbox.add(IDEA);
  assert.equal(line.sent.length, 1);
});

test("an op leaves only with a final answer", async () => {
  const { line, outbox, store, clock } = make();
  outbox.add(IDEA);
  await line.answer({ status: "retry", after_ms: 300 });
  assert.equal(outbox.waiting().length, 1);
  await clock.pass(449); // up to half as long again, so that a room does not come back in the same instant
  assert.equal(line.waiting.length, 0);
  await clock.pass(1);
  await line.answer({ status: "ok", seq: 4, number: 1 });
  assert.deepEqual([outbox.waiting().length, store.keys("feedback.ABC234.op.").length], [0, 0]);
});

test("what waited comes back after a reload and goes out again", () => {
  const store = openStore(disk());
  const before = make(store);
  before.line.up = false;
  before.outbox.add(IDEA);
  const after = make(store);
  after.outbox.pump();
  assert.deepEqual(after.line.sent.map((op) => op.op), before.outbox.waiting().map(({ op }) => op.op));
});

test("nothing comes back from a store that dies with its page: the test above would fail", () => {
  const before = make(openStore(null));
  before.line.up = false;
  before.outbox.add(IDEA);
  const after = make(openStore(null));
  after.outbox.pump();
  assert.deepEqual(after.line.sent, []);
});

test("votes on one idea collapse into the newest while they wait", () => {
  const { line, outbox } = make();
  line.up = false;
  outbox.add({ k: "vote", idea: "01", val: 1 });
  outbox.add({ k: "vote", idea: "02", val: 1 });
  outbox.add({ k: "vote", idea: "01", val: null });
  assert.deepEqual(outbox.waiting().map(({ op }) => (op.k === "vote" ? [op.idea, op.val, op.rev] : [])), [["02", 1, 2], ["01", null, 3]]);
});

test("one op of an idea is in flight; the next follows its answer; other ideas do not wait", async () => {
  const { line, outbox } = make();
  outbox.add(IDEA);
  outbox.add({ k: "edit", idea: "01", text: "other words" });
  outbox.add({ k: "vote", idea: "02", val: 1 });
  assert.deepEqual(line.sent.map((op) => op.k), ["idea", "vote"]);
  await line.answer({ status: "ok", seq: 1 });
  assert.deepEqual(line.sent.map((op) => op.k), ["idea", "vote", "edit"]);
});

test("after two failures on the socket the same op goes by HTTP", async () => {
  const { line, outbox, clock } = make();
  const op = outbox.add(IDEA);
  await line.fail();
  await clock.pass(500);
  await line.fail();
  await clock.pass(1_000);
  assert.deepEqual(line.sent.map((each) => each.op), [op?.op, op?.op]);
  assert.deepEqual(line.posted, [[op]]);
  assert.equal(outbox.waiting().length, 0);
});

test("without a socket ops go by HTTP, and stay while that fails too", async () => {
  const { line, outbox, clock } = make();
  line.up = false;
  line.http = () => Promise.reject(new Error("no network"));
  outbox.add(IDEA);
  await clock.pass(60_000);
  assert.ok(line.posted.length >= 8 && line.posted.length <= 16, `${line.posted.length} tries in a minute`);
  assert.equal(outbox.waiting().length, 1);
  line.http = (ops) => Promise.resolve(ops.map((op) => ({ op: op.op, status: "ok", seq: 1 })));
  await clock.pass(5_000);
  assert.equal(outbox.waiting().length, 0);
});

test("at most twenty ops travel in one call", async () => {
  const { line, outbox, clock } = make();
  line.up = false;
  for (let i = 0; i < 30; i += 1) outbox.add({ k: "vote", idea: `i${i}`, val: 1 });
  await clock.pass(20_000);
  assert.ok(line.posted.every((ops) => ops.length <= 20));
  assert.equal(outbox.waiting().length, 0);
});

test("what waited long goes out in few calls by HTTP", async () => {
  const { line, outbox, clock } = make();
  line.up = false;
  line.http = () => Promise.reject(new Error("no network"));
  for (let i = 0; i < 200; i += 1) outbox.add({ k: "vote", idea: `i${i}`, val: 1 });
  await clock.pass(60_000);
  line.posted = [];
  line.http = (ops) => Promise.resolve(ops.map((op) => ({ op: op.op, status: "ok", seq: 1 })));
  outbox.pump(true);
  await clock.pass(1_000);
  assert.deepEqual([outbox.waiting().length, line.posted.map((ops) => ops.length)], [0, Array(10).fill(20)]);
});

test("by the socket it goes no faster than the server listens: 60 at once, then 10 a second", async () => {
  const store = openStore(disk());
  const before = make(store);
  before.line.up = false;
  for (let i = 0; i < 200; i += 1) before.outbox.add({ k: "vote", idea: `i${i}`, val: 1 });
  const { line, outbox, clock } = make(store); // the page was loaded again: nothing has failed yet
  let bucket = 60;
  let at = clock.now();
  line.bySocket = (op) => {
    bucket = Math.min(60, bucket + ((clock.now() - at) / 1_000) * 10) - 1;
    at = clock.now();
    assert.ok(bucket >= 0, `the server hangs up at op ${line.sent.length}`);
    line.sent.push(op);
    return Promise.resolve({ op: op.op, status: "ok", seq: 1 } as Ack);
  };
  outbox.pump();
  await clock.pass(1_000);
  assert.ok(line.sent.length >= 30 && line.sent.length <= 40, `${line.sent.length} ops in the first second`);
  await clock.pass(24_000);
  assert.deepEqual([outbox.waiting().length, line.sent.length, line.posted.length], [0, 200, 0]);
});

test("rev is above what was ever used here or known there", async () => {
  const { line, outbox } = make();
  outbox.learnRev(41);
  outbox.add({ k: "vote", idea: "01", val: 1 });
  assert.equal(line.sent.map((op) => (op.k === "vote" ? op.rev : 0)).join(), "42");
  await line.answer({ status: "superseded", rev: 50 });
  outbox.add({ k: "vote", idea: "01", val: 1 });
  assert.equal(line.sent.map((op) => (op.k === "vote" ? op.rev : 0)).join(), "42,51");
});

/** A maker of channels that reach each other. */
function tabs(): () => Channel {
  const heard: ((message: TabMessage) => void)[] = [];
  return () => {
    let own: (message: TabMessage) => void = () => undefined;
    return {
      post: (message) => heard.filter((hear) => hear !== own).forEach((hear) => hear(message)),
      listen: (hear) => {
        own = hear;
        heard.push(hear);
      },
    };
  };
}

test("tabs share the counter and hear each other's answers", async () => {
  const channel = tabs();
  const store = openStore(disk());
  const one = make(store, channel());
  const two = make(store, channel());
  two.line.up = false;
  const settled: string[] = [];
  two.outbox.onSettled((op, ack) => settled.push(`${op.k} ${ack.status}`));
  one.outbox.add({ k: "vote", idea: "01", val: 1 });
  assert.equal(two.outbox.waiting().length, 1);
  await one.line.answer({ status: "ok", seq: 1, rev: 1, val: 1 });
  assert.deepEqual([two.outbox.waiting().length, settled], [0, ["vote ok"]]);
  two.outbox.add({ k: "vote", idea: "02", val: 1 });
  assert.deepEqual(two.outbox.waiting().map(({ op }) => (op.k === "vote" ? op.rev : 0)), [2]);
});

test("what another tab wrote is sent here when that tab does not get it through", async () => {
  const channel = tabs();
  const store = openStore(disk());
  const one = make(store, channel());
  const two = make(store, channel());
  one.line.bySocket = () => new Promise(() => undefined); // it was closed, or the phone has put it to sleep
  one.outbox.add(IDEA);
  await two.clock.pass(11_900);
  assert.deepEqual([two.outbox.waiting().length, two.line.sent.length], [1, 0]);
  await two.clock.pass(200);
  assert.deepEqual(two.line.sent.map((op) => op.op), one.outbox.waiting().map(({ op }) => op.op));
  await two.line.answer({ status: "ok", seq: 1, number: 1 });
  assert.deepEqual([one.outbox.waiting().length, two.outbox.waiting().length, store.keys("feedback.ABC234.op.")], [0, 0, []]);
});

test("what was answered or replaced while this tab slept is not sent from here", async () => {
  const channel = tabs();
  const store = openStore(disk());
  const one = make(store, channel());
  const two = make(store, channel());
  one.line.up = false;
  one.line.http = () => new Promise(() => undefined);
  one.outbox.add({ k: "vote", idea: "01", val: 1 });
  one.outbox.add({ k: "vote", idea: "01", val: null });
  await two.clock.pass(15_000);
  assert.deepEqual(two.line.sent.map((op) => (op.k === "vote" ? op.rev : 0)), [2]);
});

test("browsers without channels tell their tabs by storage", () => {
  const told: [string, string][] = [];
  const listeners: ((event: unknown) => void)[] = [];
  const local = { ...disk(), setItem: (key: string, value: string) => void told.push([key, value]) };
  const before = globalThis.BroadcastChannel;
  Object.assign(globalThis, { BroadcastChannel: undefined, window: { localStorage: local }, addEventListener: (_: string, hear: (event: unknown) => void) => listeners.push(hear) });
  try {
    const channel = tabsOf("ABC234");
    const heard: TabMessage[] = [];
    channel?.listen((message) => heard.push(message));
    channel?.post({ kind: "rev", rev: 7 });
    for (const [key, newValue] of [...told, ["feedback.other", "{}"]]) listeners.forEach((hear) => hear({ key, newValue }));
    listeners.forEach((hear) => hear({ key: told[0]?.[0], newValue: null })); // it is taken out again at once
    assert.deepEqual(heard, [{ kind: "rev", rev: 7 }]);
  } finally {
    Object.assign(globalThis, { BroadcastChannel: before, window: undefined, addEventListener: undefined });
  }
});

test("when the network is back, what hangs in a call is sent again at once, and two answers do no harm", async () => {
  const { line, outbox, clock } = make();
  const settled: string[] = [];
  outbox.onSettled((_, ack) => settled.push(ack.status));
  line.up = false;
  let late: (acks: Ack[]) => void = () => undefined;
  line.http = () => new Promise((answer) => (late = answer));
  const op = outbox.add(IDEA);
  await clock.pass(3_000);
  assert.equal(line.posted.length, 1);
  line.http = (ops) => Promise.resolve(ops.map((each) => ({ op: each.op, status: "ok", seq: 1 })));
  outbox.pump(true);
  await clock.pass(10);
  late([{ op: op?.op ?? "", status: "ok", seq: 1 }]);
  await settle();
  assert.deepEqual([line.posted.length, outbox.waiting().length, settled], [2, 0, ["ok"]]);
});

test("a server that says when to come back is asked again then, and not before", async () => {
  const { line, outbox, clock } = make();
  line.up = false;
  line.http = () => Promise.reject(new NotNow("busy", 503, 20_000));
  outbox.add(IDEA);
  await clock.pass(5_000);
  const before = line.posted.length;
  await clock.pass(24_000); // 20 s and half as long again
  assert.deepEqual([before, line.posted.length], [1, 1]);
  line.http = (ops) => Promise.resolve(ops.map((op) => ({ op: op.op, status: "ok", seq: 1 })));
  await clock.pass(4_000);
  assert.equal(outbox.waiting().length, 0);
});

test("without storage ops wait in memory, and the page can say so", () => {
  const { outbox, line } = make(openStore(null));
  line.up = false;
  outbox.add(IDEA);
  assert.deepEqual([outbox.durable, outbox.waiting().length], [false, 1]);
});

test("a full disk loses nothing while the page is open", () => {
  const full = disk();
  const store = openStore(full);
  full.setItem = () => {
    throw new Error("quota");
  };
  const { outbox, line } = make(store);
  line.up = false;
  outbox.add(IDEA);
  assert.deepEqual([outbox.durable, outbox.waiting().length, outbox.leftovers().length], [false, 1, 1]);
});

test("a full outbox refuses ideas and still takes votes", () => {
  const { outbox, line } = make();
  line.up = false;
  for (let i = 0; i < 200; i += 1) outbox.add({ ...IDEA, id: `i${i}` });
  assert.equal(outbox.add(IDEA), null);
  assert.notEqual(outbox.add({ k: "vote", idea: "x", val: 1 }), null);
});

test("broken memories are thrown away", () => {
  const store = openStore(disk());
  store.set("feedback.ABC234.op.1", "{");
  store.set("feedback.ABC234.op.2", '{"op":{}}');
  const { outbox } = make(store);
  assert.deepEqual([outbox.waiting().length, store.keys("feedback.ABC234.op.")], [0, []]);
});

test("waits grow to five seconds, with full jitter", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 50].map((n) => backOff(n, 1)), [500, 1000, 2000, 4000, 5000, 5000]);
  assert.equal(backOff(9, 0), 0);
});

test("identifiers are ULIDs that sort by time", () => {
  const one = ulid(1_700_000_000_000);
  assert.match(one, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  assert.ok(one < ulid(1_700_000_000_001));
  assert.equal(ulid(0, new Uint8Array(10)), "0".repeat(26));
  assert.equal(ulid(281_474_976_710_655, new Uint8Array(10).fill(255)), `7${"Z".repeat(25)}`);
});
