"""README and docs say what there is: settings, commands, the wire, the words; and their links lead somewhere."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from feedback.cli.__main__ import main
from feedback.domain.facts import Refusal
from feedback.domain.ideas import IdeaState
from feedback.domain.programme import ConversationState, PromptState, Scene
from feedback.domain.roles import Role
from feedback.settings import EmbedderSettings, Settings

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
PACKAGE = ROOT / "feedback"
#: Addresses that lead to nobody: this machine, private networks, names kept for examples.
NOBODYS = re.compile(r"127\.0\.0\.1|localhost|192\.168\.|0\.0\.0\.0|ideas\.example\.org|…")
#: Written in two parts, or this file would be the first to be found.
PATHS = re.compile("/ho" + "me/|/ro" + "ot/|/wo" + "rk/|/tm" + "p/|/Us" + "ers/|/va" + "r/")
WORDS = """
conference strand conversation code prompt idea vote budget ballot tally stage scene link theme cluster leftover
representative pin freeze report ledger participant facilitator rapporteur organiser crew actor op ack seq rev
writer gate action fact refusal heart sync shown seat house
"""


def page(name: str) -> str:
    """Return the text of a page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of its level."""
    level = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^{level} |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def rows(text: str) -> set[str]:
    """Return what stands in backticks in the first column of tables."""
    cells = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


def source(*parts: str) -> str:
    """Return the text of a source file."""
    return PACKAGE.joinpath(*parts).read_text(encoding="utf-8")


def refusals(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Yield every refusal that there is."""
    yield kind
    for narrower in kind.__subclasses__():
        yield from refusals(narrower)


def test_every_setting_is_in_the_operators_page() -> None:
    told = rows(section(page("operate.md"), "## Settings"))
    own = {f"FEEDBACK_{field.name.upper()}" for field in fields(Settings) if field.name != "embedders"}
    assert told == own | {f"FEEDBACK_EMBEDDER_{field.name.upper()}" for field in fields(EmbedderSettings)}
    assert told == set(re.findall(r"FEEDBACK_[A-Z_]+", source("settings.py")))


def test_every_variable_of_the_tests_is_in_the_developers_page() -> None:
    found = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r"FEEDBACK_TEST_[A-Z_]+", path.read_text(encoding="utf-8"))
        if not name.endswith("_")
    }
    assert found <= rows(section(page("develop.md"), "## Tests"))


def test_every_command_has_its_section_and_nothing_else_has() -> None:
    headings = set(re.findall(r"^## (\S+)$", page("commands.md"), re.MULTILINE))
    assert headings == {"(none)", *main.commands}


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_option_is_in_its_commands_section(name: str) -> None:
    told = section(page("commands.md"), f"## {name}")
    parameters = main.commands[name].params
    options = [each for each in parameters if isinstance(each, click.Option)]
    assert rows(told) == {word for each in options for word in (*each.opts, *each.secondary_opts)}
    for each in parameters:
        if isinstance(each, click.Argument):
            assert (each.name or "").upper() in told
        if isinstance(each.type, click.Choice):
            assert all(f"`{choice}`" in told for choice in each.type.choices)


def test_every_socket_event_is_on_the_wire_page() -> None:
    wire = section(page("wire.md"), "## Socket")
    live = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "live").glob("*.py"))
    sent = set(re.findall(r'(?:broadcast\([^"\n]*|emit\(|event_frame\()"(\w+)"', live))
    heard = set(re.findall(r'this\.socket\.on\("(\w+)"', source("frontend", "lib", "wire.ts")))
    library = {"connect", "disconnect", "connect_error"}
    assert sent == {"beat", "heart", "sync", "stop"}
    assert heard - library == sent
    assert sent <= rows(section(wire, "### From the server"))
    assert rows(section(wire, "### From the client")) == {"op"}
    assert 'frozenset({"op"})' in live


