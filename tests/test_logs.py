"""The log's laws, line by line; the story with a real server is in tests/test_watch.py."""

import io
import json
import logging
import sqlite3
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError, OperationalError

from feedback import logs

ANY_TEXT = st.text(st.characters(codec=None), max_size=400)
LOUD = "Sturmglocke"


class Kept(io.StringIO):
    """What was logged since the last look."""

    def take(self) -> str:
        said = self.getvalue()
        self.seek(0)
        self.truncate()
        return said


@pytest.fixture
def stream() -> Iterator[Kept]:
    """A stream for the log; afterwards everything is as it was."""
    root = logging.getLogger()
    talkative = {name: logging.getLogger(name).level for name in logs.TALKATIVE}
    before = (
        root.handlers[:],
        root.level,
        sys.excepthook,
        sys.unraisablehook,
        threading.excepthook,
        warnings.showwarning,
    )
    yield Kept()
    root.handlers[:], level, sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning = before
    root.setLevel(level)
    for name, was in talkative.items():
        logging.getLogger(name).setLevel(was)


@pytest.fixture
def objects(stream: Kept) -> Kept:
    logs.start("json", stream)
    return stream


@pytest.fixture
def plain(stream: Kept) -> Kept:
    logs.start("plain", stream)
    return stream


def broken(error: BaseException, *causes: BaseException) -> BaseException:
    """An exception as it is when it has been raised, with what led to it."""
    try:
        if causes:
            raise error from broken(*causes)
        raise error
    except type(error) as raised:
        return raised


def test_any_text_becomes_one_printable_line(objects: Kept) -> None:
    @given(ANY_TEXT, ANY_TEXT)
    def law(text: str, name: str) -> None:
        logging.getLogger("feedback.x").warning("said %s", text, extra={"more": text})
        logging.getLogger(f"library.{name}").error(text)
        for line in objects.take().splitlines(keepends=True):
            assert line.endswith("}\n")
            assert line[:-1].isascii()
            assert line[:-1].isprintable()
            told = json.loads(line)
            assert all(len(str(value).encode()) <= logs.LONGEST + 3 for value in told.values())
            assert all(str(value).isprintable() for value in told.values())

    law()


def test_any_text_is_one_printable_line_for_people(plain: Kept) -> None:
    @given(ANY_TEXT)
    def law(text: str) -> None:
        logging.getLogger("feedback.x").warning("said %s", text)
        said = plain.take()
        assert said.startswith("WARNING feedback.x: said ")
        assert said[:-1].isprintable()

    law()


def test_a_line_has_time_level_logger_event_and_fields(objects: Kept) -> None:
    logs.request_code.set("ab12cd")
    logging.getLogger("feedback.live").warning("cut: %s (%d)", "flood", 3, extra={"reason": "flood", "thing": object()})
    logs.request_code.set("")
    told = json.loads(objects.take())
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "warning",
        "logger": "feedback.live",
        "event": "cut: flood (3)",
        "request": "ab12cd",
        "reason": "flood",
        "thing": "(object)",
    }


def test_lines_below_warning_are_not_written(objects: Kept) -> None:
    logging.getLogger("feedback.x").info("all is well")
    logging.getLogger("some.library").info("said %s", LOUD)
    assert objects.take() == ""


