import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { lengthOf, normalise, refusalOf } from "../lib/length.ts";

const vectors = JSON.parse(readFileSync(new URL("../../../tests/data/lengths.json", import.meta.url), "utf8")) as { text: string; length: number }[];

test("length agrees with the shared examples", () => {
  assert.deepEqual(vectors.map(({ text }) => lengthOf(text)), vectors.map(({ length }) => length));
});

test("normalise composes, keeps line feeds only, and trims", () => {
  assert.equal(normalise("  e\u0301\r\nx\r "), "\u00e9\nx");
});

test("refusal names what is wrong, or nothing", () => {
  assert.equal(refusalOf(" \n"), "empty");
  assert.equal(refusalOf("x".repeat(501)), "too_long");
  assert.equal(refusalOf("x".repeat(500)), null);
  assert.equal(refusalOf("a\u0000b"), "control_characters");
  assert.equal(refusalOf("a\ud800b"), "control_characters");
  assert.equal(refusalOf("a\ufffeb"), "control_characters");
  assert.equal(refusalOf("tab\tand\nline 👏 مرحبا"), null);
});
