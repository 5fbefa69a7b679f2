"""The facilitator's console: what the stage shows, prompts, ideas hidden and restored, the theme run, import."""

import secrets
from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import get_locale, gettext, lazy_gettext
from werkzeug.wrappers import Response

from feedback.actions import ideas as idea_deeds
from feedback.actions import prompts as prompt_deeds
from feedback.actions import runs as run_deeds
from feedback.actions import sorts as sort_deeds
from feedback.actions.imports import import_rows
from feedback.db import db, reading, write
from feedback.domain.facts import BadValue, IdeaGone
from feedback.domain.ideas import IdeaState
from feedback.domain.programme import PromptState, Scene, Voting
from feedback.domain.roles import Actor, Role
from feedback.domain.rows import read_rows
from feedback.domain.themes import ENOUGH_FOR_THEMES
from feedback.store.ideas import Idea, has_votes, idea_of, ideas_of
from feedback.store.programme import Conversation, Prompt, prompts_of
from feedback.store.screens import sorting_of
from feedback.web.access import crew_required
from feedback.web.board import board_of
from feedback.web.crew import ShownIdea, frame_of, run_of, say, shown_idea
from feedback.web.flood import flood_in, flood_reason, hide_phone, sent_by
from feedback.web.forms import HideForm, NewThemeForm, PromptForm, UploadForm
from feedback.web.idea_list import back_to_console, by_votes, idea_list
from feedback.web.join import qr_of
from feedback.web.next_step import Situation, next_step
from feedback.web.numbers import number_in
from feedback.web.opinions import opinions_here
from feedback.web.starters import described_theme, named_theme
from feedback.wording import sentence_of_line

blueprint = Blueprint("facilitator", __name__, url_prefix="/console")

Answer = Response | str | tuple[str, int]
SCENES = {
    "join": lazy_gettext("Code"),
    "ranking": lazy_gettext("Ideas"),
    "themes": lazy_gettext("Themes"),
    "opinions": lazy_gettext("Groups"),
    "spotlight": lazy_gettext("Spotlight"),
}
_NOW_ON_STAGE = {
    Scene.JOIN: lazy_gettext("The stage shows how to join."),
    Scene.RANKING: lazy_gettext("The stage shows the ideas."),
    Scene.THEMES: lazy_gettext("The stage shows the themes."),
    Scene.OPINIONS: lazy_gettext("The stage shows who votes alike."),
    Scene.SPOTLIGHT: lazy_gettext("The stage shows this idea alone."),
}


@dataclass(frozen=True, slots=True)
class AskedPrompt:
    """A prompt with the number of its ideas and its form."""

    row: Prompt
    ideas: int
    form: PromptForm
    has_votes: bool


@blueprint.get("/<code>")
@crew_required(Role.FACILITATOR)
def page(conversation: Conversation, actor: Actor) -> Answer:
    """Show the console."""
    return _console(conversation, actor)


@blueprint.post("/<code>/stage")
@crew_required(Role.FACILITATOR)
def show(conversation: Conversation, actor: Actor) -> Answer:
    """Choose what the stage shows."""
    try:
        scene = Scene(request.form.get("scene", ""))
    except ValueError:
        raise BadValue(field="scene") from None
    write(
        prompt_deeds.set_stage,
        conversation.id,
        actor,
        conversation.id,
        scene=scene,
        prompt_id=number_in(request.form, "prompt"),
        idea_id=request.form.get("idea"),
    )
    say(str(_NOW_ON_STAGE[scene]))
    return back_to_console(conversation, "stage")


