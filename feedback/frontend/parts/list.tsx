/** The list of ideas: orders, search, what is new, and as many cards as were asked for. */

import { useEffect, useRef } from "preact/hooks";
import { PAGE, type Model } from "../lib/model.ts";
import type { Order } from "../lib/state.ts";
import { figure, t, tn } from "../lib/words.ts";
import { Icon } from "./icon.tsx";
import { IdeaCard, RefusedCard } from "./idea.tsx";

const SEARCH_FROM = 10;

export function List({ model, restore }: { model: Model; restore: (text: string) => void }) {
  if (!model.prompt.value) return null;
  const total = model.ideas.value.length;
  const own = model.ownRefused.value.length + model.unsent.value.length + model.taken.value.length;
  return (
    <>
      <div class="list-head spread">
        <h2 id="list-title" class="list-title">
          {t("Ideas")} <span class="quiet count">{figure(total)}</span>
        </h2>
        <News model={model} />
      </div>
      <Budget model={model} />
      {total + own > 0 && <Orders model={model} />}
      {(total > SEARCH_FROM || model.query.value) && <Search model={model} />}
      <ol class="bare ideas">
        {model.order.value !== "top" || own > 0 ? model.ownRefused.value.map((each) => <RefusedCard key={each.op} refused={each} model={model} restore={restore} />) : null}
        {model.unsent.value.map((row) => <IdeaCard key={row.id} row={row} model={model} />)}
        {model.order.value !== "top" && model.taken.value.map((row) => <IdeaCard key={row.id} row={row} model={model} />)}
        {model.rows.value.map((row) => <IdeaCard key={row.id} row={row} model={model} />)}
      </ol>
      {own === 0 && model.frozen.value.length === 0 && <Empty model={model} />}
      {model.frozen.value.length > model.drawn.value && <More model={model} />}
    </>
  );
}

function Orders({ model }: { model: Model }) {
  const top = model.prompt.value?.voting === "opinion" ? t("Most agreed on") : t("Most supported");
  const orders: [Order, string][] = [["new", t("Newest")], ["top", top], ["mine", t("Mine")]];
  return (
    <div class="tabs" role="group" aria-label={t("Order")}>
      {orders.map(([order, name]) => (
        <button type="button" key={order} aria-pressed={model.order.value === order} onClick={() => model.show({ order })}>{name}</button>
      ))}
    </div>
  );
}

function Search({ model }: { model: Model }) {
  return (
    <form class="search" role="search" onSubmit={(event) => { event.preventDefault(); (document.activeElement as HTMLElement | null)?.blur(); }}>
      <label for="query" class="hidden">{t("Search the ideas")}</label>
      <Icon name="search" />
      <input id="query" class="input" type="search" value={model.query.value} placeholder={t("Search the ideas")} enterkeyhint="search"
        onInput={(event) => model.show({ query: event.currentTarget.value })} />
    </form>
  );
}

function Budget({ model }: { model: Model }) {
  const prompt = model.prompt.value;
  const left = model.left.value;
  if (!prompt || left === null || !model.open.value) return null;
  return (
    <p class="budget" role="status">
      <span class="dots" aria-hidden="true">
        {(prompt.votes_each ?? 0) <= 10 && Array.from({ length: prompt.votes_each ?? 0 }, (_, place) => <Icon key={place} name="heart" more={place < left ? "small full" : "small"} />)}
      </span>
      {t("%(left)s of %(all)s votes left", { left, all: prompt.votes_each ?? 0 })}
    </p>
  );
}

/** Says what is new; nothing moves before it is touched. */
export function News({ model }: { model: Model }) {
  const news = model.news.value;
  if (news === 0 && !model.reordered.value) return null;
  return (
    <button type="button" class="button small news" onClick={() => model.refresh()}>
      <Icon name={news > 0 ? "arrow-up" : "refresh-cw"} more="small" />
      {news > 0 ? tn("%(n)s new idea", "%(n)s new ideas", news) : t("New order")}
    </button>
  );
}

function Empty({ model }: { model: Model }) {
  if (model.query.value)
    return (
      <p class="empty">
        {t("No idea holds these words.")} <button type="button" class="button plain" onClick={() => model.show({ query: "" })}>{t("Show all ideas")}</button>
      </p>
    );
  if (model.order.value === "mine") return <p class="empty">{t("You have not written an idea here yet.")}</p>;
  return <p class="empty">{model.open.value ? t("No ideas yet. Yours could be the first.") : t("No ideas were written here.")}</p>;
}

/** Draws the next forty when the end of the list comes near, or when asked. */
function More({ model }: { model: Model }) {
  const mark = useRef<HTMLDivElement>(null);
  const draw = () => (model.drawn.value += PAGE);
  useEffect(() => {
    if (typeof IntersectionObserver === "undefined" || !mark.current) return undefined;
    const watch = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && draw(), { rootMargin: "600px" });
    watch.observe(mark.current);
    return () => watch.disconnect();
  }, [model.drawn.value]);
  return (
    <div ref={mark} class="pages">
      <button type="button" class="button wide" onClick={draw}>{t("More ideas")}</button>
    </div>
  );
}
