/** The projected page: one scene, the way to join, the counts; it heals itself and says when it is old. */

import { signal } from "@preact/signals";
import { render } from "preact";
import { readBoot, region } from "./lib/boot.ts";
import { fetcherOf } from "./lib/calls.ts";
import { browserClock } from "./lib/outbox.ts";
import { socketOf } from "./lib/socket.ts";
import type { Room } from "./lib/state.ts";
import { type Health, Wire } from "./lib/wire.ts";
import { Scene, sceneOf, TakenBack } from "./parts/scene.tsx";
import { Counts, Hint } from "./parts/side.tsx";

const HINT_SHOWN = 8_000;

const boot = readBoot();
const room = signal<Room | null>(null);
const health = signal<{ is: Health; heardAt: number }>({ is: "starting", heardAt: Date.now() });
const hint = signal(true);
let drawn = false;

const wire: Wire = new Wire(
  socketOf(boot.code, "stage", () => wire.since),
  fetcherOf(boot.code, "stage"),
  { room: take, health: (is, heardAt) => is !== health.value.is && (health.value = { is, heardAt }), refused },
  browserClock,
);

render(<Counts room={room} health={health} />, region("counts"));
render(<Hint shown={hint} />, region("hint"));
listenToKeys();
showHint();
wire.start();

function take(next: Room): void {
  room.value = next;
  document.documentElement.dataset["scene"] = sceneOf(next);
  if (drawn) return;
  drawn = true;
  region("scene").replaceChildren();
  render(<Scene room={room} />, region("scene"));
}

/** The link that opened this page was taken back: show nothing of the conversation any more, and leave the server in peace. */
function refused(code: string): void {
  if (code !== "forbidden") return;
  wire.stop();
  room.value = null;
  document.documentElement.dataset["scene"] = "none";
  region("side").hidden = true;
  render(<TakenBack />, region("scene"));
}

function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "f" || event.key === "F") void toggleFullScreen();
    if (event.key === "d" || event.key === "D") toggleSkin();
  });
  addEventListener("pointermove", () => showHint());
  addEventListener("online", () => wire.revive());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wire.revive());
}

async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen?.();
}

/** A dim hall wants dark, a bright one light; the room decides, not the laptop. */
function toggleSkin(): void {
  const root = document.documentElement;
  const dark = root.dataset["skin"] ? root.dataset["skin"] === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset["skin"] = dark ? "light" : "dark";
}

let hiding = 0;
function showHint(): void {
  hint.value = true;
  document.documentElement.dataset["pointer"] = "seen";
  clearTimeout(hiding);
  hiding = window.setTimeout(() => {
    hint.value = false;
    delete document.documentElement.dataset["pointer"];
  }, HINT_SHOWN);
}
