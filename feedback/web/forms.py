"""Flask-WTF forms of the crew: they measure with the domain's rulers and keep what was typed when it does not fit."""

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import available_timezones

from flask_babel import force_locale, gettext, lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    Field,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import StopValidation

from feedback.actions.prompts import PROMPT_LIMIT
from feedback.domain.facts import Refusal
from feedback.domain.programme import BUDGET_LIMIT, Voting
from feedback.domain.texts import NAME_LIMIT, TITLE_LIMIT, canonical, one_line
from feedback.domain.themes import DESCRIPTION_LIMIT
from feedback.identity import PASSWORD_LIMIT
from feedback.wording import sentence_of

RETENTION_DAYS = (1, 3650)
#: Stored as they stand here; every page shows them in its own language.
REASONS = (
    lazy_gettext("It does not answer the prompt."),
    lazy_gettext("It says the same as another idea."),
    lazy_gettext("It names or exposes a person."),
    lazy_gettext("It hurts people."),
)

#: For what is hidden as a flood, all at once.
FLOOD = lazy_gettext("It came in a flood, from phones that had only just joined.")

Check = Callable[[FlaskForm, Field], None]


def measured(rule: Callable[..., str], *, limit: int, optional: bool = False) -> Check:
    """Return a validator that applies a rule of the domain and says its refusal beside the field."""

    def check(_form: FlaskForm, field: Field) -> None:
        text = field.data or ""
        if optional and not text.strip():
            field.data = ""
            return
        try:
            field.data = rule(text, limit=limit)
        except Refusal as refusal:
            raise StopValidation(sentence_of(refusal.code, refusal.detail)) from None

    return check


def within(least: int, most: int, *, optional: bool = False) -> Check:
    """Return a validator for whole numbers between two bounds."""

    def check(_form: FlaskForm, field: Field) -> None:
        empty = not field.raw_data or not str(field.raw_data[0]).strip()
        if optional and empty:
            field.errors[:] = []
            raise StopValidation
        if field.data is None or not least <= field.data <= most:
            field.errors[:] = []
            said = gettext("Please give a whole number from %(least)s to %(most)s.", least=least, most=most)
            raise StopValidation(said)

    return check


