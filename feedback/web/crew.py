"""What the pages of the crew share: ideas as they are shown, the theme run in words, notices."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import current_app, flash, url_for
from flask_babel import format_date, format_time, gettext, lazy_gettext, ngettext, to_user_timezone

from feedback.db import db
from feedback.domain.programme import Voting
from feedback.domain.roles import Actor, Role
from feedback.domain.themes import Placed, is_firm
from feedback.presence import Presence
from feedback.store.ideas import Idea, ListedIdea, counts_of
from feedback.store.programme import Conversation, Prompt, Strand
from feedback.store.themes import last_run
from feedback.web.i18n import boot
from feedback.web.join import join_address
from feedback.wording import reason_in_words, sentence_of_embedder

HUES = 8
#: What a theme run is doing, by the step it tells.
_STEPS = {
    "queued": lazy_gettext("It starts in a moment."),
    "reading": lazy_gettext("Reading the ideas."),
    "measuring": lazy_gettext("Comparing the ideas."),
    "grouping": lazy_gettext("Grouping the ideas."),
    "settling": lazy_gettext("Keeping what people decided."),
    "naming": lazy_gettext("Finding names."),
    "done": lazy_gettext("Bringing the themes here."),
}


@dataclass(frozen=True, slots=True)
class ShownIdea:
    """One idea as the crew sees it; `share` is its support in per cent of the most supported one."""

    id: str
    number: int
    text: str
    lang: str
    prompt: int
    agree: int
    at: int
    floor: bool
    reason: str = ""
    pinned: bool = False
    stands_for: bool = False
    share: int = 0
    #: Set where the prompt asks for opinions: how many disagree and pass.
    against: tuple[int, int] | None = None
    #: How many ideas were merged into it.
    merged: int = 0
    #: Whether its place is at least half sure; None where nothing is to be said: nobody judged it, or a person did.
    firm: bool | None = None

    @property
    def clock(self) -> str:
        """When it was written; asked for only where it is shown, because hundreds of times cost a tenth of a second."""
        return clock_of(self.at)


@dataclass(frozen=True, slots=True)
class Run:
    """The theme run in words: whether one is under way, how far, or how the last one ended."""

    in_flight: bool = False
    ended: bool = False
    failed: bool = False
    percent: int | None = None
    words: str = ""
    clock: str = ""
    #: What the crew should know of how the themes were found.
    note: str = ""


def say(
    text: str, kind: str = "good", *, undo: str = "", step: str = "", awaits: int | None = None, then: str = ""
) -> None:
    """Tell what happened on the next page; `undo` is the address that takes it back, if that `step` is still the last.

    What waits for the proposal about a theme (`awaits`, its number) is replaced by `then` once the page has it.
    """
    flash({"text": text, "undo": undo, "step": step, "awaits": awaits, "then": then}, kind)  # type: ignore[arg-type]  # Flask keeps any JSON value


def spaced(code: str) -> str:
    """Return a join code as it is read aloud: in two groups of three."""
    return f"{code[:3]} {code[3:]}"


def clock_of(at: int) -> str:
    """Return an instant (epoch milliseconds) as a clock time in the conference's zone, as phones and reports do."""
    return str(format_time(datetime.fromtimestamp(at / 1000, UTC), "HH:mm"))


def day_and_clock_of(at: int) -> str:
    """Return an instant (epoch milliseconds) as day and clock time in the conference's zone."""
    instant = datetime.fromtimestamp(at / 1000, UTC)
    day = format_date(to_user_timezone(instant), "medium")
    return str(gettext("%(day)s, %(clock)s", day=day, clock=clock_of(at)))


def shown_idea(
    idea: Idea | ListedIdea,
    prompts: Mapping[int, Prompt],
    *,
    place: Placed | None = None,
    stands_for: bool = False,
    share: int = 0,
    sureness: float | None = None,
    merged: int = 0,
) -> ShownIdea:
    """Return a row as the crew sees it; `sureness` is that of its place, as the last run judged it."""
    pinned = place is not None and place.pinned
    return ShownIdea(
        id=idea.id,
        number=idea.number,
        text=idea.body,
        lang=idea.lang,
        prompt=prompts[idea.prompt_id].number,
        agree=idea.agree,
        at=idea.created_at,
        floor=idea.source == "floor",
        reason=reason_in_words(idea.reason),
        pinned=pinned,
        stands_for=stands_for,
        share=share,
        against=(idea.disagree, idea.passes) if prompts[idea.prompt_id].voting == Voting.OPINION else None,
        merged=merged,
        firm=None if pinned else is_firm(sureness),
    )


def hue_of(number: int) -> int:
    """Return which of the themes' colours a theme has."""
    return (number - 1) % HUES + 1


def frame_of(conversation: Conversation, actor: Actor) -> dict[str, Any]:
    """Return what every page about one conversation needs: whose it is, its counts, how to join, other doors."""
    strand = db.session().get_one(Strand, conversation.strand_id)
    return {
        "conversation": conversation,
        "actor": actor,
        "strand": strand,
        "counts": counts_of(db.session(), conversation.id),
        "here": presence().here(conversation.id),
        "spaced_code": spaced(conversation.code),
        "join_address": join_address(conversation.code),
        "faces": _faces(conversation, actor),
        "worker_alive": presence().worker_alive,
        "disk_low": presence().disk_low,
        "boot": boot(view="crew", code=conversation.code, since=conversation.seq),
    }


def _faces(conversation: Conversation, actor: Actor) -> list[tuple[str, str]]:
    """List the other pages that this person may open."""
    faces = [(url_for("stage.stage", code=conversation.code), gettext("Stage"))]
    if actor.role in (Role.FACILITATOR, Role.ORGANISER):
        faces.append((url_for("facilitator.page", code=conversation.code), gettext("Console")))
    if actor.role in (Role.RAPPORTEUR, Role.ORGANISER):
        faces.append((url_for("rapporteur.page", code=conversation.code), gettext("Desk")))
    if actor.role is Role.ORGANISER:
        faces.append((url_for("organiser.page"), gettext("Organiser")))
    return faces


def presence() -> Presence:
    """Return what this process knows of the moment."""
    found: Presence = current_app.extensions["feedback.presence"]
    return found


def searched(ideas: Sequence[Idea], query: str) -> list[Idea]:
    """Return the ideas that hold every word of the query, whatever its case and accents."""
    wanted = _fold(query).split()
    return [idea for idea in ideas if not wanted or all(word in _fold(idea.body) for word in wanted)]


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFD", text)
    return "".join(mark for mark in plain if not unicodedata.combining(mark)).casefold()


def run_of(conversation_id: int) -> Run:
    """Say how the conversation's newest theme run stands."""
    run = last_run(db.session(), conversation_id)
    if run is None:
        return Run()
    if run.state in ("queued", "running"):
        share, step = presence().progress(conversation_id)
        words = str(_STEPS.get(step, _STEPS["queued"]))
        return Run(in_flight=True, percent=round(100 * share) if share else None, words=words)
    if run.state == "failed":
        said = gettext("The last run did not work out. The themes are as they were; please try again.")
        return Run(ended=True, failed=True, words=said)
    clock = clock_of(run.ended_at or run.created_at)
    found = run.themes_found
    said = ngettext("%(num)s theme found at %(clock)s.", "%(num)s themes found at %(clock)s.", found, clock=clock)
    note = sentence_of_embedder(run.problem) if run.problem else ""
    return Run(ended=True, words=said, clock=clock, note=note)
