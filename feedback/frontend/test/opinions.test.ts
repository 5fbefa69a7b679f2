import assert from "node:assert/strict";
import { test } from "node:test";
import { frameOf, opinionPages, radiusOf, sharesOf, upright } from "../lib/opinions.ts";
import { roomOf } from "../lib/state.ts";
import type { OpinionGroup, Opinions } from "../lib/types.ts";
import { idea, snapshot } from "./rooms.ts";

const found: Opinions = {
  prompt: 1, voters: 20, enough: 15, votes_needed: 7,
  groups: [{ letter: "A", size: 12, x: -0.4, y: 0, spread: 0.3, typical: [[2, 1], [9, -1]] }, { letter: "C", size: 8, x: 0.5, y: 0, spread: 0.3, typical: [] }],
  consensus: [{ n: 1, shares: [[90, 5, 5], null] }, { n: 9, shares: [null, null] }],
  divisive: [],
};

test("only pages that say something are shown, with the ideas that are still there", () => {
  const room = roomOf(snapshot({ ideas: [idea("A", { n: 1 }), idea("B", { n: 2 })] }));
  const pages = opinionPages(found, room).map(({ kind, letter, lines }) => [kind, letter, lines.map((line) => [line.idea.id, line.side])]);
  assert.deepEqual(pages, [["consensus", "", [["A", undefined]]], ["group", "A", [["B", 1]]]]);
});

test("the parts of a bar are shares of all votes; none where nobody voted", () => {
  assert.deepEqual(sharesOf(idea("A", { agree: 1, disagree: 2, pass: 1 })), [25, 50, 25]);
  assert.deepEqual(sharesOf(idea("A")), [0, 0, 0]);
});

test("the map holds every circle whole, however far out and small it is", () => {
  const [one, other] = found.groups as [OpinionGroup, OpinionGroup];
  for (const groups of [found.groups, [{ ...one, x: 1, y: -1, spread: 0 }, { ...other, x: -1, y: 1, spread: 0 }], [{ ...one, x: 0.9, spread: 0.1 }, other]]) {
    const [left, top, width, height] = frameOf(groups).split(" ").map(Number) as [number, number, number, number];
    for (const group of groups) {
      const r = radiusOf(group);
      assert.ok(r >= 26 && 100 * group.x - r > left && 100 * group.x + r < left + width, JSON.stringify(group));
      assert.ok(-100 * group.y - r > top && -100 * group.y + r < top + height, JSON.stringify(group));
    }
  }
  assert.equal(frameOf(found.groups), "-73 -40 156 80");
});

test("the map stands upright, and groups are as far from each other as they were", () => {
  assert.deepEqual(upright(found.groups).map(({ letter, x, y }) => [letter, x + 0, y]), [["A", 0, -0.4], ["C", 0, 0.5]]);
  const standing = upright(found.groups);
  assert.deepEqual(upright(standing), standing);
});