@blueprint.post("/<code>/prompts")
@crew_required(Role.FACILITATOR)
def add(conversation: Conversation, actor: Actor) -> Answer:
    """Write a prompt, as a draft or open at once."""
    form = PromptForm()
    if not form.validate():
        return _console(conversation, actor, new_prompt=form), 422
    prompt_id = write(
        prompt_deeds.add_prompt,
        conversation.id,
        actor,
        conversation.id,
        text=form.text.data,
        votes_each=form.votes_each.data,
        voting=form.says() or Voting.SUPPORT,
    )
    if request.form.get("then") == "open":
        _open(conversation, actor, prompt_id)
        say(gettext("The prompt is open and on the stage: people can write and vote."))
    else:
        say(gettext("The prompt is kept as a draft. Nobody sees it before you open it."))
    return back_to_console(conversation, "prompts")


@blueprint.post("/<code>/prompts/<int:prompt_id>")
@crew_required(Role.FACILITATOR)
def edit(conversation: Conversation, actor: Actor, prompt_id: int) -> Answer:
    """Change a prompt's words and vote budget."""
    form = PromptForm()
    if not form.validate():
        return _console(conversation, actor, edited={prompt_id: form}), 422
    write(
        prompt_deeds.edit_prompt,
        conversation.id,
        actor,
        prompt_id,
        text=form.text.data,
        votes_each=form.votes_each.data,
        voting=form.says(),
    )
    say(gettext("The prompt is saved."))
    return back_to_console(conversation, "prompts")


@blueprint.post("/<code>/prompts/<int:prompt_id>/open")
@crew_required(Role.FACILITATOR)
def open_(conversation: Conversation, actor: Actor, prompt_id: int) -> Answer:
    """Let a prompt take ideas and votes."""
    _open(conversation, actor, prompt_id)
    undo = url_for(".close", code=conversation.code, prompt_id=prompt_id)
    say(gettext("The prompt is open and on the stage: people can write and vote."), undo=undo)
    return back_to_console(conversation, "prompts")


@blueprint.post("/<code>/prompts/<int:prompt_id>/close")
@crew_required(Role.FACILITATOR)
def close(conversation: Conversation, actor: Actor, prompt_id: int) -> Answer:
    """Let a prompt take nothing more."""
    write(prompt_deeds.close_prompt, conversation.id, actor, prompt_id)
    undo = url_for(".open_", code=conversation.code, prompt_id=prompt_id)
    say(gettext("The prompt is closed: it takes no more ideas and votes."), undo=undo)
    return back_to_console(conversation, "prompts")


@blueprint.get("/<code>/ideas/<idea_id>/hide")
@crew_required(Role.FACILITATOR)
def hiding(conversation: Conversation, actor: Actor, idea_id: str) -> Answer:
    """Ask why an idea is to be hidden."""
    return _hiding(conversation, actor, idea_id, HideForm(formdata=None))


@blueprint.post("/<code>/ideas/<idea_id>/hide")
@crew_required(Role.FACILITATOR)
def hide(conversation: Conversation, actor: Actor, idea_id: str) -> Answer:
    """Take an idea, or everything that its phone has sent, off all screens, with a reason."""
    form = HideForm()
    if not form.validate():
        return _hiding(conversation, actor, idea_id, form), 422
    if request.form.get("all"):
        return hide_phone(conversation, actor, idea_id, form.words())
    write(idea_deeds.hide_idea, conversation.id, actor, idea_id, reason=form.words())
    undo = url_for(".restore", code=conversation.code, idea_id=idea_id)
    say(gettext("The idea is hidden. Its author sees the reason."), undo=undo)
    return back_to_console(conversation, "hidden")


@blueprint.post("/<code>/ideas/<idea_id>/restore")
@crew_required(Role.FACILITATOR)
def restore(conversation: Conversation, actor: Actor, idea_id: str) -> Answer:
    """Show a hidden idea again."""
    write(idea_deeds.restore_idea, conversation.id, actor, idea_id)
    say(gettext("The idea is back on every screen, with its votes."))
    return back_to_console(conversation, "ideas-head")


@blueprint.post("/<code>/themes")
@crew_required(Role.FACILITATOR)
def find_themes(conversation: Conversation, actor: Actor) -> Answer:
    """Ask for a theme run."""
    write(run_deeds.request_themes, conversation.id, actor, conversation.id)
    return back_to_console(conversation, "themes")


