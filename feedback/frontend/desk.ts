/** The rapporteur's desk. */

import { countChosen, dragToMove } from "./lib/choose.ts";
import { joinCrew } from "./lib/crew.ts";
import { announceDownloads } from "./lib/fetching.ts";

joinCrew();
announceDownloads();
const selection = document.querySelector<HTMLFormElement>("form#selection");
if (selection) {
  countChosen(selection);
  dragToMove(selection);
}
