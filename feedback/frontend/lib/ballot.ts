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
  /** Supporting votes to show: the tally with my own vote as I see it. */
  agree: number;
}

/** Return my vote on `idea` and the count to show, given what waits and what was settled after commit `seq`. */
export function standingOf(idea: Idea, mine: Mine | null, waiting: readonly Kept[], settled: Settled | undefined, seq: number): Standing {
  const stored = mine?.votes[idea.id] ?? null;
  let agree = idea.agree;
  if (settled && settled.seq > seq) agree += weight(settled.val) - weight(settled.was);
  const op = [...waiting].reverse().find((kept) => kept.op.k === "vote" && kept.op.idea === idea.id)?.op;
  if (op?.k !== "vote") return { val: stored, waiting: false, agree };
  return { val: op.val, waiting: true, agree: Math.max(0, agree + weight(op.val) - weight(stored)) };
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
