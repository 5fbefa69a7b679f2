"""The house rules that a program can check: who imports whom, sizes, words, and what never enters the repository."""

import ast
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "feedback"
MADE_HERE = {"__pycache__", "node_modules", "instance", "build", "dist"}
LIMIT = 400
NOT_OUR_WORDS = {"session_id", "event_id", "user_id", "topic", "topics", "Post", "Comment"}
# Written in two parts, or this file would be the first to be found.
NEVER_COMMITTED = [
    "/wo" + "rk/",
    "/ro" + "ot/",
    "/tmp/" + "venv",
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.",
    "deb." + "debian.org",
    '"resol' + 'ved"',
    "BEGIN " + "PRIVATE KEY",
]


def files_of(folder: Path) -> Iterator[Path]:
    """Yield the files that are ours: not hidden, not made by set-up, tests or runs."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in MADE_HERE and (name[0] != "." or name == ".ci")]
        yield from (Path(place, name) for name in names if not name.endswith((".pyc", ".mo", ".stamp")))


def sources() -> list[Path]:
    """Return the modules of the package."""
    return sorted(path for path in files_of(PACKAGE) if path.suffix == ".py")


def imports_of(path: Path) -> set[str]:
    """Return the modules that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_imports_follow_the_layers(tmp_path: Path) -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", code, "--cache-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_domain_and_bootstrap_know_only_the_standard_library() -> None:
    pure = [path for path in sources() if PACKAGE / "domain" in path.parents]
    foreign = {
        (str(path.relative_to(ROOT)), name)
        for path in [*pure, PACKAGE / "__main__.py"]
        for name in imports_of(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith("feedback.domain")
    }
    assert foreign == set()


def test_no_module_is_too_long() -> None:
    code = [path for path in files_of(PACKAGE) if path.suffix in {".py", ".ts", ".tsx", ".mjs"}]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in code}
    assert len(lengths) > 40
    assert {path: length for path, length in lengths.items() if length > LIMIT} == {}


def test_names_use_the_words_of_the_glossary() -> None:
    found = set()
    for path in sources():
        with tokenize.open(path) as file:
            names = {token.string for token in tokenize.generate_tokens(file.readline) if token.type == tokenize.NAME}
        found |= {(str(path.relative_to(ROOT)), name) for name in names & NOT_OUR_WORDS}
        classes = {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)}
        found |= {(str(path.relative_to(ROOT)), name) for name in classes & {"Session"}}
    assert found == set()


def test_there_is_no_room_for_odds_and_ends() -> None:
    names = {path.relative_to(PACKAGE).parts[-1] for path in sources()} | {path.parent.name for path in sources()}
    assert names & {"utils.py", "helpers.py", "common.py", "models.py", "extensions.py", "common", "utils"} == set()


def test_serving_a_phone_never_loads_scikit_learn(tmp_path: Path) -> None:
    code = "import sys; from feedback.app import create_app; create_app(); print(*sys.modules)"
    env = {**os.environ, "FEEDBACK_INSTANCE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "feedback.app" in loaded
    assert loaded & {"sklearn", "scipy", "feedback.clustering"} == set()


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = set()
    for path in files_of(ROOT):
        text = path.read_bytes().decode(errors="replace")
        found |= {(str(path.relative_to(ROOT)), words) for words in NEVER_COMMITTED if words in text}
    assert found == set()


def test_scripts_and_styles_come_from_this_server_alone() -> None:
    pages = [path for path in files_of(PACKAGE / "templates") if path.suffix in {".html", ".txt", ".svg"}]
    foreign = re.compile(r"(?:src|href|action)=[\"']?(?:https?:)?//", re.IGNORECASE)
    assert [str(path) for path in pages if foreign.search(path.read_text(encoding="utf-8"))] == []
