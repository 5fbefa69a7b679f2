"""Parts of the desk's page, and what stands in the database behind it."""

import re

from feedback.store.themes import places_of, themes_of


def names(house):
    with house.room.read() as db:
        return {row.number: row.name for row in themes_of(db, house.room.conversation().id)}


def homes(house):
    with house.room.read() as db:
        return {idea: place.theme for idea, place in places_of(db, house.room.conversation().id).items()}


def board(page):
    """The columns, without the proofs of origin, which differ from page to page."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page.split('id="board"')[1].split('id="report"')[0])


def column(page, number):
    return page.split(f'id="theme-{number}"')[1].split("</section>")[0]


def section(page, name):
    return page.split(f'id="{name}"')[1].split("</section>")[0]
