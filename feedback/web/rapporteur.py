"""The rapporteur's desk: themes renamed, merged, undone; ideas moved; states frozen and downloaded."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext, ngettext
from werkzeug.wrappers import Response as Answered

from feedback.actions import reports as report_deeds
from feedback.actions import runs as run_deeds
from feedback.actions import themes as theme_deeds
from feedback.db import db, write
from feedback.domain.facts import Busy, NotFound, ServerFault
from feedback.domain.reports import report_of
from feedback.domain.roles import Actor, Role
from feedback.export import FORMATS, file_name
from feedback.store.ideas import ideas_of
from feedback.store.programme import Conversation, prompts_of
from feedback.store.reports import freeze_of, freezes_of
from feedback.store.themes import all_themes_of, last_edit
from feedback.web.access import crew_required
from feedback.web.crew import board_of, day_and_clock_of, frame_of, run_of, say
from feedback.web.forms import FreezeForm, NewThemeForm, ThemeNameForm
from feedback.web.opinions import opinions_here

blueprint = Blueprint("rapporteur", __name__, url_prefix="/desk")

Answer = Answered | str | tuple[str, int]
RENDER_SECONDS = 60
#: So many files are made at once; the others wait, so that phones in the room do not.
_presses = threading.BoundedSemaphore(2)
_ROOT = Path(__file__).resolve().parent.parent.parent
_LABELS = {"docx": "Word", "pdf": "PDF", "xlsx": "Excel", "csv": "CSV", "json": "JSON", "md": "Markdown"}


@dataclass(frozen=True, slots=True)
class ShownFreeze:
    """One frozen state; `behind`: the conversation has gone on since."""

    id: int
    name: str
    clock: str
    behind: bool


@blueprint.get("/<code>")
@crew_required(Role.RAPPORTEUR)
def page(conversation: Conversation, actor: Actor) -> Answer:
    """Show the desk."""
    return _desk(conversation, actor)


@blueprint.post("/<code>/themes")
@crew_required(Role.RAPPORTEUR)
def find_themes(conversation: Conversation, actor: Actor) -> Answer:
    """Ask for a theme run."""
    write(run_deeds.request_themes, conversation.id, actor, conversation.id)
    return _back(conversation)


@blueprint.post("/<code>/themes/new")
@crew_required(Role.RAPPORTEUR)
def add(conversation: Conversation, actor: Actor) -> Answer:
    """Name a theme before ideas are in it."""
    form = NewThemeForm()
    if not form.validate():
        return _desk(conversation, actor, new_theme=form), 422
    words = form.name.data, form.description.data or ""
    write(theme_deeds.add_theme, conversation.id, actor, conversation.id, *words)
    return _done(conversation, gettext("The theme “%(name)s” is there. The next run draws ideas to it.", name=words[0]))


@blueprint.post("/<code>/themes/<int:number>/name")
@crew_required(Role.RAPPORTEUR)
def rename(conversation: Conversation, actor: Actor, number: int) -> Answer:
    """Give a theme a name of one's own."""
    form = ThemeNameForm()
    if not form.validate():
        say(str((form.name.errors or [""])[0]), "bad")
        return _desk(conversation, actor), 422
    write(theme_deeds.rename_theme, conversation.id, actor, conversation.id, number, form.name.data)
    return _done(conversation, gettext("The theme is now called “%(name)s”.", name=form.name.data))


@blueprint.post("/<code>/themes/<int:number>/merge")
@crew_required(Role.RAPPORTEUR)
def merge(conversation: Conversation, actor: Actor, number: int) -> Answer:
    """Put all ideas of a theme into another one."""
    into = request.form.get("into", 0, type=int)
    names = _name(conversation, number), _name(conversation, into)
    write(theme_deeds.merge_themes, conversation.id, actor, conversation.id, into, number)
    return _done(conversation, gettext("“%(other)s” is merged into “%(into)s”.", other=names[0], into=names[1]))


@blueprint.post("/<code>/move")
@crew_required(Role.RAPPORTEUR)
def move(conversation: Conversation, actor: Actor) -> Answer:
    """Put the chosen ideas into a theme, or among the leftovers."""
    ideas = request.form.getlist("idea")
    if not ideas:
        say(gettext("Choose at least one idea first."), "wait")
        return _back(conversation)
    to = request.form.get("to", type=int)
    write(theme_deeds.move_ideas, conversation.id, actor, conversation.id, ideas, to)
    place = _name(conversation, to) if to else gettext("Leftovers")
    count = len(ideas)
    said = ngettext("%(num)s idea moved to “%(place)s”.", "%(num)s ideas moved to “%(place)s”.", count, place=place)
    return _done(conversation, said)


@blueprint.post("/<code>/undo")
@crew_required(Role.RAPPORTEUR)
def undo(conversation: Conversation, actor: Actor) -> Answer:
    """Take back the last edit of the themes, and say what it was."""
    undone = write(theme_deeds.undo_edit, conversation.id, actor, conversation.id)
    say(gettext("Taken back: %(edit)s.", edit=_edit_words(conversation, undone.kind, dict(undone.done))))
    return _back(conversation)


