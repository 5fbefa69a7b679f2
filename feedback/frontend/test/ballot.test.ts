import assert from "node:assert/strict";
import { test } from "node:test";
import { leftOf, standingOf } from "../lib/ballot.ts";
import type { Mine, VoteValue } from "../lib/types.ts";
import { idea } from "./rooms.ts";

const mine = (votes: Record<string, VoteValue> = {}, left: Record<string, number | null> = {}): Mine => ({ participant: "1", max_rev: 0, votes, ideas: [], left });
const waits = (id: string, val: VoteValue) => ({ op: { op: id, k: "vote" as const, idea: id, val, rev: 1 }, at: 0 });

test("a vote counts at once and shows that it waits", () => {
  assert.deepEqual(standingOf(idea("A", { agree: 3 }), mine(), [waits("A", 1)], undefined, 5), { val: 1, waiting: true, agree: 4 });
  assert.deepEqual(standingOf(idea("A", { agree: 3 }), mine({ A: 1 }), [waits("A", null)], undefined, 5), { val: null, waiting: true, agree: 2 });
});

test("between its ack and the beat that counts it, a vote is not lost from the figure, and never counted twice", () => {
  const settled = { was: null, val: 1 as const, seq: 9 };
  assert.equal(standingOf(idea("A", { agree: 3 }), mine({ A: 1 }), [], settled, 8).agree, 4);
  assert.equal(standingOf(idea("A", { agree: 4 }), mine({ A: 1 }), [], settled, 9).agree, 4);
});

test("the newest waiting vote is the one that is shown", () => {
  const standing = standingOf(idea("A", { agree: 3 }), mine(), [waits("A", 1), waits("A", null)], undefined, 5);
  assert.deepEqual(standing, { val: null, waiting: true, agree: 3 });
});

test("what is left counts what is on its way", () => {
  const inPrompt = () => 1;
  assert.equal(leftOf(1, null, mine(), [], inPrompt), null);
  assert.equal(leftOf(1, 3, null, [], inPrompt), 3);
  assert.equal(leftOf(1, 3, mine({}, { 1: 2 }), [waits("A", 1)], inPrompt), 1);
  assert.equal(leftOf(1, 3, mine({ A: 1 }, { 1: 0 }), [waits("A", null)], inPrompt), 1);
  assert.equal(leftOf(1, 3, mine({}, { 1: 2 }), [waits("A", 1), waits("B", 1)], (id) => (id === "A" ? 1 : 2)), 1);
});