@blueprint.post("/<code>/sorting/start")
@crew_required(Role.FACILITATOR)
def start_sorting(conversation: Conversation, actor: Actor) -> Answer:
    """Ask the room to sort the ideas."""
    write(sort_deeds.start_sorting, conversation.id, actor, conversation.id)
    undo = url_for(".stop_sorting", code=conversation.code)
    say(gettext("The room is asked to sort: phones show one idea after the other."), undo=undo)
    return back_to_console(conversation, "themes")


@blueprint.post("/<code>/sorting/stop")
@crew_required(Role.FACILITATOR)
def stop_sorting(conversation: Conversation, actor: Actor) -> Answer:
    """Ask the room no more."""
    write(sort_deeds.stop_sorting, conversation.id, actor, conversation.id)
    undo = url_for(".start_sorting", code=conversation.code)
    say(gettext("The room is not asked any more. What it has sorted counts on."), undo=undo)
    return back_to_console(conversation, "themes")


@blueprint.post("/<code>/themes/new")
@crew_required(Role.FACILITATOR)
def add_theme(conversation: Conversation, actor: Actor) -> Answer:
    """Name a theme before ideas are in it."""
    wrong = named_theme(conversation, actor)
    return (
        back_to_console(conversation, "themes")
        if wrong is None
        else (_console(conversation, actor, new_theme=wrong), 422)
    )


@blueprint.post("/<code>/themes/<int:number>/description")
@crew_required(Role.FACILITATOR)
def describe_theme(conversation: Conversation, actor: Actor, number: int) -> Answer:
    """Say what belongs into a theme."""
    fits = described_theme(conversation, actor, number)
    return back_to_console(conversation, "themes") if fits else (_console(conversation, actor), 422)


@blueprint.post("/<code>/import")
@crew_required(Role.FACILITATOR)
def import_(conversation: Conversation, actor: Actor) -> Answer:
    """Take ideas from a file and list what was not taken."""
    form = UploadForm()
    if not form.file.data or not form.file.data.filename:
        form.file.errors = [gettext("Please choose a file first.")]
        return _console(conversation, actor, upload=form), 422
    if not prompts_of(db.session(), conversation.id):
        form.file.errors = [gettext("Write a prompt first: every idea answers one.")]
        return _console(conversation, actor, upload=form), 422
    rows, unread = read_rows(form.file.data.read(), form.file.data.filename)
    outcome = write(
        import_rows,
        conversation.id,
        actor,
        conversation.id,
        rows,
        prompt_id=form.prompt.data,
        lang=str(get_locale()),
        chance=secrets.randbits,
    )
    bad = sorted([(row.line, row.code) for row in unread] + [(row.line, row.code) for row in outcome.bad])
    return render_template(
        "facilitator/imported.html",
        outcome=outcome,
        bad=[{"line": line, "reason": sentence_of_line(code)} for line, code in bad],
        **frame_of(conversation, actor),
    )


def _open(conversation: Conversation, actor: Actor, prompt_id: int) -> None:
    """Open a prompt and turn the stage to it: the room is asked one thing at a time."""
    scene = Scene.RANKING if conversation.scene is Scene.SPOTLIGHT else conversation.scene
    write(prompt_deeds.open_prompt, conversation.id, actor, prompt_id)
    write(prompt_deeds.set_stage, conversation.id, actor, conversation.id, scene=scene, prompt_id=prompt_id)


