/** Joins a page of the crew to its conversation: every frame is a reason to fetch the page again; a lost line is shown. */

import { readBoot } from "./boot.ts";
import { fetchPage, keepCurrent, refresh } from "./current.ts";
import { browserClock } from "./outbox.ts";
import { socketOf } from "./socket.ts";
import type { Room } from "./state.ts";
import type { Boot, Snapshot } from "./types.ts";
import { type Health, Wire } from "./wire.ts";
import { figure, t, timeOf } from "./words.ts";

/** Keep this page current until it is left. */
export function joinCrew(): Boot {
  const boot = readBoot();
  keepCurrent();
  let seen = seqOfPage();
  let joined = -1;
  const hooks = {
    room({ seq, run, counts }: Room) {
      const here = document.getElementById("here");
      if (here) here.textContent = figure(counts.here);
      // Joining changes no commit number, and a run's progress neither.
      if (seq > seen || run || (joined >= 0 && counts.joined > joined)) refresh();
      seen = Math.max(seen, seq);
      joined = Math.max(joined, counts.joined);
    },
    health: showHealth,
    refused(code: string) {
      if (code === "forbidden" || code === "link_unknown") location.reload();
    },
  };
  const fetcher = { sync: async () => (await fetchPage(), stateOfPage()), ops: async () => [] };
  const wire: Wire = new Wire(socketOf(boot.code, "crew", () => wire.since), fetcher, hooks, browserClock);
  wire.start();
  addEventListener("online", () => wire.revive());
  // Only a page that comes back as it was left: at its first showing it is dialling already.
  addEventListener("pageshow", (event) => event.persisted && wire.revive());
  return boot;
}

/** The page is this screen's whole state; the line only needs to know which commit it shows. */
function stateOfPage(): Snapshot {
  return {
    seq: seqOfPage(),
    shown: 0,
    snapshot: true,
    conversation: { code: "", title: "", state: "open", strand: { key: "", name: "", tagline: "", mark: "" } },
    prompts: [],
    ideas: [],
    stage: { scene: "ranking", prompt: null, idea: null },
    themes: [],
    leftovers: 0,
    sorting: { open: false, sorted: 0, unsure: 0 },
    run: null,
    opinions: [],
    counts: { joined: countOf("joined"), here: countOf("here"), ideas: 0, votes: 0 },
  };
}

function seqOfPage(): number {
  return Number(document.querySelector<HTMLElement>("[data-seq]")?.dataset["seq"] ?? 0);
}

function countOf(id: string): number {
  return Number(document.getElementById(id)?.dataset["count"] ?? 0);
}

let last: string | undefined;
function showHealth(health: Health, heardAt: number): void {
  const words = health === "live" ? t("Live") : health === "starting" ? "" : t("Connection lost. As of %(time)s", { time: timeOf(heardAt, true) });
  const place = document.getElementById("live");
  if (!place || words === last) return;
  last = words;
  place.textContent = words;
  place.hidden = words === "";
  place.classList.toggle("good", health === "live");
  place.classList.toggle("wait", health !== "live");
}
