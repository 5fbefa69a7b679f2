/** The rapporteur's desk. */

import { countChosen, dragToMove } from "./lib/choose.ts";
import { joinCrew } from "./lib/crew.ts";
import { announceDownloads } from "./lib/fetching.ts";
import { listenToKeys } from "./lib/keys.ts";

joinCrew();
announceDownloads();
listenToKeys();
const selection = document.querySelector<HTMLFormElement>("form#selection");
if (selection) {
  countChosen(selection);
  dragToMove(selection);
}
