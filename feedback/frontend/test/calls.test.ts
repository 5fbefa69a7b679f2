import assert from "node:assert/strict";
import { test } from "node:test";
import { askedWait, call, NotNow } from "../lib/calls.ts";

test("the wait that an answer asks for is read from its header or its detail", async () => {
  const before = globalThis.fetch;
  const answers = [
    new Response('{"code":"too_many"}', { status: 429, headers: { "Retry-After": "3" } }),
    new Response('{"code":"busy","detail":{"after_ms":500}}', { status: 503 }),
    new Response("<html>", { status: 502 }),
  ];
  globalThis.fetch = () => Promise.resolve(answers.shift() as Response);
  try {
    const told: unknown[] = [];
    for (let i = 0; i < 3; i += 1) {
      await call("/x").catch((error: NotNow) => told.push([error.message, error.status, error.wait, askedWait(error, 0.5)]));
    }
    assert.deepEqual(told, [["too_many", 429, 3_000, 3_750], ["busy", 503, 500, 625], ["status 502", 502, 0, 0]]);
    assert.equal(askedWait(new Error("no network"), 1), 0);
  } finally {
    globalThis.fetch = before;
  }
});
