"""What the desk did last: said with the way back, taken back, and done again, if nobody has done anything since."""

import json
from dataclasses import dataclass

from flask import Blueprint, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from feedback.actions.edits import redo_edit, undo_edit
from feedback.db import db, write
from feedback.domain.roles import Actor, Role
from feedback.store.edits import last_edit, next_edit, own_edit
from feedback.store.programme import Conversation
from feedback.store.themes import ThemeEdit
from feedback.web.access import crew_required
from feedback.web.board import keep_whole
from feedback.web.crew import say
from feedback.web.desk import back_to_desk, edit_in_words
from feedback.web.numbers import number_in

blueprint = Blueprint("undoing", __name__, url_prefix="/desk")
blueprint.url_defaults(keep_whole)


@dataclass(frozen=True, slots=True)
class Step:
    """One theme edit that could be taken back, or done again, in words."""

    id: int
    words: str


def steps_of(conversation: Conversation) -> dict[str, Step | None]:
    """Return what undo would take back and what redo would do again."""
    session = db.session()
    return {
        "undo": _step(conversation, last_edit(session, conversation.id)),
        "redo": _step(conversation, next_edit(session, conversation.id)),
    }


def say_done(conversation: Conversation, actor: Actor, sentence: str) -> None:
    """Tell what somebody did just now to the themes, with the way back."""
    # The last edit of all may be a colleague's by now, of which the sentence says nothing.
    edit = own_edit(db.session(), conversation.id, actor.crew_id)
    say(sentence, undo=url_for("undoing.undo", code=conversation.code), step=str(edit or ""))


@blueprint.post("/<code>/undo")
@crew_required(Role.RAPPORTEUR)
def undo(conversation: Conversation, actor: Actor) -> Response:
    """Take back the last edit of the themes, and say what it was."""
    undone = write(undo_edit, conversation.id, actor, conversation.id, _meant())
    say(gettext("Taken back: %(edit)s.", edit=edit_in_words(conversation, undone.kind, undone.done)))
    return back_to_desk(conversation)


@blueprint.post("/<code>/redo")
@crew_required(Role.RAPPORTEUR)
def redo(conversation: Conversation, actor: Actor) -> Response:
    """Do the edit again that was taken back last, and say what it was."""
    done = write(redo_edit, conversation.id, actor, conversation.id, _meant())
    said = gettext("Done again: %(edit)s.", edit=edit_in_words(conversation, done.kind, done.done))
    say(said, undo=url_for(".undo", code=conversation.code), step=str(done.edit))
    return back_to_desk(conversation)


def _meant() -> int | None:
    """Return the edit that a button was about; None for pages of before buttons said so."""
    return number_in(request.form, "step")


def _step(conversation: Conversation, edit: ThemeEdit | None) -> Step | None:
    return Step(edit.id, edit_in_words(conversation, edit.kind, json.loads(edit.done))) if edit else None
