/** One idea on the phone: the words, a quiet line, and what may be done to it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { refusalOf } from "../lib/length.ts";
import type { Model, Row } from "../lib/model.ts";
import { reasonOf, type Refused } from "../lib/refusals.ts";
import type { VoteValue } from "../lib/types.ts";
import { figure, sentenceOf, t, timeOf, tn } from "../lib/words.ts";
import { Hidden, Icon, type IconName } from "./icon.tsx";

export function IdeaCard({ row, model }: { row: Row; model: Model }) {
  const editing = model.editing.value === row.id;
  const gone = t("This idea is no longer shown.");
  if (row.gone && !editing) return <li class="idea quiet">{gone}</li>;
  const hint = row.gone ? gone : model.hints.value.get(row.id);
  const withdrawing = model.withdrawing.value === row.id;
  return (
    <li class={row.mine ? "idea mine" : "idea"} id={`idea-${row.id}`}>
      {editing ? <EditBox row={row} model={model} /> : <p class="idea-text words" id={`words-${row.id}`} dir="auto" lang={row.lang || undefined}>{row.text}</p>}
      {withdrawing && <Withdrawal row={row} model={model} />}
      {!editing && !withdrawing && <Line row={row} model={model} />}
      {!editing && !withdrawing && !row.mine && isOpinion(model) && model.open.value && <OpinionButtons row={row} model={model} />}
      {hint && <Hint text={hint} />}
      {row.reason && <p class="quiet">{t("Not shown because: %(reason)s", { reason: row.reason })}</p>}
    </li>
  );
}

/** Why something was not possible, below what was touched: nothing moves under the finger. */
function Hint({ text }: { text: string }) {
  const here = useRef<HTMLParagraphElement>(null);
  useEffect(() => here.current?.scrollIntoView({ block: "nearest" }), [text]);
  return (
    <p class="notice bad hint-line" role="alert" ref={here}>
      <Icon name="triangle-alert" />
      <span>{text}</span>
    </p>
  );
}

function Line({ row, model }: { row: Row; model: Model }) {
  return (
    <div class="idea-line">
      <span class="quiet">
        {row.at > 0 && <time dateTime={new Date(row.at).toISOString()}>{timeOf(row.at)}</time>}
        {row.mine && row.at > 0 && " · "}
        {row.mine ? t("mine") : row.floor ? ` · ${t("from the floor")}` : ""}
      </span>
      <StateChip state={row.state} />
      {(row.mine || !isOpinion(model) || !model.open.value) && <span class="deeds">{row.mine ? <OwnDeeds row={row} model={model} /> : <Support row={row} model={model} />}</span>}
    </div>
  );
}

function StateChip({ state }: { state: Row["state"] }) {
  if (state === "waiting") return <span class="chip wait"><Icon name="clock" more="small" />{t("Waiting")}</span>;
  if (state === "saved") return <span class="chip good"><Icon name="check" more="small" />{t("Saved")}</span>;
  if (state === "screen") return <span class="chip good"><Icon name="monitor" more="small" />{t("On screen")}</span>;
  if (state === "hidden") return <span class="chip bad"><Icon name="eye-off" more="small" />{t("Not shown")}</span>;
  return null;
}

function Support({ row, model }: { row: Row; model: Model }) {
  const { val, waiting, agree } = row.standing;
  if (!model.open.value) return <Counted row={row} model={model} />;
  return (
    <button type="button" class={waiting ? "vote waits" : "vote"} aria-pressed={val === 1} aria-describedby={`words-${row.id}`} onClick={() => model.vote(row.id, val === 1 ? null : 1)}>
      <Icon name="heart" more={val === 1 ? "full" : ""} />
      <Hidden>{`${t("Support this idea")} `}</Hidden>
      <span class="count">{figure(agree)}</span>
      {waiting && <span class="badge"><Icon name="clock" /><Hidden>{` ${t("Waiting")}`}</Hidden></span>}
    </button>
  );
}

/** The three things that an opinion can be, in the order in which they stand everywhere. */
const SIDES: readonly { val: 1 | -1 | 0; icon: IconName; count: "agree" | "disagree" | "pass" }[] = [
  { val: 1, icon: "thumbs-up", count: "agree" },
  { val: -1, icon: "thumbs-down", count: "disagree" },
  { val: 0, icon: "minus", count: "pass" },
];

function isOpinion(model: Model): boolean {
  return model.prompt.value?.voting === "opinion";
}

function wordOf(val: VoteValue): string {
  return val === 1 ? t("Agree") : val === -1 ? t("Disagree") : t("Pass");
}

