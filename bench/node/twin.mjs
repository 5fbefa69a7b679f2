/**
 * The same house in Node, for comparison: Socket.IO 4 on ws and node:sqlite, with our messages, our beat and our
 * promise (an ack follows the commit). It is written as a Node developer would who wants it fast.
 *
 * What it does NOT do, though ours does, so that its figures flatter Node: roles and crew, the stage's and crew's
 * frames, templates and translations (the page is one of ours, cut once into strings), budgets, ideas and their
 * editing, checking forms, the guard against hostile frames, limits of pace, jobs, metrics, logs, the second door for ops.
 *
 * node twin.mjs --database FILE --page FILE --code CODE [--writer here|apart] [--port N] [--beat MS] [--batch N] [--delta N]
 */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import { Page } from "./page.mjs";
import { Reads, WriterApart, WriterHere } from "./store.mjs";

const { Server } = createRequire(import.meta.url)("socket.io");
const { values: asked } = parseArgs({
  options: {
    database: { type: "string" },
    page: { type: "string" },
    code: { type: "string" },
    writer: { type: "string", default: "here" },
    port: { type: "string", default: "0" },
    beat: { type: "string", default: "250" },
    batch: { type: "string", default: "64" },
    delta: { type: "string", default: "500" },
  },
});

const BEAT = Number(asked.beat);
const HEART = 5_000;
const LARGEST_BEAT = 32 * 1024;
const COOKIE = "feedback";
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const key = randomBytes(32);
const reads = new Reads(asked.database, Number(asked.delta));
const apart = () => new Worker(new URL("./worker.mjs", import.meta.url), { workerData: asked.database });
const writer = asked.writer === "here" ? new WriterHere(asked.database, Number(asked.batch)) : new WriterApart(apart(), Number(asked.batch));
const page = new Page(readFileSync(asked.page, "utf8"));
const place = reads.conversation.get(asked.code)[0];

// Who it is.

const mac = (text) => createHmac("sha256", key).update(text).digest("base64url");
const sign = (token) => `${token}.${mac(token)}`;
const hashOf = (token) => createHmac("sha256", key).update(`participant:${place}:${token}`).digest("hex");

function tokenIn(header) {
  const found = /(?:^|;\s*)feedback=([^;]+)/.exec(header ?? "")?.[1];
  if (!found) return null;
  const dot = found.lastIndexOf(".");
  const [token, given] = [found.slice(0, dot), Buffer.from(found.slice(dot + 1))];
  const right = Buffer.from(mac(token));
  return given.length === right.length && timingSafeEqual(given, right) ? token : null;
}

/** Find the participant, or let a new one in; `then(person, isNew)`. */
function personOf(token, then) {
  const hash = hashOf(token);
  const known = reads.participant.get(place, hash);
  if (known) then(known[0], false);
  else writer.submit({ k: "join", place, hash }, ({ person }) => then(person, true));
}

function ulid() {
  let time = Date.now();
  let head = "";
  for (let step = 0; step < 10; step += 1) {
    head = LETTERS[time % 32] + head;
    time = Math.floor(time / 32);
  }
  let tail = "";
  for (const byte of randomBytes(16)) tail += LETTERS[byte & 31];
  return head + tail;
}

// Pages and state.

const HEADERS = {
  "Content-Security-Policy":
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "same-origin",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
  "Cache-Control": "no-store",
};
const LARGE = 200;
const LAG = 500;
let room = { seq: -1 };
let goodUntil = 0;
let packed = { seq: -1, plain: null, gzip: null };
let deltas = new Map();
let deltasSince = 0;

/** The state, read once per commit; in a large room it may be a moment old, as long as ten times its building took. */
function stateNow(seq) {
  if (room.seq === seq || performance.now() < goodUntil) return room;
  const began = performance.now();
  room = reads.stateOf(asked.code);
  const ended = performance.now();
  goodUntil = room.ideas.length > LARGE ? ended + Math.min(LAG, 10 * (ended - began)) : 0;
  return room;
}

function snapshot(seq) {
  const state = stateNow(seq);
  if (packed.seq !== state.seq) {
    const plain = Buffer.from(JSON.stringify({ ...state, counts: { ...state.counts, here: here.size }, shown: 0 }));
    packed = { seq: state.seq, plain, gzip: gzipSync(plain, { level: 5 }) };
  }
  return packed;
}

