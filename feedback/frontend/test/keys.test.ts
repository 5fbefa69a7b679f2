import assert from "node:assert/strict";
import test from "node:test";

import { type Press, wishOf } from "../lib/keys.ts";

function press(key: string, more: Partial<Press> = {}): Press {
  return { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more };
}

test("undo and redo are asked with Ctrl, and with Cmd", () => {
  for (const held of [{ ctrlKey: true }, { metaKey: true }]) {
    assert.equal(wishOf(press("z", held)), "undo");
    assert.equal(wishOf(press("Z", { ...held, shiftKey: true })), "redo");
  }
  assert.equal(wishOf(press("z")), undefined);
  assert.equal(wishOf(press("z", { ctrlKey: true, altKey: true })), undefined);
});

test("numbers answer only when nothing is held with them", () => {
  assert.deepEqual(["1", "2", "3", "4", "0", "9"].map((key) => wishOf(press(key))), ["answer 1", "answer 2", "answer 3", "answer 4", "answer 0", "answer 9"]);
  assert.equal(wishOf(press("5")), undefined);
  assert.equal(wishOf(press("1", { ctrlKey: true })), undefined);
});
