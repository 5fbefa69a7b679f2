"""Every refusal has a code of its own, an HTTP answer and a sentence for people."""

import functools
import re

import pytest
from flask import Flask
from flask_babel import Babel

from feedback.domain import facts
from feedback.domain.facts import Refusal
from feedback.domain.rows import BAD_ID, COLUMNS, EMPTY_FILE, ENCODING, NO_TEXT, NO_TEXT_COLUMN, NOT_JSON
from feedback.settings import ROOT
from feedback.wording import REFUSALS, sentence_of, sentence_of_line

REFUSED = [kind for kind in vars(facts).values() if isinstance(kind, type) and issubclass(kind, Refusal)]
# What each refusal that carries details is raised with.
DETAILS = {"length": 512, "limit": 500, "left": 0, "rev": 3, "after_ms": 500, "field": "rev"}
LINES = (BAD_ID, COLUMNS, EMPTY_FILE, ENCODING, NO_TEXT, NO_TEXT_COLUMN, NOT_JSON)


@pytest.fixture
def english():
    app = Flask("feedback")
    Babel(app)
    with app.app_context():
        yield


def test_codes_are_unique_and_each_has_its_words():
    codes = [kind.code for kind in REFUSED]
    assert len(set(codes)) == len(codes)
    assert set(codes) == set(REFUSALS)


@pytest.mark.parametrize("kind", REFUSED, ids=lambda kind: kind.code)
def test_refusal_says_a_polite_sentence(kind, english):
    sentence = sentence_of(kind.code, kind(**DETAILS).detail)
    assert sentence.endswith(".")
    assert "%(" not in sentence
    assert "!" not in sentence
    assert not {"submit", "session", "cluster", "error"} & set(sentence.lower().split())
    assert 400 <= kind.status < 600
    assert str(kind()) == kind.code


@pytest.mark.parametrize("kind", [kind for kind in REFUSED if kind is not Refusal], ids=lambda kind: kind.code)
def test_refusal_is_raised_somewhere_and_met_in_a_test(kind):
    raised = re.compile(rf"\braise {kind.__name__}\b|(?<!except )\b{kind.__name__}\(|: {kind.__name__}[,}}]")
    met = re.compile(rf"\b{kind.__name__}\b|[\"'](?:data-code=\")?{kind.code}\b")
    assert any(raised.search(text) for text in sources(ROOT / "feedback", but="facts.py"))
    assert any(met.search(text) for text in sources(ROOT / "tests", but="test_facts.py"))


@functools.cache
def sources(folder, *, but):
    return [path.read_text(encoding="utf-8") for path in folder.rglob("*.py") if path.name != but]


def test_sentence_of_an_unknown_code_or_missing_detail_is_still_a_sentence(english):
    assert sentence_of("no_such_code") == "That was not possible."
    assert sentence_of("too_long", {"left": 1}) == "That was not possible."


@pytest.mark.parametrize("code", [*LINES, "empty", "too_long", "control_characters", "full"])
def test_a_line_of_a_file_that_was_not_taken_has_its_reason(code, english):
    sentence = sentence_of_line(code)
    assert sentence.endswith(".")
    assert "%(" not in sentence
    assert sentence != "That was not possible."
