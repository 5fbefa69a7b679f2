"""The forms of the phone's page; what a text may be is the domain's rule, not theirs."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Optional


class JoinForm(FlaskForm):
    """The code on the screen."""

    code = StringField()


class IdeaForm(FlaskForm):
    """A new idea under an id that the server made with the page, so that sending twice stores once."""

    id = HiddenField(validators=[InputRequired()])
    prompt = IntegerField(validators=[InputRequired()])
    text = TextAreaField()


class DeedForm(FlaskForm):
    """Something done to one idea; `back` is the list as it was asked for."""

    back = HiddenField(validators=[Optional()])


class EditForm(DeedForm):
    """New words for an own idea."""

    text = TextAreaField()


class VoteForm(DeedForm):
    """Support an idea or agree (1), disagree (-1), pass (0), or take back what was said (empty)."""

    val = StringField(validators=[Optional(), AnyOf(["1", "-1", "0"])])
