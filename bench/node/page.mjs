/**
 * The page's bytes: taken once from our server, cut at what differs per person, put together again for each.
 *
 * Whoever has nothing here yet gets a page that is compressed once for all, as ours: what is common is deflated, what is
 * personal lies between in stored blocks, and all of it is one gzip member.
 */

import { constants, crc32, deflateRawSync } from "node:zlib";

const HEAD = '<ol class="bare ideas">';
const ROWS = 20;
const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };
const escaped = (text) => text.replace(/[&<>"']/g, (mark) => escapes[mark]);

/** Cut a text at all places of some words: the pieces, and between them the names of what stood there. */
function cut(text, words) {
  let pieces = [text];
  for (const [word, name] of words) {
    if (word) pieces = pieces.flatMap((piece) => (typeof piece === "string" ? piece.split(word).flatMap((part, place) => (place ? [{ name }, part] : [part])) : [piece]));
  }
  return (values) => {
    let whole = "";
    for (const piece of pieces) whole += typeof piece === "string" ? piece : values[piece.name];
    return whole;
  };
}

/** Find the JSON object that begins at a place of a text. */
function objectAt(text, start) {
  let depth = 0;
  for (let end = start; end < text.length; end += 1) {
    if (text[end] === "{") depth += 1;
    if (text[end] === "}" && (depth -= 1) === 0) return text.slice(start, end + 1);
  }
  return "";
}

const BLANKS = { csrf: "~csrf~", fresh: "~fresh~", who: "~who~" };
const BLANK = /~(csrf|fresh|who)~/;
const GZIP_HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff]);
const LAST = Buffer.from([1, 0, 0, 0xff, 0xff]);

const inScript = (value) => JSON.stringify(value).replace(/[<>&']/g, (mark) => `\\u00${mark.charCodeAt(0).toString(16)}`);

function deflated(text) {
  const plain = Buffer.from(text);
  return { plain, packed: deflateRawSync(plain, { level: 6, finishFlush: constants.Z_FULL_FLUSH }) };
}

function stored(plain) {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(plain.length, 1);
  head.writeUInt16LE(plain.length ^ 0xffff, 3);
  return [head, plain];
}

export class Page {
  constructor(sample) {
    const csrf = /name="csrf_token" value="([^"]+)"/.exec(sample)?.[1] ?? "";
    const fresh = /name="id" value="([^"]+)"/.exec(sample)?.[1] ?? "";
    const known = sample.indexOf('"mine": {');
    // A page that brings along what is somebody's own, as ours does.
    const state = sample.indexOf('"room": {');
    const around = [
      [csrf, "csrf"],
      [fresh, "fresh"],
      [known < 0 ? "" : objectAt(sample, known + '"mine": '.length), "mine"],
      [state < 0 ? "" : objectAt(sample, state + '"room": '.length), "room"],
    ];
    const start = sample.indexOf(HEAD);
    const end = sample.indexOf("</ol>", start);
    this.rows = start >= 0;
    if (this.rows) {
      const row = sample.slice(start + HEAD.length, sample.indexOf("</li>", start) + "</li>\n".length);
      const id = /id="idea-([0-9A-Z]{26})"/.exec(row)[1];
      const text = /id="words-[^>]*>([^<]*)</.exec(row)[1];
      this.row = cut(row, [[id, "id"], [`>${text}<`, "text"], ['class="count">0<', "count"], ['aria-pressed="false"', "pressed"]]);
      this.before = cut(sample.slice(0, start + HEAD.length), around);
      this.after = cut(sample.slice(end), around);
    } else {
      this.before = cut(sample, around);
    }
    this.shared = { seq: -1, until: 0, pieces: [] };
  }

  /** Whether the page for people who have nothing here yet may be given out again: its counts may be half a second old. */
  isFresh(seq) {
    return this.shared.seq === seq || performance.now() < this.shared.until;
  }

  /** Build the page of somebody who has done something here. */
  render(state, mine, values) {
    const all = { ...values, mine: JSON.stringify(mine), room: inScript(state) };
    return this.rows ? this.before(all) + this.list(state, mine) + this.after(all) : this.before(all);
  }

  /** Return the page of somebody who is new, as gzip; `state` is asked for only when the page must be built. */
  packed(seq, state, nothing, values) {
    if (!this.isFresh(seq)) {
      const now = state();
      const html = this.render(now, { ...nothing, participant: BLANKS.who }, { csrf: BLANKS.csrf, fresh: BLANKS.fresh });
      const pieces = html.split(BLANK).map((piece) => (piece in values && piece.length < 6 ? piece : deflated(piece)));
      this.shared = { seq: now.seq, until: performance.now() + 500, pieces };
    }
    const parts = [GZIP_HEAD];
    let [crc, size] = [0, 0];
    for (const piece of this.shared.pieces) {
      const own = typeof piece === "string";
      const plain = own ? Buffer.from(values[piece]) : piece.plain;
      parts.push(...(own ? stored(plain) : [piece.packed]));
      crc = crc32(plain, crc);
      size += plain.length;
    }
    const tail = Buffer.alloc(8);
    tail.writeUInt32LE(crc, 0);
    tail.writeUInt32LE(size, 4);
    return Buffer.concat([...parts, LAST, tail]);
  }

  list(state, mine) {
    const newest = state.ideas.slice(-ROWS).reverse();
    return newest
      .map(({ id, text, agree }) => this.row({ id, text: `>${escaped(text)}<`, count: `class="count">${agree}<`, pressed: `aria-pressed="${mine.votes[id] === 1}"` }))
      .join("");
  }
}
