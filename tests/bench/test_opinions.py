"""`bench opinions`: a made-up folder whose groups are known, and what cannot be read."""

import json
import subprocess
import sys

import pytest

from bench.opinions import likeness, read_folder
from feedback.settings import ROOT


@pytest.fixture
def folder(tmp_path):
    """Twenty people in two camps, eight ideas of which one was moderated out; one person has voted on two."""
    place = tmp_path / "made"
    place.mkdir()
    votes = [["participant", "group-id", "n-votes", *map(str, range(8))]]
    for person in range(20):
        camp = person % 2
        vals = [1 if idea % 4 == 0 or idea % 2 == camp else -1 for idea in range(8)]
        votes.append([str(person), str(camp), "8", *map(str, vals)])
    votes.append(["20", "", "2", "1", "-1", *[""] * 6])
    (place / "participants-votes.csv").write_text("\n".join(",".join(row) for row in votes) + "\n", encoding="utf-8")
    comments = [
        "comment-id,moderated,comment-body",
        *(f'{idea},{-1 if idea == 3 else 1},"Idea, {idea}"' for idea in range(8)),
    ]
    (place / "comments.csv").write_text("\n".join(comments) + "\n", encoding="utf-8")
    return tmp_path


def said_by(*arguments):
    command = [sys.executable, "-m", "feedback.cli", "bench", "opinions", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_a_folder_is_read_without_what_was_moderated_out(folder):
    (conversation,) = read_folder(folder)
    assert (conversation.name, conversation.ideas) == ("made", ("0", "1", "2", "4", "5", "6", "7"))
    assert conversation.ballots["20"] == {"0": 1, "1": -1}
    assert (conversation.published["1"], conversation.published["20"]) == ("1", "")


def test_groups_that_are_known_are_found(folder):
    said = said_by(str(folder), "--json")
    assert said.returncode == 0, said.stderr
    (told,) = json.loads(said.stdout)["conversations"]
    assert told.pop("seconds") >= 0
    assert told == {"name": "made", "people": 21, "ideas": 7, "voters": 20, "k": 2, "k_published": 2, "ari": 1.0}


def test_likeness_is_of_people_on_both_sides_only():
    assert likeness({"a": "0", "b": "1", "c": "1"}, {"a": "x", "b": "y", "c": "", "d": "y"}) == 1.0
    assert likeness({"a": "0"}, {"b": "0"}) is None


def test_a_folder_that_cannot_be_read_is_said(tmp_path):
    said = said_by(str(tmp_path))
    assert (said.returncode, "holds no conversation" in said.stderr) == (2, True)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "participants-votes.csv").write_text("participant\n1\n", encoding="utf-8")
    said = said_by(str(tmp_path))
    assert (said.returncode, "cannot be read: FileNotFoundError" in said.stderr) == (2, True)