/** Changes as JSON; most who ask have missed the same commits. */
function deltaOf(since, seq) {
  const now = performance.now();
  if (now - deltasSince > 1000 || deltas.size >= 32) [deltas, deltasSince] = [new Map(), now];
  const key = `${since}-${seq}`;
  if (!deltas.has(key)) {
    const changes = reads.deltaOf(place, since, seq);
    if (changes === null) return null;
    changes.counts.here = here.size;
    deltas.set(key, JSON.stringify({ from: since, to: seq, changes, shown: 0 }));
  }
  return deltas.get(key);
}

function answer(response, body, more) {
  response.writeHead(200, { ...HEADERS, "Content-Length": Buffer.byteLength(body), ...more });
  response.end(body);
}

const JSON_TYPE = { "Content-Type": "application/json" };

/** What somebody has who is new. */
const NOTHING = { ...reads.mineOf(place, 0), participant: "" };

const doors = {
  "": (request, response) => {
    const known = tokenIn(request.headers.cookie);
    const token = known ?? randomBytes(32).toString("base64url");
    const seq = reads.conversation.get(asked.code)[1];
    personOf(token, (person, isNew) => {
      const plain = isNew || !reads.hasOwn.get(person, person)[0];
      const mine = plain ? { ...NOTHING, participant: String(person) } : reads.mineOf(place, person);
      const nonce = randomBytes(20).toString("hex");
      const csrf = `${nonce}.${mac(nonce)}`;
      const values = { csrf, fresh: ulid(), who: String(person) };
      const packs = /gzip/.test(request.headers["accept-encoding"] ?? "");
      const told = () => ({ ...stateNow(seq), counts: { ...stateNow(seq).counts, here: here.size }, shown: 0 });
      const html = plain && packs ? page.packed(seq, told, NOTHING, values) : page.render(told(), mine, values);
      const cookies = [`feedback_form=${csrf}; HttpOnly; Path=/; SameSite=Lax`];
      if (!known) cookies.push(`${COOKIE}=${sign(token)}; Max-Age=34560000; HttpOnly; Path=/; SameSite=Lax`);
      answer(response, html, {
        "Content-Type": "text/html; charset=utf-8",
        Vary: "Accept-Encoding, Cookie",
        "Set-Cookie": cookies,
        ...(plain && packs ? { "Content-Encoding": "gzip" } : {}),
      });
    });
  },
  "/sync": (request, response, query) => {
    const seq = reads.conversation.get(asked.code)[1];
    const since = Number(query.get("since"));
    const changes = since > 0 && since <= seq ? deltaOf(since, seq) : null;
    if (changes) return answer(response, changes, JSON_TYPE);
    const { plain, gzip, seq: at } = snapshot(seq);
    if (!/gzip/.test(request.headers["accept-encoding"] ?? "")) return answer(response, plain, JSON_TYPE);
    return answer(response, gzip, { ...JSON_TYPE, "Content-Encoding": "gzip", Vary: "Accept-Encoding", ETag: `"${place}-${at}"` });
  },
  "/mine": (request, response) => {
    const token = tokenIn(request.headers.cookie);
    if (!token) return response.writeHead(403).end();
    return personOf(token, (person) => answer(response, JSON.stringify(reads.mineOf(place, person)), JSON_TYPE));
  },
};

const http = createServer({ keepAliveTimeout: 5_000 }, (request, response) => {
  const [path, query] = request.url.split("?");
  const base = `/c/${asked.code}`;
  const door = path.startsWith(base) ? doors[path.slice(base.length)] : undefined;
  if (door && request.method === "GET") door(request, response, new URLSearchParams(query));
  else response.writeHead(404).end();
});

// Sockets.

let port = Number(asked.port);
const here = new Map();
const io = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  pingInterval: 20_000,
  pingTimeout: 15_000,
  maxHttpBufferSize: 16_384,
  perMessageDeflate: false,
  allowRequest: (request, decide) => decide(null, [undefined, `http://127.0.0.1:${port}`, `http://localhost:${port}`].includes(request.headers.origin)),
});

