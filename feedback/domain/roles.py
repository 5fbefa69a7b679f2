"""Who acts, and what each role may do: the one permission table."""

from dataclasses import dataclass
from enum import StrEnum

from feedback.domain.facts import Forbidden


class Role(StrEnum):
    """How somebody takes part."""

    PARTICIPANT = "participant"
    STAGE = "stage"
    FACILITATOR = "facilitator"
    RAPPORTEUR = "rapporteur"
    ORGANISER = "organiser"


class Deed(StrEnum):
    """What can be done to a conversation or its conference."""

    WRITE = "write"
    VOTE = "vote"
    SORT = "sort"
    SEE_HIDDEN = "see_hidden"
    RUN_PROMPTS = "run_prompts"
    HIDE = "hide"
    DRIVE_STAGE = "drive_stage"
    FIND_THEMES = "find_themes"
    NAME_THEMES = "name_themes"
    EDIT_THEMES = "edit_themes"
    REPORT = "report"
    IMPORT = "import"
    SET_UP = "set_up"


_THEMES = frozenset({Deed.FIND_THEMES, Deed.NAME_THEMES})
_CONSOLE = _THEMES | {Deed.SEE_HIDDEN, Deed.RUN_PROMPTS, Deed.HIDE, Deed.DRIVE_STAGE, Deed.IMPORT}
_DESK = _THEMES | {Deed.SEE_HIDDEN, Deed.EDIT_THEMES, Deed.REPORT}
_MAY: dict[Role, frozenset[Deed]] = {
    Role.PARTICIPANT: frozenset({Deed.WRITE, Deed.VOTE, Deed.SORT}),
    Role.STAGE: frozenset(),
    Role.FACILITATOR: _CONSOLE,
    Role.RAPPORTEUR: _DESK,
    Role.ORGANISER: _CONSOLE | _DESK | {Deed.SET_UP},
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever does this deed. `conversation_id` None means the whole conference (organiser)."""

    role: Role
    conversation_id: int | None = None
    participant_id: int | None = None
    crew_id: int | None = None
    name: str = ""


#: The installation itself: first start and the command line, whose user owns the files anyway.
HOUSE = Actor(Role.ORGANISER, name="house")


def may(actor: Actor, deed: Deed, conversation_id: int | None) -> bool:
    """Tell whether the actor's role allows the deed in that conversation (None = conference-wide)."""
    if deed not in _MAY[actor.role]:
        return False
    return actor.role is Role.ORGANISER or actor.conversation_id == conversation_id


def require(actor: Actor, deed: Deed, conversation_id: int | None) -> None:
    """Raise Forbidden unless the actor may do the deed there."""
    if not may(actor, deed, conversation_id):
        raise Forbidden
