/** The scenes of the stage. Each fits the screen it is on: nothing scrolls, nothing is smaller than 1/28 of its height. */

import type { Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { asksOpinions, ideasOf, promptToShow, rank, type Ranked, type Room, votesOn } from "../lib/state.ts";
import type { Idea, Prompt, Theme } from "../lib/types.ts";
import { figure, t, tn } from "../lib/words.ts";
import { fitCards, fitList, fitWords, glide, type Places } from "./fit.ts";
import { Hidden, Icon } from "./icon.tsx";
import { Opinion, OpinionScene } from "./opinions.tsx";
import { usePage } from "./turning.ts";

const AT_MOST = 7;
const THEMES_AT_ONCE = 2;
const EXAMPLES = 3;
const SIZES = { join: "large", ranking: "middle", themes: "small", opinions: "small", spotlight: "small" } as const;

/** Return the scene to draw: what the facilitator chose, or the way to join as long as there is nothing else to show. */
export function sceneOf(room: Room): Room["stage"]["scene"] {
  const { scene, idea } = room.stage;
  if (scene === "spotlight" && !(idea && room.ideas.has(idea))) return "ranking";
  if (scene === "themes" && room.themes.length === 0 && !room.run) return ideasShown(room).length ? "ranking" : "join";
  if (scene === "opinions" && shownPrompt(room)?.voting !== "opinion") return ideasShown(room).length ? "ranking" : "join";
  if ((scene === "ranking" || scene === "opinions") && ideasShown(room).length === 0) return "join";
  return scene;
}

export function Scene({ room }: { room: Signal<Room | null> }) {
  const now = room.value;
  if (!now) return null;
  const scene = sceneOf(now);
  const idea = now.stage.idea ? now.ideas.get(now.stage.idea) : undefined;
  return (
    <>
      <Head room={now} size={SIZES[scene]} />
      {scene === "ranking" && <Ranking ranked={rank(ideasShown(now), AT_MOST)} opinion={shownPrompt(now)?.voting === "opinion"} />}
      {scene === "opinions" && <OpinionScene room={now} ideas={ideasShown(now)} found={now.opinions.find((each) => each.prompt === shownPrompt(now)?.id)} />}
      {scene === "themes" && <Themes room={now} />}
      {scene === "join" && <Steps opinion={shownPrompt(now)?.voting === "opinion"} />}
      {scene === "spotlight" && idea && <Spotlight idea={idea} opinion={now.prompts.find((each) => each.id === idea.prompt)?.voting === "opinion"} />}
    </>
  );
}

function shownPrompt(room: Room): Prompt | undefined {
  return room.prompts.find((prompt) => prompt.id === room.stage.prompt && prompt.state !== "draft") ?? promptToShow(room);
}

function ideasShown(room: Room): Idea[] {
  const prompt = shownPrompt(room);
  return prompt ? ideasOf(room, prompt.id) : [];
}

function Head({ room, size }: { room: Room; size: "small" | "middle" | "large" }) {
  const prompt = shownPrompt(room);
  const { strand, title } = room.conversation;
  return (
    <header class={`stage-head ${size}`}>
      <p class="strand-line">
        <span class="strand-mark" data-strand={strand.key} aria-hidden="true">{strand.mark}</span>
        <span><bdi>{strand.name}</bdi> · <bdi>{title}</bdi></span>
      </p>
      <h1 class="stage-prompt words" dir="auto">{prompt?.text ?? title}</h1>
      {prompt?.state === "closed" && <p class="closed"><Icon name="lock" more="small" />{t("Closed")}</p>}
    </header>
  );
}

function Ranking({ ranked, opinion }: { ranked: Ranked[]; opinion: boolean }) {
  const list = useRef<HTMLOListElement>(null);
  const places = useRef<Places>(new Map());
  const top = Math.max(1, ...ranked.map(({ idea }) => (opinion ? votesOn(idea) : idea.agree)));
  // The order too: what is hidden at the end would otherwise travel to the front with its idea.
  const words = ranked.map(({ idea, rank: place }) => `${idea.id}${place > 0}${opinion && votesOn(idea) > 0}${idea.text}`).join();
  useFit(list, () => fitList(list.current), [words], places.current);
  useLayoutEffect(() => glide(list.current, places.current));
  return (
    <ol class="bare ranking" ref={list}>
      {ranked.map(({ rank: place, idea }) => (
        <li key={idea.id} data-key={idea.id} class="ranked">
          <span class={place > 0 ? "rank figure" : "rank none"}>{place > 0 && <><Hidden>{`${t("Rank")} `}</Hidden>{place}</>}</span>
          <div class="ranked-body">
            <p class="ranked-text words" dir="auto" lang={idea.lang || undefined}>{idea.text}</p>
            {opinion && votesOn(idea) > 0 && <Opinion idea={idea} top={top} />}
            {!opinion && place > 0 && <p class="bar-line">
              <span class="bar-fill" style={{ "--share": String(idea.agree / top) }} />
              <span class="bar-figure figure"><Icon name="heart" more="full small" />{figure(idea.agree)}</span>
            </p>}
          </div>
        </li>
      ))}
    </ol>
  );
}

function Themes({ room }: { room: Room }) {
  return room.themes.length === 0 ? <Looking share={room.run?.progress ?? 0} /> : <ThemePages room={room} />;
}

function ThemePages({ room }: { room: Room }) {
  const pages = Math.max(1, Math.ceil(room.themes.length / THEMES_AT_ONCE));
  const page = usePage(pages);
  const shown = room.themes.slice(page * THEMES_AT_ONCE, (page + 1) * THEMES_AT_ONCE);
  const list = useRef<HTMLUListElement>(null);
  const places = useRef<Places>(new Map());
  useFit(list, () => fitCards(list.current), [JSON.stringify(shown)], places.current);
  useLayoutEffect(() => glide(list.current, places.current));
  return (
    <>
      <ul class="bare themes" ref={list} data-count={shown.length}>
        {shown.map((theme) => <ThemeCard key={theme.id} theme={theme} room={room} />)}
      </ul>
      <p class="themes-foot">
        {room.leftovers > 0 && <span>{tn("%(n)s idea is in no theme", "%(n)s ideas are in no theme", room.leftovers)}</span>}
        {room.run && <span class="said wait"><Icon name="sparkles" more="small" />{t("Looking for themes…")}</span>}
        {pages > 1 && <span class="figure pages">{t("%(page)s of %(pages)s", { page: page + 1, pages })}</span>}
      </p>
    </>
  );
}

function Looking({ share }: { share: number }) {
  return (
    <div class="looking">
      <p><Icon name="sparkles" />{t("Looking for themes…")}</p>
      <div class="track"><span class="bar-fill" style={{ "--share": String(Math.max(0.02, share)) }} /></div>
    </div>
  );
}

function ThemeCard({ theme, room }: { theme: Theme; room: Room }) {
  const ideas = theme.representatives.map((id) => room.ideas.get(id)).filter((idea) => idea !== undefined).slice(0, EXAMPLES);
  return (
    <li class="theme" data-key={theme.id} data-hue={((theme.id - 1) % 8) + 1}>
      <p class="theme-counts figure">
        <span class="theme-mark">{theme.id}</span>
        {tn("%(n)s idea", "%(n)s ideas", theme.ideas_count)} · {asksOpinions(room.prompts) ? <span class="said"><Icon name="thumbs-up" more="small" /><Hidden>{`${t("Agree")} `}</Hidden>{figure(theme.votes)}</span> : tn("%(n)s vote", "%(n)s votes", theme.votes)}
      </p>
      <h2 class="theme-name"><bdi>{theme.name}</bdi></h2>
      {ideas.map((idea) => <p key={idea.id} class="theme-example words" dir="auto" lang={idea.lang || undefined}>{idea.text}</p>)}
    </li>
  );
}

function Spotlight({ idea, opinion }: { idea: Idea; opinion: boolean }) {
  const words = useRef<HTMLParagraphElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  useFit(frame, () => fitWords(words.current), [idea.id, idea.text]);
  return (
    <div class="spotlight">
      <div class="spotlight-frame" ref={frame}>
        <p class="spotlight-text words" dir="auto" lang={idea.lang || undefined} ref={words} key={idea.id}>{idea.text}</p>
      </div>
      {opinion ? <div class="spotlight-support"><Opinion idea={idea} top={Math.max(1, votesOn(idea))} /></div> : <p class="spotlight-support figure"><Icon name="heart" more="full" />{tn("%(n)s vote", "%(n)s votes", idea.agree)}</p>}
    </div>
  );
}

export function TakenBack() {
  return (
    <div class="taken-back" role="alert">
      <h1>{t("The link to this stage was taken back. Please ask the organiser for a new one.")}</h1>
    </div>
  );
}

function Steps({ opinion }: { opinion: boolean }) {
  const last = opinion ? t("Agree or disagree with the ideas of others, or pass.") : t("Support the ideas of others.");
  const steps = [t("Point your phone's camera at the code, or type the six characters."), t("Write your idea. No account, no name."), last];
  return (
    <ol class="bare steps">
      {steps.map((step, index) => (
        <li key={step}><span class="step figure" aria-hidden="true">{index + 1}</span><span>{step}</span></li>
      ))}
    </ol>
  );
}

/** Fit now, after the words changed, when the frame gets another size, and when a typeface has arrived. */
function useFit(frame: RefObject<HTMLElement | null>, fit: () => void, on: unknown[], places: Places = new Map()): void {
  useLayoutEffect(fit, on);
  useEffect(() => {
    const again = () => {
      fit();
      places.clear();
      glide(frame.current, places);
    };
    const watch = new ResizeObserver(again);
    if (frame.current) watch.observe(frame.current);
    document.fonts?.addEventListener("loadingdone", again);
    return () => {
      watch.disconnect();
      document.fonts?.removeEventListener("loadingdone", again);
    };
  }, []);
}
