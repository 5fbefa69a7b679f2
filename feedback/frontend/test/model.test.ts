import assert from "node:assert/strict";
import { test } from "node:test";
import { Model } from "../lib/model.ts";
import { Outbox } from "../lib/outbox.ts";
import { Refusals } from "../lib/refusals.ts";
import { roomOf } from "../lib/state.ts";
import { openStore, type Store } from "../lib/storage.ts";
import type { Ack, Boot, Op } from "../lib/types.ts";
import { idea, settle, snapshot, Wound } from "./rooms.ts";

const BOOT: Boot = { view: "phone", code: "ABC234", since: 0, lang: "en", zone: "UTC", limit: 500, words: {}, refusals: {} };

/** A phone in a room with one idea of its own, and a server that answers as it is told. */
function phone(store: Store, ack: (op: Op) => Ack): Model {
  const model = new Model(BOOT, new Refusals(BOOT.code, store));
  const doors = { connected: () => true, bySocket: async (op: Op) => ack(op), byHttp: async () => [] };
  model.attach(new Outbox(BOOT.code, store, doors, new Wound(), null, () => 0.5));
  model.take(roomOf(snapshot({ ideas: [idea("mine", { text: "old words" })] })));
  model.takeMine({ participant: "p", max_rev: 0, votes: {}, ideas: [{ id: "mine", text: "old words", state: "shown", reason: null, rev: 0, prompt: 1 }], left: {} });
  return model;
}

function kept(model: Model): [text: string, code: string, change: boolean][] {
  return model.ownRefused.value.map((each) => [each.text, each.code, each.change]);
}

const votedOn = ({ op }: Op): Ack => ({ op, status: "rejected", code: "voted_on" });
const closed = ({ op }: Op): Ack => ({ op, status: "closed" });

test("new words that come too late are kept beside the old ones, also by the next page", async () => {
  const store = openStore(null);
  const model = phone(store, votedOn);
  model.edit("mine", "new words");
  await settle();
  assert.deepEqual(model.rows.value.map((row) => row.text), ["old words"]);
  assert.deepEqual(kept(model), [["new words", "voted_on", true]]);
  assert.deepEqual(kept(phone(store, votedOn)), [["new words", "voted_on", true]]);
});

test("an idea that was refused outside the box is kept until it is let go", async () => {
  const store = openStore(null);
  const model = phone(store, closed);
  model.send("late", 1, "Too late", "en");
  await settle();
  assert.deepEqual(kept(model), [["Too late", "closed", false]]);
  const next = phone(store, closed);
  assert.deepEqual(kept(next), [["Too late", "closed", false]]);
  next.forget(next.ownRefused.value[0]?.op ?? "");
  assert.deepEqual(kept(next), []);
  assert.deepEqual(kept(phone(store, closed)), []);
});

test("the idea whose words stand in the box is not kept twice", async () => {
  const store = openStore(null);
  const model = phone(store, closed);
  model.inBox.value = model.send("here", 1, "Still in the box", "en")?.op ?? null;
  await settle();
  assert.deepEqual(kept(model), []);
});

test("what else lies in the store is no refusal", () => {
  const store = openStore(null);
  for (const [name, value] of [["a", "no JSON"], ["b", "null"], ["c", "{}"], ["d", '{"op": 1}']] as const) store.set(`feedback.ABC234.refused.${name}`, value);
  assert.deepEqual(kept(phone(store, closed)), []);
});