@blueprint.post("/<code>/freezes")
@crew_required(Role.RAPPORTEUR)
def freeze(conversation: Conversation, actor: Actor) -> Answer:
    """Keep the present state under a name, to make reports from."""
    form = FreezeForm()
    if not form.validate():
        return _desk(conversation, actor, freeze_form=form), 422
    name, language = form.name.data, str(get_locale())
    write(report_deeds.freeze, conversation.id, actor, conversation.id, name=name, language=language)
    say(gettext("“%(name)s” is frozen. Its files are ready below.", name=name))
    return _back(conversation, "report")


@blueprint.get("/<code>/freezes/<int:freeze_id>.<format>")
@crew_required(Role.RAPPORTEUR)
def download(conversation: Conversation, actor: Actor, freeze_id: int, format: str) -> Response:  # noqa: A002, ARG001
    """Hand out a frozen state as a file."""
    row = freeze_of(db.session(), conversation.id, freeze_id)
    if row is None or format not in FORMATS:
        raise NotFound
    content = row.content
    name = file_name(report_of(content), format)
    db.session.rollback()  # Making a file takes seconds: no connection waits for it.
    answer = Response(rendered(content, format), mimetype=FORMATS[format].mime)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def rendered(content: str, fmt: str) -> bytes:
    """Make the file of a report (canonical JSON) in a process of its own; raises Busy or ServerFault."""
    command = [sys.executable, "-m", "feedback.export", fmt]
    if not _presses.acquire(timeout=RENDER_SECONDS):
        raise Busy(after_ms=5_000)
    try:
        made = subprocess.run(
            command, input=content.encode(), capture_output=True, cwd=_ROOT, timeout=RENDER_SECONDS, check=True
        )
    except subprocess.TimeoutExpired:
        raise Busy(after_ms=5_000) from None
    except subprocess.CalledProcessError as fault:
        raise ServerFault from fault
    finally:
        _presses.release()
    return made.stdout


def _desk(
    conversation: Conversation,
    actor: Actor,
    *,
    freeze_form: FreezeForm | None = None,
    new_theme: NewThemeForm | None = None,
) -> str:
    rows = {row.id: row for row in prompts_of(db.session(), conversation.id)}
    shown = ideas_of(db.session(), conversation.id)
    board = board_of(conversation.id, shown, rows)
    edit = last_edit(db.session(), conversation.id)
    return render_template(
        "rapporteur/desk.html",
        themes=board.themes,
        leftovers=board.leftovers,
        opinions=opinions_here(conversation.id, rows, shown),
        fresh=board.fresh,
        run=run_of(conversation.id),
        run_url=url_for(".find_themes", code=conversation.code),
        undo=_edit_words(conversation, edit.kind, json.loads(edit.done)) if edit else "",
        new_theme=new_theme or NewThemeForm(formdata=None),
        freeze_form=freeze_form or FreezeForm(formdata=None),
        suggested_name=_suggested_name(),
        freezes=_freezes(conversation),
        formats=[{"key": key, "label": _LABELS[key]} for key in FORMATS],
        face=gettext("Desk"),
        **frame_of(conversation, actor),
    )


def _freezes(conversation: Conversation) -> list[ShownFreeze]:
    return [
        ShownFreeze(row.id, row.name, day_and_clock_of(row.created_at), conversation.seq > row.seq)
        for row in freezes_of(db.session(), conversation.id)
    ]


def _done(conversation: Conversation, sentence: str) -> Answer:
    say(sentence, undo=url_for(".undo", code=conversation.code))
    return _back(conversation)


def _back(conversation: Conversation, place: str = "bar") -> Answered:
    return redirect(url_for(".page", code=conversation.code, _anchor=place), 303)


def _suggested_name() -> str:
    return str(gettext("State of %(time)s", time=day_and_clock_of(round(time.time() * 1000))))


def _name(conversation: Conversation, number: int) -> str:
    row = all_themes_of(db.session(), conversation.id).get(number)
    if row is None:
        raise NotFound
    return row.name


def _edit_words(conversation: Conversation, kind: str, done: dict[str, Any]) -> str:
    """Say what an edit did, as it stands after "Undo:"."""
    if kind == "add":
        return str(gettext("added “%(name)s”", name=done["name"]))
    if kind == "rename":
        return str(gettext("renamed to “%(name)s”", name=done["name"]))
    if kind == "merge":
        names = {"other": _name(conversation, done["other"]), "into": _name(conversation, done["into"])}
        return str(gettext("merged “%(other)s” into “%(into)s”", **names))
    place = _name(conversation, done["theme"]) if done["theme"] else gettext("Leftovers")
    count = len(done["ideas"])
    said = ngettext("moved %(num)s idea to “%(place)s”", "moved %(num)s ideas to “%(place)s”", count, place=place)
    return str(said)
