import assert from "node:assert/strict";
import { test } from "node:test";
import { NotNow } from "../lib/calls.ts";
import type { Room } from "../lib/state.ts";
import type { Ack, Beat, Snapshot } from "../lib/types.ts";
import { type Health, type Socket, Wire } from "../lib/wire.ts";
import { idea, settle, snapshot, Wound } from "./rooms.ts";

class Plug implements Socket {
  connected = false;
  dials = 0;
  private readonly hooks = new Map<string, (...values: never[]) => void>();

  connect(): void {
    this.dials += 1;
  }

  disconnect(): void {
    if (this.connected) this.drop();
  }

  on(event: string, hear: (...values: never[]) => void): void {
    this.hooks.set(event, hear);
  }

  timeout() {
    return { emit: (_: string, __: unknown, answer: (error: Error | null, ack: Ack) => void) => answer(new Error("late"), null as never) };
  }

  hear(event: string, value?: unknown): void {
    this.hooks.get(event)?.(value as never);
  }

  open(): void {
    this.connected = true;
    this.hear("connect");
  }

  drop(): void {
    this.connected = false;
    this.hear("disconnect");
  }
}

function make(answers: (Snapshot | Beat | null | Error | "never")[], chance = 0) {
  const clock = new Wound();
  const socket = new Plug();
  const asked: number[] = [];
  const seen = { rooms: [] as Room[], health: [] as Health[], refused: [] as string[] };
  const fetcher = {
    sync(since: number) {
      asked.push(since);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === "never") return new Promise<null>(() => undefined);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? null);
    },
    ops: () => Promise.resolve([]),
  };
  const hooks = {
    room: (room: Room) => seen.rooms.push(room),
    health: (is: Health) => seen.health.at(-1) !== is && seen.health.push(is),
    refused: (code: string) => seen.refused.push(code),
  };
  const wire = new Wire(socket, fetcher, hooks, clock, () => chance);
  return { wire, socket, clock, asked, seen };
}

const beat = (from: number, to: number, ids: string[] = []): Beat => ({ from, to, shown: 0, changes: { ideas: ids.map((id) => idea(id)) } });
const ids = (wire: Wire) => [...(wire.room?.ideas.keys() ?? [])].join("");

test("the first state comes by sync, whatever the socket does", async () => {
  const { wire, asked } = make([snapshot({ seq: 5, ideas: [idea("A")] })]);
  wire.start();
  await settle();
  assert.deepEqual([asked, wire.since, ids(wire)], [[0], 5, "A"]);
});

test("beats in order are applied, those known are passed over", async () => {
  const { wire, socket, asked } = make([snapshot({ seq: 5 })]);
  wire.start();
  await settle();
  socket.hear("beat", beat(5, 6, ["B"]));
  socket.hear("beat", beat(5, 6, ["X"]));
  socket.hear("beat", beat(6, 8, ["C"]));
  assert.deepEqual([wire.since, ids(wire), asked.length], [8, "BC", 1]);
});

test("a gap is healed by sync", async () => {
  const { wire, socket, clock, asked } = make([snapshot({ seq: 5 }), beat(5, 9, ["B", "C"])]);
  wire.start();
  await settle();
  socket.hear("beat", beat(7, 9, ["C"]));
  assert.equal(wire.since, 5);
  await clock.pass(2_000);
  assert.deepEqual([asked, wire.since, ids(wire)], [[0, 5], 9, "BC"]);
});

test("syncs are spread over two seconds and never doubled", async () => {
  const { wire, socket, clock, asked } = make([snapshot({ seq: 5 }), beat(5, 9)], 0.5);
  wire.start();
  await settle();
  socket.hear("beat", beat(7, 8));
  socket.hear("beat", beat(8, 9));
  socket.hear("sync", { to: 9 });
  await clock.pass(900);
  assert.deepEqual(asked, [0]);
  await clock.pass(200);
  assert.deepEqual(asked, [0, 5]);
});

