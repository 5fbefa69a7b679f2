import assert from "node:assert/strict";
import { test } from "node:test";
import { applyFrame, applyHeart, arrange, asksOpinions, ideasOf, isOnScreen, placeOf, promptToShow, rank, roomOf, search } from "../lib/state.ts";
import { idea, prompt, snapshot } from "./rooms.ts";

test("a frame fits when it covers what is known, is known when it brings nothing, and leaves a gap otherwise", () => {
  assert.equal(placeOf(10, { from: 10, to: 12 }), "fits");
  assert.equal(placeOf(11, { from: 10, to: 12 }), "fits");
  assert.equal(placeOf(12, { from: 10, to: 12 }), "known");
  assert.equal(placeOf(9, { from: 10, to: 12 }), "gap");
});

test("a frame changes, adds and removes ideas and leaves the room before it as it was", () => {
  const room = roomOf(snapshot({ seq: 3, ideas: [idea("A", { n: 1 }), idea("B", { n: 2 })] }));
  const after = applyFrame(room, { from: 3, to: 5, shown: 4, changes: { ideas: [idea("B", { n: 2, agree: 7 }), idea("C", { n: 3 })], gone: ["A"] } });
  assert.deepEqual([...after.ideas.keys()], ["B", "C"]);
  assert.equal(after.ideas.get("B")?.agree, 7);
  assert.deepEqual([after.seq, after.shown], [5, 4]);
  assert.deepEqual([room.seq, room.ideas.size, room.ideas.get("B")?.agree], [3, 2, 0]);
});

test("a tally changes the votes of an idea and nothing else of it; one of an unknown number is ignored", () => {
  const room = roomOf(snapshot({ seq: 3, ideas: [idea("A", { n: 1, text: "as it was" }), idea("B", { n: 2 })] }));
  const after = applyFrame(room, { from: 3, to: 5, shown: 0, changes: { tallies: [[1, 7, 2, 1], [9, 1, 1, 1]], gone: ["B"] } });
  assert.deepEqual([...after.ideas.values()], [idea("A", { n: 1, text: "as it was", agree: 7, disagree: 2, pass: 1 })]);
  assert.equal(after.numbers, room.numbers);
  assert.equal(room.ideas.get("A")?.agree, 0);
  assert.equal(applyFrame(after, { from: 5, to: 6, shown: 0, changes: { tallies: [[2, 1, 0, 0]] } }).ideas.size, 1);
});

test("an idea that came by a frame, or came back, is known by its number", () => {
  const room = roomOf(snapshot({ seq: 3, ideas: [idea("A", { n: 1 })] }));
  const came = applyFrame(room, { from: 3, to: 4, shown: 0, changes: { ideas: [idea("B", { n: 2 })], tallies: [[2, 1, 0, 0]] } });
  const went = applyFrame(came, { from: 4, to: 5, shown: 0, changes: { gone: ["B"] } });
  const back = applyFrame(went, { from: 5, to: 6, shown: 0, changes: { ideas: [idea("B", { n: 2, agree: 1 })] } });
  const after = applyFrame(back, { from: 6, to: 7, shown: 0, changes: { tallies: [[2, 5, 0, 0]] } });
  assert.deepEqual([came, went, after].map(({ ideas }) => ideas.get("B")?.agree), [1, undefined, 5]);
  assert.equal(room.numbers.size, 1);
});

test("a frame without ideas replaces only what it names", () => {
  const room = roomOf(snapshot({ seq: 3, ideas: [idea("A")] }));
  const after = applyFrame(room, { from: 3, to: 4, shown: 0, changes: { prompts: [prompt(1, { state: "closed" })] } });
  assert.equal(after.prompts[0]?.state, "closed");
  assert.equal(after.ideas, room.ideas);
});

test("a heartbeat never moves seq", () => {
  const room = roomOf(snapshot({ seq: 3, shown: 2 }));
  const after = applyHeart(room, { to: 9, shown: 1, counts: { joined: 9, here: 8, ideas: 0, votes: 0 } });
  assert.deepEqual([after.seq, after.shown, after.counts.joined], [3, 2, 9]);
});

test("a heartbeat tells how far a theme run has got", () => {
  const counts = { joined: 0, here: 0, ideas: 0, votes: 0 };
  const running = roomOf(snapshot({ run: { state: "running", progress: 0 } }));
  assert.equal(applyHeart(running, { to: 1, shown: 0, counts, progress: 0.4 }).run?.progress, 0.4);
  assert.equal(applyHeart(roomOf(snapshot()), { to: 1, shown: 0, counts, progress: 0.4 }).run, null);
});

