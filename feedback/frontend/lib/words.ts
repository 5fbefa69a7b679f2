/** The page's words in its own language: t() for a sentence, tn() for one that counts. */

type Words = Record<string, string | string[]>;
type Values = Record<string, string | number>;

const ORDER = ["zero", "one", "two", "few", "many", "other"];

let words: Words = {};
let refusals: Record<string, string> = {};
let rules = new Intl.PluralRules("en");
let numbers = new Intl.NumberFormat("en");
let shares = new Intl.NumberFormat("en", { style: "percent" });
let clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
let clockWithSeconds = clock;

/** Take the catalogue, the language, the conference's time zone and the sentences of refusals from this page. */
export function speak(catalogue: Words, lang: string, zone?: string, sentences: Record<string, string> = {}): void {
  words = catalogue;
  refusals = sentences;
  rules = new Intl.PluralRules(lang);
  numbers = new Intl.NumberFormat(lang);
  shares = new Intl.NumberFormat(lang, { style: "percent" });
  clock = clockOf(lang, zone, {});
  clockWithSeconds = clockOf(lang, zone, { second: "2-digit" });
}

/** Return the translation of `msgid` with its named places filled. */
export function t(msgid: string, values?: Values): string {
  const found = words[msgid];
  return fill(typeof found === "string" && found ? found : msgid, values);
}

/** Return the form of `one`/`many` that goes with `n`; %(n)s is the number, written as the language writes it. */
export function tn(one: string, many: string, n: number, values?: Values): string {
  const forms = words[one];
  const picked = Array.isArray(forms) ? forms[formIndex(n, forms.length)] : undefined;
  return fill(picked || (n === 1 ? one : many), { n, num: n, ...values });
}

/** Say in a sentence why something was refused; the server's words, filled with the refusal's detail. */
export function sentenceOf(code: string, detail: Values = {}): string {
  return fill(refusals[code] ?? t("That did not work. Nothing you wrote is lost; please try again."), detail);
}

/** Write a whole number as the page's language does. */
export function figure(n: number): string {
  return numbers.format(n);
}

/** Write a share of one in whole per cent as the page's language does. */
export function percent(share: number): string {
  return shares.format(share);
}

/** Write an instant (epoch milliseconds) as a clock time in the conference's zone. */
export function timeOf(at: number, withSeconds = false): string {
  return (withSeconds ? clockWithSeconds : clock).format(at);
}

/**
 * Catalogues list plural forms in gettext's order, browsers name a category. For whole numbers both run from
 * "zero" to "other"; categories that only fractions or millions need come last and share the last form.
 */
function formIndex(n: number, forms: number): number {
  const known = ORDER.filter((category) => rules.resolvedOptions().pluralCategories.includes(category as Intl.LDMLPluralRule));
  return Math.min(Math.max(known.indexOf(rules.select(n)), 0), forms - 1);
}

function fill(sentence: string, values?: Values): string {
  if (!values) return sentence.replace(/%%/g, "%");
  return sentence.replace(/%%|%\((\w+)\)[sd]/g, (place, name: string | undefined) => {
    if (name === undefined) return "%";
    const value = values[name];
    return value === undefined ? place : typeof value === "number" ? figure(value) : value;
  });
}

function clockOf(lang: string, zone: string | undefined, more: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const parts: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...more };
  try {
    return new Intl.DateTimeFormat(lang, zone ? { ...parts, timeZone: zone } : parts);
  } catch {
    return new Intl.DateTimeFormat(lang, parts); // a zone this browser does not know
  }
}
