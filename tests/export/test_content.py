import re
from dataclasses import replace

from feedback.domain.reports import Ledger
from feedback.export.blocks import Chart, Facts, Heading, IdeaTable, Paragraph, Table
from feedback.export.content import paper_of


def paragraphs(paper) -> list[str]:
    return [block.text for block in paper.blocks if isinstance(block, Paragraph)]


def annex(paper) -> IdeaTable:
    return [block for block in paper.blocks if isinstance(block, IdeaTable)][-1]


def test_blocks_come_in_one_order(report, words):
    kinds = [type(block) for block in paper_of(report, words).blocks]
    assert kinds == [
        *(Heading, Paragraph, Chart, Table, Heading, Table),
        *(Heading, Heading, Facts, IdeaTable, Heading, Facts, IdeaTable),
        *(Heading, Paragraph, IdeaTable),
        *(Heading, Paragraph, Table),
        *(Heading, Paragraph, Paragraph, Paragraph, Facts, Paragraph),
        *(Heading, IdeaTable),
    ]


def test_every_label_can_be_translated(report, marked):
    paper = paper_of(report, marked)
    labels = [block.text for block in paper.blocks if isinstance(block, Heading | Paragraph)]
    for block in paper.blocks:
        if isinstance(block, Table | IdeaTable):
            labels += block.labels
        if isinstance(block, Facts):
            labels += [label for label, _ in block.rows]
    labels += [label for label, _ in paper.cover] + [label for _, label in paper.figures]
    labels += [paper.subtitle, paper.checksum_label, paper.contents]
    assert [label for label in labels if not re.match("^«.*»$", label, re.S)] == []


def test_annex_lists_every_idea_by_number_with_its_theme(report, words):
    rows = annex(paper_of(report, words)).rows
    assert [(row.number, row.figures[0]) for row in rows] == [(1, "1"), (2, "2"), (3, "–"), (4, "1"), (5, "2")]
    assert [row.note for row in rows] == ["", "", "", "", "from the floor"]


def test_columns_for_views_that_nobody_took_are_left_out(make, words):
    report = make(["one", "two"])
    plain = [replace(idea, disagree=0, passes=0) for theme in report.themes for idea in theme.ideas]
    report = replace(report, themes=(), leftovers=tuple(plain))
    assert annex(paper_of(report, words)).labels == ("Theme", "Votes")


def test_ledger_that_does_not_add_up_is_not_hidden(report, words):
    wrong = replace(report, ledger=Ledger(20, 5, 3, (), 3))
    assert "These figures differ by 9. Please clear this up before the report is filed." in paragraphs(
        paper_of(wrong, words)
    )
    short = replace(report, ledger=Ledger(8, 8, 0, (), 0))
    assert "The annex lists 5 ideas. Please clear this up before the report is filed." in paragraphs(
        paper_of(short, words)
    )


def test_first_sentence_names_what_most_votes_went_to(report, words):
    assert paragraphs(paper_of(report, words))[0] == "Most votes went to: Theme name 2 (7) and Theme name 1 (5)."
    silent = replace(report, themes=tuple(replace(theme, votes=0) for theme in report.themes))
    assert paragraphs(paper_of(silent, words))[0] == (
        "Nobody has voted yet. Most ideas are about: Theme name 1 (2) and Theme name 2 (2)."
    )


def test_each_strand_has_its_colour(make, words):
    colours = [paper_of(make([], strand=name), words).accent for name in ("Inspire", "impact", " Involve ", "Other")]
    assert colours == ["0B6E75", "A8400F", "5B3E96", "3D4A57"]


def test_page_number_stands_where_the_language_wants_it(report, words):
    assert paper_of(report, words).page_of == ("Page ", "page", " of ", "pages", "")
