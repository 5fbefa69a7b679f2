"""The whole story in one test: phone → vote → tally → themes → report. Newcomers start here."""

import json
import re
import time

import pytest
from people import crew, fresh, phone, post
from served import Browser, Line, Served

SUBJECTS = {
    "library": "open the library in the evening for young readers",
    "market": "give street musicians a stage at the covered market",
    "depot": "turn the empty tram depot into studios for artists",
    "school": "let schools visit theatre rehearsals every month",
}


@pytest.fixture(params=["alone", pytest.param("postgres and redis", marks=[pytest.mark.postgres, pytest.mark.redis])])
def served(request, tmp_path):
    env = {}
    if request.param != "alone":
        env["FEEDBACK_DATABASE_URL"] = request.getfixturevalue("empty_postgres")
        env["FEEDBACK_REDIS_URL"] = request.getfixturevalue("redis_url")
    with Served(tmp_path, env) as running:
        yield running
        assert running.stop() == 0


def test_a_conversation_from_the_first_idea_to_the_report(served):
    links = served.links()["conversations"][0]
    code = links["code"]
    stage_browser = crew(served, links["stage"])
    stage = Line(stage_browser, code, "stage")

    # Two phones: Anna writes, Ben votes. Each is told only after the commit.
    anna_browser, anna = phone(served, code)
    ben_browser, ben = phone(served, code)
    prompt = anna_browser.get_json(f"/c/{code}/sync")["prompts"][0]["id"]
    idea = fresh()
    told = anna.op({"op": fresh(), "k": "idea", "id": idea, "prompt": prompt, "text": "Swap museums", "lang": "en"})
    assert told["status"] == "ok"
    assert told["number"] == 1
    vote = ben.op({"op": fresh(), "k": "vote", "idea": idea, "val": 1, "rev": 1})
    assert vote["status"] == "ok"

    # The stage sees the tally, in one frame per beat and without a gap.
    texts, agree = {}, {}
    while agree.get(1) != 1:
        changes = stage.listen("beat")["changes"]
        texts |= {one["n"]: one["text"] for one in changes.get("ideas", [])}
        agree |= {one["n"]: one["agree"] for one in changes.get("ideas", [])}
        agree |= {number: supporting for number, supporting, *_ in changes.get("tallies", [])}
    assert texts == {1: "Swap museums"}

    # Ben also wrote without a script: the plain form ends in the same writer.
    status, _ = post(ben_browser, f"/c/{code}/ideas", id=fresh(), prompt=str(prompt), text="More benches")
    assert status == 303

    # The facilitator brings paper notes and asks for themes; the stage sees them without a reload.
    facilitator = crew(served, links["facilitator"])
    notes = [{"text": f"{text}, version {n}"} for n in range(6) for text in SUBJECTS.values()]
    boundary = "paper"
    upload = "\r\n".join(
        [
            f"--{boundary}",
            'Content-Disposition: form-data; name="csrf_token"',
            "",
            _token(facilitator),
            f"--{boundary}",
            'Content-Disposition: form-data; name="file"; filename="notes.jsonl"',
            "Content-Type: application/octet-stream",
            "",
            "\n".join(json.dumps(note) for note in notes),
            f"--{boundary}--",
            "",
        ]
    ).encode()
    status, answer = facilitator.fetch(
        "POST", f"/console/{code}/import", upload, Content_Type=f"multipart/form-data; boundary={boundary}"
    )
    assert status in (200, 303), answer[:500]
    assert post(facilitator, f"/console/{code}/themes")[0] == 303
    themes = None
    end = time.monotonic() + 300
    while not themes and time.monotonic() < end:
        themes = stage.listen("beat", 300)["changes"].get("themes")
    assert themes
    assert sum(theme["ideas_count"] for theme in themes) >= 20

    # The rapporteur gives a theme a name and takes the report; its numbers are the room's.
    rapporteur = crew(served, links["rapporteur"])
    number = themes[0]["id"]
    assert post(rapporteur, f"/desk/{code}/themes/{number}/name", name="Doors that stay open")[0] == 303
    assert post(rapporteur, f"/desk/{code}/freezes", name="Closing plenary")[0] == 303
    report = json.loads(rapporteur.fetch("GET", f"/desk/{code}/freezes/1.json")[1])
    text = json.dumps(report)
    assert "Doors that stay open" in text
    assert "Swap museums" in text
    assert "More benches" in text
    assert report["report"]["ledger"]["received"] == 26
    assert report["report"]["participation"] | {"joined": 2} == {"joined": 2, "wrote": 2, "voted": 1, "votes": 1}
    for line in (stage, anna, ben):
        line.close()


def _token(browser: Browser) -> str:
    found = re.search(rb'name="csrf_token" value="([^"]+)"', browser.fetch("GET", "/about")[1])
    assert found is not None
    return found[1].decode()
