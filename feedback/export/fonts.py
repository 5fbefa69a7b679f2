"""The letters of the PDF: the same body on every machine, and for other scripts what this machine has."""

from functools import cache
from pathlib import Path

import typst

# The first comes with typst, the second with matplotlib: every machine has both.
_BODY = ("Libertinus Serif", "DejaVu Sans")
# What those two lack, by the names that Linux, macOS and Windows ship it under. A short list on purpose: typst tries
# it in order for every letter it misses, and people may write thousands of them.
_SCRIPTS = (
    *("Noto Color Emoji", "Apple Color Emoji", "Segoe UI Emoji"),
    *("Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo"),
    *("Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "WenQuanYi Zen Hei", "Droid Sans Fallback"),
    *("Noto Sans Devanagari", "Kohinoor Devanagari", "Nirmala UI", "Noto Sans Bengali", "Noto Sans Gurmukhi"),
    *("Noto Sans Gujarati", "Noto Sans Tamil", "Noto Sans Telugu", "Noto Sans Kannada", "Noto Sans Malayalam"),
    *("Noto Sans Sinhala", "Noto Sans Thai", "Leelawadee UI", "Thonburi", "Noto Sans Lao", "Noto Sans Khmer"),
    *("Noto Sans Myanmar", "Noto Serif Tibetan", "Noto Sans Ethiopic", "Ebrima", "Noto Sans Symbols2"),
)
# Holds a box for every character. PDF/UA refuses a text that cannot be shown, so without it one rare character in
# one idea would leave everybody without a report.
_LAST = "Last Resort High-Efficiency"


@cache
def fonts() -> typst.Fonts:
    """Find typst's own fonts, this machine's and matplotlib's, once."""
    from matplotlib import get_data_path  # noqa: PLC0415 -- slow import

    return typst.Fonts(font_paths=[Path(get_data_path()) / "fonts" / "ttf"])


@cache
def families() -> tuple[str, ...]:
    """List the families to try for a letter, in this order."""
    found = set(fonts().families())
    return (*_BODY, *(name for name in _SCRIPTS if name in found), _LAST)
