"""`bench across`: how one room is dealt to conversations; a look that joins everything or nothing is found out."""

import json
import subprocess
import sys
from collections import Counter
from itertools import combinations

import pytest

from bench import across
from bench.across import measure_room, text_of
from bench.labelled import LabelledRoom
from bench.strands import found_themes, pairs_of, strands_of, true_themes
from feedback.clustering import alignment
from feedback.domain.alignments import Aligned, Member
from feedback.domain.themes import IdeaText
from feedback.settings import ROOT

#: Ten subjects that share no word.
WORDS = {
    "buses": ("night bus", "bus stop", "bus line"),
    "books": ("library card", "old library", "library hall"),
    "parks": ("green park", "park bench", "trees park"),
    "music": ("brass concert", "concert stage", "concert ticket"),
    "bread": ("bakery oven", "fresh bakery", "bakery queue"),
    "water": ("river swim", "clean river", "river boat"),
    "bikes": ("bicycle lane", "bicycle rack", "safe bicycle"),
    "films": ("open cinema", "cinema seat", "cinema evening"),
    "games": ("chess table", "chess club", "chess lesson"),
    "beds": ("hostel room", "hostel price", "cheap hostel"),
}
EACH = 12


@pytest.fixture(scope="module")
def room():
    rows = [
        (f"We want a {things[number % 3]} for everybody {number}", subject)
        for number in range(EACH)
        for subject, things in WORDS.items()
    ]
    ideas = tuple(IdeaText(str(at), text, "en") for at, (text, _) in enumerate([*rows, ("Quite odd", "")]))
    return LabelledRoom("made", "made theme", ideas, (*(subject for _, subject in rows), ""))


def homes_of(strands):
    """The conversations in which each theme comes up."""
    return {
        label: [place for place, part in enumerate(strands.rooms) if label in part.truth]
        for label in {label for part in strands.rooms for label in part.truth} - {""}
    }


def test_every_idea_is_dealt_once_and_in_the_order_of_arrival(room):
    for shared in (True, False):
        strands = strands_of(room, seed=1, shared=shared)
        assert strands == strands_of(room, seed=1, shared=shared)
        assert strands != strands_of(room, seed=2, shared=shared)
        dealt = [idea.id for part in strands.rooms for idea in part.ideas]
        assert sorted(dealt) == sorted(idea.id for idea in room.ideas)
        for part in strands.rooms:
            assert [int(idea.id) for idea in part.ideas] == sorted(int(idea.id) for idea in part.ideas)
            assert [room.truth[int(idea.id)] for idea in part.ideas] == list(part.truth)


def test_three_themes_come_up_everywhere_two_in_two_and_five_alone(room):
    strands = strands_of(room, seed=1)
    homes = homes_of(strands)
    assert Counter(len(places) for places in homes.values()) == {3: 3, 2: 2, 1: 5}
    for label, places in homes.items():
        sizes = [strands.rooms[place].truth.count(label) for place in places]
        assert sizes == [EACH // len(places)] * len(places)
    alone = homes_of(strands_of(room, seed=1, shared=False))
    assert {len(places) for places in alone.values()} == {1}


def test_pairs_are_of_two_conversations_with_one_label():
    labels = {Member(1, 1): "a", Member(1, 2): "a", Member(2, 1): "a", Member(2, 2): "", Member(3, 1): ""}
    assert pairs_of(labels) == {
        frozenset((Member(1, 1), Member(2, 1))),
        frozenset((Member(1, 2), Member(2, 1))),
    }


def test_themes_as_people_made_them_have_no_names_and_no_crumbs(room):
    themes, labels = true_themes(strands_of(room, seed=1))
    assert {theme.member: len(theme.ideas) for theme in themes} == {
        theme.member: EACH // (Counter(labels.values())[labels[theme.member]]) for theme in themes
    }
    assert {theme.name for theme in themes} == {""}
    few = LabelledRoom("few", "few theme", room.ideas[:20], room.truth[:20])
    assert true_themes(strands_of(few, seed=1, shared=False)) == ([], {})


def test_a_found_theme_is_about_what_most_of_its_ideas_are(room):
    strands = strands_of(room, seed=1)
    themes, labels = found_themes(strands, seed=1)
    assert themes
    for theme in themes:
        part = strands.rooms[theme.member.conversation - 1]
        truth = dict(zip((idea.id for idea in part.ideas), part.truth, strict=True))
        said = Counter(truth[idea.id] for idea in theme.ideas)
        assert said[labels[theme.member]] == max(said.values())


def test_subjects_that_share_no_word_are_put_together_rightly(room):
    measured = measure_room(room, seed=1)
    assert (measured["room"], measured["n"]) == ("made", 121)
    assert measured["prec, true"] == 1.0
    assert measured["recall, true"] > 0.9
    assert measured["wrong"] == 0


def everything(themes, **_):
    return Aligned((tuple(theme.member for theme in themes),))


def nothing(_themes, **_more):
    return Aligned()


def test_a_look_that_puts_everything_together_is_found_out(room, monkeypatch):
    monkeypatch.setattr(alignment, "align_themes", everything)
    measured = measure_room(room, seed=1)
    assert measured["recall, true"] == 1.0
    strands = [strands_of(room, seed=seed) for seed in (2, 3)]
    right = [len(pairs_of(true_themes(each)[1])) / len(list(combinations(true_themes(each)[0], 2))) for each in strands]
    assert measured["prec, true"] == pytest.approx(sum(right) / 2)
    assert measured["prec, true"] < 0.3
    assert measured["wrong"] == len(WORDS) * (len(WORDS) - 1) / 2


def test_a_look_that_finds_nothing_is_found_out_and_has_no_precision(room, monkeypatch):
    monkeypatch.setattr(alignment, "align_themes", nothing)
    measured = measure_room(room, seed=1)
    assert (measured["prec, true"], measured["recall, true"], measured["wrong"]) == (None, 0.0, 0)
    report = {"rooms": [measured], "mean": across._mean([measured, {**measured, "prec, true": 0.5}])}
    assert report["mean"]["prec, true"] == 0.5
    assert text_of({"mean": measured | {"rooms": 1}}).splitlines()[1].split() == [
        *("all", "1", "-", "0.000", "-", "0.000", "0.0")
    ]


def said_by(*arguments):
    command = [sys.executable, "-m", "feedback.cli", "bench", "across", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_the_command_prints_one_object_and_leaves_small_rooms_out(room, tmp_path):
    (tmp_path / "made").mkdir()
    lines = [
        "text\ttheme\tlang",
        *(f"{idea.text}\t{label}\ten" for idea, label in zip(room.ideas, room.truth, strict=True)),
    ]
    (tmp_path / "made" / "ideas.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    draws = [
        {"draw": name, "set": "made", "label": "theme", "rows": list(range(count)), "n": count, "k": 10}
        for name, count in (("made", 121), ("small", 99))
    ]
    (tmp_path / "draws.jsonl").write_text("\n".join(map(json.dumps, draws[1:])), encoding="utf-8")
    refused = said_by(str(tmp_path))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "names no room that this can be measured in" in refused.stderr
    (tmp_path / "draws.jsonl").write_text("\n".join(map(json.dumps, draws)), encoding="utf-8")
    said = said_by(str(tmp_path), "--seed", "1", "--json")
    assert said.returncode == 0, said.stderr
    told = json.loads(said.stdout)
    assert ([each["room"] for each in told["rooms"]], told["mean"]["rooms"], told["seed"]) == (["made"], 1, 1)
    assert told["rooms"][0] == measure_room(room, seed=1)
