/**
 * The twin's half of the database: the same file, tables, pragmas and statements as ours (feedback/store/ops.py,
 * writer.py, screens.py; feedback/actions/votes.py), prepared once by node:sqlite.
 */

import { DatabaseSync } from "node:sqlite";

const RETRY = { status: "retry", after_ms: 500 };

/** Open the file as ours does: a commit has reached the disk before anybody is told. */
function open(path) {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true });
  for (const pragma of ["journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "trusted_schema=OFF"]) database.exec(`PRAGMA ${pragma}`);
  return database;
}

/** Rows as arrays where this Node can: less to build, less to throw away. */
function prepare(database, sql) {
  const statement = database.prepare(sql);
  statement.setReturnArrays?.(true);
  return statement;
}

/** Writes: up to 64 ops in one transaction. As in ours, an op refuses before it changes anything, so savepoints are for faults. */
export class Writes {
  constructor(path) {
    this.database = open(path);
    const prepared = (sql) => prepare(this.database, sql);
    this.begin = prepared("BEGIN IMMEDIATE");
    this.commit = prepared("COMMIT");
    this.rollback = prepared("ROLLBACK");
    this.savepoint = prepared("SAVEPOINT op");
    this.release = prepared("RELEASE SAVEPOINT op");
    this.undo = prepared("ROLLBACK TO SAVEPOINT op");
    this.ideaAndMyVote = prepared(
      "SELECT idea.conversation_id, idea.participant_id, idea.first_hash, idea.state, idea.seq, idea.number, idea.rev, idea.body, idea.agree + idea.disagree + idea.passes, idea.prompt_id, prompt.votes_each, prompt.state, conversation.state, vote.val, vote.rev, vote.seq FROM idea JOIN prompt ON prompt.id = idea.prompt_id JOIN conversation ON conversation.id = idea.conversation_id LEFT OUTER JOIN vote ON vote.idea_id = idea.id AND vote.participant_id = ? WHERE idea.id = ?",
    );
    this.seq = prepared("SELECT conversation.seq FROM conversation WHERE conversation.id = ?");
    this.setSeq = prepared("UPDATE conversation SET seq=? WHERE conversation.id = ?");
    this.logChange = prepared("INSERT INTO change (conversation_id, seq, kind, ref) VALUES (?, ?, ?, ?)");
    this.setVote = prepared(
      "INSERT INTO vote (idea_id, participant_id, val, rev, seq) VALUES (?, ?, ?, ?, ?) ON CONFLICT (idea_id, participant_id) DO UPDATE SET val = excluded.val, rev = excluded.rev, seq = excluded.seq WHERE excluded.rev > vote.rev",
    );
    this.countVote = prepared("UPDATE idea SET agree=(idea.agree + ?), disagree=(idea.disagree + ?), passes=(idea.passes + ?) WHERE idea.id = ?");
    this.addParticipant = prepared("INSERT INTO participant (conversation_id, token_hash) VALUES (?, ?) ON CONFLICT DO NOTHING");
    this.countJoined = prepared("UPDATE conversation SET joined=(conversation.joined + ?) WHERE conversation.id = ?");
    this.findParticipant = prepared("SELECT participant.id FROM participant WHERE participant.conversation_id = ? AND participant.token_hash = ?");
    this.newest = -1;
    this.log = [];
  }

  /** Carry out ops and commit; returns one result per op, all "retry" when the transaction failed. */
  run(ops) {
    try {
      try {
        return this.transaction(ops, (op) => this.one(op));
      } catch {
        return this.transaction(ops, (op) => this.guarded(op));
      }
    } catch {
      return ops.map(() => RETRY);
    }
  }

  transaction(ops, carryOut) {
    this.begin.run();
    this.newest = -1;
    try {
      const results = ops.map(carryOut);
      this.writeSeqs();
      this.commit.run();
      return results;
    } catch (fault) {
      this.log = [];
      if (this.database.isTransaction) this.rollback.run();
      throw fault;
    }
  }

  guarded(op) {
    this.writeSeqs();
    this.savepoint.run();
    let result;
    try {
      result = this.one(op);
    } catch {
      this.log = [];
      this.newest = -1;
      this.undo.run();
      result = RETRY;
    }
    this.release.run();
    return result;
  }

  one(op) {
    return op.k === "vote" ? this.vote(op) : this.join(op);
  }

  /** Commit numbers are read once and written once per transaction, with the log of changes. */
  take(place, ref) {
    if (this.newest < 0) this.newest = this.seq.get(place)[0];
    this.newest += 1;
    this.log.push([place, this.newest, "vote", ref]);
    return this.newest;
  }

  writeSeqs() {
    if (this.log.length === 0) return;
    for (const change of this.log) this.logChange.run(...change);
    this.setSeq.run(this.newest, this.log[0][0]);
    this.log = [];
    this.newest = -1;
  }

  vote({ place, person, idea, val, rev }) {
    const known = this.ideaAndMyVote.get(person, idea);
    if (!known || known[0] !== place) return { status: "gone" };
    const [was, before, at] = known.slice(13);
    if (before !== null && rev <= before) {
      if (rev === before && val === was) return { status: "ok", seq: at, val, rev };
      return { status: "superseded", rev: before, ...(was === null ? {} : { val: was }) };
    }
    if (known[3] !== "shown") return { status: "gone" };
    if (known[1] === person) return { status: "rejected", code: "own_idea", detail: {} };
    if (known[11] !== "open" || known[12] !== "open") return { status: "closed" };
    const seq = this.take(place, idea);
    this.setVote.run(idea, person, val, rev, seq);
    const by = (worth) => (val === worth ? 1 : 0) - (was === worth ? 1 : 0);
    if (val !== was) this.countVote.run(by(1), by(-1), by(0), idea);
    return { status: "ok", seq, val, rev };
  }

  join({ place, hash }) {
    if (this.addParticipant.run(place, hash).changes) this.countJoined.run(1, place);
    return { person: this.findParticipant.get(place, hash)[0] };
  }
}

/** Commits in the main thread: what one turn of the loop brought, together. */
export class WriterHere {
  constructor(path, batch) {
    this.writes = new Writes(path);
    this.batch = batch;
    this.waiting = [];
    this.flush = this.flush.bind(this);
  }

  submit(op, done) {
    if (this.waiting.push([op, done]) === 1) setImmediate(this.flush);
  }

  flush() {
    const batch = this.waiting.splice(0, this.batch);
    const results = this.writes.run(batch.map(([op]) => op));
    if (this.waiting.length) setImmediate(this.flush);
    batch.forEach(([, done], place) => done(results[place]));
  }
}

/** Commits in a worker thread: while one batch commits, the next one gathers. */
export class WriterApart {
  constructor(worker, batch) {
    this.worker = worker;
    this.batch = batch;
    this.waiting = [];
    this.flying = null;
    worker.on("message", (results) => {
      const batch = this.flying;
      this.flying = null;
      this.send();
      batch.forEach((done, place) => done(results[place]));
    });
  }

  submit(op, done) {
    this.waiting.push([op, done]);
    // Together with whatever else this turn of the loop brings.
    if (this.flying === null && this.waiting.length === 1) setImmediate(() => this.send());
  }

  send() {
    if (this.flying !== null || this.waiting.length === 0) return;
    const batch = this.waiting.splice(0, this.batch);
    this.flying = batch.map(([, done]) => done);
    this.worker.postMessage(batch.map(([op]) => op));
  }
}

/** Reads, on a connection of their own in the main thread, as ours. */
export class Reads {
  constructor(path, delta) {
    this.delta = delta;
    this.database = open(path);
    const prepared = (sql) => prepare(this.database, sql);
    this.conversation = prepared(
      "SELECT conversation.id, conversation.seq, conversation.code, conversation.title, conversation.state, conversation.scene, conversation.stage_prompt_id, conversation.stage_idea_id, strand.key, strand.name, strand.tagline, strand.mark FROM conversation JOIN strand ON strand.id = conversation.strand_id WHERE conversation.code = ?",
    );
    this.hasOwn = prepared("SELECT EXISTS (SELECT 1 FROM vote WHERE vote.participant_id = ?) OR EXISTS (SELECT 1 FROM idea WHERE idea.participant_id = ?)");
    this.participant = prepared("SELECT participant.id FROM participant WHERE participant.conversation_id = ? AND participant.token_hash = ?");
    this.seqs = prepared("SELECT conversation.seq FROM conversation WHERE conversation.id = ?");
    this.changed = prepared(
      "SELECT log.kind, log.ref, log.often, idea.number, idea.agree, idea.disagree, idea.passes, idea.state FROM (SELECT change.kind AS kind, change.ref AS ref, count(*) AS often FROM change WHERE change.conversation_id = ? AND change.seq > ? AND change.seq <= ? GROUP BY change.kind, change.ref) AS log LEFT OUTER JOIN idea ON idea.id = log.ref",
    );
    this.joined = prepared("SELECT conversation.joined FROM conversation WHERE conversation.id = ?");
    this.sums = prepared("SELECT count(*), coalesce(sum(idea.agree), 0) FROM idea WHERE idea.conversation_id = ? AND idea.state = 'shown'");
    this.themes = prepared("SELECT theme.id FROM theme WHERE theme.conversation_id = ? AND theme.standing IS 1 LIMIT 1");
    this.prompts = prepared("SELECT prompt.id, prompt.number, prompt.text, prompt.state, prompt.votes_each FROM prompt WHERE prompt.conversation_id = ? ORDER BY prompt.number");
    const columns = "SELECT idea.id, idea.number, idea.prompt_id, idea.body, idea.lang, idea.agree, idea.disagree, idea.passes, idea.source, idea.created_at, idea.state, idea.reason FROM idea WHERE idea.state = 'shown'";
    this.allIdeas = prepared(`${columns} AND idea.conversation_id = ? ORDER BY idea.number`);
    this.someIdeas = prepared(`${columns} AND idea.id IN (SELECT value FROM json_each(?)) ORDER BY idea.number`);
    this.myVotes = prepared("SELECT vote.idea_id, vote.val, vote.rev FROM vote WHERE vote.participant_id = ?");
    this.myIdeas = prepared("SELECT idea.id, idea.body, idea.state, idea.reason, idea.rev, idea.seq, idea.prompt_id FROM idea WHERE idea.participant_id = ? ORDER BY idea.number");
    this.spent = prepared("SELECT idea.prompt_id, count(*) FROM idea JOIN vote ON vote.idea_id = idea.id WHERE vote.participant_id = ? AND vote.val = 1 AND idea.state != 'withdrawn' GROUP BY idea.prompt_id");
    this.budgets = prepared("SELECT prompt.id, prompt.votes_each FROM prompt WHERE prompt.conversation_id = ?");
  }

  seqOf(place) {
    return this.seqs.get(place)[0];
  }

  countsOf(place) {
    const [ideas, votes] = this.sums.get(place);
    return { joined: this.joined.get(place)[0], ideas, votes };
  }

  /** What changed after `since` up to `upto`, as absolute values; null when only the whole state will do. */
  deltaOf(place, since, upto) {
    if (upto - since > this.delta) return null;
    const logged = this.changed.all(place, since, upto);
    if (logged.reduce((sum, [, , often]) => sum + often, 0) < upto - since) return null;
    const whole = new Set(logged.filter(([kind]) => kind === "idea").map(([, ref]) => ref));
    const voted = logged.filter(([kind, ref]) => kind === "vote" && !whole.has(ref));
    const ideas = whole.size ? this.someIdeas.all(JSON.stringify([...whole])).map(ideaOf) : [];
    for (const { id } of ideas) whole.delete(id);
    const tallies = [];
    for (const [, ref, , ...tally] of voted) {
      if (tally.pop() === "shown") tallies.push(tally);
      else whole.add(ref);
    }
    const changes = { counts: this.countsOf(place) };
    if (ideas.length) changes.ideas = ideas;
    if (tallies.length) changes.tallies = tallies;
    if (whole.size) changes.gone = [...whole];
    this.themes.get(place); // there are none in this benchmark, but ours asks
    return changes;
  }

  stateOf(code) {
    const head = this.conversation.get(code);
    const [place, seq, , title, state, scene, prompt, idea, key, name, tagline, mark] = head;
    return {
      seq,
      snapshot: true,
      conversation: { code, title, state, strand: { key, name, tagline, mark } },
      prompts: this.prompts.all(place).map(([id, number, text, state, votes_each]) => ({ id, number, text, state, votes_each })),
      ideas: this.allIdeas.all(place).map(ideaOf),
      stage: { scene, prompt, idea },
      themes: [],
      leftovers: 0,
      run: null,
      counts: this.countsOf(place),
    };
  }

  mineOf(place, person) {
    const votes = this.myVotes.all(person);
    const ideas = this.myIdeas.all(person).map(([id, text, state, reason, rev, seq, prompt]) => ({ id, text, state, reason, rev, seq, prompt }));
    const spent = new Map(this.spent.all(person));
    const left = this.budgets.all(place).map(([id, each]) => [id, each === null ? null : Math.max(0, each - (spent.get(id) ?? 0))]);
    return {
      participant: String(person),
      max_rev: Math.max(0, ...votes.map(([, , rev]) => rev), ...ideas.map(({ rev }) => rev)),
      votes: Object.fromEntries(votes.filter(([, val]) => val !== null).map(([idea, val]) => [idea, val])),
      ideas,
      left: Object.fromEntries(left),
    };
  }
}

function ideaOf([id, n, prompt, text, lang, agree, disagree, pass, source, at]) {
  return { id, n, prompt, text, lang, agree, disagree, pass, floor: source === "floor", at };
}