const isUlid = (value) => typeof value === "string" && /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(value);
const isVote = (op) =>
  typeof op === "object" && op !== null && Object.keys(op).length === 5 && op.k === "vote" && isUlid(op.op) && isUlid(op.idea) &&
  [1, 0, -1, null].includes(op.val) && Number.isInteger(op.rev) && op.rev >= 1 && op.rev < 2 ** 31;

io.use((socket, next) => {
  const { code, view } = socket.handshake.auth;
  const token = tokenIn(socket.handshake.headers.cookie);
  if (view !== "phone" || !token) return next(new Error("forbidden"));
  const found = reads.conversation.get(String(code));
  if (!found || found[0] !== place) return next(new Error("wrong_code"));
  return personOf(token, (person) => {
    socket.data.person = person;
    next();
  });
});

io.on("connection", (socket) => {
  const person = socket.data.person;
  socket.conn.request = null; // as the documentation advises for many clients: nobody needs it any more
  socket.join("phone");
  here.set(person, (here.get(person) ?? 0) + 1);
  const missed = missedBy(Number(socket.handshake.auth.since));
  if (missed) socket.emit("beat", missed);
  socket.emit("heart", greeting());
  socket.on("op", (op, ack) => {
    if (typeof ack !== "function") return;
    if (!isVote(op)) return ack({ op: String(op?.op ?? ""), status: "rejected", code: "bad_request", detail: {} });
    writer.submit({ k: "vote", place, person, idea: op.idea, val: op.val, rev: op.rev }, (result) => {
      if (result.seq) mark(result.seq);
      ack({ op: op.op, ...result });
    });
  });
  socket.on("disconnect", () => {
    const left = here.get(person) - 1;
    if (left > 0) here.set(person, left);
    else here.delete(person);
  });
});

// Beat and heart.

let newest = reads.seqOf(place);
let sent = newest;
let last = 0;
let planned = false;
let catchUps = { upto: -1, frames: new Map() };
let greeted = { heart: { to: -1 }, at: 0 };

function mark(seq) {
  newest = Math.max(newest, seq);
  if (planned) return;
  planned = true;
  setTimeout(beat, Math.max(0, last + BEAT - performance.now()));
}

function beat() {
  planned = false;
  last = performance.now();
  const [since, upto] = [sent, newest];
  sent = upto;
  if (here.size === 0 || upto === since) return;
  const changes = reads.deltaOf(place, since, upto);
  if (changes === null) return io.to("phone").emit("sync", { to: upto });
  changes.counts.here = here.size;
  const frame = { from: since, to: upto, shown: 0, changes };
  // Only a frame of very many ideas can be too large; ours cuts it in parts then. No round here comes near.
  const large = (changes.ideas?.length ?? 0) > 40 || (changes.tallies?.length ?? 0) > 1_000;
  if (large && Buffer.byteLength(JSON.stringify(frame)) > LARGEST_BEAT) return io.to("phone").emit("sync", { to: upto });
  return io.to("phone").emit("beat", frame);
}

function heart() {
  return { to: sent, shown: 0, counts: { ...reads.countsOf(place), here: here.size }, progress: 0, step: "queued" };
}

/** The frame that brings a screen from `since` to the last beat, if one can; most who come back have missed the same. */
function missedBy(since) {
  if (!(since > 0 && since < sent)) return null;
  if (catchUps.upto !== sent) catchUps = { upto: sent, frames: new Map() };
  if (!catchUps.frames.has(since) && catchUps.frames.size < 50) {
    const changes = reads.deltaOf(place, since, sent);
    if (changes !== null) changes.counts.here = here.size;
    catchUps.frames.set(since, changes && { from: since, to: sent, shown: 0, changes });
  }
  return catchUps.frames.get(since) ?? null;
}

/** When a room comes all at once, hundreds are greeted with the same words. */
function greeting() {
  const now = performance.now();
  if (greeted.heart.to !== sent || now - greeted.at > 250) greeted = { heart: heart(), at: now };
  return greeted.heart;
}

setInterval(() => here.size && io.to("phone").emit("heart", heart()), HEART);

http.listen({ port, host: "127.0.0.1", backlog: 2048 }, () => {
  port = http.address().port;
  console.log(`Join: http://127.0.0.1:${port}/  Stop with Ctrl-C`);
});
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => process.exit(0));
