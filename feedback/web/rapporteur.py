"""The rapporteur's desk: themes and ideas' places put right; states frozen and downloaded."""

import time
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import get_locale, gettext, ngettext
from werkzeug.wrappers import Response as Answered

from feedback.actions import places as place_deeds
from feedback.actions import proposals as proposal_deeds
from feedback.actions import reports as report_deeds
from feedback.actions import runs as run_deeds
from feedback.actions import splits as split_deeds
from feedback.actions import themes as theme_deeds
from feedback.db import db, write
from feedback.domain.facts import BadValue, NameTaken, NotFound, WrongMove
from feedback.domain.reports import report_of
from feedback.domain.roles import Actor, Role
from feedback.domain.themes import ENOUGH_TO_SPLIT
from feedback.export import FORMATS, file_name
from feedback.store.ideas import listed_ideas
from feedback.store.programme import Conversation, prompts_of
from feedback.store.reports import freeze_of, freezes_of
from feedback.store.themes import all_themes_of
from feedback.web.access import crew_required
from feedback.web.alike import pairs_of
from feedback.web.board import FIRST, board_of, keep_whole, whole_columns
from feedback.web.chosen import chosen_ideas, where_chosen
from feedback.web.crew import day_and_clock_of, frame_of, run_of, say
from feedback.web.desk import back_to_desk, queue_of, reason_of
from feedback.web.forms import FreezeForm, NewThemeForm, SplitForm, ThemeNameForm
from feedback.web.numbers import number_in
from feedback.web.opinions import opinions_here
from feedback.web.press import LABELS, rendered
from feedback.web.proposed import offers_of
from feedback.web.starters import described_theme, named_theme
from feedback.web.undoing import say_done, steps_of
from feedback.wording import sentence_of

blueprint = Blueprint("rapporteur", __name__, url_prefix="/desk")
blueprint.url_defaults(keep_whole)

Answer = Answered | str | tuple[str, int]


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
    return back_to_desk(conversation)


@blueprint.post("/<code>/themes/new")
@crew_required(Role.RAPPORTEUR)
def add(conversation: Conversation, actor: Actor) -> Answer:
    """Name a theme before ideas are in it."""
    wrong = named_theme(conversation, actor, partial(say_done, conversation, actor))
    return back_to_desk(conversation) if wrong is None else (_desk(conversation, actor, new_theme=wrong), 422)


@blueprint.post("/<code>/themes/<int:number>/name")
@crew_required(Role.RAPPORTEUR)
def rename(conversation: Conversation, actor: Actor, number: int) -> Answer:
    """Give a theme a name of one's own."""
    form = ThemeNameForm()
    if not form.validate():
        say(str((form.name.errors or [""])[0]), "bad")
        return _desk(conversation, actor), 422
    try:
        write(theme_deeds.rename_theme, conversation.id, actor, conversation.id, number, form.name.data)
    except NameTaken as taken:
        return _name_taken(conversation, actor, taken)
    return _done(conversation, actor, gettext("The theme is now called “%(name)s”.", name=form.name.data))


@blueprint.post("/<code>/themes/<int:number>/merge")
@crew_required(Role.RAPPORTEUR)
def merge(conversation: Conversation, actor: Actor, number: int) -> Answer:
    """Put all ideas of a theme into another one."""
    into = None if request.form.get("into") in (None, "choose") else number_in(request.form, "into")
    if into is None:  # as with moves: what the page offers first is no theme
        say(gettext("Choose a theme first."), "wait")
        return _desk(conversation, actor), 422
    names = _name(conversation, number), _name(conversation, into)
    write(theme_deeds.merge_themes, conversation.id, actor, conversation.id, into, number)
    return _done(conversation, actor, gettext("“%(other)s” is merged into “%(into)s”.", other=names[0], into=names[1]))


@blueprint.post("/<code>/themes/<int:number>/description")
@crew_required(Role.RAPPORTEUR)
def describe(conversation: Conversation, actor: Actor, number: int) -> Answer:
    """Say what belongs into a theme."""
    fits = described_theme(conversation, actor, number, partial(say_done, conversation, actor))
    return back_to_desk(conversation) if fits else (_desk(conversation, actor), 422)


@blueprint.post("/<code>/themes/<int:number>/lock")
@crew_required(Role.RAPPORTEUR)
def lock(conversation: Conversation, actor: Actor, number: int) -> Answer:
    """Lock a theme against theme runs, or unlock it."""
    locked = request.form.get("locked") == "1"
    write(theme_deeds.lock_theme, conversation.id, actor, conversation.id, number, locked=locked)
    name = _name(conversation, number)
    if locked:
        return _done(
            conversation, actor, gettext("“%(name)s” is locked: no theme run changes what is in it.", name=name)
        )
    return _done(
        conversation, actor, gettext("“%(name)s” is unlocked: theme runs may change what is in it.", name=name)
    )


