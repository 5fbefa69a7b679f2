/** What the stage says about opinion groups: which pages there are, from what the server found. */

import type { Room } from "./state.ts";
import { votesOn } from "./state.ts";
import type { Idea, Opinions, OpinionLine, Shares } from "./types.ts";

export type { Room } from "./state.ts";

export interface PageLine {
  idea: Idea;
  shares: Shares[];
  /** On the page of one group: what it says. */
  side?: 1 | -1;
}

export interface OpinionPage {
  kind: "consensus" | "divisive" | "group";
  /** Of the group; "" on the pages that are about all of them. */
  letter: string;
  lines: PageLine[];
}

/** Return the pages that have something to say; ideas that are gone since are left out. */
export function opinionPages(found: Opinions, room: Pick<Room, "ideas" | "numbers">): OpinionPage[] {
  const ideaBy = (n: number) => room.ideas.get(room.numbers.get(n) ?? "");
  const lines = (all: OpinionLine[]) => all.flatMap(({ n, shares }) => (ideaBy(n) ? [{ idea: ideaBy(n) as Idea, shares }] : []));
  const pages: OpinionPage[] = [
    { kind: "consensus", letter: "", lines: lines(found.consensus) },
    { kind: "divisive", letter: "", lines: lines(found.divisive) },
    ...found.groups.map(({ letter, typical }) => ({
      kind: "group" as const,
      letter,
      lines: typical.flatMap(([n, side]) => (ideaBy(n) ? [{ idea: ideaBy(n) as Idea, shares: [], side }] : [])),
    })),
  ];
  return pages.filter((page) => page.lines.length > 0);
}

/** Return the shares of all votes on an idea in per cent, unrounded: for the width of a bar. */
export function sharesOf(idea: Pick<Idea, "agree" | "disagree" | "pass">): [number, number, number] {
  const all = votesOn(idea) || 1;
  return [(100 * idea.agree) / all, (100 * idea.disagree) / all, (100 * idea.pass) / all];
}
