/** Opinions on the stage: three-part bars, and the scene of the groups that vote alike. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { frameOf, opinionPages, type OpinionPage, radiusOf, type Room, sharesOf, upright } from "../lib/opinions.ts";
import { votesOn } from "../lib/state.ts";
import type { Idea, OpinionGroup, Opinions, Shares } from "../lib/types.ts";
import { figure, percent, t, tn } from "../lib/words.ts";
import { Hidden, Icon } from "./icon.tsx";
import { usePage } from "./turning.ts";

/** As the server has it; for the moment before it has said anything. */
const ENOUGH_VOTERS = 15;
const ENOUGH_VOTES = 7;

/** How many agree, disagree and pass on an idea, as one bar of three parts; `top` votes are its whole width. */
export function Opinion({ idea, top }: { idea: Idea; top: number }) {
  return (
    <p class="bar-line opinion-line">
      <span class="parts" style={{ "--share": String(votesOn(idea) / top) }}><Parts shares={sharesOf(idea)} /></span>
      <span class="bar-figure figure"><Icon name="thumbs-up" more="small" /><Hidden>{`${t("Agree")} `}</Hidden>{figure(idea.agree)}</span>
      <span class="bar-figure figure against"><Icon name="thumbs-down" more="small" /><Hidden>{`${t("Disagree")} `}</Hidden>{figure(idea.disagree)}</span>
      <span class="bar-figure figure neither"><Icon name="minus" more="small" /><Hidden>{`${t("Pass")} `}</Hidden>{figure(idea.pass)}</span>
    </p>
  );
}

/** The groups on their map, and page by page what all agree on, what divides them, what each of them says. */
export function OpinionScene({ room, ideas, found }: { room: Room; ideas: Idea[]; found: Opinions | undefined }) {
  if (!found || found.groups.length === 0) return <NoGroups found={found} ideas={ideas.length} />;
  return <Groups room={room} found={found} />;
}

function NoGroups({ found, ideas }: { found: Opinions | undefined; ideas: number }) {
  const enough = found?.enough ?? ENOUGH_VOTERS;
  const votes = found?.votes_needed ?? Math.min(ENOUGH_VOTES, ideas);
  const voters = found?.voters ?? 0;
  return (
    <div class="looking no-groups">
      <p>{!found ? t("Groups show from %(enough)s people with %(votes)s votes.", { enough, votes }) : voters < enough ? t("Groups show from %(enough)s people with %(votes)s votes; so far %(voters)s.", { enough, votes, voters }) : t("No groups stand apart so far.")}</p>
      {voters < enough && <div class="track"><span class="bar-fill" style={{ "--share": String(Math.max(0.01, voters / enough)) }} /></div>}
    </div>
  );
}

function Groups({ room, found }: { room: Room; found: Opinions }) {
  const pages = opinionPages(found, room);
  const page = usePage(Math.max(1, pages.length));
  const shown = pages[page];
  return (
    <div class="opinions">
      <div class="opinion-map">
        <Map groups={upright(found.groups)} />
        <p class="quiet figure">{tn("%(n)s person", "%(n)s people", found.voters)} · {tn("%(n)s group", "%(n)s groups", found.groups.length)}</p>
      </div>
      {shown ? <Page shown={shown} groups={found.groups} at={page} of={pages.length} /> : <p class="nothing-said">{t("Nothing yet on which the groups clearly agree or differ.")}</p>}
    </div>
  );
}

/** Circles: where a group is, how far its people are spread, its letter and size. Single people are nowhere to be seen. */
function Map({ groups }: { groups: OpinionGroup[] }) {
  const said = groups.map(({ letter, size }) => t("Group %(letter)s: %(size)s", { letter, size })).join("; ");
  return (
    <svg class="map" viewBox={frameOf(groups)} role="img" aria-label={said}>
      {groups.map((group, place) => (
        <g key={group.letter} data-hue={place + 1} class="group" transform={`translate(${100 * group.x} ${-100 * group.y})`}>
          <circle r={radiusOf(group)} />
          <text class="letter" y="-2">{group.letter}</text>
          <text class="size" y="19">{figure(group.size)}</text>
        </g>
      ))}
    </svg>
  );
}

function headingOf(shown: OpinionPage): string {
  if (shown.kind === "consensus") return t("What all groups agree on");
  if (shown.kind === "divisive") return t("What divides the groups");
  return t("What group %(letter)s says more than the others", { letter: shown.letter });
}

function Page({ shown, groups, at, of }: { shown: OpinionPage; groups: OpinionGroup[]; at: number; of: number }) {
  const list = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => leaveOut(list.current), [JSON.stringify(shown)]);
  return (
    <section class="opinion-page">
      <h2>{headingOf(shown)}</h2>
      <ul class="bare" ref={list}>
        {shown.lines.map(({ idea, shares, side }) => (
          <li key={idea.id}>
            <p class="words" dir="auto" lang={idea.lang || undefined}>{idea.text}</p>
            {side !== undefined ? <Side side={side} /> : <ShareLines groups={groups} shares={shares} />}
          </li>
        ))}
      </ul>
      {of > 1 && <p class="themes-foot"><span class="figure pages">{t("%(page)s of %(pages)s", { page: at + 1, pages: of })}</span></p>}
    </section>
  );
}

function Side({ side }: { side: 1 | -1 }) {
  return <p class="side-said" data-side={side}><Icon name={side === 1 ? "thumbs-up" : "thumbs-down"} more="small" />{side === 1 ? t("Agree") : t("Disagree")}</p>;
}

function ShareLines({ groups, shares }: { groups: OpinionGroup[]; shares: Shares[] }) {
  return (
    <p class="share-lines">
      {groups.map((group, place) => {
        const share = shares[place] ?? null;
        return (
          <span key={group.letter} class="share-line" data-hue={place + 1}>
            <span class="group-mark">{group.letter}</span>
            {share ? <><span class="parts" aria-hidden="true"><Parts shares={share} /></span><span class="figure share-figure"><Icon name="thumbs-up" more="small" /><span aria-hidden="true">{percent(share[0] / 100)}</span><Hidden>{t("%(share)s agree", { share: percent(share[0] / 100) })}</Hidden></span></> : <span>{t("too few votes")}</span>}
          </span>
        );
      })}
    </p>
  );
}

function Parts({ shares }: { shares: [number, number, number] }) {
  return (
    <>
      {(["for", "against", "neither"] as const).map((side, place) => (
        <span key={side} class={`part ${side}`} style={{ "--part": String((shares[place] ?? 0) / 100) }} />
      ))}
    </>
  );
}

/** What does not fit is left out from the end: on a wall nobody can scroll. */
function leaveOut(list: HTMLElement | null): void {
  if (!list) return;
  const items = [...list.children] as HTMLElement[];
  for (const item of items) item.hidden = false;
  for (const item of items.reverse()) {
    if (list.scrollHeight <= list.clientHeight + 1) return;
    item.hidden = true;
  }
}
