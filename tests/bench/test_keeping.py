"""What a rapporteur has settled, and what of it is lost."""

from dataclasses import replace

from bench.keeping import NAME, Settled, lost, settle
from feedback.domain.themes import IdeaText, Theme, ThemeSet

IDEAS = tuple(IdeaText(str(number), f"Idea {number}") for number in range(40))
FOUND = ThemeSet((Theme(1, "a", ideas=("0", "1", "2")), Theme(2, "b", ideas=("3", "4"))), ("5",), 3)
SETTLED = Settled({"0": 1, "5": None}, locked=1, inside=frozenset("012"), named=2)
KEPT = replace(FOUND, themes=(FOUND.themes[0], replace(FOUND.themes[1], name=NAME)))


def test_settle_pins_ideas_locks_one_theme_and_names_another():
    ideas = tuple(idea.id for idea in IDEAS)
    themes = (Theme(1, "a", ideas=ideas[:20]), Theme(2, "b", ideas=ideas[20:39]))
    placed, settled = settle(ThemeSet(themes, ideas[39:], 3), IDEAS, seed=1)
    by_id = {theme.id: theme for theme in placed.themes}
    assert {settled.locked, settled.named} == {1, 2}
    assert [theme.id for theme in placed.themes if theme.locked] == [settled.locked]
    assert (by_id[settled.named].name, by_id[settled.named].named_by_person) == (NAME, True)
    assert len(settled.pins) == 2
    members = set(by_id[settled.locked].ideas) - set(settled.pins)
    assert settled.inside == members | {idea for idea, theme in settled.pins.items() if theme == settled.locked}
    assert settle(ThemeSet(themes, ideas[39:], 3), IDEAS, seed=1) == (placed, settled)


def test_settle_locks_and_names_the_only_theme():
    alone = ThemeSet((Theme(7, "a", ideas=tuple(idea.id for idea in IDEAS)),), (), 8)
    _, settled = settle(alone, IDEAS, seed=1)
    assert (settled.locked, settled.named) == (7, 7)


def test_lost_counts_each_kind():
    assert lost(SETTLED, KEPT) == {"pins_lost": 0, "locks_lost": 0, "names_lost": 0}
    assert lost(SETTLED, FOUND) == {"pins_lost": 0, "locks_lost": 0, "names_lost": 1}
    moved = replace(KEPT, themes=(Theme(1, "a", ideas=("1", "2", "3")), replace(KEPT.themes[1], ideas=("4", "0"))))
    assert lost(SETTLED, moved) == {"pins_lost": 1, "locks_lost": 2, "names_lost": 0}
    gone = replace(KEPT, themes=(), leftovers=("0", "1", "2", "3", "4", "5"))
    assert lost(SETTLED, gone) == {"pins_lost": 1, "locks_lost": 3, "names_lost": 1}