@pytest.mark.parametrize(
    "error",
    [
        ValueError(LOUD),
        KeyError(LOUD),
        RuntimeError(f"{LOUD}\n{LOUD}"),
        IntegrityError(f"INSERT {LOUD}", {"text": LOUD}, sqlite3.IntegrityError(LOUD)),
        UnicodeEncodeError("ascii", LOUD, 0, 3, LOUD),
        OperationalError("SELECT", {"text": LOUD}, sqlite3.OperationalError(f"disk I/O error\nDETAIL {LOUD}")),
        FileNotFoundError(2, "No such file", f"{LOUD}.txt"),
        ExceptionGroup(LOUD, [ValueError(LOUD)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_message_of_an_exception_is_told(stream: Kept, error: Exception) -> None:
    for form in ("json", "plain"):
        logs.start(form, stream)
        for raised in (broken(error), broken(LookupError(LOUD), error)):
            logging.getLogger("feedback.x").error("it broke", exc_info=raised)
            logging.getLogger("library").error("it broke %s", LOUD, exc_info=raised)
            said = stream.take()
            assert LOUD not in said
            assert type(error).__name__ in said
            assert "test_logs.py" in said


def test_what_names_the_cure_is_told(objects: Kept) -> None:
    full = OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))
    logging.getLogger("feedback.writer").warning("batch not committed", exc_info=broken(full))
    told = json.loads(objects.take())
    assert told["error"] == "sqlalchemy.exc.OperationalError"
    assert told["reason"] == "(sqlite3.OperationalError) database or disk is full"
    logging.getLogger("feedback.x").warning("no file", exc_info=broken(PermissionError(13, "Permission denied", LOUD)))
    assert json.loads(objects.take())["reason"] == "Permission denied"


def test_long_chains_and_deep_traces_are_cut(objects: Kept) -> None:
    def deep(levels: int) -> None:
        if not levels:
            raise ValueError
        deep(levels - 1)

    try:
        deep(200)
    except ValueError as error:
        logging.getLogger("feedback.x").error("deep", exc_info=broken(error, *(KeyError(n) for n in range(9))))
    told = json.loads(objects.take())
    assert len(told["trace"]) == logs.PLACES
    assert len(told["causes"]) == logs.CAUSES


def test_warnings_and_unhandled_exceptions_go_the_same_way(objects: Kept) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = logs._warned
        warnings.warn(LOUD, UserWarning, stacklevel=1)
    error = broken(ValueError(LOUD))
    sys.excepthook(ValueError, error, error.__traceback__)
    threading.excepthook(threading.ExceptHookArgs((ValueError, error, error.__traceback__, None)))
    said = objects.take()
    assert LOUD not in said
    assert [json.loads(line)["event"].split(" at ")[0] for line in said.splitlines()] == [
        "UserWarning",
        "the program broke",
        "a thread broke",
    ]


def test_a_closed_stream_ends_nothing(objects: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    objects.close()
    logging.getLogger("feedback.x").error("into the void")
    assert capsys.readouterr().err == ""


def test_our_own_mistakes_in_a_line_do_not_lose_it(objects: Kept) -> None:
    ours = next(handler for handler in logging.getLogger().handlers if isinstance(handler, logs.Lines))
    for words, args in (("%d things", ("three",)), ("%s of %s", ("one",)), ("%(none)s", ({"some": 1},))):
        ours.handle(logging.LogRecord("feedback.x", logging.ERROR, __file__, 1, words, args, None))
        assert json.loads(objects.take())["event"] == words


@pytest.mark.parametrize("mutant", ["told_as_it_is", "unescaped", "filled_in"])
def test_the_laws_fail_on_a_mutant(stream: Kept, monkeypatch: pytest.MonkeyPatch, mutant: str) -> None:
    if mutant == "told_as_it_is":
        monkeypatch.setattr(logs, "_reason", str)
        with pytest.raises(AssertionError):
            test_no_message_of_an_exception_is_told(stream, ValueError(LOUD))
    elif mutant == "unescaped":
        monkeypatch.setattr(logs, "shown", lambda text, _most: text)
        logs.start("plain", stream)
        with pytest.raises(AssertionError):
            test_any_text_is_one_printable_line_for_people(stream)
    else:
        words = logs._words
        monkeypatch.setattr(logs, "_words", lambda text, args, *, ours: words(text, args, ours=True))
        with pytest.raises(AssertionError):
            test_no_message_of_an_exception_is_told(stream, ValueError(LOUD))
