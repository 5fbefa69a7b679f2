"""The log: lines on standard error, for people or one JSON object each. Nothing that people wrote gets into it.

Every line of ours and of the libraries passes here. What keeps people's words out:
- of an exception the kind and the places in the code are told; its message may quote anything. Only kinds whose
  message names what the machine lacks, or a mistake in the code, say it;
- of a library's line its own words are told, not what it filled in, unless that is numbers;
- what cannot be printed is escaped, and no text is longer than a line.
"""

import json
import logging
import sys
import sysconfig
import threading
import traceback
import warnings
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from feedback.settings import ROOT

OURS = "feedback"
#: Bytes of one text in a line: of ours, and of a library's.
LONGEST, LONGEST_FOREIGN = 1_000, 200
#: Places in the code that are told of an exception, the last ones; and exceptions that led to it.
PLACES, CAUSES = 12, 3
#: Kinds of exceptions whose first line names the machine's trouble, or kinds and names in the code, and quotes nobody.
HONEST = {"OperationalError", "ImportError", "NameError", "AttributeError", "TypeError"}
#: Libraries that print by themselves unless somebody has set their level.
TALKATIVE = ("engineio.server", "socketio.server")

Event = dict[str, Any]
Failure = tuple[type[BaseException], BaseException, TracebackType | None]
#: The request that is being answered: the code that its error page shows.
request_code: ContextVar[str] = ContextVar("request_code", default="")
_STANDARD = {"event", "level", "logger", "positional_args", "exc_info", "stack_info"}
_PLACES = (ROOT, Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("stdlib")))
_log = logging.getLogger(OURS)


class Lines(logging.StreamHandler[TextIO]):
    """Writes lines; its lock is the machine's own, because the writer's native thread logs, too."""

    def createLock(self) -> None:  # noqa: N802 -- the library's name
        """Make the lock."""
        super().createLock()
        if "gevent" in sys.modules:
            from gevent import monkey  # noqa: PLC0415 -- only a server has it

            self.lock = monkey.get_original("_thread", "RLock")()

    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802 -- the library's name
        """Do nothing: whoever has closed our standard error does not want to read of it there."""


def start(form: str, stream: TextIO | None = None) -> None:
    """Write all that is logged in this process from now on, `plain` or `json`, to standard error or a stream."""
    from structlog import stdlib  # noqa: PLC0415 -- slow import, and only those pay who log

    handler = Lines(stream or sys.stderr)
    handler.setFormatter(
        stdlib.ProcessorFormatter(
            foreign_pre_chain=[stdlib.add_log_level, stdlib.add_logger_name, stdlib.ExtraAdder(), _told],
            processors=[_as_object if form == "json" else _as_text],
            pass_foreign_args=True,
            use_get_message=False,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.showwarning = _warned
    sys.excepthook = _end
    sys.unraisablehook = lambda broken: report("something broke where nobody waits", broken.exc_value)
    threading.excepthook = lambda broken: report("a thread broke", broken.exc_value)


def report(what: str, error: BaseException | None) -> None:
    """Log an exception that nobody has handled."""
    _log.error(what, exc_info=error)


def shown(text: str, most: int) -> str:
    """Return the text with everything escaped that cannot be printed, cut to so many bytes."""
    plain = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text[:most]).encode()
    if len(plain) <= most and len(text) <= most:
        return plain.decode()
    return plain[:most].decode(errors="ignore") + "…"


def _end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _log.critical("the program broke", exc_info=(kind, error, trace))


def _warned(
    message: Warning | str,  # noqa: ARG001 -- it may quote anything
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 -- the library's signature
    line: str | None = None,  # noqa: ARG001 -- the library's signature
) -> None:
    _log.warning("%s at %s:%d", category.__name__, _inside(Path(filename)), lineno)


def _told(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Event:
    """Put together what may be told of a record, in the order in which it is read."""
    record: logging.LogRecord = event["_record"]
    ours = record.name.partition(".")[0] == OURS
    words = _words(record.msg, event.get("positional_args"), ours=ours)
    told: Event = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": event["level"],
        "logger": shown(record.name, LONGEST_FOREIGN),
        "event": shown(words, LONGEST if ours else LONGEST_FOREIGN),
    }
    if code := request_code.get():
        told["request"] = code
    if ours:
        told |= {key: _value(value) for key, value in event.items() if key not in _STANDARD and key[0] != "_"}
    failure = event.get("exc_info")
    if isinstance(failure, tuple) and failure[1] is not None:
        told |= _failure(failure[1])
    return told


def _words(words: object, args: Any, *, ours: bool) -> str:
    if not isinstance(words, str):
        return f"({type(words).__name__})"
    if args and (ours or all(isinstance(arg, int | float) for arg in args)):
        with suppress(TypeError, ValueError, KeyError):
            return str(words % args)
    return words


def _value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return shown(value, LONGEST_FOREIGN) if isinstance(value, str) else f"({type(value).__name__})"


def _failure(error: BaseException) -> Event:
    told: Event = {"error": _kind(error), "reason": _reason(error), "trace": list(_places(error.__traceback__))}
    causes = [f"{_kind(cause)} {_reason(cause)}".strip() for cause in _causes(error)]
    return told | ({"causes": causes} if causes else {})


def _kind(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError):
        said = error.strerror or ""
    elif HONEST & {kind.__name__ for kind in type(error).__mro__}:
        said = str(error).partition("\n")[0]
    else:
        said = ""
    return shown(str(said), LONGEST_FOREIGN)


def _places(trace: TracebackType | None) -> Iterator[str]:
    for frame, line in list(traceback.walk_tb(trace))[-PLACES:]:
        yield f"{_inside(Path(frame.f_code.co_filename))}:{line} {frame.f_code.co_name}"


def _inside(path: Path) -> Path:
    """Return the path inside the program or its environment: where those are is nobody's business."""
    found = (path.relative_to(place) for place in _PLACES if path.is_relative_to(place))
    return next(found, path)


def _causes(error: BaseException) -> Iterator[BaseException]:
    for _ in range(CAUSES):
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None:
            return
        yield cause
        error = cause


def _as_object(_logger: object, _method: str, told: MutableMapping[str, Any]) -> str:
    # ASCII alone, so that no sign of any alphabet can move what a terminal or a viewer shows.
    return json.dumps(told)


def _as_text(_logger: object, _method: str, told: MutableMapping[str, Any]) -> str:
    line = f"{told['level'].upper()} {told['logger']}: {told['event']}"
    if "request" in told:
        line += f" (request {told['request']})"
    if "error" in told:
        line += f": {told['error']} {told['reason']}".rstrip()
        line += "".join(f"\n    {place}" for place in told["trace"])
        line += "".join(f"\n    because of {cause}" for cause in told.get("causes", ()))
    return line
