"""What a theme run reads: shown ideas, the themes as people left them, and the words everybody used."""

from feedback.actions.ideas import hide_idea
from feedback.actions.places import move_ideas
from feedback.actions.runs import fail_theme_run, finish_theme_run, request_themes
from feedback.actions.themes import merge_themes, rename_theme
from feedback.domain.themes import ENOUGH_FOR_THEMES, IdeaText, Theme, ThemeSet
from feedback.store.runs import had_run, run_input, unscored_conversations, waiting_runs
from feedback.store.themes import FULL, RESCORE


def test_run_input_of_the_first_run_is_the_shown_ideas(any_room):
    anna = any_room.phone("anna")
    kept, hidden = anna.write("Open at night"), anna.write("Mrs Miller")
    any_room.phone("ben", place=1).write("Elsewhere")
    any_room.do(hide_idea, hidden, reason="Names a person")
    place = any_room.conversation().id
    run = any_room.do(request_themes, place)
    data = run_input(any_room.engine, run)
    assert data.ideas == (IdeaText(kept, "Open at night", "en"),)
    assert (data.previous, data.pins, data.seed) == (None, {}, 0)
    conversation, prompt = any_room.conversation(), any_room.prompt()
    assert {"Creative Conversations", "Inspire", conversation.title, prompt.text} <= set(data.stop_texts)
    assert run_input(any_room.engine, run + 1) is None


def test_run_input_of_a_later_run_carries_what_people_decided(any_room):
    anna, place = any_room.phone("anna"), any_room.conversation().id
    a, b, c, d = (anna.write(text) for text in ("Night", "Sunday", "Depot", "Tram"))
    run = any_room.do(request_themes, place)
    found = (Theme(1, "Hours", ideas=(a,)), Theme(2, "Days", ideas=(b,)), Theme(3, "Places", ideas=(c, d)))
    any_room.gate.write(place, finish_theme_run, run, ThemeSet(found, (), 4))
    any_room.do(rename_theme, place, 1, "Opening hours")
    any_room.do(merge_themes, place, 1, 2)
    any_room.do(move_ideas, place, [d], None)
    data = run_input(any_room.engine, any_room.do(request_themes, place))
    assert data.previous.next_id == 4
    assert [(theme.id, theme.name, theme.named_by_person) for theme in data.previous.themes] == [
        (1, "Opening hours", True),
        (3, "Places", False),
    ]
    assert [sorted(theme.ideas) for theme in data.previous.themes] == [sorted((a, b)), [c]]
    assert data.previous.leftovers == (d,)
    assert data.pins == {a: 1, b: 1, d: None}


def test_run_input_tells_which_ideas_no_full_run_has_read_and_whether_one_has_grouped_the_room(any_room):
    anna, place = any_room.phone("anna"), any_room.conversation().id
    early = [anna.write(f"Idea number {number}") for number in range(ENOUGH_FOR_THEMES - 1)]

    def end(kind, **more):
        run = any_room.do(request_themes, place, kind)
        previous = run_input(any_room.engine, run).previous
        found = ThemeSet((Theme(1, "Hours", ideas=(early[0],)),), tuple(early[1:]), 2, **more)
        any_room.gate.write(place, finish_theme_run, run, found)
        return previous and (previous.grouped, previous.unread)

    assert end(FULL) is None
    late = anna.write("One more idea")
    assert end(RESCORE) == (False, (late,))
    assert end(FULL, problem="slow") == (False, (late,))
    assert end(RESCORE) == (True, (late,))
    assert end(FULL) == (True, (late,))
    assert end(FULL) == (True, ())


def test_waiting_runs_are_those_that_have_not_ended(any_room):
    place = any_room.conversation().id
    any_room.phone("anna").write("Open at night")
    assert not had_run(any_room.engine, place)
    first = any_room.do(request_themes, place)
    assert waiting_runs(any_room.engine) == [(first, place)]
    any_room.gate.write(place, fail_theme_run, first, problem="engine_failed")
    assert waiting_runs(any_room.engine) == []
    assert not had_run(any_room.engine, place)
    second = any_room.do(request_themes, place)
    any_room.gate.write(place, finish_theme_run, second, ThemeSet())
    assert had_run(any_room.engine, place)
    assert not had_run(any_room.engine, any_room.conversation(1).id)


def test_unscored_are_conversations_that_people_have_sorted_or_edited_since_the_last_run(any_room):
    place = any_room.conversation().id
    idea = any_room.phone("anna").write("Open the depot at night")
    run = any_room.do(request_themes, place)
    found = ThemeSet((Theme(1, "Depots", ideas=(idea,)), Theme(2, "Other", True)), (), 3)
    any_room.gate.write(place, finish_theme_run, run, found)
    assert unscored_conversations(any_room.engine) == []
    any_room.do(rename_theme, place, 1, "The depot")
    assert unscored_conversations(any_room.engine) == [place]
    again = any_room.do(request_themes, place)
    any_room.gate.write(place, finish_theme_run, again, found)
    assert unscored_conversations(any_room.engine) == []