test("a very large room takes longer to ask, so that each gets an answer", async () => {
  const counts = { joined: 5_000, here: 5_000, ideas: 0, votes: 0 };
  const { wire, socket, clock, asked } = make([snapshot({ seq: 5, counts }), beat(5, 9)], 0.5);
  wire.start();
  await settle();
  socket.hear("sync", { to: 9 });
  await clock.pass(4_900);
  const before = [...asked];
  await clock.pass(200);
  assert.deepEqual([before, asked], [[0], [0, 5]]);
});

test("beats that arrive while a sync is on its way are not lost", async () => {
  const { wire, socket } = make([snapshot({ seq: 7 })]);
  wire.start();
  socket.hear("beat", beat(5, 7, ["A"]));
  socket.hear("beat", beat(7, 8, ["B"]));
  await settle();
  assert.deepEqual([wire.since, ids(wire)], [8, "B"]);
});

test("a heartbeat ahead of us asks for sync, one behind does not", async () => {
  const { wire, socket, clock, asked } = make([snapshot({ seq: 5 }), null]);
  const counts = { joined: 3, here: 2, ideas: 1, votes: 0 };
  wire.start();
  await settle();
  socket.hear("heart", { to: 5, shown: 4, counts });
  await clock.pass(100);
  assert.deepEqual([asked, wire.room?.counts.joined, wire.room?.shown], [[0], 3, 4]);
  socket.hear("heart", { to: 6, shown: 4, counts });
  await clock.pass(100);
  assert.deepEqual(asked, [0, 5]);
});

test("without a socket the screen syncs every five seconds", async () => {
  const { wire, clock, asked, seen } = make([snapshot({ seq: 5 }), null]);
  wire.start();
  await settle();
  await clock.pass(15_000);
  assert.equal(asked.length, 4);
  assert.ok(!seen.health.includes("lost"));
});

test("with a socket it does not poll", async () => {
  const { wire, socket, clock, asked, seen } = make([snapshot({ seq: 5 }), null]);
  wire.start();
  await settle();
  socket.open();
  await clock.pass(1_000);
  const before = asked.length;
  for (let i = 0; i < 6; i += 1) {
    socket.hear("heart", { to: 5, shown: 0, counts: { joined: 0, here: 0, ideas: 0, votes: 0 } });
    await clock.pass(5_000);
  }
  assert.equal(asked.length, before);
  assert.equal(seen.health.at(-1), "live");
});

test("a lost socket is dialled again, ever more slowly, and syncs when it is back", async () => {
  const { wire, socket, clock, asked } = make([snapshot({ seq: 5 }), null], 0.999);
  wire.start();
  await settle();
  socket.open();
  await clock.pass(3_000);
  socket.drop();
  for (let i = 0; i < 3; i += 1) {
    await clock.pass(6_000);
    socket.hear("connect_error", { message: "websocket error" });
  }
  assert.equal(socket.dials, 4);
  const before = asked.length;
  socket.open();
  socket.hear("heart", { to: 6, shown: 0, counts: { joined: 0, here: 0, ideas: 0, votes: 0 } });
  await clock.pass(2_000);
  assert.ok(asked.length > before);
});

test("stop closes the socket and comes back", async () => {
  const { wire, socket, clock } = make([snapshot({ seq: 5 }), null], 0.5);
  wire.start();
  await settle();
  socket.open();
  socket.hear("stop", {});
  assert.equal(socket.connected, false);
  await clock.pass(1_000);
  assert.equal(socket.dials, 2);
});

test("after a restart a room of phones comes back spread out, and nobody waits longer than five seconds", async () => {
  const waits: number[][] = [];
  for (const chance of [0, 0.1, 0.5, 0.9, 0.999]) {
    const { wire, socket, clock } = make([snapshot({ seq: 5 }), null], chance);
    wire.start();
    await settle();
    socket.open();
    socket.hear("stop", {});
    const times: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      const [began, dials] = [clock.now(), socket.dials];
      while (socket.dials === dials) await clock.pass(10);
      times.push(clock.now() - began);
      socket.hear("connect_error", { message: "websocket error" });
    }
    waits.push(times);
  }
  const most = (time: number) => Math.round(time / 500) * 500;
  assert.deepEqual(waits.at(-1)?.map(most), [500, 1000, 2000, 4000, 5000, 5000]);
  assert.deepEqual(waits[2]?.map((time) => Math.round(time / 250) * 250), [250, 500, 1000, 2000, 2500, 2500]);
  assert.ok(waits[0]?.every((time) => time <= 10));
});

