"""The forms of the phone's page; what a text may be is the domain's rule, not theirs."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional


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


class SortForm(FlaskForm):
    """Where an idea belongs: a theme's number, `none` or `skip`; `done` counts the answers of this visit."""

    idea = HiddenField(validators=[InputRequired()])
    answer = StringField(validators=[InputRequired(), Length(max=9)])
    done = IntegerField(validators=[Optional(), NumberRange(0, 9999)])


class VoteForm(DeedForm):
    """Support an idea or agree (1), disagree (-1), pass (0), or take back what was said (empty)."""

    val = StringField(validators=[Optional(), AnyOf(["1", "-1", "0"])])
