"""What happened (facts, told after the commit) and why a rule said no (refusals, each with a stable code)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """The conversation has a new state that screens should show; `seq` is its commit number, `kind` what changed."""

    conversation_id: int
    seq: int
    kind: str


@dataclass(frozen=True, slots=True)
class ThemesRequested:
    """Somebody asked for a theme run, or new ideas made the themes out of date; `quick` ones look for no new themes."""

    conversation_id: int
    run_id: int
    quick: bool = False


@dataclass(frozen=True, slots=True)
class ThemesEdited:
    """A person changed the themes or took a change back: what the machine thinks of the rest is out of date."""

    conversation_id: int


@dataclass(frozen=True, slots=True)
class AlignmentRequested:
    """A look across all conversations is awaited."""


@dataclass(frozen=True, slots=True)
class CrewRevoked:
    """These crew members lost their link: whatever they hold open must close."""

    crew_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ConversationCleared:
    """A conversation was emptied after a try-out: every screen must start afresh."""

    conversation_id: int


@dataclass(frozen=True, slots=True)
class ConversationClosed:
    """A conversation was closed: what it holds now is worth a copy."""

    conversation_id: int


Fact = (
    ConversationChanged
    | ThemesRequested
    | ThemesEdited
    | AlignmentRequested
    | CrewRevoked
    | ConversationCleared
    | ConversationClosed
)


class Refusal(Exception):
    """A rule said no. `code` is stable, `status` the HTTP answer, `detail` what the sentence needs."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, **detail: str | int) -> None:
        super().__init__(self.code)
        self.detail: Mapping[str, str | int] = detail


class EmptyText(Refusal):
    """Nothing was written."""

    code, status = "empty", 422


class TextTooLong(Refusal):
    """More code points than allowed; detail: length, limit."""

    code, status = "too_long", 422


class ControlCharacters(Refusal):
    """The text holds characters that no keyboard writes."""

    code, status = "control_characters", 422


class BadValue(Refusal):
    """A field holds a value outside its range; detail: field."""

    code, status = "bad_value", 422


class PromptClosed(Refusal):
    """The prompt takes no ideas and no votes now."""

    code = "closed"


class IdeaGone(Refusal):
    """There is no such idea here, or it is no longer shown."""

    code, status = "gone", 404


class NotYours(Refusal):
    """Only the person who wrote the idea may do that."""

    code, status = "not_yours", 403


class OwnIdea(Refusal):
    """Nobody votes for their own idea."""

    code = "own_idea"


class AlreadyVotedOn(Refusal):
    """Somebody else voted for it, so its words may not change any more."""

    code = "voted_on"


class BudgetSpent(Refusal):
    """All votes of this prompt are used; detail: left."""

    code = "budget"


class Superseded(Refusal):
    """A newer state of the same thing is stored already; detail: rev."""

    code = "superseded"


class StandsForOthers(Refusal):
    """Another idea was merged into it, so its words may not change any more."""

    code = "stands_for_others"


class Conflict(Refusal):
    """The same id was used for another text."""

    code = "conflict"


class ConversationFull(Refusal):
    """The conversation, or this person, has as many ideas as it may hold; detail: limit."""

    code = "full"


class ThemeGone(Refusal):
    """There is no such theme here, or it does not stand any more."""

    code = "theme_gone"


class NameTaken(Refusal):
    """Another theme is called that: nobody could tell the two apart; detail: number."""

    code = "name_taken"


class ThemeLocked(Refusal):
    """Somebody has locked the theme, so the machine suggests nothing about it."""

    code = "theme_locked"


class TooFewIdeas(Refusal):
    """The theme has too few ideas for that; detail: limit."""

    code = "too_few_ideas"


class OtherPrompt(Refusal):
    """The ideas answer different prompts, whose votes cannot be counted together."""

    code = "other_prompt"


class NotSeveral(Refusal):
    """Two ideas at least are merged, and not too many at once; detail: limit."""

    code = "not_several"


class NotSorting(Refusal):
    """The room is not asked to sort now; only own ideas may be sorted."""

    code = "not_sorting"


class TooFewThemes(Refusal):
    """There are not enough themes to sort into; detail: limit."""

    code = "too_few_themes"


class VotingFixed(Refusal):
    """Somebody has voted on this prompt: what a vote can say stays."""

    code = "voting_fixed"


class NothingToUndo(Refusal):
    """There is no theme edit, or no word on subjects, left to undo."""

    code = "nothing_to_undo"


class NothingToRedo(Refusal):
    """There is no theme edit that was taken back and could be done again."""

    code = "nothing_to_redo"


class NotTheLast(Refusal):
    """Somebody has done something else since: what was to be taken back, or done again, is not next any more."""

    code = "not_the_last"


class RunInFlight(Refusal):
    """The themes are being looked for already."""

    code = "run_in_flight"


class NoIdeasYet(Refusal):
    """There is nothing to find themes in."""

    code = "no_ideas_yet"


class LookInFlight(Refusal):
    """Somebody looks across the conversations already."""

    code = "look_in_flight"


class TooFewConversations(Refusal):
    """Fewer than two conversations have themes, so there is nothing to compare."""

    code = "too_few_conversations"


class WrongMove(Refusal):
    """That step does not follow from the present state."""

    code = "wrong_move"


class InNoTheme(Refusal):
    """All these ideas are leftovers, so there is no theme to take them out of."""

    code = "in_no_theme"


class ConsentMissing(Refusal):
    """Words would leave the house, and nobody has said that they may."""

    code, status = "consent_missing", 422


class CodeMismatch(Refusal):
    """The code typed to confirm is not the conversation's."""

    code, status = "code_mismatch", 422


class WrongCode(Refusal):
    """No open conversation has this code."""

    code, status = "wrong_code", 404


class LinkUnknown(Refusal):
    """The link was never made, or it was taken back."""

    code, status = "link_unknown", 404


class LinkUsed(Refusal):
    """The link was claimed before."""

    code, status = "link_used", 410


class LinkExpired(Refusal):
    """The link waited too long."""

    code, status = "link_expired", 410


class WrongPassword(Refusal):
    """The password does not fit."""

    code, status = "wrong_password", 403


class WeakPassword(Refusal):
    """The password is too short; detail: limit."""

    code, status = "weak_password", 422


class Forbidden(Refusal):
    """The role may not do that here."""

    code, status = "forbidden", 403


class NotFound(Refusal):
    """There is nothing at this address."""

    code, status = "not_found", 404


class FormExpired(Refusal):
    """The form's proof of origin does not fit this browser."""

    code, status = "form_expired", 400


class ForeignOrigin(Refusal):
    """The call came from a page of another site."""

    code, status = "foreign_origin", 403


class TooMany(Refusal):
    """Too many tries in a short time."""

    code, status = "too_many", 429


class TooLarge(Refusal):
    """The upload is larger than allowed; detail: limit."""

    code, status = "too_large", 413


class BadRequest(Refusal):
    """The call does not have the form it must have."""

    code, status = "bad_request", 400


class Busy(Refusal):
    """The writer's queue is full or the database is away: try again; detail: after_ms."""

    code, status = "busy", 503


class TooFast(Busy):
    """More in a short time than one participant, or the whole conversation, may ask; detail: after_ms."""

    code, status = "too_fast", 429


class RoomFull(Refusal):
    """As many live screens as this server holds are open; pages still keep current by asking."""

    code, status = "room_full", 503


class ServerFault(Refusal):
    """Something broke on our side."""

    code, status = "server_error", 500