/** Agree, disagree or pass; the same again takes it back. */
function OpinionButtons({ row, model }: { row: Row; model: Model }) {
  const { standing } = row;
  return (
    <div class="opinion" role="group" aria-labelledby={`words-${row.id}`}>
      {SIDES.map(({ val, icon, count }) => {
        const pressed = standing.val === val;
        const waits = standing.waiting && pressed;
        return (
          <button type="button" key={val} class={waits ? "vote waits" : "vote"} aria-pressed={pressed} onClick={() => model.vote(row.id, pressed ? null : val)}>
            <span class="said-by"><Icon name={icon} more={pressed && val !== 0 ? "full" : ""} /><span class="count">{figure(standing[count])}</span></span>
            <span>{wordOf(val)}</span>
            {waits && <span class="badge"><Icon name="clock" /><Hidden>{` ${t("Waiting")}`}</Hidden></span>}
          </button>
        );
      })}
    </div>
  );
}

/** What everybody thinks of an idea on which this person cannot vote. */
function Counted({ row, model }: { row: Row; model: Model }) {
  const { standing } = row;
  if (!isOpinion(model)) return <Tally agree={standing.agree} full={standing.val === 1} />;
  return (
    <span class="tallies">
      {SIDES.map(({ val, icon, count }) => (
        <span key={val} class={standing.val === val ? "tally own" : "tally"}>
          <Icon name={icon} more={standing.val === val && val !== 0 ? "full" : ""} />
          <span class="count">{figure(standing[count])}</span>
          <Hidden>{` ${wordOf(val)}`}</Hidden>
        </span>
      ))}
    </span>
  );
}

function Tally({ agree, full = false }: { agree: number; full?: boolean }) {
  return (
    <span class="tally">
      <Icon name="heart" more={full ? "full" : ""} />
      <span class="count" aria-hidden="true">{figure(agree)}</span>
      <Hidden>{tn("%(n)s vote", "%(n)s votes", agree)}</Hidden>
    </span>
  );
}

function OwnDeeds({ row, model }: { row: Row; model: Model }) {
  const settled = row.state === "saved" || row.state === "screen";
  return (
    <>
      {row.editable && settled && (
        <button type="button" class="icon-button" title={t("Edit")} onClick={() => (model.editing.value = row.id)}>
          <Icon name="pencil" />
          <Hidden>{t("Edit")}</Hidden>
        </button>
      )}
      {(settled || (row.merged && row.state === "hidden")) && (
        <button type="button" class="icon-button" title={t("Withdraw")} onClick={() => (model.withdrawing.value = row.id)}>
          <Icon name="trash-2" />
          <Hidden>{t("Withdraw")}</Hidden>
        </button>
      )}
      {settled && <Counted row={row} model={model} />}
    </>
  );
}

function EditBox({ row, model }: { row: Row; model: Model }) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const save = (event: Event) => {
    event.preventDefault();
    const text = box.current?.value ?? "";
    const code = refusalOf(text, model.boot.limit);
    if (code) setProblem(sentenceOf(code, { length: [...text].length, limit: model.boot.limit }));
    else model.edit(row.id, text);
  };
  return (
    <form class="stack tight" onSubmit={save}>
      <div class="field">
        <label for={`edit-${row.id}`}>{t("Your idea")}</label>
        <textarea id={`edit-${row.id}`} class="grows" ref={box} rows={3} dir="auto" defaultValue={model.changes.get(row.id) ?? row.text} autoFocus aria-invalid={problem ? "true" : undefined}
          onInput={(event) => model.changes.set(row.id, event.currentTarget.value)} />
      </div>
      {problem && <p class="problem" role="alert">{problem}</p>}
      <div class="choices">
        <button class="button main">{t("Save changes")}</button>
        <button type="button" class="button plain" onClick={() => model.leaveAsItWas(row.id)}>{t("Keep it as it was")}</button>
      </div>
    </form>
  );
}

function Withdrawal({ row, model }: { row: Row; model: Model }) {
  return (
    <div class="stack tight">
      <p>{t("Withdraw this idea? It leaves every screen and cannot be brought back.")}</p>
      <div class="choices">
        <button type="button" class="button danger" onClick={() => model.withdraw(row.id)}>{t("Withdraw")}</button>
        <button type="button" class="button plain" autoFocus onClick={() => (model.withdrawing.value = null)}>{t("Keep it")}</button>
      </div>
    </div>
  );
}

/** Own words the server would not take, with the reason; nothing is lost. Those of a change come to where it was made. */
export function RefusedCard({ refused, model, restore }: { refused: Refused; model: Model; restore: (text: string) => void }) {
  const here = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (refused.change) here.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <li class="idea mine" ref={here}>
      <p class="idea-text words" dir="auto">{refused.text}</p>
      <p class="notice bad" role="alert">
        <Icon name="triangle-alert" />
        <span>{t("Not accepted. %(reason)s", { reason: reasonOf(refused) })}</span>
      </p>
      <div class="choices">
        <button type="button" class="button small" onClick={() => { restore(refused.text); model.forget(refused.op); }}>{t("Put it back in the box")}</button>
        <button type="button" class="button plain small" onClick={() => model.forget(refused.op)}>{t("Discard")}</button>
      </div>
    </li>
  );
}
