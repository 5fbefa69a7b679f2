"""Names that are made outside the database have one form, and only that form is believed."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.ids import CODE_LENGTH, CODE_LETTERS, is_ulid, new_code, tidy_code, ulid

INSTANTS = st.integers(0, 2**48 - 1)


@given(INSTANTS, st.integers(0, 2**80 - 1))
def test_ulid_is_one_and_reads_back_as_its_bits(now, bits):
    name = ulid(now, lambda _: bits)
    assert is_ulid(name)
    value = 0
    for letter in name:
        value = value * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter)
    assert (value >> 80, value & (2**80 - 1)) == (now, bits)


@given(INSTANTS, INSTANTS)
def test_ulid_sorts_by_time(one, other):
    early, late = sorted((one, other))
    if early < late:
        assert ulid(early, lambda bits: 2**bits - 1) < ulid(late, lambda bits: 0)


def test_ulid_matches_the_specification():
    assert ulid(1_469_918_176_385, lambda _: 0)[:10] == "01ARYZ6S41"


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "",
        "01ARZ3NDEKTSV4RRFFQ69G5FA",
        "01ARZ3NDEKTSV4RRFFQ69G5FAVV",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV\n",
        "01arz3ndektsv4rrffq69g5fav",
        "81ARZ3NDEKTSV4RRFFQ69G5FAV",
        "01ARZ3NDEKTSV4RRFFQ69G5FIV",
        "０1ARZ3NDEKTSV4RRFFQ69G5FAV",
    ],
)
def test_is_ulid_believes_only_the_canonical_form(value):
    assert not is_ulid(value)


@given(st.integers(0, 2**64 - 1))
def test_new_code_has_six_letters_that_are_not_mistaken(bits):
    code = new_code(lambda _: bits)
    assert len(code) == CODE_LENGTH
    assert set(code) <= set(CODE_LETTERS)
    assert not set(code) & set("01OIL")
    assert tidy_code(code) == code


@given(st.integers(0, 2**64 - 1))
def test_tidy_code_forgives_case_blanks_and_dashes(bits):
    code = new_code(lambda _: bits)
    assert tidy_code(f" {code[:3].lower()} - {code[3:]}\n") == code


def test_new_code_uses_all_letters():
    assert set("".join(new_code(secrets.randbits) for _ in range(500))) == set(CODE_LETTERS)
