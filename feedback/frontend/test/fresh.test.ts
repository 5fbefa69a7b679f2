import assert from "node:assert/strict";
import { test } from "node:test";
import { gapAfter, newcomers, sameBut } from "../lib/fresh.ts";

test("gapAfter never asks more than twice a second", () => {
  assert.equal(gapAfter(0), 500);
  assert.equal(gapAfter(20), 500);
});

test("gapAfter spends at most a tenth of the time on asking, and asks at least every ten seconds", () => {
  assert.equal(gapAfter(130), 1300);
  assert.equal(gapAfter(60_000), 10_000);
});

test("newcomers counts ids that were not there, whatever the order", () => {
  assert.equal(newcomers(["a", "b"], ["c", "b", "a", "d"]), 2);
  assert.equal(newcomers(["a", "b"], ["b"]), 0);
});

test("sameBut ignores the proof of origin and nothing else", () => {
  const page = (token: string, votes: number) => `<form><input type="hidden" name="csrf_token" value="${token}"></form><p>${votes}</p>`;
  assert.equal(sameBut(page("aaa", 1)), sameBut(page("bbb", 1)));
  assert.notEqual(sameBut(page("aaa", 1)), sameBut(page("aaa", 2)));
});
