"""What measures: chosen by the organiser alone, of what there is; words leave only with consent; vectors are kept."""

import pytest
from sqlalchemy import select

from feedback.actions.embedders import choose_embedder, keep_vectors
from feedback.actions.programme import clear_conversation
from feedback.domain.embedders import EmbedderChoice, EmbedderKind
from feedback.domain.facts import BadValue, ConsentMissing, Forbidden
from feedback.domain.roles import HOUSE, Actor, Role
from feedback.domain.texts import digest_of
from feedback.store.vectors import (
    FreshVector,
    Vector,
    chosen_embedder,
    kept_vectors,
    places_with_ideas,
    texts_without_vector,
)

ALL = frozenset(EmbedderKind)
PLACE = "https://vectors.example"


def choose(room, kind, **more):
    room.gate.write(None, choose_embedder, HOUSE, kind=kind, offered=ALL, **more)


def vector(idea, text, value=b"\x00\x00\x80\x3f" * 2):
    return FreshVector(idea, digest_of(text), value)


def digests(room):
    with room.read() as db:
        return sorted(db.scalars(select(Vector.digest)))


def keep(room, *fresh, embedder="local:letters"):
    room.gate.write(room.conversation().id, keep_vectors, embedder, fresh)


def test_words_alone_measure_until_the_organiser_chooses(any_room):
    assert chosen_embedder(any_room.engine) == EmbedderChoice("lexical", "")
    choose(any_room, "local")
    assert chosen_embedder(any_room.engine) == EmbedderChoice("local", "")
    choose(any_room, "http", place=PLACE, consent=True)
    assert chosen_embedder(any_room.engine) == EmbedderChoice("http", PLACE)
    choose(any_room, "lexical", place=PLACE)
    assert chosen_embedder(any_room.engine) == EmbedderChoice("lexical", "")


def test_words_do_not_leave_without_consent(room):
    with pytest.raises(ConsentMissing):
        choose(room, "http", place=PLACE, consent=False)
    assert chosen_embedder(room.engine) == EmbedderChoice("lexical", "")


@pytest.mark.parametrize("kind", ["local", "http", "", "elsewhere"])
def test_what_is_not_there_cannot_be_chosen(room, kind):
    with pytest.raises(BadValue):
        room.do(choose_embedder, kind=kind, offered=frozenset({"lexical"}), consent=True)


@pytest.mark.parametrize("role", [Role.FACILITATOR, Role.RAPPORTEUR, Role.PARTICIPANT])
def test_nobody_but_the_organiser_chooses(room, role):
    actor = Actor(role, room.conversation().id, crew_id=1, participant_id=1)
    with pytest.raises(Forbidden):
        room.do(choose_embedder, actor=actor, kind="local", offered=ALL)


def test_vectors_are_kept_and_found_by_the_words(any_room):
    choose(any_room, "local")
    anna, place = any_room.phone("anna"), any_room.conversation().id
    first, second = anna.write("More night buses"), anna.write("Old  library books")
    anna.write("Old library books")
    assert texts_without_vector(any_room.engine, place, "local:letters") == [
        (first, "More night buses"),
        (second, "Old  library books"),
    ]
    value = b"\x00\x00\x80\x3f" * 384
    keep(any_room, vector(first, "More night buses", value))
    assert kept_vectors(any_room.engine, "local:letters", [digest_of("More night buses"), "0" * 64]) == {
        digest_of("More night buses"): value
    }
    assert kept_vectors(any_room.engine, "local:words", [digest_of("More night buses")]) == {}
    assert texts_without_vector(any_room.engine, place, "local:letters") == [(second, "Old  library books")]
    assert places_with_ideas(any_room.engine) == [place]
    other = b"\x00\x00\x80\x3f" * 16
    keep(any_room, vector(first, "More night buses", other), vector(second, "Old library books", other))
    assert set(kept_vectors(any_room.engine, "local:letters", digests(any_room)).values()) == {other}


def test_vectors_of_words_that_are_gone_are_not_kept(room):
    choose(room, "local")
    anna = room.phone("anna")
    idea = anna.write("More night buses")
    keep(room, vector(idea, "Other words"), vector("0" * 26, "More night buses"))
    assert digests(room) == []
    keep(room, vector(idea, "More night buses"))
    assert len(digests(room)) == 1


def test_another_choice_deletes_vectors_and_the_same_one_does_not(room):
    choose(room, "local")
    idea = room.phone("anna").write("More night buses")
    keep(room, vector(idea, "More night buses"))
    choose(room, "local")
    assert len(digests(room)) == 1
    choose(room, "lexical")
    assert digests(room) == []
    # What a worker had under way meanwhile comes too late.
    keep(room, vector(idea, "More night buses"))
    assert digests(room) == []


def test_consent_to_another_place_deletes_vectors(room):
    choose(room, "http", place=PLACE, consent=True)
    keep(room, vector(room.phone("anna").write("More night buses"), "More night buses"))
    choose(room, "http", place="https://elsewhere.example", consent=True)
    assert digests(room) == []


def test_clearing_takes_vectors_along_but_those_of_ideas_that_stay(any_room):
    choose(any_room, "local")
    gone = any_room.phone("anna").write("More night buses")
    stays = any_room.phone("ben", place=1).write("Old library books")
    keep(any_room, vector(gone, "More night buses"), vector(stays, "Old library books"))
    any_room.do(clear_conversation, any_room.conversation().id, code=any_room.conversation().code)
    assert digests(any_room) == [digest_of("Old library books")]
