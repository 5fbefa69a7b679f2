/** One idea and the themes that it may belong to: one tap, and the next one is there. */

import { useEffect, useRef } from "preact/hooks";
import type { Model } from "../lib/model.ts";
import { ROUND, type Answer, type Sorter } from "../lib/sorter.ts";
import type { Card, Idea, Theme } from "../lib/types.ts";
import { sentenceOf, t } from "../lib/words.ts";
import { Icon } from "./icon.tsx";

export function Sorting({ model, sorter }: { model: Model; sorter: Sorter }) {
  const at = sorter.at.value;
  const here = useRef<HTMLDivElement>(null);
  const card = sorter.card.value;
  const idea = card && model.room.value?.ideas.get(card.idea);
  useEffect(() => {
    if (at !== "rest" && (sorter.done.value > 0 ? isAbove(here.current) : at === "round")) here.current?.scrollIntoView({ block: "start" });
  }, [at, card?.idea, sorter.resting.value]);
  if (at === "rest") return null;
  if (!idea && at === "own" && sorter.done.value === 0 && !sorter.problem.value) return null;
  return (
    <div class="sort-panel" ref={here}>
      {sorter.problem.value && <p class="notice bad" role="alert"><Icon name="triangle-alert" /><span>{sentenceOf(sorter.problem.value)}</span></p>}
      {sorter.resting.value ? <Rest sorter={sorter} /> : card && idea ? <Question model={model} sorter={sorter} card={card} idea={idea} /> : <Nothing model={model} sorter={sorter} />}
    </div>
  );
}

/** Cards differ in height: after a tap at the foot of one the words of the next may lie above the screen, or under the header. */
function isAbove(panel: HTMLElement | null): boolean {
  const header = document.querySelector(".top.stays")?.getBoundingClientRect().bottom ?? 0;
  return panel !== null && panel.getBoundingClientRect().top < Math.max(0, header);
}

function Question({ model, sorter, card, idea }: { model: Model; sorter: Sorter; card: Card; idea: Idea }) {
  const mine = model.myIdeas.value.has(card.idea);
  const { value: done } = sorter.done;
  const title = useRef<HTMLHeadingElement>(null);
  const give = (answer: Answer) => sorter.answer(card, answer);
  const choice = (number: number) => <Choice key={number} number={number} model={model} card={card} chosen={sorter.before.value === number} give={give} />;
  useEffect(() => {
    // Whoever tapped a choice that has gone would be thrown back to the top of the page.
    if (document.activeElement === document.body && sorter.done.value > 0) title.current?.focus({ preventScroll: true });
  }, [card.idea]);
  return (
    <section class="sort-card" aria-labelledby="sort-title" key={card.idea}>
      <div class="sort-head">
        <h2 class="sort-title" id="sort-title" tabIndex={-1} ref={title}>{mine ? t("Where does your idea belong?") : t("Where does this idea belong?")}</h2>
        {done > 0 && done < ROUND && sorter.at.value === "round" && <span class="sort-done figure" role="status">{t("%(done)s of %(all)s, thank you", { done, all: ROUND })}</span>}
      </div>
      <p class="sort-idea words" dir="auto" lang={idea.lang || undefined}>{idea.text}</p>
      <div class="sort-choices">
        {card.themes.map(choice)}
        <div class="sort-rest">
          <button type="button" class="sort-choice plain" aria-pressed={sorter.before.value === null} onClick={() => give(null)}><span class="sort-name">{t("None of these")}</span></button>
          <button type="button" class="button plain" onClick={() => give("skip")}>{t("Skip")}</button>
        </div>
      </div>
      {card.others.length > 0 && (
        <details class="more">
          <summary>{t("Another theme")}</summary>
          <div class="sort-choices">{card.others.map(choice)}</div>
        </details>
      )}
      {done === 0 && <p class="quiet">{t("People see at a glance what a machine cannot. Two or three answers for each idea put the themes right.")}</p>}
      <Foot sorter={sorter} asking />
    </section>
  );
}

function Choice({ number, model, card, chosen, give }: { number: number; model: Model; card: Card; chosen: boolean; give: (answer: Answer) => void }) {
  const theme = model.room.value?.themes.find((each) => each.id === number);
  if (!theme) return null;
  const example = exampleOf(theme, card.idea, model.room.value?.ideas ?? new Map());
  return (
    <button type="button" class="sort-choice" aria-pressed={chosen} onClick={() => give(number)}>
      <span class="sort-name" dir="auto">{theme.name}</span>
      {example && <span class="sort-example words" dir="auto" lang={example.lang || undefined}>{example.text}</span>}
    </button>
  );
}

function exampleOf(theme: Theme, asked: string, ideas: ReadonlyMap<string, Idea>): Idea | undefined {
  return theme.representatives.filter((id) => id !== asked).map((id) => ideas.get(id)).find((idea) => idea !== undefined);
}

function Foot({ sorter, asking = false }: { sorter: Sorter; asking?: boolean }) {
  return (
    <div class="sort-foot">
      {sorter.last.value && <button type="button" class="button plain" onClick={() => sorter.change()}>{t("Change my answer")}</button>}
      <button type="button" class="button plain ends" onClick={() => sorter.stop()}>{asking ? t("Not now") : t("Close")}</button>
    </div>
  );
}

function Rest({ sorter }: { sorter: Sorter }) {
  return (
    <section class="sort-card" aria-live="polite">
      <h2 class="sort-title">{t("%(done)s of %(all)s. Thank you.", { done: ROUND, all: ROUND })}</h2>
      {sorter.mayHaveMore() && <button type="button" class="button main wide" onClick={() => sorter.start()}>{t("Sort more ideas")}</button>}
      <Foot sorter={sorter} />
    </section>
  );
}

function Nothing({ model, sorter }: { model: Model; sorter: Sorter }) {
  const own = sorter.at.value === "own";
  if (own || (sorter.empty.value !== null && !sorter.fetching.value))
    return (
      <section class="sort-card" aria-live="polite">
        <h2 class="sort-title">{own ? t("Thank you.") : t("Thank you. Nothing left to sort just now.")}</h2>
        {own && isAsked(model, sorter) && <button type="button" class="button main wide" onClick={() => sorter.start()}>{t("Help to sort the ideas")}</button>}
        <Foot sorter={sorter} />
      </section>
    );
  return <p class="said wait" role="status"><Icon name="clock" more="small" />{t("Looking for the next idea…")}</p>;
}

function isAsked(model: Model, sorter: Sorter): boolean {
  const room = model.room.value;
  return Boolean(room?.sorting.open && room.conversation.state === "open" && room.sorting.unsure > 0 && room.themes.length > 1 && sorter.mayHaveMore());
}

/** The invitation, at the foot of the screen, where nothing moves for it. */
export function Invitation({ model, sorter }: { model: Model; sorter: Sorter }) {
  if (sorter.at.value !== "rest" || !isAsked(model, sorter)) return null;
  return (
    <button type="button" class="button invite" onClick={() => sorter.start()}>
      <Icon name="layers" />
      {t("Help to sort the ideas")}
    </button>
  );
}
