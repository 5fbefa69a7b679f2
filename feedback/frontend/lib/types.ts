/** What goes over the wire, as the server says it. */

export type View = "phone" | "stage" | "crew";

export interface Idea {
  id: string;
  n: number;
  prompt: number;
  text: string;
  lang: string;
  agree: number;
  disagree: number;
  pass: number;
  theme: number | null;
  floor: boolean;
  at: number;
  /** The commit that last changed it; on the screen once it is not above `shown`. */
  seq?: number;
  hidden?: string | null;
}

/** An idea's number, and how many agree, disagree and pass. */
export type Tally = [n: number, agree: number, disagree: number, pass: number];

export interface Prompt {
  id: number;
  number: number;
  text: string;
  state: "draft" | "open" | "closed";
  votes_each: number | null;
  /** What a vote can say: support alone, or agree, disagree and pass. */
  voting: "support" | "opinion";
}

export interface Strand {
  key: string;
  name: string;
  tagline: string;
  mark: string;
}

export interface Conversation {
  code: string;
  title: string;
  state: "open" | "closed";
  strand: Strand;
}

export interface Stage {
  scene: "ranking" | "themes" | "opinions" | "join" | "spotlight";
  prompt: number | null;
  idea: string | null;
}

export interface Theme {
  id: number;
  name: string;
  terms: string[];
  ideas_count: number;
  votes: number;
  representatives: string[];
  suggested: boolean;
}

/** Whether phones are asked where ideas belong, the share of ideas that are sorted (0 to 1), and how many are not. */
export interface Sorting {
  open: boolean;
  sorted: number;
  unsure: number;
}

/** An idea to sort, the likeliest themes first, and the other ones that it may stand in. */
export interface Card {
  idea: string;
  themes: number[];
  others: number[];
}

/** Per cent of a group that agree, disagree and pass; null where too few of it voted to be told. */
export type Shares = [agree: number, disagree: number, pass: number] | null;

export interface OpinionGroup {
  letter: string;
  size: number;
  /** Where it is on the map, from -1 to 1, and how far its people are spread. */
  x: number;
  y: number;
  spread: number;
  /** Ideas (by number) that it sees in another way than the others: more of it agree (1), or disagree (-1). */
  typical: [n: number, side: 1 | -1][];
}

/** An idea by its number, with each group's shares in the order of the groups. */
export interface OpinionLine {
  n: number;
  shares: Shares[];
}

/** Who votes alike on a prompt; no groups below `enough` voters, who have cast `votes_needed` votes each. */
export interface Opinions {
  prompt: number;
  voters: number;
  enough: number;
  votes_needed: number;
  groups: OpinionGroup[];
  consensus: OpinionLine[];
  divisive: OpinionLine[];
}

export interface Counts {
  joined: number;
  here: number;
  ideas: number;
  votes: number;
}

export interface Run {
  state: string;
  progress: number;
}

/** Everything a screen shows, whole. */
export interface Snapshot {
  seq: number;
  shown: number;
  snapshot: true;
  conversation: Conversation;
  prompts: Prompt[];
  ideas: Idea[];
  stage: Stage;
  themes: Theme[];
  leftovers: number;
  sorting: Sorting;
  run: Run | null;
  opinions: Opinions[];
  counts: Counts;
}

/** What changed; values are absolute, so a frame that overlaps what is known does no harm. */
export interface Changes {
  ideas?: Idea[];
  /** Ideas of which only votes changed. */
  tallies?: Tally[];
  gone?: string[];
  prompts?: Prompt[];
  stage?: Stage;
  themes?: Theme[];
  leftovers?: number;
  sorting?: Sorting;
  run?: Run | null;
  opinions?: Opinions[];
  conversation?: Conversation;
  counts?: Counts;
}

export interface Beat {
  from: number;
  to: number;
  shown: number;
  changes: Changes;
}

export interface Heart {
  to: number;
  shown: number;
  counts: Counts;
  /** How far a theme run has got, 0 to 1, while there is one. */
  progress?: number;
  /** At most once a second, when their sizes or votes have changed with their ideas. */
  themes?: Theme[];
  leftovers?: number;
  sorting?: Sorting;
}

export type VoteValue = 1 | -1 | 0 | null;

export type IdeaOp = { op: string; k: "idea"; id: string; prompt: number; text: string; lang: string };
export type EditOp = { op: string; k: "edit"; idea: string; text: string; rev: number };
export type WithdrawOp = { op: string; k: "withdraw"; idea: string; rev: number };
export type VoteOp = { op: string; k: "vote"; idea: string; val: VoteValue; rev: number };
export type SortOp = { op: string; k: "sort"; idea: string; theme: number | null; skip: boolean; rev: number };
export type Op = IdeaOp | EditOp | WithdrawOp | VoteOp | SortOp;

export type Ack =
  | { op: string; status: "ok"; seq: number; rev?: number; val?: VoteValue; left?: number | null; number?: number }
  | { op: string; status: "superseded"; val?: VoteValue; rev: number }
  | { op: string; status: "closed" }
  | { op: string; status: "gone" }
  | { op: string; status: "rejected"; code: string; detail?: Record<string, string | number> }
  | { op: string; status: "budget"; left: number }
  | { op: string; status: "retry"; after_ms: number };

/** What only this participant may know. */
export interface Mine {
  participant: string;
  max_rev: number;
  votes: Record<string, VoteValue>;
  ideas: { id: string; text: string; state: string; reason: string | null; rev: number; prompt?: number; seq?: number; merged?: boolean }[];
  left: Record<string, number | null>;
}

/** The JSON in script#boot. */
export interface Boot {
  view: View;
  code: string;
  since: number;
  lang: string;
  zone: string;
  limit: number;
  words: Record<string, string | string[]>;
  refusals: Record<string, string>;
  mine?: Mine;
  room?: Snapshot;
  address?: string;
  join?: string;
}
