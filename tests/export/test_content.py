import io
import re
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from feedback.domain.reports import Ledger
from feedback.export import render
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


def test_every_label_can_be_translated(sorted_report, marked):
    paper = paper_of(sorted_report, marked)
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


def test_no_chart_is_drawn_of_votes_that_there_are_not(report, words):
    def drawn(value) -> int:
        book = load_workbook(io.BytesIO(render(value, "xlsx", words)))
        return sum(isinstance(block, Chart) for block in paper_of(value, words).blocks) + len(book["Themes"]._charts)

    silent = replace(report, themes=tuple(replace(theme, votes=0) for theme in report.themes))
    assert (drawn(report), drawn(silent)) == (2, 0)


def test_each_strand_has_its_colour(make, words):
    colours = [paper_of(make([], strand=name), words).accent for name in ("Inspire", "impact", " Involve ", "Other")]
    assert colours == ["0B6E75", "A8400F", "5B3E96", "3D4A57"]


def test_page_number_stands_where_the_language_wants_it(report, words):
    assert paper_of(report, words).page_of == ("Page ", "page", " of ", "pages", "")


def test_firmness_stands_next_to_each_theme_and_the_method_says_what_it_means(sorted_report, words):
    paper = paper_of(sorted_report, words)
    tables = [block for block in paper.blocks if isinstance(block, Table)]
    assert [row[1:3] for row in tables[0].rows] == [
        ("Theme name 1", "firm"),
        ("Theme name 2", "not firm yet"),
        ("Ideas without a theme", ""),
        ("Total", ""),
    ]
    said = [
        dict(block.rows)["Firmness"]
        for block in paper.blocks
        if isinstance(block, Facts) and "Shared words" in dict(block.rows)
    ]
    assert said == ["firm", "not firm yet"]
    assert any(text.endswith("1 of 2 themes is firm.") for text in paragraphs(paper))
    unjudged = replace(sorted_report, themes=tuple(replace(theme, firm=None) for theme in sorted_report.themes))
    assert not any("firm" in text for text in paragraphs(paper_of(unjudged, words)))


def test_what_the_crew_says_of_a_theme_stands_below_its_heading(described_report, words):
    blocks = paper_of(described_report, words).blocks
    heading = next(place for place, block in enumerate(blocks) if block == Heading("1. Theme name 1", level=2))
    assert blocks[heading + 1] == Paragraph(described_report.themes[0].description, keep=True)
    other = next(place for place, block in enumerate(blocks) if block == Heading("2. Theme name 2", level=2))
    assert isinstance(blocks[other + 1], Facts)


SETTLED = ("Ideas settled by the room or the crew", "Share of ideas that are settled", "Ideas still unsure")


def test_method_says_who_placed_ideas_and_what_the_room_sorted(sorted_report, words):
    paper = paper_of(sorted_report, words)
    facts = dict(
        next(block for block in paper.blocks if isinstance(block, Facts) and "Engine" in dict(block.rows)).rows
    )
    assert {
        label: facts[label] for label in ("Placed by the crew", "Placed with the room's sorts", "People who sorted")
    } == {
        "Placed by the crew": "1",
        "Placed with the room's sorts": "4",
        "People who sorted": "34",
    }
    assert {label: facts[label] for label in (*SETTLED, "Sorts", "Firm themes")} == {
        "Ideas settled by the room or the crew": "5",
        "Share of ideas that are settled": "71%",
        "Ideas still unsure": "2",
        "Sorts": "1,210",
        "Firm themes": "1 of 2",
    }
    assert (
        "Ideas stand where the crew put them (1), where the program put them with the sorts of the room (4), "
        "or where the program put them alone (2)."
    ) in paragraphs(paper)
    assert any(
        text.startswith("34 people in the room said where ideas belong (sorts: 1,210).") for text in paragraphs(paper)
    )
    silent = replace(sorted_report, sorting=replace(sorted_report.sorting, people=0, sorts=0))
    paper = paper_of(silent, words)
    assert "Nobody in the room has sorted ideas into the themes." in paragraphs(paper)
    labels = {label for block in paper.blocks if isinstance(block, Facts) for label, _ in block.rows}
    assert "People who sorted" in labels
    assert not labels & set(SETTLED)  # the crew has settled them: no word of it beside "nobody has sorted"


def opinion_tables(paper) -> dict[str, IdeaTable]:
    """The tables of ideas below each heading of the third level."""
    pairs = zip(paper.blocks, paper.blocks[1:], strict=False)
    return {one.text: other for one, other in pairs if isinstance(one, Heading) and one.level == 3}


def test_opinion_groups_are_told_with_sizes_and_shares_and_without_them_one_sentence_says_why(sorted_report, words):
    paper = paper_of(sorted_report, words)
    groups = next(block for block in paper.blocks if isinstance(block, Table) and block.labels[0] == "Group")
    assert groups.rows == (("A", "21"), ("B", "14"), ("C", "3"))
    tables = opinion_tables(paper)
    assert list(tables) == ["What all groups agree on", "What divides the groups"]
    divided = tables["What divides the groups"]
    assert divided.labels == ("A agrees", "B agrees", "C agrees")
    assert [(row.number, row.figures, row.note) for row in divided.rows] == [
        (2, ("85%", "12%", "–"), "disagree: A 10%, B 80%"),
        (5, ("20%", "92%", "50%"), "disagree: A 75%, B 4%, C 50%"),
    ]
    assert tables["What all groups agree on"].rows[0].rtl
    assert (
        "38 people have voted enough to be counted. Nobody is named; only groups are kept. "
        "A dash stands where fewer than three people of a group voted."
    ) in paragraphs(paper)
    assert "Groups show from 15 people with 7 votes; so far 9." in paragraphs(paper)