test("screens without a socket do not all ask in the same instant", async () => {
  const firsts: number[] = [];
  for (const chance of [0, 0.5, 0.999]) {
    const { wire, clock, asked } = make([snapshot({ seq: 5 }), null], chance);
    wire.start();
    await settle();
    await clock.pass(7_000);
    const began = clock.now();
    const before = asked.length;
    while (asked.length === before) await clock.pass(100);
    firsts.push(clock.now() - began);
  }
  assert.equal(new Set(firsts).size, 3);
});

test("a failed sync is tried again by itself, also while the socket is open", async () => {
  const { wire, socket, clock, asked } = make([snapshot({ seq: 5 }), new Error("no network"), new Error("no network"), beat(5, 9, ["B"])], 0.999);
  wire.start();
  await settle();
  socket.open();
  socket.hear("beat", beat(7, 9, ["B"]));
  await clock.pass(2_000);
  assert.deepEqual([asked, wire.since], [[0, 5], 5]);
  await clock.pass(1_000);
  assert.deepEqual(asked, [0, 5, 5]);
  await clock.pass(1_500);
  assert.deepEqual([asked, wire.since, ids(wire)], [[0, 5, 5, 5], 9, "B"]);
});

test("when the server says how long to wait, nothing asks it sooner: no poll, no frame, no return to the page", async () => {
  const { wire, socket, clock, asked, seen } = make([snapshot({ seq: 5 }), new NotNow("too_many", 429, 20_000), beat(5, 9, ["B"])], 0.5);
  wire.start();
  await settle();
  wire.revive();
  await settle();
  socket.hear("beat", beat(7, 9));
  for (let i = 0; i < 24; i += 1) {
    await clock.pass(1_000);
    wire.revive();
  }
  assert.deepEqual([asked, seen.refused], [[0, 5], []]);
  await clock.pass(1_000); // 20 s and a share of half as long again
  assert.deepEqual([asked, wire.since], [[0, 5, 5], 9]);
});

test("a server that says no is not asked without end", async () => {
  const { wire, clock, asked, seen } = make([new NotNow("wrong_code", 404, 0)], 0);
  wire.start();
  await clock.pass(20_000);
  assert.ok(asked.length >= 4 && asked.length <= 6, `${asked.length} times`);
  assert.equal(seen.refused[0], "wrong_code");
});

test("a full room is followed by HTTP, and the socket tried again after half a minute or more", async () => {
  for (const [chance, after] of [[0, 30_000], [0.5, 45_000], [0.999, 59_970]] as const) {
    const { wire, socket, clock, asked, seen } = make([snapshot({ seq: 5 }), null], chance);
    wire.start();
    await settle();
    socket.hear("connect_error", { message: "room_full" });
    for (let passed = 0; passed < after; passed += 1_000) {
      assert.equal(socket.dials, 1, `dialled after ${passed} ms`);
      wire.revive();
      await clock.pass(Math.min(1_000, after - passed));
    }
    assert.equal(socket.dials, 2);
    assert.ok(asked.length > after / 7_000);
    assert.deepEqual([seen.refused, seen.health.at(-1)], [[], "polling"]);
  }
});

test("a screen that was sent away for other tabs stays away until somebody looks at it", async () => {
  const { wire, socket, clock, asked } = make([snapshot({ seq: 5 }), null], 0.5);
  wire.start();
  await settle();
  socket.open();
  socket.hear("stop", { code: "many_tabs" });
  await clock.pass(60_000);
  assert.deepEqual([socket.connected, socket.dials], [false, 1]);
  assert.ok(asked.length > 8, "it keeps current all the same");
  wire.revive();
  await clock.pass(10);
  assert.equal(socket.dials, 2);
});

