"""Across strands: the organiser looks, corrects, takes back, and takes it home."""

import csv
import io
import json
import re

import openpyxl
import pytest

from feedback.actions.alignments import fail_alignment, finish_alignment
from feedback.actions.runs import finish_theme_run, request_themes
from feedback.domain.alignments import Aligned, Member
from feedback.domain.roles import Role
from feedback.domain.themes import Theme, ThemeSet
from feedback.export.across import FORMATS
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

    def look(self, *places, **measured):
        group = tuple(Member(self.ids[place], 1) for place in places)
        seqs = alignment_input(self.room.engine).seqs
        self.room.gate.write(None, finish_alignment, Aligned((group,) if group else (), **measured), seqs)

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


def test_votes_are_said_as_each_prompt_asks_for_them(house, organiser):
    house.room.ask_opinions()
    programme = Programme(house, 2)
    for place in (0, 1):
        house.room.phone("ben", place).vote(programme.ideas[place])
    house.room.phone("cleo").vote(programme.ideas[0], -1)
    organiser.post("/organiser/across/look")
    programme.look(0, 1)
    page = organiser.get("/organiser/across").text
    said = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "2 votes for it · 2 ideas" in said
    # Behind it: an opinion, and a vote that can only support.
    assert "Agree 1 Disagree 1 Pass 0" in said
    assert "1 vote " in said


def test_a_look_by_words_alone_says_why_where_meaning_was_asked_for(house, organiser):
    programme = Programme(house, 2)
    organiser.post("/organiser/across/look")
    programme.look(0, 1, problem="unreachable")
    page = organiser.get("/organiser/across").text
    assert "Only words were compared: the embedding endpoint did not answer." in page
    assert "It compared the words of the ideas" in organiser.get("/organiser/across/subjects.md").text
    organiser.post("/organiser/across/look")
    programme.look(0, 1, embedder="local:minilm:ab")
    assert "by words alone" not in organiser.get("/organiser/across").text
    assert json.loads(organiser.get("/organiser/across/subjects.json").data)["across"]["embedder"] == "local:minilm:ab"


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
    (parted,) = set(re.findall(r'name="step" value="(\w+)"', page))  # in the notice and below it
    refused = organiser.post("/organiser/across/undo", step="of before")
    assert (refused.status_code, 'data-code="not_the_last"' in refused.text) == (409, True)
    assert programme.subjects() == []
    assert "Taken back: they were parted." in organiser.post("/organiser/across/undo", step=parted, follow=True).text
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


def test_subjects_are_taken_home_in_six_formats(house, organiser):
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
    begins = {"docx": b"PK", "xlsx": b"PK", "pdf": b"%PDF"}
    page = organiser.get("/organiser/across").text
    assert re.findall(r"across/subjects\.(\w+)", page) == list(FORMATS)
    for fmt, begin in begins.items():
        answer = organiser.get(f"/organiser/across/subjects.{fmt}")
        assert (answer.status_code, answer.mimetype) == (200, FORMATS[fmt].mime)
        assert answer.headers["Content-Disposition"] == f"attachment; filename=across-strands.{fmt}"
        assert answer.get_data().startswith(begin)
    sheet = openpyxl.load_workbook(io.BytesIO(organiser.get("/organiser/across/subjects.xlsx").get_data()))["Ideas"]
    assert [row[8] for row in sheet.iter_rows(min_row=2, values_only=True)] == [NIGHT, NIGHT]
    # Whoever files several of them can tell that they show one state.
    sums = {json.loads(organiser.get("/organiser/across/subjects.json").text)["checksum"], rows[0]["checksum"]}
    assert len(sums) == 1
    assert sums.pop() in organiser.get("/organiser/across/subjects.md").text


def test_files_speak_the_language_of_whoever_asks_for_them(house, organiser):
    programme = Programme(house, 2)
    organiser.post("/organiser/across/look")
    programme.look(0, 1)
    path, french = "/organiser/across/subjects", {"Accept-Language": "fr"}
    assert "Ideas: 2" in organiser.get(f"{path}.md").text
    assert "Idées\xa0: 2" in organiser.get(f"{path}.md", headers=french).text
    data = [organiser.get(f"{path}.csv", headers=headers).get_data() for headers in ({}, french)]
    assert data[0] == data[1]
