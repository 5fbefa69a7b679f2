"""A conversation in which anything may happen next: random but repeatable, through the real writer."""

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from feedback.actions import edits, ideas, places, programme, prompts, proposals, runs, sorts, themes
from feedback.domain.facts import Refusal
from feedback.domain.ideas import IdeaState
from feedback.domain.programme import Scene
from feedback.domain.themes import MergeProposal, RegroupProposal, Theme, ThemeSet
from feedback.store.ideas import ideas_of
from feedback.store.programme import prompts_of
from feedback.store.proposals import open_proposals_of
from feedback.store.themes import all_themes_of, run_in_flight, themes_of


class Walk:
    """One conversation, three phones and a crew; each step does something that the rules may well refuse."""

    def __init__(self, room: Any, seed: int) -> None:
        self.room = room
        self.chance = random.Random(seed)
        self.place = room.conversation().id
        room.ask_opinions()
        self.phones = [room.phone(f"{name}{seed}") for name in ("anna", "ben", "cleo")]
        self.written: list[tuple[Any, str]] = []
        self.refused = 0

    def step(self) -> None:
        """Do one thing."""
        deeds: list[tuple[Callable[[], Any], int]] = [
            (self.write, 6),
            (self.vote, 10),
            (self.edit, 2),
            (self.withdraw, 1),
            (self.hide_or_restore, 3),
            (self.run_prompts, 2),
            (self.drive_stage, 1),
            (self.rename, 1),
            (self.run_themes, 2),
            (self.edit_themes, 4),
            (self.sort, 4),
            (self.run_sorting, 2),
        ]
        deed = self.chance.choices([deed for deed, _ in deeds], [weight for _, weight in deeds])[0]
        try:
            deed()
        except Refusal:
            self.refused += 1

    def write(self) -> None:
        phone = self.chance.choice(self.phones)
        self.written.append((phone, phone.write(f"Idea {self.chance.random()}", self.chance.choice(self._prompts()))))

    def vote(self) -> None:
        self.chance.choice(self.phones).vote(self._idea(), self.chance.choice([1, 1, 1, -1, 0, None]))

    def sort(self) -> None:
        phone, answer = self.chance.choice(self.phones), self.chance.choice([1, 2, 3, 4, None, "skip"])
        theme = answer if isinstance(answer, int) else None
        phone.op(k="sort", idea=self._idea(), theme=theme, skip=answer == "skip", rev=phone.next_rev())

    def run_sorting(self) -> None:
        self.room.do(self.chance.choice([sorts.start_sorting, sorts.start_sorting, sorts.stop_sorting]), self.place)

    def edit(self) -> None:
        # One of the newest, by its author: what others have voted on keeps its words.
        phone, idea = self.chance.choice(self.written[-3:] or [(self.phones[0], self._idea())])
        phone.op(k="edit", idea=idea, text=f"Better {self.chance.random()}", rev=phone.next_rev())

    def withdraw(self) -> None:
        phone = self.chance.choice(self.phones)
        phone.op(k="withdraw", idea=self._idea(), rev=phone.next_rev())

    def hide_or_restore(self) -> None:
        if self.chance.random() < 0.5:
            self.room.do(ideas.hide_idea, self._idea(), reason="Names a person")
        else:
            self.room.do(ideas.restore_idea, self._idea())

    def run_prompts(self) -> None:
        prompt = self.chance.choice(self._prompts())
        match self.chance.randrange(4):
            case 0:
                self.room.do(prompts.add_prompt, self.place, text="And then?", votes_each=self.chance.choice([None, 3]))
            case 1:
                self.room.do(
                    prompts.edit_prompt, prompt, text="What else?", votes_each=self.chance.choice([None, 2, 5])
                )
            case 2:
                self.room.do(prompts.open_prompt, prompt)
            case _:
                self.room.do(prompts.close_prompt, prompt)
                self.room.do(prompts.open_prompt, prompt)

    def drive_stage(self) -> None:
        scene = self.chance.choice(list(Scene))
        self.room.do(prompts.set_stage, self.place, scene=scene, prompt_id=self._prompts()[0], idea_id=self._idea())

    def rename(self) -> None:
        self.room.do(programme.rename_conversation, self.place, title=f"Places {self.chance.random()}")

    def run_themes(self) -> None:
        with self.room.read() as db:
            flight = run_in_flight(db, self.place)
            found = self._found(db)
        if flight is None:
            self.room.do(runs.request_themes, self.place)
        elif self.chance.random() < 0.8:
            self.room.gate.write(self.place, runs.finish_theme_run, flight.id, found)
        else:
            self.room.gate.write(self.place, runs.fail_theme_run, flight.id, problem="engine_failed")

    def edit_themes(self) -> None:
        with self.room.read() as db:
            numbers = [row.number for row in themes_of(db, self.place)]
        one, other = self.chance.choice([*numbers, 99]), self.chance.choice([*numbers, 99])
        idea = self._idea()
        deeds: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
            (themes.rename_theme, (one, f"Name {self.chance.random()}"), {}),
            (themes.describe_theme, (one, f"About {self.chance.random()}"), {}),
            (themes.lock_theme, (one,), {"locked": self.chance.random() < 0.5}),
            (themes.add_theme, (f"Beforehand {self.chance.random()}",), {}),
            (themes.merge_themes, (one, other), {}),
            (themes.split_theme, ([idea, self._idea()],), {}),
            (places.move_ideas, ([idea], self.chance.choice([one, None])), {}),
            (places.pin_ideas, ([idea],), {}),
            (places.unpin_ideas, ([idea],), {}),
            (places.bar_ideas, ([idea],), {}),
            (proposals.take_proposal, (self._proposal(),), {}),
            (proposals.decline_proposal, (self._proposal(),), {}),
            *[(edits.undo_edit, (), {})] * 4,
            *[(edits.redo_edit, (), {})] * 2,
        ]
        deed, args, more = self.chance.choice(deeds)
        self.room.do(deed, self.place, *args, **more)

    def _proposal(self) -> int:
        with self.room.read() as db:
            return self.chance.choice([row.id for row in open_proposals_of(db, self.place)] or [99])

    def _found(self, db: Any) -> ThemeSet:
        """What an engine might find: shown ideas dealt out over old and new themes."""
        ids = [idea.id for idea in ideas_of(db, self.place)]
        known = list(all_themes_of(db, self.place))
        new = max(known, default=0) + 1
        numbers = [*self.chance.sample(known, min(2, len(known))), new]
        hands: dict[int | None, list[str]] = {number: [] for number in [*numbers, None]}
        for idea in ids:
            hands[self.chance.choice([*numbers, None])].append(idea)
        made = tuple(
            Theme(
                number,
                f"Theme {number}",
                terms=("a", "b"),
                ideas=tuple(hands[number]),
                representatives=tuple(hands[number][:3]),
            )
            for number in numbers
            if hands[number]
        )
        groups = tuple(theme.ideas[1:] + made[index - 1].ideas[:1] for index, theme in enumerate(made))
        return ThemeSet(
            made,
            tuple(hands[None]),
            new + 1,
            merges=tuple(MergeProposal(one.id, other.id) for one, other in pairwise(made)),
            regroup=RegroupProposal(groups, 0.1) if made else None,
        )

    def _prompts(self) -> list[int]:
        with self.room.read() as db:
            return [prompt.id for prompt in prompts_of(db, self.place)]

    def _idea(self) -> str:
        with self.room.read() as db:
            known = ideas_of(db, self.place, shown_only=False)
        hidden = [idea.id for idea in known if idea.state is IdeaState.HIDDEN]
        if hidden and self.chance.random() < 0.3:
            return self.chance.choice(hidden)
        return self.chance.choice([idea.id for idea in known] or ["01ARZ3NDEKTSV4RRFFQ69G5FAV"])