def _console(
    conversation: Conversation,
    actor: Actor,
    *,
    new_prompt: PromptForm | None = None,
    edited: dict[int, PromptForm] | None = None,
    upload: UploadForm | None = None,
    new_theme: NewThemeForm | None = None,
) -> str:
    everything = ideas_of(db.session(), conversation.id, shown_only=False)
    rows = {row.id: row for row in prompts_of(db.session(), conversation.id)}
    shown = [idea for idea in everything if idea.state is IdeaState.SHOWN]
    hidden = [idea for idea in everything if idea.state is IdeaState.HIDDEN and idea.merged_into is None]
    board = board_of(conversation.id, shown, rows, first=0)
    run = run_of(conversation.id)
    prompts = _prompts(rows, shown, edited or {})
    frame = frame_of(conversation, actor)
    return render_template(
        "facilitator/console.html",
        prompts=prompts,
        themes=board.themes,
        opinions=opinions_here(conversation.id, rows, shown),
        enough_for_themes=ENOUGH_FOR_THEMES,
        run=run,
        run_url=url_for(".find_themes", code=conversation.code),
        sorting=sorting_of(reading(), conversation.id),
        stage=_stage(conversation, rows, shown),
        top=_top(shown, rows),
        hidden=[shown_idea(idea, rows) for idea in reversed(hidden) if idea.reason != flood_reason()],
        merged=sum(idea.merged_into is not None for idea in everything),
        flooded=sum(idea.reason == flood_reason() for idea in hidden),
        flood=flood_in(conversation.id, everything),
        step=next_step(Situation(conversation, list(rows.values()), len(shown), len(board.themes), run)),
        new_prompt=new_prompt or PromptForm(formdata=None),
        upload=_upload(upload, rows),
        new_theme=new_theme or NewThemeForm(formdata=None),
        scene_words=SCENES,
        join_qr=qr_of(frame["join_address"]),
        face=gettext("Console"),
        **idea_list(conversation, shown, rows),
        **frame,
    )


def _prompts(rows: dict[int, Prompt], shown: list[Idea], edited: dict[int, PromptForm]) -> list[AskedPrompt]:
    counts = Counter(idea.prompt_id for idea in shown)
    return [
        AskedPrompt(
            row,
            counts[row.id],
            edited.get(row.id) or PromptForm(formdata=None, obj=row),
            has_votes(db.session(), row.id),
        )
        for row in rows.values()
    ]


def _upload(failed: UploadForm | None, rows: dict[int, Prompt]) -> UploadForm:
    form = failed or UploadForm(formdata=None)
    form.prompt.choices = [(row.id, f"{row.number}. {row.text[:60]}") for row in rows.values()]
    form.prompt.data = form.prompt.data or (max(rows) if rows else None)
    return form


def _stage(conversation: Conversation, rows: dict[int, Prompt], shown: list[Idea]) -> dict[str, Any]:
    lit = next((idea for idea in shown if idea.id == conversation.stage_idea_id), None)
    # As phones and stage choose: what was chosen, else the newest open prompt, else the last one people saw.
    visible = [row for row in rows.values() if row.state is not PromptState.DRAFT]
    standing = [row for row in visible if row.state is PromptState.OPEN] or visible
    return {
        "scene": conversation.scene.value,
        "prompt": rows.get(conversation.stage_prompt_id or 0) or (standing[-1] if standing else None),
        "idea": shown_idea(lit, rows) if lit else None,
    }


def _top(shown: list[Idea], rows: dict[int, Prompt]) -> list[ShownIdea]:
    best = sorted(shown, key=by_votes)[:3]
    most = max((idea.agree for idea in best), default=0) or 1
    return [shown_idea(idea, rows, share=round(100 * idea.agree / most)) for idea in best]


def _hiding(conversation: Conversation, actor: Actor, idea_id: str, form: HideForm) -> str:
    idea = idea_of(db.session(), conversation.id, idea_id)
    if idea is None or idea.state is not IdeaState.SHOWN:
        raise IdeaGone
    rows = {row.id: row for row in prompts_of(db.session(), conversation.id)}
    return render_template(
        "facilitator/hiding.html",
        idea=shown_idea(idea, rows),
        form=form,
        of_phone=sent_by(idea),
        **frame_of(conversation, actor),
    )
