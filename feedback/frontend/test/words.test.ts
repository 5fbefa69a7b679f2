import assert from "node:assert/strict";
import { test } from "node:test";
import { figure, percent, sentenceOf, speak, t, timeOf, tn } from "../lib/words.ts";

test("t falls back to the English sentence and fills its places", () => {
  speak({}, "en");
  assert.equal(t("%(left)s of %(all)s votes left", { left: 2, all: 3 }), "2 of 3 votes left");
  assert.equal(t("100 %% sure"), "100 % sure");
});

test("t speaks the page's language", () => {
  speak({ "Send idea": "Idee senden" }, "de");
  assert.equal(t("Send idea"), "Idee senden");
});

test("tn picks the plural form of the language", () => {
  speak({ "%(n)s idea": ["%(n)s idée", "%(n)s idées"] }, "fr");
  assert.deepEqual([0, 1, 2, 1000000].map((n) => tn("%(n)s idea", "%(n)s ideas", n).replace(/[^\d\p{L} ]/gu, "")), ["0 idée", "1 idée", "2 idées", "1000000 idées"]);
  speak({ "%(n)s idea": ["%(n)s pomysł", "%(n)s pomysły", "%(n)s pomysłów"] }, "pl");
  assert.deepEqual([1, 2, 5, 22].map((n) => tn("%(n)s idea", "%(n)s ideas", n)), ["1 pomysł", "2 pomysły", "5 pomysłów", "22 pomysły"]);
});

test("tn falls back to English forms", () => {
  speak({}, "en");
  assert.deepEqual([0, 1, 2].map((n) => tn("%(n)s vote", "%(n)s votes", n)), ["0 votes", "1 vote", "2 votes"]);
});

test("figures are grouped as the language does", () => {
  speak({}, "de");
  assert.equal(figure(12345), "12.345");
});

test("shares are written as the language writes per cent, and as the pages of the server do", () => {
  const written = ["en", "de", "fr"].map((lang) => (speak({}, lang), percent(0.29)));
  assert.deepEqual(written.map((words) => words.replace(/\s/, " ")), ["29%", "29 %", "29 %"]);
});

test("times are told in the conference's zone", () => {
  speak({}, "en", "Europe/Paris");
  assert.equal(timeOf(Date.UTC(2026, 0, 5, 13, 3, 20)), "14:03");
  assert.equal(timeOf(Date.UTC(2026, 0, 5, 13, 3, 20), true), "14:03:20");
  speak({}, "en", "Nowhere/Land");
  assert.match(timeOf(0), /^\d\d:\d\d$/);
});

test("refusals speak the server's sentences", () => {
  speak({}, "en", "UTC", { too_long: "That is %(length)s characters; %(limit)s fit." });
  assert.equal(sentenceOf("too_long", { length: 512, limit: 500 }), "That is 512 characters; 500 fit.");
  assert.match(sentenceOf("nobody_knows"), /try again/);
});
