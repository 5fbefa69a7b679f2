"""Across strands: the organiser looks, corrects, takes back, and takes it home."""

import csv
import io
import json
import re

import pytest

from feedback.actions.alignments import fail_alignment, finish_alignment
from feedback.actions.runs import finish_theme_run, request_themes
from feedback.domain.alignments import Member
from feedback.domain.roles import Role
from feedback.domain.themes import Theme, ThemeSet
from feedback.store.alignments import alignment_input, alignment_now

NIGHT = "Trams until two <b>at night</b>"


@pytest.fixture
def organiser(house):
    """The organiser's browser."""
    return house.crew(Role.ORGANISER)


class Programme:
    """A theme on buses in each of the first conversations, with one idea each."""

    def __init__(self, house, places):
        self.room = house.room
        self.ids = [self.room.conversation(place).id for place in range(places)]
        self.ideas = [self.room.phone(f"anna{place}", place).write(NIGHT) for place in range(places)]
        for place, (where, idea) in enumerate(zip(self.ids, self.ideas, strict=True)):
            run = self.room.do(request_themes, where, place=place)
            found = ThemeSet((Theme(1, f"Buses {place} & <i>", ideas=(idea,), representatives=(idea,)),), (), 2)
            self.room.gate.write(where, finish_theme_run, run, found)

    def look(self, *places):
        group = tuple(Member(self.ids[place], 1) for place in places)
        seqs = alignment_input(self.room.engine).seqs
        self.room.gate.write(None, finish_alignment, (group,) if group else (), seqs)

    def subjects(self):
        return [[member.conversation for member in group] for group in alignment_now(self.room.engine).subjects]


def form_fields(page, action):
    """The hidden fields of the first form that goes to this address."""
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', page, re.DOTALL)
    assert form is not None
    return dict(re.findall(r'type="hidden" name="(ones|others)" value="([^"]*)"', form[0]))


def test_page_teaches_while_there_is_nothing_to_compare(house, organiser):
    assert 'href="/organiser/across"' in organiser.get("/organiser").text
    assert "Themes are needed in at least two conversations." in organiser.get("/organiser/across").text
    Programme(house, 1)
    answer = organiser.post("/organiser/across/look")
    assert answer.status_code == 409
    assert "Themes are needed in at least two conversations." in answer.text


def test_look_is_asked_for_seen_under_way_and_told(house, organiser):
    programme = Programme(house, 3)
    assert "Look across strands" in organiser.get("/organiser/across").text
    page = organiser.post("/organiser/across/look", follow=True).text
    assert "Looking across the strands." in page
    assert "<progress" in page
    assert organiser.post("/organiser/across/look").status_code == 409
    programme.look(0, 1, 2)
    page = organiser.get("/organiser/across").text
    assert "Asked for in 3 of 3 strands" in page
    assert page.count("Trams until two &lt;b&gt;at night&lt;/b&gt;") == 6
    assert "<i>" not in page
    for key in ("inspire", "impact", "involve"):
        assert f'data-strand="{key}"' in page


def test_failed_and_stale_looks_say_so(house, organiser):
    programme = Programme(house, 2)
    organiser.post("/organiser/across/look")
    programme.room.gate.write(None, fail_alignment)
    assert "The last look did not work out." in organiser.get("/organiser/across").text
    organiser.post("/organiser/across/look")
    programme.look(0, 1)
    assert "Themes have changed since" not in organiser.get("/organiser/across").text
    run = programme.room.do(request_themes, programme.ids[0])
    programme.room.gate.write(
        programme.ids[0], finish_theme_run, run, ThemeSet((Theme(1, "Else", ideas=(programme.ideas[0],)),), (), 2)
    )
    assert "Themes have changed since" in organiser.get("/organiser/across").text


def test_wrong_pair_is_split_off_and_put_back_and_others_put_together(house, organiser):
    programme = Programme(house, 3)
    organiser.post("/organiser/across/look")
    programme.look(0, 1)
    fields = form_fields(organiser.get("/organiser/across").text, "/organiser/across/part")
    page = organiser.post("/organiser/across/part", follow=True, **fields).text
    assert "It stands for itself now." in page
    assert programme.subjects() == []
    assert "Taken back: they were parted." in organiser.post("/organiser/across/undo", follow=True).text
    assert programme.subjects() == [programme.ids[:2]]
    ones, others = (re.search(rf'value="({programme.ids[at]}\.1[^"]*)"', page)[1] for at in (0, 2))
    assert organiser.post("/organiser/across/join", ones=ones, others=others).status_code == 303
    assert programme.subjects() == [programme.ids]
    assert organiser.post("/organiser/across/undo").status_code == 303
    assert organiser.post("/organiser/across/undo").status_code == 409


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"ones": "", "others": ""}, 303),
        ({"ones": "1.1", "others": "1.1"}, 303),
        ({"ones": "1.1", "others": "x"}, 422),
        ({"ones": "1.1", "others": "2"}, 422),
        ({"ones": "1.1", "others": "99999999999.1"}, 422),
        ({"ones": "1.1", "others": "77.1"}, 404),
        ({"ones": "1.1 " * 501, "others": "2.1"}, 422),
    ],
)
def test_forms_with_odd_themes_change_nothing(house, organiser, fields, status):
    programme = Programme(house, 2)
    organiser.post("/organiser/across/look")
    programme.look(0, 1)
    assert organiser.post("/organiser/across/join", **fields).status_code == status
    assert programme.subjects() == [programme.ids]


def test_subjects_are_taken_home_in_three_formats(house, organiser):
    programme = Programme(house, 3)
    assert organiser.get("/organiser/across/subjects.json").status_code == 404
    organiser.post("/organiser/across/look")
    programme.look(0, 2)
    told = json.loads(organiser.get("/organiser/across/subjects.json").text)["across"]
    assert [each["strands"] for each in told["subjects"]] == [["Inspire", "Involve"]]
    rows = list(
        csv.DictReader(io.StringIO(organiser.get("/organiser/across/subjects.csv").get_data().decode("utf-8-sig")))
    )
    assert [row["text"] for row in rows] == [NIGHT, NIGHT]
    answer = organiser.get("/organiser/across/subjects.md")
    assert "Asked for in 2 of 3 strands" in answer.text
    assert answer.headers["Content-Disposition"] == "attachment; filename=across-strands.md"
    assert organiser.get("/organiser/across/subjects.exe").status_code == 404
