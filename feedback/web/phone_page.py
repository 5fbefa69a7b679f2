"""What the phone's page shows without a script: one prompt, its ideas in order, a page of them, and what is mine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from unicodedata import category, normalize
from urllib.parse import urlencode

from feedback.domain.tally import order_of

PAGE_SIZE = 20
ORDERS = ("new", "top", "mine")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for; everything has a default."""

    prompt: int | None = None
    sort: str = "new"
    query: str = ""
    page: int = 1
    edit: str = ""
    withdraw: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One idea with what this participant has to do with it."""

    idea: Json
    time: str
    mine: bool
    val: int | None
    editable: bool
    state: str
    reason: str
    #: An own idea for which another one stands: it is not shown, and can still be withdrawn.
    merged: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a prompt's ideas, and the addresses of its neighbours."""

    path: str
    asked: Asked
    prompts: tuple[Json, ...]
    prompt: Json | None
    open: bool
    total: int
    rows: tuple[Row, ...]
    pages: int
    left: int | None
    refused_idea: str = ""
    edited_text: str = ""

    @property
    def sort(self) -> str:
        """Return the order asked for."""
        return self.asked.sort

    @property
    def query(self) -> str:
        """Return the words searched for."""
        return self.asked.query

    @property
    def number(self) -> int:
        """Return which page this is, from 1."""
        return min(self.asked.page, self.pages)

    @property
    def editing(self) -> str:
        """Return the id of the idea whose words are being changed, "" for none."""
        return self.asked.edit

    @property
    def withdrawing(self) -> str:
        """Return the id of the idea that is about to be withdrawn, "" for none."""
        return self.asked.withdraw

    def link(self, **changes: Any) -> str:
        """Return the address of this list with some things changed: prompt, sort, q, page, edit, withdraw."""
        names = {"q": "query"}
        fresh = {names.get(key, key): value for key, value in changes.items()}
        if fresh.keys() - {"edit", "withdraw", "page"}:
            fresh = {"page": 1} | fresh
        asked = replace(self.asked, **({"edit": "", "withdraw": ""} | fresh))
        wanted = {
            "prompt": asked.prompt,
            "sort": asked.sort if asked.sort != "new" else "",
            "q": asked.query,
            "page": asked.page if asked.page > 1 else "",
            "edit": asked.edit,
            "withdraw": asked.withdraw,
        }
        query = urlencode({key: value for key, value in wanted.items() if value})
        return f"{self.path}?{query}" if query else self.path


def read_asked(values: Mapping[str, str]) -> Asked:
    """Read what an address asks for; whatever does not fit falls back to the default."""
    sort = values.get("sort", "")
    prompt, page = values.get("prompt", ""), values.get("page", "")
    return Asked(
        prompt=int(prompt) if prompt.isdecimal() and len(prompt) < 10 else None,
        sort=sort if sort in ORDERS else "new",
        query=values.get("q", "")[:100],
        page=max(1, int(page)) if page.isdecimal() and len(page) < 6 else 1,
        edit=values.get("edit", "")[:26],
        withdraw=values.get("withdraw", "")[:26],
    )


def page_of(path: str, room: Json, mine: Json, asked: Asked, *, shown: int, zone: Any) -> Page:
    """Build the page of a conversation's state for one participant; `zone` is the tzinfo its times are told in."""
    prompts = tuple(prompt for prompt in room["prompts"] if prompt["state"] != "draft")
    prompt = _prompt_to_show(prompts, asked.prompt, room["stage"]["prompt"])
    is_open = bool(prompt and prompt["state"] == "open" and room["conversation"]["state"] == "open")
    own = {idea["id"]: idea for idea in mine["ideas"]}
    here = [idea for idea in room["ideas"] if prompt and idea["prompt"] == prompt["id"]]
    listed = _arranged(_found(here, asked.query), asked.sort, own)
    if asked.sort != "top" and not asked.query and asked.page == 1:
        listed = _taken_away(own.values(), prompt) + listed
    pages = max(1, -(-len(listed) // PAGE_SIZE))
    start = (min(asked.page, pages) - 1) * PAGE_SIZE
    rows = tuple(
        _row(idea, own.get(idea["id"]), mine["votes"], shown=shown, is_open=is_open, zone=zone)
        for idea in listed[start : start + PAGE_SIZE]
    )
    return Page(
        path=path,
        asked=replace(asked, prompt=prompt["id"] if prompt and len(prompts) > 1 else None),
        prompts=prompts,
        prompt=prompt,
        open=is_open,
        total=len(here),
        rows=rows,
        pages=pages,
        left=mine["left"].get(str(prompt["id"])) if prompt and is_open else None,
    )


def _prompt_to_show(prompts: tuple[Json, ...], asked: int | None, on_stage: int | None) -> Json | None:
    """Return the prompt asked for, else the open one on the stage, else the newest open one, else the newest."""
    by_id = {prompt["id"]: prompt for prompt in prompts}
    if asked in by_id:
        return by_id[asked]
    running = [prompt for prompt in prompts if prompt["state"] == "open"]
    staged = [prompt for prompt in running if prompt["id"] == on_stage]
    best = staged or running[-1:] or list(prompts[-1:])
    return best[0] if best else None


def _arranged(ideas: list[Json], sort: str, own: Mapping[str, Json]) -> list[Json]:
    if sort == "top":
        return sorted(ideas, key=lambda idea: order_of(idea["agree"], idea["disagree"], idea["n"]))
    chosen = [idea for idea in ideas if idea["id"] in own] if sort == "mine" else ideas
    return sorted(chosen, key=lambda idea: -idea["n"])


def _found(ideas: list[Json], query: str) -> list[Json]:
    wanted = _fold(query).split()
    return [idea for idea in ideas if all(word in _fold(idea["text"]) for word in wanted)] if wanted else ideas


def _fold(text: str) -> str:
    return "".join(mark for mark in normalize("NFD", text) if not category(mark).startswith("M")).casefold()


def _taken_away(own: Iterable[Json], prompt: Json | None) -> list[Json]:
    """List own ideas that the facilitator took off the screens, as ideas without time and votes."""
    blank = {"agree": 0, "disagree": 0, "pass": 0, "floor": False, "at": 0, "lang": ""}
    return [
        blank | {"id": idea["id"], "text": idea["text"]}
        for idea in own
        if idea["state"] == "hidden" and prompt and idea["prompt"] == prompt["id"]
    ]


def _row(idea: Json, own: Json | None, votes: Mapping[str, int | None], *, shown: int, is_open: bool, zone: Any) -> Row:
    hidden = own is not None and own["state"] == "hidden"
    state = "" if own is None else "hidden" if hidden else "screen" if own["seq"] <= shown else "saved"
    return Row(
        idea=idea,
        time=datetime.fromtimestamp(idea["at"] / 1000, UTC).astimezone(zone).strftime("%H:%M") if idea["at"] else "",
        mine=own is not None,
        val=votes.get(idea["id"]),
        editable=own is not None and not hidden and is_open and idea["agree"] + idea["disagree"] + idea["pass"] == 0,
        state=state,
        reason=own["reason"] if hidden and own else "",
        merged=own is not None and own["merged"],
    )
