"""A report survives its JSON, and its checksum is the state's and nothing else's."""

import dataclasses
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.domain.reports import (
    Ledger,
    Method,
    Participation,
    Report,
    ReportIdea,
    ReportPrompt,
    ReportTheme,
    canonical_json,
    checksum_of,
    report_of,
)

WORDS = st.text(max_size=20)
COUNTS = st.integers(0, 5_000)


def lists(inner):
    return st.lists(inner, max_size=2).map(tuple)


IDEAS = st.builds(ReportIdea, *[WORDS, COUNTS, WORDS, WORDS, COUNTS, st.none() | COUNTS], *[COUNTS] * 3, WORDS, COUNTS)
THEMES = st.builds(ReportTheme, COUNTS, WORDS, lists(WORDS), lists(IDEAS), lists(WORDS), COUNTS)
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
    st.builds(Method, WORDS, *[COUNTS] * 4),
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