def test_what_sets_a_group_apart_and_is_listed_nowhere_else_says_which_group(sorted_report, words):
    first = replace(sorted_report.opinions[0], consensus=(), divisive=())
    tables = opinion_tables(paper_of(replace(sorted_report, opinions=(first,)), words))
    assert [type(tables[name]) for name in ("What all groups agree on", "What divides the groups")] == [Paragraph] * 2
    assert [
        (row.number, row.note.partition(" · disagree")[0]) for row in tables["What else sets groups apart"].rows
    ] == [
        (2, "Group A agrees more than the others · Group B disagrees more than the others"),
        (5, "Group A disagrees more than the others · Group B agrees more than the others"),
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"seq": None, "voters": 0}, "Groups show from 15 people with 7 votes."),
        ({"voters": 14}, "Groups show from 15 people with 7 votes; so far 14."),
        ({"voters": 15}, "No groups stand apart so far."),
    ],
)
def test_why_there_are_no_groups_is_one_honest_sentence(sorted_report, words, changes, sentence):
    report = replace(sorted_report, opinions=(replace(sorted_report.opinions[1], **changes),))
    paper = paper_of(report, words)
    assert sentence in paragraphs(paper)
    assert not any("Polis" in text for text in paragraphs(paper))
    assert not any(isinstance(block, Table) and block.labels[0] == "Group" for block in paper.blocks)


@pytest.mark.parametrize(
    ("made", "said", "model"),
    [
        ({"engine": "lexical 2", "embedder": "lexical"}, "compared the words of the ideas and proposed", None),
        (
            {"engine": "meaning 2", "embedder": "local:MiniLM:0123"},
            "compared the meaning of the ideas with the model MiniLM on this server and proposed",
            "MiniLM, on this server",
        ),
        (
            {"engine": "meaning 2", "embedder": "http:nomic:latest:0123"},
            "the model nomic:latest at an endpoint elsewhere, to which the words of the ideas were sent",
            "nomic:latest, at an endpoint elsewhere",
        ),
        ({"engine": ""}, "no computer program has proposed any", None),
        # A state of before it was kept what measured.
        ({"engine": "lexical 1"}, "compared the words of the ideas and proposed", None),
    ],
)
def test_method_says_what_compared_the_ideas(report, words, made, said, model):
    report = replace(report, method=replace(report.method, **made))
    paper = paper_of(report, words)
    (told,) = [text for text in paragraphs(paper) if "computer program" in text]
    assert said in told
    facts = next(
        dict(block.rows) for block in paper.blocks if isinstance(block, Facts) and "Engine" in dict(block.rows)
    )
    assert (facts["Engine"], facts.get("Model")) == (made["engine"] or "–", model)


def test_where_a_prompt_asks_for_opinions_votes_are_said_to_agree(sorted_report, words):
    # All ideas answer the first prompt, which asks for opinions.
    paper = paper_of(sorted_report, words)
    said = repr((paper.blocks, paper.figures))
    assert ("Votes'" in said, "most supported" in said, "Votes for each theme" in said) == (False, False, False)
    assert "Agreeing votes" in [label for _, label in paper.figures]
    tables = [block for block in paper.blocks if isinstance(block, Table)]
    assert tables[0].labels[-2:] == ("Ideas", "Agree")
    assert [row[-1] for row in tables[1].rows] == ["3", "agree, disagree or pass"]
    notes = [row.note for block in paper.blocks if isinstance(block, IdeaTable) for row in block.rows]
    assert any(note.startswith("most agreed on") for note in notes)
    assert paragraphs(paper)[0].startswith("People agree most with: ")
    assert any(text.startswith("Where a prompt asked for opinions, a vote agrees") for text in paragraphs(paper))


def test_where_only_some_prompts_ask_for_opinions_votes_are_for_an_idea(sorted_report, words):
    support = [replace(idea, prompt=3) for idea in sorted_report.leftovers]
    paper = paper_of(replace(sorted_report, leftovers=tuple(support)), words)
    tables = [block for block in paper.blocks if isinstance(block, Table)]
    assert tables[0].labels[-1] == "Votes for"
    notes = {row.note for block in paper.blocks if isinstance(block, IdeaTable) for row in block.rows}
    assert {"most supported", "most agreed on"} <= notes | {part for note in notes for part in note.split(" · ")}
    # The figures of a theme whose ideas all ask for opinions are agreement.
    facts = [
        dict(block.rows) for block in paper.blocks if isinstance(block, Facts) and "Shared words" in dict(block.rows)
    ]
    assert all("Agree" in rows for rows in facts)


def test_where_opinions_are_asked_for_and_none_agrees_nobody_is_said_not_to_have_voted(sorted_report, words):
    against = [
        replace(theme, votes=0, ideas=tuple(replace(idea, agree=0) for idea in theme.ideas))
        for theme in sorted_report.themes
    ]
    assert paragraphs(paper_of(replace(sorted_report, themes=tuple(against)), words))[0].startswith(
        "Nobody has voted for an idea yet. Most ideas are about: "
    )
