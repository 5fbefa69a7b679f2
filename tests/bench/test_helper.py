"""A helper process of the benchmark is gone when it is closed, in time or not, and leaves nothing open."""

from pathlib import Path

import pytest

from bench import helper
from bench.helper import Helper
from bench.served import CannotMeasure

OBEYS = """
import json, sys
for line in sys.stdin:
    print(json.dumps(json.loads(line)), flush=True)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(helper, "END_WITHIN", 0.2)

    def write(text: str) -> str:
        (tmp_path / "told.py").write_text(text, encoding="utf-8")
        return "told"

    return write


def test_orders_and_answers_are_lines(module):
    told = Helper(module(OBEYS), {"seed": 1})
    assert told.answer() == {"seed": 1}
    assert told.ask("join", phones=3) == {"do": "join", "phones": 3}
    told.close()


@pytest.mark.parametrize("ends", [OBEYS, "import time\nprint('{}', flush=True)\ntime.sleep(600)"])
def test_nothing_stays_open_whether_it_ends_by_itself_or_not(module, ends):
    told = Helper(module(ends), {})
    told.answer()
    told.close()
    process = told._process
    assert process.returncode is not None
    assert process.stdin.closed
    assert process.stdout.closed


def test_a_helper_that_broke_is_no_figure(module):
    told = Helper(module("import sys\nsys.stdin.readline()"), {})
    with pytest.raises(CannotMeasure, match="broke"):
        told.answer()
    told.close()
