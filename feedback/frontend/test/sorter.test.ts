import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox } from "../lib/outbox.ts";
import { ROUND, Sorter } from "../lib/sorter.ts";
import { roomOf, type Room } from "../lib/state.ts";
import { openStore } from "../lib/storage.ts";
import type { Ack, Card, Op, Theme } from "../lib/types.ts";
import { idea, settle, snapshot, Wound } from "./rooms.ts";
import { signal } from "@preact/signals";

const IDEAS = Array.from({ length: 12 }, (_, n) => `i${n}`);

function theme(id: number): Theme {
  return { id, name: `theme ${id}`, terms: [], ideas_count: 1, votes: 0, representatives: [], suggested: false };
}

function card(id: string): Card {
  return { idea: id, themes: [1, 2], others: [] };
}

/** A phone with a server that deals from a deck, and a line that acks what it is told to. */
class Bench {
  readonly clock = new Wound();
  readonly room = signal<Room | null>(
    roomOf(snapshot({ ideas: IDEAS.map((id, n) => idea(id, { n: n + 1 })), themes: [theme(1), theme(2)], sorting: { open: true, sorted: 0, unsure: 12 } })),
  );
  deck: Card[] = IDEAS.map(card);
  asked = 0;
  failing = false;
  readonly sent: Op[] = [];
  ack: (op: Op) => Ack = (op) => ({ op: op.op, status: "ok", seq: 9 });
  readonly outbox: Outbox;
  readonly sorter: Sorter;

  constructor() {
    const doors = {
      connected: () => true,
      bySocket: async (op: Op) => {
        this.sent.push(op);
        return this.ack(op);
      },
      byHttp: async () => [],
    };
    this.outbox = new Outbox("ABC234", openStore(null), doors, this.clock, null, () => 0.5);
    this.sorter = new Sorter(async (n) => this.deal(n), () => this.room.value, this.clock, () => 0.5);
    this.sorter.attach(this.outbox);
  }

  async tap(answer: number | null | "skip"): Promise<string> {
    await this.clock.pass(300);
    const shown = this.sorter.card.value;
    assert.ok(shown);
    this.sorter.answer(shown, answer);
    await settle();
    return shown.idea;
  }

  private deal(n: number): Card[] {
    this.asked += 1;
    if (this.failing) throw new Error("no line");
    const done = new Set(this.sent.map((op) => (op.k === "sort" ? op.idea : "")));
    return this.deck.filter((each) => !done.has(each.idea)).slice(0, n);
  }
}

async function started(): Promise<Bench> {
  const bench = new Bench();
  bench.sorter.start();
  await settle();
  return bench;
}

test("the next card is there at once, no idea comes twice, and a round is five", async () => {
  const bench = await started();
  const seen = [];
  for (let n = 0; n < ROUND; n += 1) {
    seen.push(await bench.tap(n % 2 ? null : 1));
    assert.ok(bench.sorter.card.value, "fetched ahead");
  }
  assert.equal(new Set(seen).size, ROUND);
  assert.equal(bench.sorter.resting.value, true);
  assert.deepEqual(bench.sent.map((op) => (op.k === "sort" ? [op.idea, op.theme, op.skip] : [])), seen.map((id, n) => [id, n % 2 ? null : 1, false]));
  bench.sorter.start();
  assert.equal(bench.sorter.resting.value, false);
  assert.equal(bench.sorter.done.value, 0);
});

test("a card that was passed over is one too, and says nothing", async () => {
  const bench = await started();
  const passed = await bench.tap("skip");
  assert.deepEqual(bench.sent.map((op) => (op.k === "sort" ? [op.idea, op.theme, op.skip] : [])), [[passed, null, true]]);
  assert.equal(bench.sorter.done.value, 1);
});

test("a second tap of the same finger is not an answer to the next card", async () => {
  const bench = await started();
  await bench.tap(1);
  const next = bench.sorter.card.value;
  assert.ok(next);
  bench.sorter.answer(next, 1);
  assert.equal(bench.sorter.card.value, next);
  assert.equal(bench.sent.length, 1);
});

test("the last answer can be changed, and counts once", async () => {
  const bench = await started();
  const first = await bench.tap(1);
  bench.sorter.change();
  assert.equal(bench.sorter.card.value?.idea, first);
  assert.equal(bench.sorter.before.value, 1);
  assert.equal(await bench.tap(2), first);
  assert.equal(bench.sorter.done.value, 1);
  assert.deepEqual(bench.sent.map((op) => (op.k === "sort" ? [op.theme, op.rev] : [])), [[1, 1], [2, 2]]);
  assert.notEqual(bench.sorter.card.value?.idea, first);
});

test("when the server has no more it is not asked again until something has changed", async () => {
  const bench = new Bench();
  bench.deck = [card("i0")];
  bench.sorter.start();
  await settle();
  await bench.tap(1);
  await bench.clock.pass(5_000);
  assert.equal(bench.sorter.card.value, null);
  assert.equal(bench.sorter.mayHaveMore(), false);
  const asked = bench.asked;
  await bench.clock.pass(60_000);
  assert.equal(bench.asked, asked);
  const room = bench.room.value;
  assert.ok(room);
  bench.room.value = { ...room, counts: { ...room.counts, ideas: 13 } };
  assert.equal(bench.sorter.mayHaveMore(), true);
});

test("without a line it asks again by itself", async () => {
  const bench = new Bench();
  bench.failing = true;
  bench.sorter.start();
  await bench.clock.pass(3_000);
  assert.ok(bench.asked > 1);
  bench.failing = false;
  await bench.clock.pass(6_000);
  assert.ok(bench.sorter.card.value);
});

test("an own idea is asked right after saving, alone, also when the room is not asked", async () => {
  const bench = new Bench();
  bench.deck = [card("i3"), card("i4")];
  bench.sorter.ownSaved("i3");
  await settle();
  assert.equal(bench.sorter.card.value?.idea, "i3");
  await bench.tap(2);
  assert.equal(bench.sorter.card.value, null);
  assert.equal(bench.sorter.at.value, "own");
});

test("an own idea that is not asked about leaves no panel behind", async () => {
  const bench = new Bench();
  bench.deck = [card("i4")];
  bench.sorter.ownSaved("i3");
  await settle();
  assert.equal(bench.sorter.at.value, "rest");
  const room = bench.room.value;
  assert.ok(room);
  bench.room.value = { ...room, themes: [theme(1)] };
  bench.sorter.ownSaved("i4");
  assert.equal(bench.sorter.at.value, "rest");
});

test("what was taken off the screens is passed by", async () => {
  const bench = await started();
  const first = bench.sorter.card.value?.idea ?? "";
  const room = bench.room.value;
  assert.ok(room);
  const ideas = new Map(room.ideas);
  ideas.delete(first);
  bench.room.value = { ...room, ideas };
  assert.notEqual(bench.sorter.card.value?.idea, first);
});

test("a theme that went away is said, and the idea is asked again", async () => {
  const bench = await started();
  bench.ack = (op) => ({ op: op.op, status: "rejected", code: "theme_gone" });
  const first = bench.sorter.card.value;
  assert.ok(first);
  await bench.tap(1);
  assert.equal(bench.sorter.problem.value, "theme_gone");
  bench.ack = (op) => ({ op: op.op, status: "rejected", code: "not_sorting" });
  await bench.tap(1);
  assert.equal(bench.sorter.problem.value, "not_sorting");
  assert.equal(bench.sorter.card.value, null);
});
