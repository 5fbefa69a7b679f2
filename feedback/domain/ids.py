"""Names for things that are made outside the database: ULIDs made by phones, codes typed by people."""

import re
from collections.abc import Callable

# Crockford's base 32, as the ULID specification has it.
_ULID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = re.compile(rf"[0-7][{_ULID_LETTERS}]{{25}}")
# No 0/O, 1/I/L: read aloud in a hall and typed on a phone. 31 letters, six of them: 8.9e8 codes.
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 6


def is_ulid(value: object) -> bool:
    """Tell whether the value is a ULID in its canonical 26 letters."""
    return isinstance(value, str) and _ULID.fullmatch(value) is not None


def ulid(now: int, chance: Callable[[int], int]) -> str:
    """Make a ULID from epoch milliseconds and `chance(bits)`, a source of random bits (ULID specification)."""
    value = (now << 80) | chance(80)
    return "".join(_ULID_LETTERS[(value >> shift) & 31] for shift in range(125, -5, -5))


def new_code(chance: Callable[[int], int]) -> str:
    """Make a join code of six letters from `chance(bits)`."""
    value = chance(64)
    letters = []
    for _ in range(CODE_LENGTH):
        value, place = divmod(value, len(CODE_LETTERS))
        letters.append(CODE_LETTERS[place])
    return "".join(letters)


def tidy_code(typed: str) -> str:
    """Return a typed code as it is stored: upper case, without blanks and dashes."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())
