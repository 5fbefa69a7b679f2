"""Reading and writing from requests: one connection each, and an answer also when the writer is slow."""

import threading

import pytest

from feedback import app as factory
from feedback import db
from feedback.domain.facts import Busy
from feedback.settings import read_settings
from feedback.store.engine import engine_options


def test_request_needs_one_connection(room, tmp_path, monkeypatch):
    scarce = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 1}
    monkeypatch.setattr(factory, "engine_options", lambda url: engine_options(url) | scarce)
    app = factory.create_app(read_settings({"FEEDBACK_INSTANCE": str(tmp_path)}), writer=room.gate.writer)
    client, code = app.test_client(), room.conversation().code
    for path in ("/", f"/c/{code}", f"/c/{code}/sync", f"/c/{code}/sync?since=1", f"/c/{code}/mine"):
        assert client.get(path).status_code == 200, path


def test_write_that_takes_too_long_is_busy(room, monkeypatch):
    monkeypatch.setattr(db, "WAIT_SECONDS", 0.05)
    held = threading.Event()
    with pytest.raises(Busy) as refused:
        room.gate.write(None, lambda _tx: held.wait(5))
    held.set()
    assert refused.value.detail["after_ms"] > 0
