"""What a facilitator would do next: one sentence and one button, from how the conversation stands."""

from dataclasses import dataclass, field

from flask import url_for
from flask_babel import gettext, ngettext

from feedback.domain.programme import ConversationState, PromptState, Scene
from feedback.domain.themes import ENOUGH_FOR_THEMES
from feedback.store.programme import Conversation, Prompt
from feedback.web.crew import Run, spaced


@dataclass(frozen=True, slots=True)
class Situation:
    """How the conversation stands: its row, its prompts, how many ideas and themes are shown, the theme run."""

    conversation: Conversation
    prompts: list[Prompt]
    ideas: int
    themes: int
    run: Run

    def first(self, state: PromptState) -> Prompt | None:
        """Return the first prompt in this state."""
        return next((prompt for prompt in self.prompts if prompt.state is state), None)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next. Without a label there is nothing to press; `post` tells a deed from a place to go to."""

    sentence: str
    label: str = ""
    url: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    post: bool = True


def next_step(now: Situation) -> Step:
    """Return the next step: first whatever keeps people from writing, then whatever the stage should show."""
    return _to_begin(now) or _to_fill(now) or _to_gather(now) or _to_end(now)


def _to_begin(now: Situation) -> Step | None:
    if now.conversation.state is ConversationState.CLOSED:
        return Step(gettext("This conversation is closed. The organiser can open it again."))
    if not now.prompts:
        write = gettext("Nobody can write yet. Ask the room a question first.")
        return Step(write, gettext("Write the first prompt"), "#new-prompt", post=False)
    draft = now.first(PromptState.DRAFT)
    if draft is not None and now.first(PromptState.OPEN) is None:
        sentence = gettext("Nobody can write yet. Open the prompt when the room is ready.")
        url = url_for("facilitator.open_", code=now.conversation.code, prompt_id=draft.id)
        return Step(sentence, gettext("Open prompt %(number)s", number=draft.number), url)
    return None


def _to_fill(now: Situation) -> Step | None:
    if now.ideas or now.first(PromptState.OPEN) is None:
        return None
    if now.conversation.joined == 0 and now.conversation.scene is not Scene.JOIN:
        return _show(now, Scene.JOIN, gettext("Nobody has joined yet."), gettext("Show the code on the stage"))
    code = spaced(now.conversation.code)
    return Step(gettext("People can join and write now. The code is %(code)s.", code=code))


def _to_gather(now: Situation) -> Step | None:
    scene = now.conversation.scene
    if now.ideas and scene is Scene.JOIN:
        come = ngettext("%(num)s idea has come in.", "%(num)s ideas have come in.", now.ideas)
        return _show(now, Scene.RANKING, come, gettext("Show the ideas on the stage"))
    if now.run.in_flight:
        return Step(gettext("The themes are being looked for. They appear by themselves."))
    if now.ideas >= ENOUGH_FOR_THEMES and not now.themes and not now.run.ended:
        sentence = ngettext("%(num)s idea has come in.", "%(num)s ideas have come in.", now.ideas)
        return Step(sentence, gettext("Find themes"), url_for("facilitator.find_themes", code=now.conversation.code))
    if now.themes and scene is Scene.RANKING:
        found = ngettext("%(num)s theme has been found.", "%(num)s themes have been found.", now.themes)
        return _show(now, Scene.THEMES, found, gettext("Show the themes on the stage"))
    return None


def _to_end(now: Situation) -> Step:
    open_prompt = now.first(PromptState.OPEN)
    if open_prompt is None:
        return Step(gettext("All prompts are closed. The rapporteur can make the report at the desk."))
    url = url_for("facilitator.close", code=now.conversation.code, prompt_id=open_prompt.id)
    sentence = gettext("Everything is running. Close the prompt when the room has said enough.")
    return Step(sentence, gettext("Close prompt %(number)s", number=open_prompt.number), url)


def _show(now: Situation, scene: Scene, sentence: str, label: str) -> Step:
    url = url_for("facilitator.show", code=now.conversation.code)
    return Step(sentence, label, url, {"scene": scene.value})
