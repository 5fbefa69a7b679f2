/** What this participant's votes look like while some of them are still on their way. */

import type { Kept } from "./outbox.ts";
import type { Idea, Mine, VoteValue } from "./types.ts";

/** A vote the server has taken, with the commit that counts it; until the tally shows that commit we add it ourselves. */
export interface Settled {
  was: VoteValue;
  val: VoteValue;
  seq: number;
}

export interface Standing {
  val: VoteValue;
  waiting: boolean;
  /** Votes to show: the tally with my own vote as I see it. */
  agree: number;
  disagree: number;
  pass: number;
}

/** Return my vote on `idea` and the counts to show, given what waits and what was settled after commit `seq`. */
export function standingOf(idea: Idea, mine: Mine | null, waiting: readonly Kept[], settled: Settled | undefined, seq: number): Standing {
  const stored = mine?.votes[idea.id] ?? null;
  const counted = settled && settled.seq > seq ? moved(idea, settled.was, settled.val) : idea;
  const op = [...waiting].reverse().find((kept) => kept.op.k === "vote" && kept.op.idea === idea.id)?.op;
  if (op?.k !== "vote") return { val: stored, waiting: false, ...countsOf(counted) };
  return { val: op.val, waiting: true, ...countsOf(moved(counted, stored, op.val)) };
}

type Counted = Pick<Standing, "agree" | "disagree" | "pass">;

/** Return the counts after a vote went from `was` to `val`; never below nothing. */
function moved(counts: Counted, was: VoteValue, val: VoteValue): Counted {
  const by = (side: VoteValue) => Number(val === side) - Number(was === side);
  return { agree: Math.max(0, counts.agree + by(1)), disagree: Math.max(0, counts.disagree + by(-1)), pass: Math.max(0, counts.pass + by(0)) };
}

function countsOf({ agree, disagree, pass }: Counted): Counted {
  return { agree, disagree, pass };
}

/** Return how many votes this participant has left in a prompt; null when there is no limit. */
export function leftOf(prompt: number, each: number | null, mine: Mine | null, waiting: readonly Kept[], promptOf: (idea: string) => number | undefined): number | null {
  if (each === null) return null;
  let left = mine?.left[String(prompt)] ?? each;
  const newest = new Map<string, VoteValue>();
  for (const { op } of waiting) if (op.k === "vote" && promptOf(op.idea) === prompt) newest.set(op.idea, op.val);
  for (const [idea, val] of newest) left -= weight(val) - weight(mine?.votes[idea] ?? null);
  return Math.max(0, left);
}

function weight(val: VoteValue): number {
  return val === 1 ? 1 : 0;
}
