"""Two texts beside each other: what differs is marked, and nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.differences import Piece, pieces_of


def test_the_word_that_turns_it_round_is_marked():
    first, second = pieces_of("It should be torn down", "It should not be torn down")
    assert first == (Piece("It should ", differs=False), Piece("be torn down", differs=False))
    assert second == (
        Piece("It should ", differs=False),
        Piece("not ", differs=True),
        Piece("be torn down", differs=False),
    )


def test_case_and_punctuation_make_no_difference():
    first, second = pieces_of("Open, late!", "open late")
    assert [piece.differs for piece in first + second] == [False, False]


def test_a_mark_that_stands_alone_makes_no_difference_and_an_emoji_does():
    assert not any(piece.differs for some in pieces_of("Open late – !", "Open late") for piece in some)
    first, second = pieces_of("Night buses \N{THUMBS UP SIGN}", "Night buses \N{THUMBS DOWN SIGN}")
    assert [piece.text for piece in (*first, *second) if piece.differs] == [
        "\N{THUMBS UP SIGN}",
        "\N{THUMBS DOWN SIGN}",
    ]


@given(st.text().map(str.strip), st.text().map(str.strip))
def test_the_pieces_are_the_texts(one, other):
    first, second = pieces_of(one, other)
    assert "".join(piece.text for piece in first) == one
    assert "".join(piece.text for piece in second) == other


@given(st.text())
def test_a_text_differs_from_itself_nowhere(text):
    assert not any(piece.differs for some in pieces_of(text, text) for piece in some)
