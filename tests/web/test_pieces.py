"""One page for a whole room: compressed once, filled in for each, and read by any gzip reader as the same text."""

import gzip
import re
import zlib

from hypothesis import given
from hypothesis import strategies as st

from feedback.web.pieces import LARGEST, Pieces

BLANKS = ("a1b2c3", "d4e5f6")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(TEXTS, st.sampled_from(BLANKS))), TEXTS, st.binary(max_size=300), st.binary(max_size=300))
def test_what_is_packed_reads_as_what_is_plain(parts, end, first, second):
    text = "".join(common + blank for common, blank in parts) + end
    values = dict(zip(BLANKS, (first, second), strict=True))
    cuts = re.split(f"({'|'.join(BLANKS)})", text)
    pieces = Pieces(text, BLANKS)
    filled = pieces.plain(values)
    assert filled == b"".join(values[cut] if cut in values else cut.encode() for cut in cuts)
    assert gzip.decompress(pieces.packed(values)) == filled
    assert zlib.decompress(pieces.packed(values), wbits=31) == filled


def test_a_common_text_becomes_small_and_the_largest_value_still_fits():
    pieces = Pieces("<li>An idea about the square</li>" * 500 + "a1b2c3", BLANKS[:1])
    assert len(pieces.packed({"a1b2c3": b"token"})) < 1_000
    assert gzip.decompress(pieces.packed({"a1b2c3": b"x" * LARGEST})).endswith(b"x" * LARGEST)


def test_what_is_personal_is_never_compressed():
    secret = b"the-secret-of-one-phone"
    packed = Pieces("the-secret-of-one-phone a1b2c3", BLANKS[:1]).packed({"a1b2c3": secret})
    assert secret in packed
