"""What the strands of a conference have in common, with whatever ideas a test wants behind it."""

from collections.abc import Sequence
from typing import Any

from feedback.domain.alignments import Across, Member, Subject, SubjectIdea, SubjectTheme

READ = 1_795_356_180_000  # 22 November 2026, 14:43 UTC
STRANDS = (("Inspire", "inspire", "I"), ("Impact", "impact", "M"), ("Involve", "involve", "V"))


def theme(place: int, number: int, name: str, texts: Sequence[str], **changes: Any) -> SubjectTheme:
    """Make a theme of the conversation at this place; idea n has n votes for it, the first one stands for it."""
    strand, key, mark = STRANDS[place % len(STRANDS)]
    ideas = tuple(
        SubjectIdea(
            id=f"01JDABCDEFGHJKMNPQ{place:04d}{number:02d}{n:02d}",
            number=100 * number + n,
            text=text,
            lang="en",
            agree=n,
            disagree=0,
            passes=0,
            stands_for=n == 1,
        )
        for n, text in enumerate(texts, start=1)
    )
    values: dict[str, Any] = {
        "member": Member(place + 1, number),
        "strand": strand,
        "strand_key": key,
        "strand_mark": mark,
        "conversation": f"Conversation {place + 1}",
        "code": f"K7M2P{place}",
        "name": name,
        "ideas": ideas,
    }
    return SubjectTheme(**{**values, **changes})


def across(texts: Sequence[str] = ("Trams until two", "Night buses", "Benches"), **changes: Any) -> Across:
    """Make two subjects, one of every strand and one of two strands, and a theme that stands alone.

    `texts` are the ideas behind the first theme of the first subject.
    """
    nights = Subject(
        (
            theme(0, 1, "Night buses", texts),
            theme(1, 4, "Late trams", ("A tram at one",)),
            theme(2, 2, "Home by night", ("Taxis that are shared", "Lights on the way")),
        )
    )
    shade = Subject((theme(0, 2, "Shade", ("Trees",)), theme(2, 3, "Trees & shade", ("More trees",))))
    values: dict[str, Any] = {
        "conference": "Creative Conversations",
        "language": "en",
        "time_zone": "Europe/Vienna",
        "read_at": READ,
        "strands": tuple(name for name, _, _ in STRANDS),
        "subjects": (nights, shade),
        "alone": (theme(1, 5, "Choirs", ("Rooms for choirs",)), theme(2, 9, "Named beforehand", ())),
    }
    return Across(**{**values, **changes})
