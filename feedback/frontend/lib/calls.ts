/** The door by HTTP: what it answers, how long it asks us to wait, and what is handed over when the page goes away. */

import type { Ack, Beat, Op, Snapshot, View } from "./types.ts";

export interface Fetcher {
  /** Return the body of GET sync, or null when nothing changed; rejects with the refusal's code. */
  sync(since: number): Promise<Snapshot | Beat | null>;
  ops(ops: Op[]): Promise<Ack[]>;
}

/** An answer that is not as hoped: the refusal's code, its HTTP status, and the wait in ms that was asked for (0: none). */
export class NotNow extends Error {
  readonly status: number;
  readonly wait: number;

  constructor(code: string, status: number, wait: number) {
    super(code);
    this.status = status;
    this.wait = wait;
  }
}

/** Return how long to wait after `error`, in ms: what the server asked for and up to half as long again; 0 when it did not. */
export function askedWait(error: unknown, chance: number): number {
  return error instanceof NotNow ? Math.round(error.wait * (1 + chance / 2)) : 0;
}

/** Speak HTTP to one conversation; every answer that is not as hoped rejects with the refusal's code. */
export function fetcherOf(code: string, view: View): Fetcher {
  const base = `/c/${encodeURIComponent(code)}`;
  return {
    sync: (since) => call(`${base}/sync?since=${since}${view === "phone" ? "" : `&view=${view}`}`),
    async ops(ops) {
      const answer = await call<{ acks: Ack[] }>(`${base}/ops`, { method: "POST", body: JSON.stringify({ ops }) });
      return answer?.acks ?? [];
    },
  };
}

/** Fetch JSON within eight seconds; null for "nothing new". */
export async function call<T>(path: string, more: RequestInit = {}): Promise<T | null> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), 8_000);
  const headers = { Accept: "application/json", "X-Op": "1", ...(more.body ? { "Content-Type": "application/json" } : {}) };
  try {
    const answer = await fetch(path, { credentials: "same-origin", signal: patience.signal, headers, ...more });
    if (answer.status === 204 || answer.status === 304) return null;
    if (!answer.ok) throw await refusalIn(answer);
    return (await answer.json()) as T;
  } finally {
    clearTimeout(timer);
  }
}

/** Hand ops to the browser while the page goes away; it delivers them without us. */
export function postAtLeaving(code: string, ops: Op[]): void {
  if (ops.length === 0) return;
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-Op": "1" };
  void fetch(`/c/${encodeURIComponent(code)}/ops`, {
    method: "POST",
    body: JSON.stringify({ ops }),
    headers,
    keepalive: true,
    credentials: "same-origin",
  }).catch(() => undefined);
}

async function refusalIn(answer: Response): Promise<NotNow> {
  let code = `status ${answer.status}`;
  let wait = Number(answer.headers.get("Retry-After")) * 1_000 || 0;
  try {
    const said = (await answer.json()) as { code?: unknown; detail?: { after_ms?: unknown } };
    if (typeof said.code === "string") code = said.code;
    wait ||= Number(said.detail?.after_ms) || 0;
  } catch {
    // Not our own answer: something between us and the server spoke.
  }
  return new NotNow(code, answer.status, Math.max(0, wait));
}