class PromptForm(FlaskForm):
    """One prompt: its question, what a vote can say, and how many votes each person has."""

    text = TextAreaField(lazy_gettext("The question"), [measured(canonical, limit=PROMPT_LIMIT)], render_kw={"rows": 3})
    voting = RadioField(
        lazy_gettext("What people can say of an idea"), default=Voting.SUPPORT.value, validate_choice=False
    )
    votes_each = IntegerField(
        lazy_gettext("Votes each person has"),
        [within(1, BUDGET_LIMIT, optional=True)],
        render_kw={"inputmode": "numeric"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the ways of voting in the page's language."""
        super().__init__(*args, **kwargs)
        self.voting.choices = [
            (Voting.SUPPORT.value, gettext("Support it")),
            (Voting.OPINION.value, gettext("Agree, disagree or pass: shows who thinks alike")),
        ]

    def says(self) -> Voting | None:
        """Return what a vote can say; None where nothing was chosen, because it cannot be changed any more."""
        return Voting(self.voting.data) if self.voting.data in tuple(Voting) else None


class HideForm(FlaskForm):
    """Why an idea leaves the screens: one of the usual reasons, or words of one's own."""

    reason = RadioField(validate_choice=False)
    own = StringField(
        lazy_gettext("Or another reason, in your words"), [measured(one_line, limit=TITLE_LIMIT, optional=True)]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the usual reasons in the page's language."""
        super().__init__(*args, **kwargs)
        self.reason.choices = [(str(index), text) for index, text in enumerate(REASONS)]

    def validate_reason(self, field: Field) -> None:
        """Want a reason: chosen, or written."""
        if not (self.own.data or "").strip() and field.data not in {str(index) for index in range(len(REASONS))}:
            raise StopValidation(gettext("Please choose a reason, or write one: the author will see it."))

    def words(self) -> str:
        """Return the reason as it is stored: the facilitator's words, else the English sentence of a usual one."""
        if self.own.data:
            return str(self.own.data)
        with force_locale("en"):
            return str(REASONS[int(self.reason.data)])


class UploadForm(FlaskForm):
    """A file of ideas, and the prompt they answer."""

    file = FileField(lazy_gettext("The file"))
    prompt = SelectField(lazy_gettext("They answer"), coerce=int, validate_choice=False)


class FreezeForm(FlaskForm):
    """The name of a frozen state."""

    name = StringField(lazy_gettext("Name of this state"), [measured(one_line, limit=TITLE_LIMIT)])


class ThemeNameForm(FlaskForm):
    """The name of a theme."""

    name = StringField(lazy_gettext("Name of the theme"), [measured(one_line, limit=TITLE_LIMIT)])


class SplitForm(FlaskForm):
    """The name of a theme that is made of chosen ideas; none: their words suggest one."""

    name = StringField(validators=[measured(one_line, limit=TITLE_LIMIT, optional=True)])


class DescriptionForm(FlaskForm):
    """What belongs into a theme."""

    description = StringField(
        lazy_gettext("What belongs here, in a few words"), [measured(canonical, limit=DESCRIPTION_LIMIT, optional=True)]
    )


class NewThemeForm(FlaskForm):
    """A theme that somebody names before ideas are in it."""

    name = StringField(lazy_gettext("Name of the theme"), [measured(one_line, limit=TITLE_LIMIT)])
    description = StringField(
        lazy_gettext("What belongs here, in a few words"), [measured(canonical, limit=DESCRIPTION_LIMIT, optional=True)]
    )


class ConferenceForm(FlaskForm):
    """The conference's title, whom to ask, how long things are kept, and in which time zone its clock runs."""

    title = StringField(lazy_gettext("Title"), [measured(one_line, limit=TITLE_LIMIT)])
    contact = StringField(lazy_gettext("Whom people may ask"), [measured(one_line, limit=TITLE_LIMIT, optional=True)])
    retention_days = IntegerField(
        lazy_gettext("Days that things are kept"), [within(*RETENTION_DAYS)], render_kw={"inputmode": "numeric"}
    )
    time_zone = StringField(lazy_gettext("Time zone"), render_kw={"list": "zones", "autocomplete": "off"})

    def validate_time_zone(self, field: Field) -> None:
        """Want a zone that the system knows."""
        field.data = (field.data or "").strip()
        if field.data not in available_timezones():
            raise StopValidation(gettext("No such time zone. Write one like Europe/Berlin or America/New_York."))


class EmbedderForm(FlaskForm):
    """What decides how alike two ideas are, and whether words may leave for it."""

    embedder = StringField(lazy_gettext("What decides"))
    consent = BooleanField()


class StrandForm(FlaskForm):
    """The words of one strand."""

    name = StringField(lazy_gettext("Name"), [measured(one_line, limit=NAME_LIMIT)])
    tagline = StringField(lazy_gettext("Tagline"), [measured(one_line, limit=TITLE_LIMIT)])
    focus = TextAreaField(lazy_gettext("Focus"), [measured(one_line, limit=500)], render_kw={"rows": 2})
    description = TextAreaField(lazy_gettext("Description"), [measured(canonical, limit=2_000)], render_kw={"rows": 6})


class ConversationForm(FlaskForm):
    """The title of a conversation."""

    title = StringField(lazy_gettext("Title of the conversation"), [measured(one_line, limit=TITLE_LIMIT)])


class ClearForm(FlaskForm):
    """The code typed to confirm that a conversation is to be emptied."""

    code = StringField(
        lazy_gettext("The conversation's code"), render_kw={"autocomplete": "off", "autocapitalize": "characters"}
    )


class LoginForm(FlaskForm):
    """The organiser's password."""

    password = PasswordField(lazy_gettext("Password"), render_kw={"autocomplete": "current-password"})


class NewPasswordForm(FlaskForm):
    """A first password."""

    new = PasswordField(lazy_gettext("New password"), render_kw={"autocomplete": "new-password"})
    again = PasswordField(lazy_gettext("The same once more"), render_kw={"autocomplete": "new-password"})

    def validate_new(self, field: Field) -> None:
        """Want at least twelve characters; nothing else is asked of them."""
        if len(field.data or "") < PASSWORD_LIMIT:
            raise StopValidation(gettext("Please take at least %(least)s characters.", least=PASSWORD_LIMIT))

    def validate_again(self, field: Field) -> None:
        """Want the same twice."""
        if field.data != self.new.data:
            raise StopValidation(gettext("The two are not the same."))


class ChangePasswordForm(NewPasswordForm):
    """A new password, with the one that held until now."""

    field_order: Sequence[str] = ("present", "new", "again")
    present = PasswordField(lazy_gettext("Present password"), render_kw={"autocomplete": "current-password"})


class EnterForm(FlaskForm):
    """The secret of a crew link, and an optional name for the report's cover."""

    secret = StringField(lazy_gettext("Link"))
    name = StringField(
        lazy_gettext("Your name"),
        [measured(one_line, limit=NAME_LIMIT, optional=True)],
        render_kw={"autocomplete": "name"},
    )
