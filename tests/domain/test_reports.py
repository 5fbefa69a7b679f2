"""A report survives its JSON, and its checksum is the state's and nothing else's."""

import dataclasses
import hashlib
import json

from frozen import OLD, OLD_CHECKSUM
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.domain.reports import (
    Ledger,
    Method,
    OpinionIdea,
    Participation,
    Report,
    ReportGroup,
    ReportIdea,
    ReportOpinions,
    ReportPrompt,
    ReportTheme,
    Sorting,
    canonical_json,
    checksum_of,
    plain_of,
    report_of,
)

WORDS = st.text(max_size=20)
COUNTS = st.integers(0, 5_000)


def lists(inner):
    return st.lists(inner, max_size=2).map(tuple)


IDEAS = st.builds(ReportIdea, *[WORDS, COUNTS, WORDS, WORDS, COUNTS, st.none() | COUNTS], *[COUNTS] * 3, WORDS, COUNTS)
THEMES = st.builds(
    ReportTheme, COUNTS, WORDS, lists(WORDS), lists(IDEAS), lists(WORDS), COUNTS, st.none() | st.booleans()
)
LINES = st.builds(OpinionIdea, COUNTS, lists(st.none() | st.tuples(COUNTS, COUNTS, COUNTS)))
GROUPS = st.builds(ReportGroup, WORDS, COUNTS, lists(LINES), lists(LINES))
OPINIONS = st.builds(
    ReportOpinions, COUNTS, st.none() | COUNTS, *[COUNTS] * 3, lists(GROUPS), lists(LINES), lists(LINES)
)
REPORTS = st.builds(
    Report,
    *[WORDS] * 9,
    COUNTS,
    COUNTS,
    WORDS,
    lists(st.builds(ReportPrompt, COUNTS, WORDS, st.none() | COUNTS, COUNTS)),
    lists(THEMES),
    lists(IDEAS),
    st.builds(Participation, *[COUNTS] * 4),
    st.builds(Ledger, COUNTS, COUNTS, COUNTS, lists(st.tuples(WORDS, COUNTS)), COUNTS),
    st.builds(Method, WORDS, *[COUNTS] * 4, st.none() | COUNTS, st.none() | COUNTS, st.none() | WORDS),
    st.none() | st.builds(Sorting, *[COUNTS] * 4),
    lists(OPINIONS),
)


@given(REPORTS)
@settings(max_examples=25)
def test_report_of_reads_back_what_was_written(report):
    written = canonical_json(report)
    assert report_of(written) == report
    assert canonical_json(report_of(written)) == written
    assert json.loads(written)["conference"] == report.conference


@given(REPORTS)
@settings(max_examples=25)
def test_checksum_changes_with_the_state(report):
    assert checksum_of(report) == checksum_of(report_of(canonical_json(report)))
    assert checksum_of(report) != checksum_of(dataclasses.replace(report, seq=report.seq + 1))
    assert len(checksum_of(report)) == 64


def told_by(plain) -> str:
    """The canonical JSON of the old state, made of what `plain` makes of a report."""
    return json.dumps(plain(report_of(OLD)), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_a_state_of_long_ago_reads_as_it_did_and_keeps_its_checksum():
    report = report_of(OLD)
    assert canonical_json(report) == told_by(plain_of) == OLD
    assert checksum_of(report) == OLD_CHECKSUM == hashlib.sha256(OLD.encode()).hexdigest()
    # The mutant that writes whatever a report holds.
    assert told_by(dataclasses.asdict) != OLD
    assert (report.sorting, report.opinions, {theme.firm for theme in report.themes}) == (None, (), {None})


def test_what_came_later_is_written_as_soon_as_it_says_something():
    report = report_of(OLD)
    later = dataclasses.replace(
        report,
        themes=(dataclasses.replace(report.themes[0], firm=False), *report.themes[1:]),
        sorting=Sorting(0, 0, 0, 0),
        method=dataclasses.replace(report.method, ideas_placed_by_room=0),
    )
    told, before = json.loads(canonical_json(later)), json.loads(OLD)
    assert (told.pop("sorting"), told["themes"][0].pop("firm"), told["method"].pop("ideas_placed_by_room")) == (
        {"people": 0, "settled": 0, "sorts": 0, "unsure": 0},
        False,
        0,
    )
    assert told == before
