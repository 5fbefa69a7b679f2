/** What a screen knows of its conversation, and the pure rules by which frames change it. */

import type { Beat, Changes, Conversation, Counts, Heart, Idea, Opinions, Prompt, Run, Snapshot, Sorting, Stage, Theme } from "./types.ts";

export interface Room {
  seq: number;
  shown: number;
  conversation: Conversation;
  prompts: Prompt[];
  ideas: Map<string, Idea>;
  /** The id of each idea by its number, also of those that are gone: numbers are not given out twice. */
  numbers: ReadonlyMap<number, string>;
  stage: Stage;
  themes: Theme[];
  leftovers: number;
  sorting: Sorting;
  run: Run | null;
  opinions: Opinions[];
  counts: Counts;
}

export type Order = "new" | "top" | "mine";

/** Build the room from a whole state. */
export function roomOf(whole: Snapshot): Room {
  const { snapshot: _, ideas, ...rest } = whole;
  return { ...rest, ideas: new Map(ideas.map((idea) => [idea.id, idea])), numbers: numbersOf(ideas) };
}

/** Tell what to do with a frame: it is "known" already, it "fits", or there is a "gap" before it. */
export function placeOf(seq: number, frame: Pick<Beat, "from" | "to">): "known" | "fits" | "gap" {
  if (frame.to <= seq) return "known";
  return frame.from <= seq ? "fits" : "gap";
}

/** Return the room after `frame`, which must fit; the room given is left as it was. */
export function applyFrame(room: Room, frame: Beat): Room {
  return { ...applyChanges(room, frame.changes), seq: frame.to, shown: Math.max(room.shown, frame.shown) };
}

/** Return the room with the values of a heartbeat, which never moves `seq`. */
export function applyHeart(room: Room, heart: Heart): Room {
  const run = room.run && heart.progress !== undefined ? { ...room.run, progress: heart.progress } : room.run;
  const themes = heart.themes ? { themes: heart.themes, leftovers: heart.leftovers ?? 0, sorting: heart.sorting ?? room.sorting } : {};
  return { ...room, shown: Math.max(room.shown, heart.shown), counts: heart.counts, run, ...themes };
}

function applyChanges(room: Room, changes: Changes): Room {
  const { ideas: upserts = [], tallies = [], gone = [], ...rest } = changes;
  if (!upserts.length && !tallies.length && !gone.length) return { ...room, ...rest };
  const ideas = new Map(room.ideas);
  for (const idea of upserts) ideas.set(idea.id, idea);
  for (const id of gone) ideas.delete(id);
  const isNew = upserts.some((idea) => room.numbers.get(idea.n) !== idea.id);
  const numbers = isNew ? new Map([...room.numbers, ...numbersOf(upserts)]) : room.numbers;
  for (const [n, agree, disagree, pass] of tallies) {
    // An unknown number: the idea was away when this screen began, and will come whole if it comes back.
    const idea = ideas.get(numbers.get(n) ?? "");
    if (idea) ideas.set(idea.id, { ...idea, agree, disagree, pass });
  }
  return { ...room, ...rest, ideas, numbers };
}

function numbersOf(ideas: readonly Idea[]): Map<number, string> {
  return new Map(ideas.map((idea) => [idea.n, idea.id]));
}

/** Return the ideas of a prompt (all prompts: null), in number order. */
export function ideasOf(room: Room, prompt: number | null): Idea[] {
  const all = [...room.ideas.values()];
  return (prompt === null ? all : all.filter((idea) => idea.prompt === prompt)).sort((a, b) => a.n - b.n);
}

/** Return `ideas` newest first, most supported first, or only `mine`, newest first. */
export function arrange(ideas: readonly Idea[], order: Order, mine: ReadonlySet<string>): Idea[] {
  const chosen = order === "mine" ? ideas.filter((idea) => mine.has(idea.id)) : [...ideas];
  return chosen.sort(order === "top" ? bySupport : (a, b) => b.n - a.n);
}

/** Compare by those who agree, then by fewer who disagree; the earlier idea goes first among equals, so that nobody is pushed down by a tie. */
export function bySupport(a: Idea, b: Idea): number {
  return b.agree - a.agree || a.disagree - b.disagree || a.n - b.n;
}

/** Return how many said anything about an idea. */
export function votesOn(idea: Pick<Idea, "agree" | "disagree" | "pass">): number {
  return idea.agree + idea.disagree + idea.pass;
}

export interface Ranked {
  /** 0 for an idea that nobody has supported yet. */
  rank: number;
  idea: Idea;
}

/**
 * Return the `limit` ideas a stage shows: the most supported with their ranks, equals sharing one (1, 2, 2, 4),
 * then those without support, newest first and without a rank, those with which people disagree last.
 */
export function rank(ideas: readonly Idea[], limit: number): Ranked[] {
  let place = 0;
  const sorted = [...ideas].sort((a, b) => (a.agree + b.agree === 0 ? a.disagree - b.disagree || b.n - a.n : bySupport(a, b))).slice(0, limit);
  return sorted.map((idea, index) => {
    const before = sorted[index - 1];
    if (before?.agree !== idea.agree || before.disagree !== idea.disagree) place = index + 1;
    return { rank: idea.agree > 0 ? place : 0, idea };
  });
}

/** Return `text` without case and accents, as people search. */
export function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}+/gu, "").toLowerCase().replace(/ß/g, "ss");
}

/** Return the ideas that hold every word of `query`, whatever its case and accents. */
export function search(ideas: readonly Idea[], query: string): Idea[] {
  const wanted = fold(query).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [...ideas];
  return ideas.filter((idea) => {
    const text = fold(idea.text);
    return wanted.every((word) => text.includes(word));
  });
}

/** Return the prompt a newcomer should see: the one on the stage if it is open, else the newest open one, else the last. */
export function promptToShow(room: Pick<Room, "prompts" | "stage">): Prompt | undefined {
  const visible = room.prompts.filter((prompt) => prompt.state !== "draft");
  const open = visible.filter((prompt) => prompt.state === "open");
  return open.find((prompt) => prompt.id === room.stage.prompt) ?? open.at(-1) ?? visible.at(-1);
}

/** Tell whether all that may be seen asks to agree, disagree or pass. */
export function asksOpinions(prompts: readonly Prompt[]): boolean {
  const visible = prompts.filter((prompt) => prompt.state !== "draft");
  return visible.length > 0 && visible.every((prompt) => prompt.voting === "opinion");
}

/** Tell whether the stage has had this idea in a frame. */
export function isOnScreen(seq: number | undefined, shown: number): boolean {
  return seq !== undefined && seq <= shown;
}
