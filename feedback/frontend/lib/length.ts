/** How long an idea is: one rule for the browser, the server and the database. */

export const LIMIT = 500;

const LINE_ENDS = /\r\n|[\r\u2028\u2029\v\f\u0085]/g;

/** Return `text` as its length is counted: composed (NFC), line feeds only, no white space around it. */
export function normalise(text: string): string {
  return text.replace(LINE_ENDS, "\n").normalize("NFC").trim();
}

/** Count the code points of `text` after normalising it. */
export function lengthOf(text: string): number {
  return [...normalise(text)].length;
}

/** Say why `text` cannot be an idea, or null when it can. */
export function refusalOf(text: string, limit: number = LIMIT): "empty" | "too_long" | "control_characters" | null {
  const length = lengthOf(text);
  if (length === 0) return "empty";
  if (length > limit) return "too_long";
  return hasControls(text) ? "control_characters" : null;
}

/** Tell whether `text` holds characters that no one can see or type: controls, half pairs, code points that are none. */
function hasControls(text: string): boolean {
  return /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f]|\p{Cs}|[\ufdd0-\ufdef]/u.test(text) || [...text].some((mark) => ((mark.codePointAt(0) ?? 0) & 0xfffe) === 0xfffe);
}
