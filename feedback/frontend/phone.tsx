/** The participant's page: takes over the regions the server drew, and keeps them true. */

import { effect } from "@preact/signals";
import { render } from "preact";
import { readBoot, region } from "./lib/boot.ts";
import { askedWait, call, fetcherOf, postAtLeaving } from "./lib/calls.ts";
import { Model } from "./lib/model.ts";
import { browserClock, Outbox, tabsOf } from "./lib/outbox.ts";
import { Refusals } from "./lib/refusals.ts";
import { Sorter } from "./lib/sorter.ts";
import { socketOf } from "./lib/socket.ts";
import { localStorageOrNull, openStore } from "./lib/storage.ts";
import type { Card, Mine } from "./lib/types.ts";
import { Wire } from "./lib/wire.ts";
import { Bar } from "./parts/bar.tsx";
import { List } from "./parts/list.tsx";
import { Notices, PromptHead, Status } from "./parts/prompt.tsx";
import { Sorting } from "./parts/sort.tsx";
import { Writing } from "./parts/write.tsx";

const boot = readBoot();
const store = openStore(localStorageOrNull());
const model = new Model(boot, new Refusals(boot.code, store));
const wire: Wire = new Wire(
  socketOf(boot.code, "phone", () => wire.since),
  fetcherOf(boot.code, "phone"),
  {
    room: (room) => take(room),
    health: (health) => (model.health.value = health),
    refused: (code) => (model.refusedPage.value = code),
    crowded: (why) => (model.crowded.value = why),
    connected() {
      model.refusedPage.value = null;
      outbox.pump(true);
      // After a restart the whole room comes back at once, and most of it has missed nothing of its own.
      if (!pageTold) setTimeout(learnMine, model.mine.value ? Math.random() * MINE_JITTER : 0);
      pageTold = false;
    },
  },
  browserClock,
);
const outbox = new Outbox(boot.code, store, wire, browserClock, tabsOf(boot.code));
const writing = new Writing(model, store);
const sorter = new Sorter(fetchCards, () => model.room.value, browserClock);
const MINE_JITTER = 10_000;
let drawn = false;
let learnedAt = 0;
/** The page brought along what is mine; it need not be asked for until the line has been lost once. */
let pageTold = boot.mine !== undefined;

model.attach(outbox);
outbox.onSettled((op, ack) => writing.settle(op, ack));
outbox.onSettled((op, ack) => op.k === "idea" && ack.status === "ok" && sorter.ownSaved(op.id));
sorter.attach(outbox);
readAddress();
watchPage();
render(<Status model={model} />, region("status"));
render(<Notices model={model} />, emptied("notices"));
if (boot.mine) model.takeMine(boot.mine);
wire.start(boot.room);
if (!boot.mine) void learnMine();
outbox.pump();

/** Draw the first state over the server's list, then follow. */
function take(room: NonNullable<typeof wire.room>): void {
  const before = model.room.value;
  model.refusedPage.value = null;
  model.take(room);
  const lost = before && (model.mine.value?.ideas ?? []).some((idea) => before.ideas.has(idea.id) && !room.ideas.has(idea.id));
  if (lost) void learnMine();
  if (drawn) return;
  drawn = true;
  render(<PromptHead model={model} hasText={() => writing.length.value > 0} />, emptied("prompt"));
  render(<List model={model} restore={(text) => writing.restore(text)} />, emptied("list"));
  render(<Sorting model={model} sorter={sorter} />, emptied("sorting"));
  render(<Bar model={model} sorter={sorter} form={region("write")} write={() => writing.focus()} />, region("bar"));
}

async function fetchCards(n: number): Promise<Card[]> {
  const answer = await call<{ cards: Card[] }>(`/c/${encodeURIComponent(boot.code)}/cards?n=${n}`);
  return answer?.cards ?? [];
}

async function learnMine(): Promise<void> {
  if (Date.now() - learnedAt < 2_000) return; // page and socket open in the same moment
  const before = learnedAt;
  learnedAt = Date.now();
  try {
    const mine = await call<Mine>(`/c/${encodeURIComponent(boot.code)}/mine`);
    if (mine) model.takeMine(mine);
  } catch (error) {
    learnedAt = before;
    // Unless we were told when to ask again the next connect does; until then this phone knows what it did itself.
    const wait = askedWait(error, Math.random());
    if (wait > 0) setTimeout(learnMine, wait);
  }
}

/** The address names prompt, order and search, so that a reload or a shared link shows the same list. */
function readAddress(): void {
  const asked = new URLSearchParams(location.search);
  const order = asked.get("sort");
  if (order === "new" || order === "top" || order === "mine") model.order.value = order;
  model.query.value = asked.get("q") ?? "";
  model.chosen.value = Number(asked.get("prompt")) || null;
  let first = true;
  effect(() => {
    const now = new URLSearchParams();
    if (model.chosen.value) now.set("prompt", String(model.chosen.value));
    if (model.order.value !== "new") now.set("sort", model.order.value);
    if (model.query.value) now.set("q", model.query.value);
    const query = now.toString();
    if (!first) history.replaceState(null, "", query ? `?${query}` : location.pathname);
    first = false;
  });
}

function watchPage(): void {
  model.online.value = navigator.onLine;
  addEventListener("offline", () => (model.online.value = false));
  addEventListener("online", () => {
    model.online.value = true;
    wire.revive();
    outbox.pump(true);
  });
  addEventListener("pagehide", () => postAtLeaving(boot.code, outbox.leftovers()));
  addEventListener("pageshow", (event) => event.persisted && wire.revive());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    model.refresh();
    wire.revive();
    outbox.pump(true);
    void learnMine();
  });
}

function emptied(id: string): HTMLElement {
  const element = region(id);
  element.replaceChildren();
  return element;
}
