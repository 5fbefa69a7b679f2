"""Themes that console and desk name and describe before ideas are in them, or in the middle."""

from collections.abc import Callable

from flask_babel import gettext

from feedback.actions.themes import add_theme, describe_theme
from feedback.db import write
from feedback.domain.facts import NameTaken
from feedback.domain.roles import Actor
from feedback.store.programme import Conversation
from feedback.web.crew import say
from feedback.web.forms import DescriptionForm, NewThemeForm
from feedback.wording import sentence_of

#: Tells what happened, on the next page.
Tell = Callable[[str], None]


def named_theme(conversation: Conversation, actor: Actor, tell: Tell = say) -> NewThemeForm | None:
    """Add the theme of a form and say so; returns the form if it does not fit."""
    form = NewThemeForm()
    if not form.validate():
        return form
    words = form.name.data, form.description.data or ""
    try:
        write(add_theme, conversation.id, actor, conversation.id, *words)
    except NameTaken as taken:
        form.name.errors = [sentence_of(taken.code, taken.detail)]
        return form
    tell(gettext("The theme “%(name)s” is there. The next run draws ideas to it.", name=words[0]))
    return None


def described_theme(conversation: Conversation, actor: Actor, number: int, tell: Tell = say) -> bool:
    """Store the description of a form and say so, or say why it does not fit; tells which of the two."""
    form = DescriptionForm()
    if not form.validate():
        say(str((form.description.errors or [""])[0]), "bad")
        return False
    write(describe_theme, conversation.id, actor, conversation.id, number, form.description.data or "")
    tell(gettext("The description is saved."))
    return True
