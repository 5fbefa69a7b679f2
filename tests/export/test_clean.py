import json

from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.facts import Refusal
from feedback.domain.reports import canonical_json, report_of
from feedback.domain.texts import canonical
from feedback.export.clean import clean, cleaned, guarded, unguarded

# Whatever text a client may send, with the marks that matter drawn often.
ANY = st.text(st.one_of(st.characters(exclude_categories=()), st.sampled_from("'=+-@;\t\n\r\x00\" =－＠\ufeff")))


def test_clean_takes_out_what_no_document_may_hold():
    assert clean("a\x00b\x0bc\x1bd\x7fe\x9ff\ud800g\udfffh\ufffei\uffffj\ufdd0k\U0001ffffl\ufeffm") == "ab\ncdefghijklm"


def test_clean_takes_out_overrides_and_keeps_joiners_and_marks_of_direction():
    assert clean("a\u202eb\u2066c\u2069") == "abc"
    assert clean("\u200f👩\u200d👧 \u200enय\u0940") == "\u200f👩\u200d👧 \u200enय\u0940"


def test_clean_keeps_characters_newer_than_this_python():
    assert clean("\U0001fae8\U0001fae9\u0378\ue000") == "\U0001fae8\U0001fae9\u0378\ue000"


def test_clean_writes_every_line_end_as_line_feed():
    assert clean("a\r\nb\rc\u2028d\u2029e\x85f\x0cg") == "a\nb\nc\nd\ne\nf\ng"


@given(ANY)
def test_clean_text_can_be_written_in_xml_and_in_utf8(text):
    kept = clean(text)
    kept.encode()
    assert all(mark in "\t\n" or mark >= " " for mark in kept)
    assert clean(kept) == kept


@given(ANY)
def test_clean_leaves_every_text_alone_that_was_let_in(text):
    try:
        stored = canonical(text)
    except Refusal:
        return
    assert clean(stored) == stored


@given(ANY)
def test_guarded_text_can_be_read_back(text):
    assert unguarded(guarded(text)) == text


@given(ANY)
def test_guarded_text_begins_no_formula_in_any_cell_it_may_be_split_into(text):
    for separator in ("", ";", "\n", "\t"):
        cells = [guarded(text)] if not separator else guarded(text).split(separator)
        for cell in cells:
            assert not cell.lstrip(' \t\n\r\x0b\x0c\x00"\ufeff').startswith(
                ("=", "+", "-", "@", "＝", "＋", "－", "＠")
            )


def test_guarded_leaves_ordinary_words_alone():
    for text in ("More trees", "it's - well - 50 % @ noon = good", "3+4", "don't; won't", ""):
        assert guarded(text) == text


def test_guarded_marks_the_beginning_after_blanks_too():
    for text in ("=1", "  =1", "\u00a0=1", "\ufeff@x", "\t1", "\rx", "\x00", "＝1", '"=1'):
        assert guarded(text) == f"'{text}"
    assert guarded("a;=1") == "a;'=1"
    assert guarded("list:\n- one\n- two") == "list:\n'- one\n'- two"


def test_every_text_of_a_report_is_cleaned_however_deep_it_stands(sorted_report):
    dirty = report_of(_dirtied(canonical_json(sorted_report)))
    assert dirty != sorted_report
    assert cleaned(dirty) == sorted_report


def _dirtied(content: str) -> str:
    """Put a mark into every text that no document may hold."""

    def dirt(value):
        if isinstance(value, str):
            return f"{value}\ufeff"
        if isinstance(value, list):
            return [dirt(part) for part in value]
        return {name: dirt(member) for name, member in value.items()} if isinstance(value, dict) else value

    return json.dumps(dirt(json.loads(content)))
