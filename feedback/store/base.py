"""What all tables share: the declarative base, constraint names, enums by value, instants as integers."""

from enum import StrEnum
from typing import Annotated

from sqlalchemy import BigInteger, Double, Enum, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column

# Named by convention from the first migration: SQLite's batch migrations find constraints by name only.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: Epoch milliseconds, UTC.
Instant = Annotated[int, mapped_column(BigInteger)]
MaybeInstant = Annotated[int | None, mapped_column(BigInteger)]
#: A ULID.
Ulid = Annotated[str, mapped_column(String(26))]
#: SHA-256 or HMAC-SHA-256 in hex.
Digest = Annotated[str, mapped_column(String(64))]
LongText = Annotated[str, mapped_column(Text)]
#: 0 to 1.
Share = Annotated[float, mapped_column(Double)]
MaybeShare = Annotated[float | None, mapped_column(Double)]
MaybeLongText = Annotated[str | None, mapped_column(Text)]


def by_value(kind: type[StrEnum]) -> Enum:
    """Store an enum's value (not its member's name) as text with a CHECK."""
    return Enum(
        kind,
        name=kind.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """The base of all rows."""

    metadata = MetaData(naming_convention=NAMES)
