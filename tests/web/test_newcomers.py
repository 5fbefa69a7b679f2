"""The page that everybody gets who opens a conversation for the first time: one rendering, and each their own."""

import gzip
import json
import re

import pytest

from feedback.web import newcomers, participant


@pytest.fixture
def renderings(monkeypatch):
    """Counts how often a newcomers' page is rendered."""
    counted = []
    render = participant._blank_page

    def counting(conversation):
        counted.append(conversation.seq)
        return render(conversation)

    monkeypatch.setattr(participant, "_blank_page", counting)
    return counted


def path_of(house):
    return f"/c/{house.room.conversation().code}"


def boot_of(answer):
    return json.loads(re.search(r'id="boot">(.*?)</script>', answer.text, re.DOTALL)[1])


def personal(answer):
    page = answer.text
    tokens = set(re.findall(r'name="csrf_token" value="([^"]+)"', page))
    return tokens, re.search(r'name="id" value="([^"]+)"', page)[1], boot_of(answer)["mine"]["participant"]


def test_a_room_full_of_newcomers_is_one_rendering(house, renderings):
    pages = [house.browser().get(path_of(house)) for _ in range(5)]
    assert len(renderings) == 1
    tokens, ideas, people = zip(*map(personal, pages), strict=True)
    assert all(len(one) == 1 for one in tokens)
    for each in (set().union(*tokens), set(ideas), set(people)):
        assert len(each) == 5
    blanks = (newcomers.Blank.csrf, newcomers.Blank.idea, newcomers.Blank.participant)
    assert all(blank not in page.text for page in pages for blank in blanks)


def test_a_newcomers_form_works(house):
    browser = house.browser()
    page = browser.get(path_of(house)).text
    fields = {"id": re.search(r'name="id" value="([^"]+)"', page)[1], "prompt": house.room.prompt().id}
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    sent = browser.client.post(f"{path_of(house)}/ideas", data={"csrf_token": token, "text": "Mine", **fields})
    assert sent.status_code == 303
    assert "Mine" in browser.get(path_of(house)).text


def test_packed_and_plain_are_the_same_page(house):
    author = house.room.phone()
    for number in range(20):
        author.write(f"Benches in the shade, wish {number}")
    plain = house.browser().get(path_of(house))
    packed = house.browser().get(path_of(house), headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    text = gzip.decompress(packed.data).decode()
    assert re.sub(r'value="[^"]+"|"participant": ?"\d+"', "", text) == re.sub(
        r'value="[^"]+"|"participant": ?"\d+"', "", plain.text
    )
    assert len(packed.data) * 3 < len(plain.data)


def test_what_has_changed_is_on_the_next_page_at_once(house, renderings):
    house.browser().get(path_of(house))
    author = house.room.phone()
    author.write("Benches in the shade")
    assert "Benches in the shade" in house.browser().get(path_of(house)).text
    assert len(renderings) == 2


def test_votes_alone_may_be_half_a_second_old(house, renderings, monkeypatch):
    author, voter = house.room.phone(), house.room.phone()
    idea = author.write("Benches in the shade")
    house.browser().get(path_of(house))
    voter.vote(idea)
    assert boot_of(house.browser().get(path_of(house)))["room"]["ideas"][0]["agree"] == 0
    assert len(renderings) == 1
    monkeypatch.setattr(newcomers, "monotonic", lambda real=newcomers.monotonic: real() + newcomers.LAG)
    assert boot_of(house.browser().get(path_of(house)))["room"]["ideas"][0]["agree"] == 1


def test_whoever_has_voted_gets_a_page_of_their_own(house, renderings):
    idea = house.room.phone().write("Benches in the shade")
    browser = house.browser()
    browser.get(path_of(house))
    browser.post(f"{path_of(house)}/ideas/{idea}/vote", val="1", back=path_of(house))
    page = browser.get(path_of(house))
    assert 'aria-pressed="true"' in page.text
    assert boot_of(page)["mine"]["votes"] == {idea: 1}
    assert len(renderings) == 1


def test_each_language_has_its_page(house):
    english = house.browser().get(path_of(house))
    german = house.browser().get(path_of(house), headers={"Accept-Language": "de"})
    assert '<html lang="en"' in english.text
    assert '<html lang="de"' in german.text


def test_a_large_room_is_fetched_and_not_brought_along(house, monkeypatch):
    monkeypatch.setattr(participant, "TOLD_AT_ONCE", 1)
    author = house.room.phone()
    author.write("One")
    assert "room" in boot_of(house.browser().get(path_of(house)))
    author.write("Two")
    assert "room" not in boot_of(house.browser().get(path_of(house)))
