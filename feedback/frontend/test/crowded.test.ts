import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ack } from "../lib/types.ts";
import { Wire } from "../lib/wire.ts";
import { settle, snapshot, Wound } from "./rooms.ts";

test("a screen without a place says why until it has one", async () => {
  const hooks = new Map<string, (...values: never[]) => void>();
  const hear = (event: string, value?: unknown) => hooks.get(event)?.(value as never);
  const socket = {
    connected: false,
    connect: () => undefined,
    disconnect: () => undefined,
    on: (event: string, taken: (...values: never[]) => void) => hooks.set(event, taken),
    timeout: () => ({ emit: (_: string, __: unknown, answer: (error: Error | null, ack: Ack) => void) => answer(new Error("late"), null as never) }),
  };
  const seen: (string | null)[] = [];
  const fetcher = { sync: () => Promise.resolve(snapshot({ seq: 5 })), ops: () => Promise.resolve([]) };
  const wire = new Wire(socket, fetcher, { room: () => undefined, health: () => undefined, crowded: (why) => seen.push(why) }, new Wound(), () => 0.5);
  wire.start();
  await settle();
  hear("connect_error", { message: "room_full" });
  socket.connected = true;
  hear("connect");
  hear("stop", { code: "many_tabs" });
  hear("connect");
  hear("stop", {}); // the server restarts: that is no crowd
  assert.deepEqual(seen, ["room_full", null, "many_tabs", null]);
});
