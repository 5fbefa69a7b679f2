"""What people write is kept as they wrote it; what would disturb a screen is refused or taken out."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.facts import ControlCharacters, EmptyText, Refusal, TextTooLong
from feedback.domain.texts import IDEA_LIMIT, canonical, length_of, normal, one_line

DATA = Path(__file__).resolve().parent.parent / "data"
LENGTHS = json.loads((DATA / "lengths.json").read_text(encoding="utf-8"))
GOLDEN = [line.split("\t") for line in (DATA / "texts.tsv").read_text(encoding="utf-8").splitlines()[1:]]

# Letters, marks, blanks and invisible characters mixed, so that the rules meet each other.
TRICKY = st.text(
    st.sampled_from("abe\u0301\u0327\u0300\u0489 \t\n\r\u2028\u00a0\u200b\u200d\u202e\ufeff\u1112\u1161\u11ab")
)
TEXTS = st.one_of(st.text(max_size=60), TRICKY)


@pytest.mark.parametrize("vector", LENGTHS, ids=lambda vector: ascii(vector["text"][:12]))
def test_length_is_the_same_as_on_the_phone(vector):
    assert length_of(vector["text"]) == vector["length"]


def test_canonical_keeps_299_sentences_of_all_languages_byte_for_byte():
    assert len(GOLDEN) == 299
    assert len({lang for lang, _ in GOLDEN}) == 24 + 8
    for lang, text in GOLDEN:
        assert canonical(text).encode() == text.encode(), (lang, text)
        assert length_of(text) == len(text), (lang, text)


def kept(text: str) -> str | None:
    try:
        return canonical(text)
    except Refusal:
        return None


@given(TEXTS)
def test_canonical_twice_is_canonical_once(text):
    once = kept(text)
    if once is not None:
        assert canonical(once) == once


@given(TEXTS)
def test_canonical_is_never_empty_longer_than_the_measure_or_untrimmed(text):
    once = kept(text)
    if once is not None:
        assert 1 <= len(once) <= length_of(text) <= IDEA_LIMIT
        assert once == normal(once)
        assert unicodedata.is_normalized("NFC", once)


@given(st.text(max_size=30), st.text(st.sampled_from(" \t\n\r\u00a0\u2028\u3000\ufeff"), max_size=5))
def test_length_does_not_count_blanks_around(text, blanks):
    assert length_of(blanks + text + blanks) == length_of(text)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=40))
def test_length_is_the_same_for_composed_and_decomposed_letters(text):
    assert length_of(unicodedata.normalize("NFD", text)) == length_of(unicodedata.normalize("NFC", text))


def test_canonical_counts_the_limit_exactly():
    assert canonical("a" * 500) == "a" * 500
    assert canonical(" " + "e\u0301" * 500 + "\n") == "é" * 500
    with pytest.raises(TextTooLong) as refused:
        canonical("a" * 501)
    assert refused.value.detail == {"length": 501, "limit": 500}


@pytest.mark.parametrize("text", ["", "   ", "\n\t\r\n", "\u200b", "\ufeff\u2060", "\u00a0\u2003", "\u202e\u202c"])
def test_canonical_refuses_nothing_written(text):
    with pytest.raises(EmptyText):
        canonical(text)


@pytest.mark.parametrize("mark", ["\0", "\x07", "\x1b", "\x7f", "\x9f", "\ud800", "\ufffe", "\U0001ffff", "\ufdd0"])
def test_canonical_refuses_characters_no_keyboard_writes(mark):
    with pytest.raises(ControlCharacters):
        canonical(f"a{mark}b")


def test_canonical_thins_zalgo_to_three_marks_on_a_letter():
    zalgo = "H" + "\u0335" * 40 + "e" + "\u0489" * 12 + "!"
    assert canonical(zalgo) == "H" + "\u0335" * 3 + "e" + "\u0489" * 3 + "!"


def test_canonical_takes_out_direction_overrides_and_zero_width_blanks():
    assert canonical("user\u202egnp.exe\u202c and\u200b more\u00ad") == "usergnp.exe and more"
    assert canonical("e\u200b\u0301") == "é"


def test_canonical_keeps_one_empty_line_at_most():
    assert canonical("a\r\n\r\n \r\n\r\nb\rc") == "a\n\nb\nc"


def test_one_line_has_no_line_feeds():
    assert one_line("  Creative\n\n  places \t now ") == "Creative places now"
    with pytest.raises(TextTooLong):
        one_line("a" * 121)