test("words of the library are not taken for a refusal", () => {
  const { wire, socket, seen } = make([null]);
  wire.start();
  socket.hear("connect_error", { message: "timeout" });
  assert.deepEqual(seen.refused, []);
});

test("a socket that says nothing while the server answers is given up", async () => {
  const { wire, socket, clock, asked } = make([snapshot({ seq: 5 }), beat(5, 6, ["B"]), null], 0.5);
  wire.start();
  await settle();
  socket.open(); // and then the network changes without a word
  await clock.pass(10_000);
  assert.deepEqual([asked.length, socket.connected], [1, true]);
  await clock.pass(1_000);
  assert.deepEqual([asked.length, wire.since, socket.connected], [2, 6, false]);
  await clock.pass(500);
  assert.equal(socket.dials, 2);
});

test("a socket that says nothing is kept while nobody answers: it may be the server that is slow", async () => {
  const { wire, socket, clock } = make([snapshot({ seq: 5 }), new Error("late")], 0.5);
  wire.start();
  await settle();
  socket.open();
  await clock.pass(30_000);
  assert.deepEqual([socket.connected, socket.dials], [true, 1]);
});

test("when the network is back a quiet socket is replaced at once, one that speaks is kept", async () => {
  const { wire, socket, clock } = make([snapshot({ seq: 5 }), null], 0.5);
  wire.start();
  await settle();
  socket.open();
  await clock.pass(5_000);
  wire.revive();
  assert.deepEqual([socket.connected, socket.dials], [true, 1]);
  await clock.pass(2_000);
  wire.revive();
  await clock.pass(10);
  assert.deepEqual([socket.connected, socket.dials], [false, 2]);
});

test("when the network is back a sync that hangs is not waited for, and its late answer does no harm", async () => {
  const { wire, clock, asked } = make([snapshot({ seq: 5 }), "never", beat(5, 9, ["B"]), null]);
  wire.start();
  await settle();
  await clock.pass(6_000);
  assert.deepEqual([asked, wire.since], [[0, 5], 5]);
  wire.revive();
  await settle();
  assert.deepEqual([asked, wire.since], [[0, 5, 5], 9]);
});

test("silence is told with the time of the last word, and passes", async () => {
  const { wire, clock, seen } = make([snapshot({ seq: 5 }), new Error("no network")]);
  wire.start();
  await settle();
  await clock.pass(20_000);
  assert.equal(seen.health.at(-1), "lost");
  wire.revive();
  await settle();
  assert.equal(seen.health.at(-1), "lost");
});

test("a refusal of the whole page is told", async () => {
  const { wire, socket, seen } = make([new Error("wrong_code")]);
  wire.start();
  await settle();
  socket.hear("connect_error", { message: "forbidden" });
  socket.hear("connect_error", { message: "websocket error" });
  assert.deepEqual(seen.refused, ["wrong_code", "forbidden"]);
});

test("a server that was put back to an older state is followed", async () => {
  const { wire, socket, clock } = make([snapshot({ seq: 50 }), snapshot({ seq: 3, ideas: [idea("Z")] })]);
  wire.start();
  await settle();
  socket.open();
  socket.hear("heart", { to: 3, shown: 0, counts: { joined: 0, here: 0, ideas: 0, votes: 0 } });
  await clock.pass(2_000);
  assert.deepEqual([wire.since, ids(wire)], [3, "Z"]);
});

test("an older whole state is believed when the server says so and nothing came meanwhile", async () => {
  const { wire, clock } = make([snapshot({ seq: 50 }), snapshot({ seq: 3, ideas: [idea("Z")] })]);
  wire.start();
  await settle();
  await clock.pass(6_000);
  assert.deepEqual([wire.since, ids(wire)], [3, "Z"]);
});