@blueprint.post("/<code>/themes/<int:number>/split")
@crew_required(Role.RAPPORTEUR)
def ask_split(conversation: Conversation, actor: Actor, number: int) -> Answer:
    """Ask the machine for two parts of a theme."""
    write(split_deeds.ask_split, conversation.id, actor, conversation.id, number)
    name = _name(conversation, number)
    said = gettext("Two parts of “%(name)s” appear under the proposals as soon as they are found.", name=name)
    then = gettext("What was found for “%(name)s” stands under the proposals.", name=name)
    say(said, "wait", awaits=number, then=then)
    return back_to_desk(conversation, "proposals")


@blueprint.post("/<code>/move")
@crew_required(Role.RAPPORTEUR)
def move(conversation: Conversation, actor: Actor) -> Answer:
    """Put the chosen ideas into a theme, among the leftovers, or into a new theme of their own."""
    ideas = chosen_ideas()
    if not ideas:
        return _none_chosen(conversation)
    if request.form.get("to") == "new":
        return _split(conversation, actor, ideas)
    if request.form.get("to", "choose") == "choose":  # what the page offers first; browsers do not even send it
        say(gettext("Choose a place first."), "wait")
        return _desk(conversation, actor), 422
    to = _chosen_place()
    place = gettext("Leftovers") if to is None else _name(conversation, to)
    write(place_deeds.move_ideas, conversation.id, actor, conversation.id, ideas, to)
    count = len(ideas)
    said = ngettext("%(num)s idea moved to “%(place)s”.", "%(num)s ideas moved to “%(place)s”.", count, place=place)
    return _done(conversation, actor, said, _place_back())


@blueprint.post("/<code>/leave-out")
@crew_required(Role.RAPPORTEUR)
def leave_out(conversation: Conversation, actor: Actor) -> Answer:
    """Put the chosen ideas among the leftovers for good: they fit nowhere."""
    ideas = chosen_ideas()
    if not ideas:
        return _none_chosen(conversation)
    write(place_deeds.move_ideas, conversation.id, actor, conversation.id, ideas, None)
    said = ngettext("%(num)s idea fits nowhere.", "%(num)s ideas fit nowhere.", len(ideas))
    return _done(conversation, actor, said, _place_back())


@blueprint.post("/<code>/pin")
@crew_required(Role.RAPPORTEUR)
def pin(conversation: Conversation, actor: Actor) -> Answer:
    """Let the chosen ideas stay where they are."""
    ideas = chosen_ideas()
    if not ideas:
        return _none_chosen(conversation)
    try:
        count = write(place_deeds.pin_ideas, conversation.id, actor, conversation.id, ideas)
    except WrongMove:
        return _none_changed(conversation, actor, gettext("Nothing was changed: what you chose is pinned already."))
    return _done(conversation, actor, ngettext("%(num)s idea stays there.", "%(num)s ideas stay there.", count))


@blueprint.post("/<code>/unpin")
@crew_required(Role.RAPPORTEUR)
def unpin(conversation: Conversation, actor: Actor) -> Answer:
    """Let theme runs place the chosen ideas again."""
    ideas = chosen_ideas()
    if not ideas:
        return _none_chosen(conversation)
    try:
        count = write(place_deeds.unpin_ideas, conversation.id, actor, conversation.id, ideas)
    except WrongMove:
        return _none_changed(conversation, actor, gettext("Nothing was changed: nothing that you chose is pinned."))
    said = ngettext("Theme runs may move %(num)s idea again.", "Theme runs may move %(num)s ideas again.", count)
    return _done(conversation, actor, said)


@blueprint.post("/<code>/bar")
@crew_required(Role.RAPPORTEUR)
def bar(conversation: Conversation, actor: Actor) -> Answer:
    """Take the chosen ideas out of the themes in which they were chosen, for good."""
    ideas = chosen_ideas()
    if not ideas:
        return _none_chosen(conversation)
    try:
        kept = write(place_deeds.bar_ideas, conversation.id, actor, conversation.id, ideas, where_chosen())
    except WrongMove:
        said = gettext("Nothing was changed: what you chose has left that theme, and no theme run puts it back.")
        return _none_changed(conversation, actor, said)
    out = ngettext(
        "%(num)s idea is out of its theme; no theme run puts it back there.",
        "%(num)s ideas are out of their themes; no theme run puts them back there.",
        kept.out,
    )
    left = ngettext(
        "%(num)s idea had left that theme already; it stays where it is, and no theme run puts it back.",
        "%(num)s ideas had left that theme already; they stay where they are, and no theme run puts them back.",
        kept.left,
    )
    said = " ".join(sentence for sentence, count in ((out, kept.out), (left, kept.left)) if count)
    return _done(conversation, actor, said)


@blueprint.get("/<code>/ideas/<idea_id>/why")
@crew_required(Role.RAPPORTEUR)
def why(conversation: Conversation, actor: Actor, idea_id: str) -> Answer:
    """Say why an idea is where it is."""
    reason = reason_of(conversation, idea_id)
    return render_template("rapporteur/why.html", reason=reason, **frame_of(conversation, actor))


