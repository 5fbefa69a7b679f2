"""Across strands: which themes of different conversations are the same subject, and what the organiser says of it."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Response, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext, ngettext
from werkzeug.wrappers import Response as Answered

from feedback.actions import alignments as deeds
from feedback.db import db, write
from feedback.domain.alignments import (
    Across,
    Alignment,
    Member,
    Subject,
    SubjectTheme,
    across_to_json,
    from_json,
    mark_of,
)
from feedback.domain.facts import BadValue, NotFound
from feedback.domain.roles import Actor
from feedback.export.across import FORMATS, file_name
from feedback.store.alignments import across_of, changed_since, conversations_with_themes, newest_alignment
from feedback.store.programme import strands_of
from feedback.web import i18n
from feedback.web.access import organiser_required
from feedback.web.crew import clock_of, presence, say
from feedback.web.organiser.frame import Answer, blueprint
from feedback.web.press import LABELS, rendered
from feedback.wording import sentence_of_embedder

#: Themes that one form may name; a subject has one per conversation.
MOST = 500


@dataclass(frozen=True, slots=True)
class Look:
    """How the last look stands: one is under way, it failed, when it ended, whether themes have changed since.

    `step` marks what `undo` would take back. `note` says why it compared words alone, where something else was asked
    for.
    """

    looking: bool = False
    failed: bool = False
    clock: str = ""
    stale: bool = False
    undo: str = ""
    step: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A subject or a theme that can be put together with another one; `members` as forms carry them."""

    members: str
    name: str


@blueprint.get("/across")
@organiser_required
def across(actor: Actor) -> Answer:
    """Show what the conversations have in common."""
    return _page(actor)


@blueprint.post("/across/look")
@organiser_required
def look_across(actor: Actor) -> Answer:
    """Ask for a look across all conversations."""
    write(deeds.request_alignment, None, actor)
    return _back()


@blueprint.post("/across/join")
@organiser_required
def join_subjects(actor: Actor) -> Answer:
    """Say that two subjects or themes are the same."""
    ones, others = _members(request.form.get("ones", "")), _members(request.form.get("others", ""))
    if not ones or not others or set(ones) & set(others):
        say(gettext("Choose two that are different."), "wait")
        return _back()
    mark = write(deeds.join_themes, None, actor, ones, others)
    say(gettext("They are one subject now. Later looks keep it."), undo=url_for(".undo_across"), step=mark)
    return _back()


@blueprint.post("/across/part")
@organiser_required
def part_subject(actor: Actor) -> Answer:
    """Say that a theme is not the same subject as the others it stands with."""
    ones, others = _members(request.form.get("ones", "")), _members(request.form.get("others", ""))
    mark = write(deeds.part_themes, None, actor, ones, others)
    say(gettext("It stands for itself now. Later looks keep it."), undo=url_for(".undo_across"), step=mark)
    return _back()


@blueprint.post("/across/undo")
@organiser_required
def undo_across(actor: Actor) -> Answer:
    """Take back what was said last."""
    undone = write(deeds.undo_decision, None, actor, request.form.get("step", ""))
    said = gettext("Taken back: they were put together.") if undone.same else gettext("Taken back: they were parted.")
    say(said)
    return _back()


@blueprint.get("/across/subjects.<format>")
@organiser_required
def download_across(actor: Actor, format: str) -> Response:  # noqa: A002, ARG001
    """Hand out what the conversations have in common as a file."""
    row = newest_alignment(db.session())
    if row is None or format not in FORMATS:
        raise NotFound
    read = _read(from_json(row.content))
    db.session.rollback()  # making a file takes a moment: no connection waits for it
    answer = Response(rendered(across_to_json(read), format, "across"), mimetype=FORMATS[format].mime)
    answer.headers.set("Content-Disposition", "attachment", filename=file_name(format))
    return answer


def _page(actor: Actor) -> str:
    row = newest_alignment(db.session())
    alignment = from_json(row.content) if row is not None else Alignment()
    read = _read(alignment)
    return render_template(
        "organiser/across.html",
        actor=actor,
        across=read,
        look=_look(alignment, row.found_at if row is not None else 0),
        looked=row is not None and row.found_at > 0,
        enough=conversations_with_themes(db.session()) > 1,
        strands={strand.name: strand for strand in strands_of(db.session())},
        choices=_choices(read),
        carried=carried,
        formats=[{"key": key, "label": LABELS[key]} for key in FORMATS],
        worker_alive=presence().worker_alive,
        boot=i18n.boot(),
        way_back=url_for(".page"),
    )


def _read(alignment: Alignment) -> Across:
    return across_of(db.session(), alignment, language=str(get_locale()), now=round(time.time() * 1000))


def _look(alignment: Alignment, found_at: int) -> Look:
    last = alignment.decisions[-1] if alignment.decisions else None
    said = "" if last is None else gettext("put together") if last.same else gettext("parted")
    return Look(
        looking=alignment.asked_at is not None,
        failed=alignment.failed,
        clock=clock_of(found_at) if found_at else "",
        stale=found_at > 0 and changed_since(db.session(), alignment.seqs),
        undo=str(said),
        step=mark_of(alignment.decisions),
        note=sentence_of_embedder(alignment.problem) if alignment.problem else "",
    )


def _choices(read: Across) -> list[Choice]:
    subjects = [Choice(carried(subject.themes), _subject_words(subject)) for subject in read.subjects]
    return subjects + [
        Choice(carried([theme]), gettext("%(strand)s: %(theme)s", strand=theme.strand, theme=theme.name))
        for theme in read.alone
    ]


def _subject_words(subject: Subject) -> str:
    count = len(subject.themes)
    return str(ngettext("%(name)s (%(num)s theme)", "%(name)s (%(num)s themes)", count, name=subject.name))


def carried(themes: Iterable[SubjectTheme]) -> str:
    """Return themes as a form carries them: conversation and number, 3.1 5.2."""
    return " ".join(f"{theme.member.conversation}.{theme.member.theme}" for theme in themes)


def _members(text: str) -> list[Member]:
    """Read themes from a form; raises BadValue."""
    words = text.split()
    parts = [word.partition(".") for word in words]
    if len(words) > MOST or not all(_is_id(place) and _is_id(theme) for place, _, theme in parts):
        raise BadValue(field="themes")
    return [Member(int(place), int(theme)) for place, _, theme in parts]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _back() -> Answered:
    return redirect(url_for(".across"), 303)
