import assert from "node:assert/strict";
import { test } from "node:test";
import { leftOf, standingOf } from "../lib/ballot.ts";
import type { Mine, VoteValue } from "../lib/types.ts";
import { idea } from "./rooms.ts";

const mine = (votes: Record<string, VoteValue> = {}, left: Record<string, number | null> = {}): Mine => ({ participant: "1", max_rev: 0, votes, ideas: [], left });
const waits = (id: string, val: VoteValue) => ({ op: { op: id, k: "vote" as const, idea: id, val, rev: 1 }, at: 0 });

test("a vote counts at once and shows that it waits", () => {
  assert.deepEqual(standingOf(idea("A", { agree: 3 }), mine(), [waits("A", 1)], undefined, 5), { val: 1, waiting: true, agree: 4, disagree: 0, pass: 0 });
  assert.deepEqual(standingOf(idea("A", { agree: 3 }), mine({ A: 1 }), [waits("A", null)], undefined, 5), { val: null, waiting: true, agree: 2, disagree: 0, pass: 0 });
});

test("between its ack and the beat that counts it, a vote is not lost from the figure, and never counted twice", () => {
  const settled = { was: null, val: 1 as const, seq: 9 };
  assert.equal(standingOf(idea("A", { agree: 3 }), mine({ A: 1 }), [], settled, 8).agree, 4);
  assert.equal(standingOf(idea("A", { agree: 4 }), mine({ A: 1 }), [], settled, 9).agree, 4);
});

test("an opinion that changes leaves one count for another", () => {
  const counted = idea("A", { agree: 3, disagree: 1, pass: 2 });
  const standing = standingOf(counted, mine({ A: 1 }), [waits("A", -1)], undefined, 5);
  assert.deepEqual(standing, { val: -1, waiting: true, agree: 2, disagree: 2, pass: 2 });
  const settled = { was: -1 as const, val: 0 as const, seq: 9 };
  assert.deepEqual(standingOf(counted, mine({ A: 0 }), [], settled, 8), { val: 0, waiting: false, agree: 3, disagree: 0, pass: 3 });
  assert.deepEqual(standingOf(counted, mine({ A: 0 }), [], settled, 9), { val: 0, waiting: false, agree: 3, disagree: 1, pass: 2 });
});

test("the newest waiting vote is the one that is shown", () => {
  const standing = standingOf(idea("A", { agree: 3 }), mine(), [waits("A", 1), waits("A", null)], undefined, 5);
  assert.deepEqual(standing, { val: null, waiting: true, agree: 3, disagree: 0, pass: 0 });
});

test("what is left counts what is on its way", () => {
  const inPrompt = () => 1;
  assert.equal(leftOf(1, null, mine(), [], inPrompt), null);
  assert.equal(leftOf(1, 3, null, [], inPrompt), 3);
  assert.equal(leftOf(1, 3, mine({}, { 1: 2 }), [waits("A", 1)], inPrompt), 1);
  assert.equal(leftOf(1, 3, mine({ A: 1 }, { 1: 0 }), [waits("A", null)], inPrompt), 1);
  assert.equal(leftOf(1, 3, mine({}, { 1: 2 }), [waits("A", 1), waits("B", 1)], (id) => (id === "A" ? 1 : 2)), 1);
});
