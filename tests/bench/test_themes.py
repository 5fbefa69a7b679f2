"""`bench themes` and `bench stability`: a made-up folder whose answers are known, and what cannot be measured."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from endpoint import Endpoint

from bench import beside, stability
from bench.beside import scores
from bench.grouping import FIGURES, MOST, _rightly, likeness, measure_room, summed_up, text_of
from bench.labelled import LabelledRoom, read_labelled, sampled, shuffled, starters_of
from feedback.clustering import pipeline
from feedback.domain.themes import IdeaText, Theme, ThemeSet
from feedback.settings import ROOT

SUBJECTS = {"buses": ("bus stop", "night bus", "bus line"), "books": ("library card", "old library", "library hall")}


@pytest.fixture
def folder(tmp_path):
    lines = ["text\ttheme\tlang"]
    lines += [
        f'{place}: more "{thing}" number {number}\u2028\t{subject}\ten'
        for number in range(6)
        for subject, things in SUBJECTS.items()
        for place, thing in zip(("Here", "There", "Now"), things, strict=True)
    ]
    lines.append("Quite something else altogether\t\t")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "ideas.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    draw = {"draw": "made-0", "set": "made", "label": "theme", "rows": list(range(36, -1, -1)), "n": 37, "k": 2}
    (tmp_path / "draws.jsonl").write_text(json.dumps(draw) + "\n\n", encoding="utf-8")
    return tmp_path


def said_by(*arguments):
    command = [sys.executable, "-m", "feedback.cli", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)


def room_of(truth):
    ideas = tuple(IdeaText(str(number), f"Idea {number}") for number in range(len(truth)))
    return LabelledRoom("made", "made theme", ideas, tuple(truth))


def test_a_folder_is_read_in_the_order_of_arrival(folder):
    (room,) = read_labelled(folder)
    assert (room.name, room.set_name, len(room.ideas), room.true_count) == ("made-0", "made theme", 37, 2)
    assert (room.ideas[0].text, room.truth[0], room.ideas[0].lang) == ("Quite something else altogether", "", None)
    assert room.ideas[36].text == 'Here: more "bus stop" number 0\u2028'
    assert (room.truth[36], room.ideas[36].lang) == ("buses", "en")


def test_an_idea_in_no_theme_is_a_group_of_its_own():
    room = room_of(["a", "a", "b", "b", "", ""])

    def ari(*groups, leftovers=()):
        return likeness(room, ThemeSet(tuple(Theme(n, "", ideas=ideas) for n, ideas in enumerate(groups)), leftovers))

    assert ari(("0", "1"), ("2", "3"), leftovers=("4", "5")) == {"ari": 1.0, "ami": 1.0}
    assert ari(("0", "1"), ("2", "3", "4", "5"))["ari"] < 1
    # Everything together, or nothing: no better than chance.
    assert ari(tuple("012345"))["ari"] == pytest.approx(0, abs=1e-9)
    assert ari(leftovers=tuple("012345"))["ari"] == pytest.approx(0, abs=1e-9)


def test_means_are_those_of_the_rooms():
    rooms = [
        {
            "set": "one",
            "n": 50,
            "ari": 0.25,
            "ami": 0.5,
            "k_error": 2,
            "leftovers": 0.0,
            "firm": 1,
            "seconds": 1.0,
            "again": 0.1,
            "encoding_seconds": 0.0,
            "memory_mb": 200,
        },
        {
            "set": "two",
            "n": 1000,
            "ari": 0.75,
            "ami": 1.0,
            "k_error": 0,
            "leftovers": 0.5,
            "firm": 0,
            "seconds": 3.0,
            "again": 0.3,
            "encoding_seconds": 0.5,
            "memory_mb": 300,
        },
    ]
    report = summed_up(rooms)
    assert report["mean"] == {
        "ari": 0.5,
        "ami": 0.75,
        "k_error": 1,
        "leftovers": 0.25,
        "firm": 0.5,
        "seconds": 2.0,
        "again": 0.2,
        "encoding_seconds": 0.25,
        "memory_mb": 250,
        "most_memory_mb": 300,
        "rooms": 2,
    }
    assert report["sets"]["one"]["most_memory_mb"] == 200
    lines = text_of(report).splitlines()
    assert lines[0].split() == [*FIGURES, *MOST]
    assert lines[-1].split()[-3:] == ["0.25", "250", "300"]
    assert (report["sets"]["two"]["ari"], report["sizes"]["up to 100"]["ari"]) == (0.75, 0.25)


def test_both_commands_print_one_object(folder):
    found = json.loads(said_by("themes", str(folder), "--json").stdout)
    assert (found["mean"]["rooms"], found["rooms"][0]["k"]) == (1, 2)
    assert found["rooms"][0]["ari"] > 0.3  # chance is 0
    filled = json.loads(said_by("stability", str(folder), "--json").stdout)
    assert [filled["mean"][name] for name in stability.LOST] == [0, 0, 0]
    assert filled["rooms"][0]["fresh_ari"] == pytest.approx(found["rooms"][0]["ari"])
    refused = said_by("themes", str(folder / "made"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "draws.jsonl cannot be read" in refused.stderr


def test_rooms_of_any_size_are_drawn_and_words_dealt_anew(folder):
    (room,) = sampled(folder, 30, seed=1)
    (again,) = sampled(folder, 30, seed=1)
    assert room == again != sampled(folder, 30, seed=2)[0]
    assert len({idea.id for idea in room.ideas}) == 30
    assert "" not in room.truth
    dealt = shuffled(room, 0)
    assert dealt.truth == room.truth
    assert [len(idea.text.split()) for idea in dealt.ideas] == [len(idea.text.split()) for idea in room.ideas]
    held, before = (sorted(" ".join(idea.text for idea in each.ideas).split()) for each in (dealt, room))
    assert held == before
    assert [idea.text for idea in dealt.ideas] != [idea.text for idea in room.ideas]


def test_nothing_is_found_where_nothing_is_meant(folder):
    found = json.loads(said_by("themes", str(folder), "--ideas", "36", "--shuffled", "--json").stdout)
    assert found["rooms"][0]["room"] == "made-theme-36"
    assert abs(found["mean"]["ari"]) < 0.2
    assert found["mean"]["firm"] == 0
    refused = said_by("themes", str(folder), "--ideas", "5000")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "no set of 5000 ideas" in refused.stderr
    assert said_by("themes", str(folder), "--ideas", "30", "--beside", "bertopic").returncode == 2


def test_rooms_in_which_somebody_has_named_themes(folder):
    found = json.loads(said_by("themes", str(folder), "--named", "1", "--json").stdout)
    assert found["rooms"][0]["rightly"] == found["mean"]["rightly"] > 0.8
    (room,) = read_labelled(folder)
    start = starters_of(room, 1)
    assert len(start.themes) == 1
    assert start == starters_of(room, 1) != starters_of(room)
    # An engine that puts everything into what was named is found out.
    swallowed = ThemeSet((replace(start.themes[0], ideas=tuple(idea.id for idea in room.ideas)),))
    assert _rightly(room, swallowed) < 0.6
    assert said_by("themes", str(folder), "--named", "1", "--beside", "bertopic").returncode == 2


def test_an_engine_that_forgets_where_ideas_were_is_found_out(monkeypatch, folder):
    (room,) = read_labelled(folder)
    kept = stability.fill(room, seed=0)
    assert [kept[name] for name in stability.LOST] == [0, 0, 0]
    assert kept["worst"] < 0.5
    find = pipeline.find_themes

    def forgetful(ideas, *, seed, **_):
        found = find(ideas, seed=seed)
        shift = len(ideas)  # themes get new ids with every run
        themes = tuple(Theme(theme.id + shift, "", ideas=theme.ideas) for theme in found.themes)
        return ThemeSet(themes, found.leftovers)

    monkeypatch.setattr(pipeline, "find_themes", forgetful)
    lost = stability.fill(room, seed=0)
    assert lost["worst"] > 0.9
    assert min(lost[name] for name in stability.LOST) > 0


@pytest.mark.parametrize(
    ("name", "forget"),
    [
        ("locks_lost", {"locked": False}),
        ("names_lost", {"named_by_person": False}),
    ],
)
def test_an_engine_that_does_not_hear_of_a_lock_or_a_name_is_found_out(monkeypatch, folder, capsys, name, forget):
    find = pipeline.find_themes

    def deaf(ideas, *, previous=None, **more):
        if previous is None:
            return find(ideas, **more)
        return find(
            ideas, previous=replace(previous, themes=[replace(each, **forget) for each in previous.themes]), **more
        )

    monkeypatch.setattr(pipeline, "find_themes", deaf)
    assert stability.measure(folder, seed=0, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["mean"][name] > 0


def test_encoding_is_told_apart_from_finding_themes(folder):
    class Slow:
        id = "slow"

        def encode(self, texts):
            encoded.append(len(texts))
            return np.eye(2, dtype=np.float32)[[len(text) % 2 for text in texts]]

    encoded = []
    (room,) = read_labelled(folder)
    clock = iter((10.0, 13.5))
    measured = measure_room(room, seed=0, embedder=Slow(), clock=lambda: next(clock))
    assert (measured["encoding_seconds"], encoded[0]) == (3.5, 37)
    assert measure_room(room, seed=0)["encoding_seconds"] == 0.0


def test_bertopics_leftovers_are_counted_both_ways():
    room = room_of(["a", "a", "b", "b", "", ""])
    found = scores(room, {"default": [0, 0, 1, 1, -1, -1], "tuned": [0, 0, 0, 0, 1, 1]})
    assert (found["default*"], found["default left over"], found["tuned left over"]) == (1.0, 2 / 6, 0.0)
    assert found["tuned"] == found["tuned*"] < found["default"] < 1.0


def test_a_report_beside_another_has_a_mean_for_each_size():
    rooms = [
        {"n": 50, "ours": 0.2, "default": 0.1, "tuned": 0.3, "default*": 0.1, "tuned*": 0.3},
        {"n": 1000, "ours": 0.6, "default": 0.5, "tuned": 0.5, "default*": 0.3, "tuned*": 0.5},
    ]
    report = beside.summed_up(rooms)
    assert report["mean"]["ours"] == pytest.approx(0.4)
    assert report["sizes"]["above 400"]["default*"] == 0.3
    assert "0.400" in beside.text_of(report)


def test_bertopic_wants_vectors(folder):
    refused = said_by("themes", str(folder), "--beside", "bertopic")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "--embedder local or http" in refused.stderr


def test_rooms_are_measured_by_an_endpoint_and_a_fault_of_it_ends_the_benchmark(folder, monkeypatch):
    monkeypatch.setenv("FEEDBACK_EMBEDDER_NAME", "letters")
    with Endpoint() as endpoint:
        monkeypatch.setenv("FEEDBACK_EMBEDDER_URL", endpoint.url)
        found = json.loads(said_by("themes", str(folder), "--json", "--embedder", "http").stdout)
        assert found["rooms"][0]["ari"] > 0.3  # chance is 0
        assert len(endpoint.texts) == 37
        endpoint.mode = "500"
        refused = said_by("themes", str(folder), "--json", "--embedder", "http")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "The embedder failed: failed" in refused.stderr