@blueprint.post("/<code>/proposals/<int:proposal_id>/<answer>")
@crew_required(Role.RAPPORTEUR)
def decide(conversation: Conversation, actor: Actor, proposal_id: int, answer: str) -> Answer:
    """Do what the machine proposes, or leave things as they are."""
    if answer not in ("take", "decline"):
        raise NotFound
    if answer == "take":
        write(proposal_deeds.take_proposal, conversation.id, actor, conversation.id, proposal_id)
        return _done(conversation, actor, gettext("Done as proposed."), "proposals")
    write(proposal_deeds.decline_proposal, conversation.id, actor, conversation.id, proposal_id)
    say(gettext("Everything stays as it is."))
    return back_to_desk(conversation, "proposals")


@blueprint.post("/<code>/freezes")
@crew_required(Role.RAPPORTEUR)
def freeze(conversation: Conversation, actor: Actor) -> Answer:
    """Keep the present state under a name, to make reports from."""
    form = FreezeForm()
    if not form.validate():
        return _desk(conversation, actor, freeze_form=form), 422
    name, language = form.name.data, str(get_locale())
    write(report_deeds.freeze, conversation.id, actor, conversation.id, name=name, language=language)
    say(gettext("“%(name)s” is frozen. Its files are ready.", name=name))
    return back_to_desk(conversation, "report")


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


def _desk(
    conversation: Conversation,
    actor: Actor,
    *,
    freeze_form: FreezeForm | None = None,
    new_theme: NewThemeForm | None = None,
) -> str:
    rows = {row.id: row for row in prompts_of(db.session(), conversation.id)}
    shown, whole = listed_ideas(db.session(), conversation.id), whole_columns()
    board = board_of(conversation.id, shown, rows, whole=whole)
    return render_template(
        "rapporteur/desk.html",
        themes=board.themes,
        leftovers=board.leftovers,
        opinions=opinions_here(conversation.id, rows, shown),
        fresh=board.fresh,
        first=FIRST,
        whole=whole,
        run=run_of(conversation.id),
        run_url=url_for(".find_themes", code=conversation.code),
        **steps_of(conversation),
        queue=queue_of(conversation, board, request.args.get("later", 0, type=int)),
        alike=pairs_of(conversation, board, request.args.get("passed", 0, type=int)),
        offers=offers_of(conversation, board),
        enough_to_split=ENOUGH_TO_SPLIT,
        new_theme=new_theme or NewThemeForm(formdata=None),
        freeze_form=freeze_form or FreezeForm(formdata=None),
        suggested_name=_suggested_name(),
        freezes=_freezes(conversation),
        formats=[{"key": key, "label": LABELS[key]} for key in FORMATS],
        face=gettext("Desk"),
        **frame_of(conversation, actor),
    )


def _freezes(conversation: Conversation) -> list[ShownFreeze]:
    return [
        ShownFreeze(row.id, row.name, day_and_clock_of(row.created_at), conversation.seq > row.seq)
        for row in freezes_of(db.session(), conversation.id)
    ]


def _split(conversation: Conversation, actor: Actor, ideas: list[str]) -> Answer:
    form = SplitForm()
    if not form.validate():
        say(str((form.name.errors or [""])[0]), "bad")
        return _desk(conversation, actor), 422
    try:
        number = write(theme_deeds.split_theme, conversation.id, actor, conversation.id, ideas, form.name.data or "")
    except NameTaken as taken:
        return _name_taken(conversation, actor, taken)
    said = ngettext(
        "%(num)s idea is now the theme “%(name)s”.",
        "%(num)s ideas are now the theme “%(name)s”.",
        len(ideas),
        name=_name(conversation, number),
    )
    return _done(conversation, actor, said)


def _name_taken(conversation: Conversation, actor: Actor, taken: NameTaken) -> Answer:
    say(sentence_of(taken.code, taken.detail), "bad")
    return _desk(conversation, actor), taken.status


def _chosen_place() -> int | None:
    """Read where ideas are to go: a theme's number, or None for the leftovers, for which a form sends no words."""
    said = request.form.get("to")
    if said == "":
        return None
    number = number_in(request.form, "to")
    if number is None:
        raise BadValue(field="to")
    return number


def _none_chosen(conversation: Conversation) -> Answer:
    say(gettext("Choose at least one idea first."), "wait")
    return back_to_desk(conversation)


def _none_changed(conversation: Conversation, actor: Actor, sentence: str) -> Answer:
    say(sentence, "wait")
    return _desk(conversation, actor), WrongMove.status


def _done(conversation: Conversation, actor: Actor, sentence: str, place: str = "bar") -> Answer:
    say_done(conversation, actor, sentence)
    return back_to_desk(conversation, place)


def _place_back() -> str:
    return "unsure" if "later" in request.args else "bar"


def _suggested_name() -> str:
    return str(gettext("State of %(time)s", time=day_and_clock_of(round(time.time() * 1000))))


def _name(conversation: Conversation, number: int) -> str:
    row = all_themes_of(db.session(), conversation.id).get(number)
    if row is None:
        raise NotFound
    return row.name
