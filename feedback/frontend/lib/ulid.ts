/** Identifiers made on the phone: ULIDs, sortable by time. `crypto.randomUUID` is missing on plain-http pages. */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Make a ULID for the instant `now` (epoch milliseconds) from ten random bytes. */
export function ulid(now: number = Date.now(), random: Uint8Array = crypto.getRandomValues(new Uint8Array(10))): string {
  let time = "";
  for (let i = 0, rest = now; i < 10; i += 1, rest = Math.floor(rest / 32)) time = ALPHABET.charAt(rest % 32) + time;
  let chance = "";
  let bits = 0;
  let held = 0;
  for (const byte of random) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      chance += ALPHABET.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return time + chance;
}
