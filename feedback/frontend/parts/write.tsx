/** The box ideas are written in: the page's own form, enhanced. Its text leaves only when the server has it. */

import { effect, signal, type Signal } from "@preact/signals";
import { render } from "preact";
import { region } from "../lib/boot.ts";
import { lengthOf, refusalOf } from "../lib/length.ts";
import type { Model } from "../lib/model.ts";
import type { Store } from "../lib/storage.ts";
import type { Ack, Op } from "../lib/types.ts";
import { ulid } from "../lib/ulid.ts";
import { figure, sentenceOf, t } from "../lib/words.ts";
import { Icon } from "./icon.tsx";

type Phase = { is: "idle" | "sending" | "late" | "saved" } | { is: "refused"; sentence: string };

const COUNTER_FROM = 400;
const LATE_AFTER = 1_500;

export class Writing {
  readonly length: Signal<number> = signal(0);
  private readonly phase: Signal<Phase> = signal({ is: "idle" });
  private readonly form = region("write") as HTMLFormElement;
  private readonly box = region("text") as HTMLTextAreaElement;
  private readonly button: HTMLButtonElement;
  private readonly model: Model;
  private readonly store: Store;
  private late = 0;
  private prompt = 0;

  constructor(model: Model, store: Store) {
    this.model = model;
    this.store = store;
    this.button = this.form.querySelector("button") as HTMLButtonElement;
    this.form.noValidate = true;
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.box.addEventListener("input", () => this.typed());
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.submit(event);
    });
    const below = region("write-state");
    below.replaceChildren();
    render(<Below writing={this} phase={this.phase} />, below);
    effect(() => this.follow());
    effect(() => this.label());
  }

  get limit(): number {
    return this.model.boot.limit;
  }

  /** Put a text back into the box, above what is being written there; what is on its way goes on without the box. */
  restore(text: string): void {
    if (this.model.inBox.value) this.another();
    this.box.value = this.box.value.trim() ? `${text}\n${this.box.value}` : text;
    this.typed();
    this.focus();
  }

  focus(): void {
    this.form.scrollIntoView({ block: "center" });
    this.box.focus({ preventScroll: true });
  }

  /** Take the answer to the op whose text stands in the box. */
  settle(op: Op, ack: Ack): void {
    if (op.k !== "idea" || op.op !== this.model.inBox.value) return;
    this.release();
    if (ack.status === "ok") {
      this.clear();
      this.phase.value = { is: "saved" };
    } else {
      const code = ack.status === "rejected" ? ack.code : ack.status;
      this.phase.value = { is: "refused", sentence: sentenceOf(code, ack.status === "rejected" ? ack.detail : {}) };
      this.keepDraft();
    }
  }

  /** Free the box for another idea; the one on its way goes on waiting in the list. */
  another(): void {
    this.release();
    this.clear();
    this.phase.value = { is: "idle" };
    this.focus();
  }

  private submit(event: Event): void {
    event.preventDefault();
    if (this.phase.value.is === "late") return this.another();
    if (this.model.inBox.value || !this.model.open.value || !this.prompt) return;
    const text = this.box.value;
    const code = refusalOf(text, this.limit);
    if (code) return this.refuse(sentenceOf(code, { length: lengthOf(text), limit: this.limit }));
    const op = this.model.send(ulid(), this.prompt, text, this.model.boot.lang);
    if (!op) return this.refuse(t("Too much is waiting on this phone. Your text stays here; send it when the connection is back."));
    this.model.inBox.value = op.op;
    this.box.readOnly = true;
    this.phase.value = { is: "sending" };
    this.store.remove(this.draftKey());
    this.late = window.setTimeout(() => (this.phase.value = { is: "late" }), LATE_AFTER);
  }

  private refuse(sentence: string): void {
    this.phase.value = { is: "refused", sentence };
    this.box.focus();
  }

  private typed(): void {
    this.length.value = lengthOf(this.box.value);
    if (this.phase.value.is === "saved" || this.phase.value.is === "refused") this.phase.value = { is: "idle" };
    this.keepDraft();
    this.grow();
  }

  private release(): void {
    window.clearTimeout(this.late);
    this.model.inBox.value = null;
    this.box.readOnly = false;
  }

  private clear(): void {
    this.box.value = "";
    this.length.value = 0;
    this.store.remove(this.draftKey());
    this.grow();
  }

  private draftKey(): string {
    return `feedback.${this.model.boot.code}.draft.${this.prompt}`;
  }

  private keepDraft(): void {
    if (this.box.value.trim()) this.store.set(this.draftKey(), this.box.value);
    else this.store.remove(this.draftKey());
  }

  /** Follow the prompt: its draft comes and goes with it; a closed prompt leaves a text standing, to be copied. */
  private follow(): void {
    const prompt = this.model.prompt.value;
    const open = this.model.open.value;
    if (prompt && prompt.id !== this.prompt) this.turnTo(prompt.id);
    const field = this.form.elements.namedItem("prompt");
    if (field instanceof HTMLInputElement) field.value = String(prompt?.id ?? "");
    this.form.hidden = !prompt || (!open && !this.length.value);
    this.button.hidden = !open;
  }

  private turnTo(prompt: number): void {
    const first = this.prompt === 0;
    this.prompt = prompt;
    if (this.model.inBox.peek()) this.release();
    if (first && this.box.value.trim()) this.keepDraft(); // the server gave a refused text back
    else this.box.value = this.store.get(this.draftKey()) ?? "";
    this.length.value = lengthOf(this.box.value);
    if (!first) this.phase.value = { is: "idle" };
    this.grow();
  }

  private label(): void {
    const is = this.phase.value.is;
    const label = this.button.firstElementChild;
    if (label) label.textContent = is === "sending" ? t("Sending…") : is === "late" ? t("Write another idea") : t("Send idea");
    this.button.dataset["phase"] = is;
    this.button.setAttribute("aria-disabled", String(is === "sending"));
    this.box.setAttribute("aria-invalid", String(is === "refused" || this.length.value > this.limit));
  }

  /** The box grows with its text where the browser does not do so by itself. */
  private grow(): void {
    if (CSS.supports("field-sizing", "content")) return;
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight + 4}px`;
  }
}

function Below({ writing, phase }: { writing: Writing; phase: Signal<Phase> }) {
  const now = phase.value;
  const length = writing.length.value;
  return (
    <>
      {length >= COUNTER_FROM && <Counter length={length} limit={writing.limit} />}
      {now.is === "refused" && <p class="problem" role="alert">{now.sentence}</p>}
      {now.is === "late" && (
        <p class="said wait" role="status">
          <Icon name="clock" more="small" />
          {t("Waiting for the connection. Your idea is kept on this phone and sent by itself.")}
        </p>
      )}
      {now.is === "saved" && (
        <p class="said good" role="status">
          <Icon name="check" more="small" />
          {t("Saved. Thank you.")}
        </p>
      )}
    </>
  );
}

function Counter({ length, limit }: { length: number; limit: number }) {
  return (
    <p class={length > limit ? "counter over" : "counter"}>
      <span class="count">{t("%(length)s of %(limit)s characters", { length: figure(length), limit: figure(limit) })}</span>
    </p>
  );
}