test("a heartbeat may carry the sizes of themes, which come less often than votes", () => {
  const counts = { joined: 1, here: 1, ideas: 2, votes: 3 };
  const theme = { id: 1, name: "Parks", terms: [], representatives: [], suggested: true, ideas_count: 2, votes: 3 };
  const told = applyHeart(roomOf(snapshot()), { to: 1, shown: 0, counts, themes: [theme], leftovers: 4 });
  assert.deepEqual([told.themes, told.leftovers], [[theme], 4]);
  assert.deepEqual(applyHeart(told, { to: 1, shown: 0, counts }).themes, [theme]);
});

test("lists are newest first, most supported first, or mine", () => {
  const ideas = [idea("A", { n: 1, agree: 2 }), idea("B", { n: 2, agree: 5 }), idea("C", { n: 3, agree: 2 })];
  const ids = (order: "new" | "top" | "mine") => arrange(ideas, order, new Set(["A", "C"])).map((each) => each.id).join("");
  assert.deepEqual([ids("new"), ids("top"), ids("mine")], ["CBA", "BAC", "CA"]);
});

test("equal support shares a rank", () => {
  const ideas = [idea("A", { n: 1, agree: 5 }), idea("B", { n: 2, agree: 3 }), idea("C", { n: 3, agree: 3 }), idea("D", { n: 4, agree: 1 })];
  assert.deepEqual(rank(ideas, 7).map(({ rank: place, idea: { id } }) => `${place}${id}`), ["1A", "2B", "2C", "4D"]);
  assert.equal(rank(ideas, 2).length, 2);
});

test("ideas without support have no rank and stand newest first", () => {
  const ideas = [idea("A", { n: 1 }), idea("B", { n: 2 }), idea("C", { n: 3, agree: 1 })];
  assert.deepEqual(rank(ideas, 7).map(({ rank: place, idea: { id } }) => `${place}${id}`), ["1C", "0B", "0A"]);
});

test("opinions are asked for when every prompt that may be seen does", () => {
  const support = prompt(1), opinion = prompt(2, { voting: "opinion" }), draft = prompt(3, { state: "draft" });
  assert.deepEqual([[], [support], [opinion], [support, opinion], [opinion, draft]].map(asksOpinions), [false, false, true, false, true]);
});

test("of as many who agree, fewer who disagree go first, and equals of both share a rank", () => {
  const ideas = [idea("A", { n: 1, agree: 3, disagree: 2 }), idea("B", { n: 2, agree: 3, disagree: 1 }), idea("C", { n: 3, agree: 3, disagree: 2, pass: 4 }), idea("D", { n: 4, disagree: 1 }), idea("E", { n: 5 })];
  assert.deepEqual(rank(ideas, 7).map(({ rank: place, idea: { id } }) => `${place}${id}`), ["1B", "2A", "2C", "0E", "0D"]);
});

test("search wants every word and minds neither case nor accents", () => {
  const ideas = [idea("A", { text: "Une résidence à la mairie" }), idea("B", { text: "RESIDENCE in the town hall" }), idea("C", { text: "Straße" })];
  const found = (query: string) => search(ideas, query).map((each) => each.id).join("");
  assert.deepEqual([found("residence"), found("MAIRIE résid"), found("strasse"), found("  "), found("zoo")], ["AB", "A", "C", "ABC", ""]);
});

test("the prompt shown first is the open one on the stage, else the newest open one, else the last", () => {
  const stage = { scene: "ranking" as const, prompt: 1, idea: null };
  const prompts = [prompt(1), prompt(2), prompt(3, { state: "draft" })];
  assert.equal(promptToShow({ prompts, stage })?.id, 1);
  assert.equal(promptToShow({ prompts, stage: { ...stage, prompt: null } })?.id, 2);
  assert.equal(promptToShow({ prompts: [prompt(1, { state: "closed" }), prompt(2, { state: "closed" })], stage })?.id, 2);
  assert.equal(promptToShow({ prompts: [prompt(3, { state: "draft" })], stage }), undefined);
});

test("ideas belong to their prompt", () => {
  const room = roomOf(snapshot({ ideas: [idea("B", { n: 2, prompt: 2 }), idea("C", { n: 3 }), idea("A", { n: 1 })] }));
  assert.deepEqual(ideasOf(room, 1).map((each) => each.id), ["A", "C"]);
  assert.equal(ideasOf(room, null).length, 3);
});

test("an idea is on screen once its commit was shown", () => {
  assert.deepEqual([isOnScreen(5, 5), isOnScreen(6, 5), isOnScreen(undefined, 5)], [true, false, false]);
});
