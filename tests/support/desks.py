"""A conversation with four ideas, themes that runs find in them, and a rapporteur who acts."""

from typing import Any

from feedback.actions.runs import finish_theme_run, request_themes
from feedback.domain.roles import Actor, Role
from feedback.domain.themes import Outlook, Placed, Theme, ThemeSet
from feedback.store.screens import state_of
from feedback.store.themes import ThemeRow, all_themes_of, places_of, themes_of


class Desk:
    """A conversation with four ideas (a to d) and a rapporteur."""

    def __init__(self, room: Any) -> None:
        self.room, self.place = room, room.conversation().id
        phone = room.phone("anna")
        self.a, self.b, self.c, self.d = (phone.write(text) for text in ("Night", "Sunday", "Depot", "Tram"))
        self.actor = Actor(Role.RAPPORTEUR, self.place)

    def asked(self) -> int:
        """Ask for a run, which now computes."""
        run: int = self.room.do(request_themes, self.place)
        return run

    def finish(self, run: int, *themes: Theme, leftovers: tuple[str, ...] = (), **more: Any) -> None:
        """Let a run that was asked for find these themes."""
        next_id = max((theme.id for theme in themes), default=0) + 1
        self.room.gate.write(self.place, finish_theme_run, run, ThemeSet(themes, leftovers, next_id, **more))

    def found(self, *themes: Theme, leftovers: tuple[str, ...] = (), **more: Any) -> int:
        """Let a run find these themes."""
        run = self.asked()
        self.finish(run, *themes, leftovers=leftovers, **more)
        return run

    def found_two(self, **more: Any) -> int:
        """Let a run find Hours (a, b) and Places (c), with d left over."""
        hours = Theme(1, "Hours", terms=("night",), ideas=(self.a, self.b), representatives=(self.a,))
        places = Theme(2, "Places", ideas=(self.c,), representatives=(self.c,))
        return self.found(hours, places, leftovers=(self.d,), **more)

    def found_two_with_outlooks(self) -> int:
        """The same, with what the run thinks of a, b and d."""
        outlooks = {
            self.a: Outlook(((1, 0.6), (2, 0.3), (None, 0.1)), 0.6, ("night",)),
            self.b: Outlook(((1, 0.5), (None, 0.4), (2, 0.1)), 0.5),
            self.d: Outlook(((None, 0.4), (2, 0.35), (1, 0.25)), 0.4),
        }
        return self.found_two(outlooks=outlooks)

    def do(self, action: Any, *args: Any, **more: Any) -> Any:
        """Act as the rapporteur."""
        return self.room.do(action, self.place, *args, actor=self.actor, **more)

    def names(self) -> dict[int, tuple[str, bool]]:
        """The standing themes: number to (name, named by a person)."""
        with self.room.read() as db:
            return {row.number: (row.name, row.named_by_person) for row in themes_of(db, self.place)}

    def row(self, number: int) -> ThemeRow:
        """One theme, standing or not."""
        with self.room.read() as db:
            return all_themes_of(db, self.place)[number]

    def places(self) -> dict[str, Placed]:
        """Where each idea stands."""
        with self.room.read() as db:
            return places_of(db, self.place)

    def where(self) -> dict[str, int | None]:
        """In which theme each idea stands."""
        return {idea: place.theme for idea, place in self.places().items()}

    def decided(self) -> Any:
        """All that people decide: of themes and of places."""
        with self.room.read() as db:
            rows = all_themes_of(db, self.place).values()
            themes = {
                row.number: (row.name, row.named_by_person, row.description, row.locked, row.standing, row.merged_into)
                for row in rows
            }
            return themes, places_of(db, self.place)

    def screen(self) -> dict[str, Any]:
        """Themes and leftovers as screens show them."""
        with self.room.engine.connect() as db:
            state = state_of(db, self.place, crew=True)
        return {"themes": state["themes"], "leftovers": state["leftovers"]}
