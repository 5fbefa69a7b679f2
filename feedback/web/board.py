"""The board of a conversation: its themes and leftovers as columns, of which the page holds the beginning."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import request

from feedback.db import db
from feedback.domain.ideas import standing_for
from feedback.domain.programme import Voting
from feedback.domain.tally import Counted, counted_as, order_of
from feedback.domain.themes import Placed, is_firm
from feedback.store.ideas import Idea, ListedIdea
from feedback.store.merging import merged_of
from feedback.store.programme import Prompt
from feedback.store.themes import ThemeRow, judged_places_of, themes_of
from feedback.web.crew import ShownIdea, hue_of, shown_idea

#: So many ideas of a column are on the page unless somebody wants all of them: two or three screens, and the answer to
#: each step of the desk stays quick when a room has written thousands.
FIRST = 60
#: How the address names the column of leftovers, where themes go by their numbers.
LEFTOVERS = "none"


@dataclass(frozen=True, slots=True)
class Column:
    """What stands in one place, most supported first: the ids of all ideas, and those of them that are on the page.

    `below`: the numbers of the others.
    """

    key: str
    ids: tuple[str, ...]
    ideas: tuple[ShownIdea, ...]
    below: tuple[int, ...]
    votes: int
    #: What `votes` are: support, agreement, or some of both.
    counted: Counted

    @property
    def size(self) -> int:
        """How many ideas stand here, on the page or not."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class ShownTheme:
    """One theme with its ideas."""

    number: int
    hue: int
    name: str
    named_by_person: bool
    terms: tuple[str, ...]
    column: Column
    description: str = ""
    locked: bool = False
    #: Whether halves of its words, or people, agree on it; None before a run has judged it.
    firm: bool | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """All themes and the leftovers; `fresh` counts leftovers that no run has seen yet.

    By the ids of all shown ideas: their rows (`listed`), and the numbers of the themes in which they stand (`homes`,
    None = leftovers). `places` and `sureness` are as stored.
    """

    themes: tuple[ShownTheme, ...]
    leftovers: Column
    fresh: int
    listed: Mapping[str, Idea | ListedIdea]
    homes: Mapping[str, int | None]
    places: Mapping[str, Placed]
    sureness: Mapping[str, float]
    #: Makes what a page shows of an idea, by its id.
    shown: Callable[[str], ShownIdea]

    def names(self) -> dict[int, str]:
        """Return the names of the themes by their numbers."""
        return {theme.number: theme.name for theme in self.themes}

    def place_of(self, idea_id: str) -> str:
        """Return the name of the theme in which a shown idea stands; "" = among the leftovers."""
        home = self.homes[idea_id]
        return "" if home is None else self.names()[home]


def board_of(
    conversation_id: int,
    ideas: Iterable[Idea | ListedIdea],
    prompts: Mapping[int, Prompt],
    *,
    first: int = FIRST,
    whole: Collection[str] = (),
) -> Board:
    """Group the shown ideas by theme; whatever stands in no standing theme is a leftover.

    Of each column the `first` ideas are made to be shown, of those in `whole` (by `Column.key`) all.
    """
    session = db.session()
    rows = {row.number: row for row in themes_of(session, conversation_id)}
    places, sureness = judged_places_of(session, conversation_id)
    below = Counter(standing_for(merged_of(session, conversation_id)).values())
    listed = {
        idea.id: idea for idea in sorted(ideas, key=lambda idea: order_of(idea.agree, idea.disagree, idea.number))
    }
    homes: dict[str, int | None] = {}
    columns: dict[int | None, list[str]] = defaultdict(list)
    for idea_id in listed:
        place = places.get(idea_id)
        home = place.theme if place is not None and place.theme in rows else None
        homes[idea_id] = home
        columns[home].append(idea_id)

    def shown(idea_id: str) -> ShownIdea:
        home = homes[idea_id]
        return shown_idea(
            listed[idea_id],
            prompts,
            place=places.get(idea_id),
            stands_for=home is not None and idea_id in rows[home].representatives,
            sureness=sureness.get(idea_id),
            merged=below[idea_id],
        )

    opinion = {number for number, prompt in prompts.items() if prompt.voting == Voting.OPINION}

    def column(home: int | None) -> Column:
        key, ids = LEFTOVERS if home is None else str(home), tuple(columns[home])
        shown_ids = ids if key in whole else ids[:first]
        return Column(
            key=key,
            ids=ids,
            ideas=tuple(shown(idea_id) for idea_id in shown_ids),
            below=tuple(listed[idea_id].number for idea_id in ids[len(shown_ids) :]),
            votes=sum(listed[idea_id].agree for idea_id in ids),
            counted=counted_as(listed[idea_id].prompt_id in opinion for idea_id in ids),
        )

    themes = tuple(_theme(row, column(number)) for number, row in rows.items())
    fresh = sum(idea_id not in places for idea_id in listed)
    return Board(themes, column(None), fresh, listed, homes, places, sureness, shown)


def whole_columns() -> list[str]:
    """Return the keys of the columns that this request wants whole; what is no key is passed over."""
    wanted: Sequence[str] = request.args.getlist("whole")
    return sorted({key for key in wanted if key == LEFTOVERS or (key.isascii() and key.isdigit() and len(key) < 7)})


def keep_whole(_endpoint: str, values: dict[str, object]) -> None:
    """Let every address of the desk say which columns are whole, so that the page after a form has them whole too."""
    if request and "whole" not in values and (whole := whole_columns()):
        values["whole"] = whole


def _theme(row: ThemeRow, column: Column) -> ShownTheme:
    return ShownTheme(
        number=row.number,
        hue=hue_of(row.number),
        name=row.name,
        named_by_person=row.named_by_person,
        terms=tuple(row.terms),
        column=column,
        description=row.description,
        locked=row.locked,
        firm=is_firm(row.firmness),
    )
