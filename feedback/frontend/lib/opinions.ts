/** What the stage says about opinion groups: which pages there are, from what the server found. */

import type { Room } from "./state.ts";
import { votesOn } from "./state.ts";
import type { Idea, OpinionGroup, Opinions, OpinionLine, Shares } from "./types.ts";

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

/** Return the radius of a group's circle on a map of 100 by 100: letter and size fit into the smallest. */
export function radiusOf(group: OpinionGroup): number {
  return Math.max(26, 100 * group.spread);
}

/**
 * Return the groups turned so that the map is taller than wide, as its place on the stage is: the axes mean nothing by
 * themselves, and circles in a row would be drawn small.
 */
export function upright(groups: readonly OpinionGroup[]): OpinionGroup[] {
  const extent = (along: (group: OpinionGroup) => number) => Math.max(...groups.map(along)) - Math.min(...groups.map(along));
  const wide = extent(({ x }) => x) > extent(({ y }) => y);
  return groups.map((group) => (wide ? { ...group, x: -group.y, y: group.x } : group));
}

/** Return the part of the map to draw (a viewBox): all circles with their edges, and not much else. */
export function frameOf(groups: readonly OpinionGroup[]): string {
  const far = (side: (group: OpinionGroup) => number) => Math.ceil(Math.max(40, ...groups.map((group) => side(group) + radiusOf(group) + 3)));
  const left = far((group) => -100 * group.x), right = far((group) => 100 * group.x);
  const top = far((group) => 100 * group.y), bottom = far((group) => -100 * group.y);
  return [-left, -top, left + right, top + bottom].join(" ");
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
