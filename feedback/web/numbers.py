"""Whole numbers that forms and addresses bring: anybody may have written them."""

from werkzeug.datastructures import MultiDict

from feedback.domain.facts import BadValue

#: The largest number that a row of a database has.
LAST = 2**31 - 1


def number_in(fields: MultiDict[str, str], name: str) -> int | None:
    """Return the number in a field, None where there is none; raises BadValue for what is no number of a row."""
    said = fields.get(name, "")
    if said == "":
        return None
    if not (said.isascii() and said.isdigit() and len(said) <= len(str(LAST)) and int(said) <= LAST):
        raise BadValue(field=name)
    return int(said)