def test_every_kind_of_op_and_every_ack_is_on_the_wire_page() -> None:
    ops = section(page("wire.md"), "## Ops")
    types = source("frontend", "lib", "types.ts")
    kinds = set(re.findall(r'\bk: "(\w+)"', types))
    statuses = set(re.findall(r'status: "(\w+)"', types))
    assert kinds == set(re.findall(r'^    "(\w+)": \(\{"op", "k"', source("domain", "ops.py"), re.MULTILINE))
    assert rows(ops.partition("### Acks")[0]) == kinds | {"k"}
    assert rows(section(ops, "### Acks")) == statuses | {"status"}


def test_every_refusal_is_on_the_wire_page_with_its_status() -> None:
    told = section(page("wire.md"), "## Refusal codes")
    assert rows(told) == {kind.code for kind in refusals()}
    assert [kind.code for kind in refusals() if f"| `{kind.code}` | {kind.status} |" not in told] == []


def test_every_closing_code_is_on_the_wire_page() -> None:
    told = set(re.findall(r"^\| (\d{4}) \|", section(page("wire.md"), "## Closing codes"), re.MULTILINE))
    used = set()
    for name in ("guard.py", "connection.py", "transport.py"):
        used |= set(re.findall(r"\b1\d{3}\b", source("live", name))) & {str(code) for code in range(1000, 1016)}
    assert told == used


def test_the_glossary_has_every_word() -> None:
    cells = re.findall(r"^\| ([^|]+) \|", page("glossary.md"), re.MULTILINE)
    told = {word.strip() for cell in cells for word in cell.split(",")}
    assert set(WORDS.split()) - told == set()
    assert {role.value for role in Role} - told == set()
    said = page("glossary.md")
    values = {*PromptState, *ConversationState, *IdeaState, *Scene}
    assert [value for value in values if not re.search(rf"\b{value.value}\b", said)] == []


def test_the_map_names_every_folder_and_module() -> None:
    said = page("map.md")
    made = {"__pycache__", "node_modules"}
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - made
    assert [name for name in folders if f"`feedback/{name}/`" not in said] == []
    modules = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
    assert [name for name in modules if f"`{name}`" not in said] == []


def test_the_map_draws_the_layers_that_are_checked() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(rule["layers"] for rule in rules if rule["type"] == "layers")
    drawn = re.search(r"```\n(cli.*?)```", page("map.md"), re.DOTALL)
    assert drawn is not None
    assert [" ".join(layer.split()) for layer in drawn[1].split("─▶")] == [
        layer for layer in layers if layer != "__main__"
    ]


def test_the_map_of_the_readme_names_files_that_exist() -> None:
    table = section((ROOT / "README.md").read_text(encoding="utf-8"), "## Where things are")
    lines = re.findall(r"^\| [\w, ]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", table, re.MULTILINE)
    assert len(lines) == 9  # the first one is the head
    for line in lines[1:]:
        for layer, cell in zip(("domain", "store", "actions"), line, strict=False):
            names = [] if cell.startswith("(") else cell.split(", ")
            assert [name for name in names if not (PACKAGE / layer / f"{name}.py").exists()] == []
        for name in re.findall(r"\b(?:web|live|cli)/\w+", line[3]):
            assert (PACKAGE / f"{name}.py").exists() or (PACKAGE / name).is_dir(), name


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as they are made on code hosts."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_and_picture_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        assert "://" not in target, target
        name, _, anchor = target.partition("#")
        place = (path.parent / name).resolve() if name else path
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), target


def test_every_page_is_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        found = re.findall(r"\]\(([^)#\s]+\.md)", path.read_text(encoding="utf-8"))
        waiting += [place for name in found if (place := (path.parent / name).resolve()) not in seen]
    records = {path for path in PAGES if path.parent.name == "adr"}
    assert seen & records
    assert set(PAGES) - records - seen == set()


def test_pictures_are_used_and_small() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    pictures = sorted((DOCS / "pictures").glob("*"))
    assert [picture.name for picture in pictures if f"pictures/{picture.name}" not in said] == []
    assert {picture.name: size for picture in pictures if (size := picture.stat().st_size) >= 300_000} == {}


def test_no_page_names_a_machine_or_leads_elsewhere() -> None:
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        assert PATHS.findall(text) == [], path.name
        hosts = re.findall(r"\b\w+(?:\+\w+)?://([^\s`/)]+)", text)
        assert [host for host in hosts if not NOBODYS.search(host)] == [], path.name
