"""The database itself refuses rows that break a rule, whatever the code above it does."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

IDEA, OTHER, FLOOR = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ", "01BX5ZZKBKACTAV9WEVGEMMVS0"
HASH = "a" * 64
ROWS = {
    "participant": {"id": 1, "conversation_id": 1, "token_hash": HASH},
    "idea": {
        "id": IDEA,
        "conversation_id": 1,
        "prompt_id": 1,
        "participant_id": 1,
        "number": 1,
        "body": "Open at night",
        "first_hash": "b" * 32,
        "lang": "en",
        "source": "phone",
        "state": "shown",
        "reason": "",
        "merged_into": None,
        "import_key": None,
        "rev": 0,
        "agree": 0,
        "disagree": 0,
        "passes": 0,
        "created_at": 1,
        "seq": 1,
    },
    "vote": {"idea_id": IDEA, "participant_id": 1, "val": 1, "rev": 1, "seq": 2},
    "sort": {"idea_id": IDEA, "participant_id": 1, "theme": 1, "skipped": False, "rev": 1, "seq": 2},
    "sorter": {"participant_id": 1, "reliability": 0.8},
    "change": {"conversation_id": 1, "seq": 1, "kind": "idea", "ref": IDEA},
    "link": {
        "id": 1,
        "role": "facilitator",
        "conversation_id": 1,
        "secret_hash": HASH,
        "created_at": 1,
        "expires_at": 2,
    },
    "crew": {
        "id": 1,
        "role": "facilitator",
        "conversation_id": 1,
        "bearer_hash": HASH,
        "name": "",
        "created_at": 1,
        "stage_version": 0,
    },
    "theme": {
        "id": 1,
        "conversation_id": 1,
        "number": 1,
        "name": "Night",
        "named_by_person": False,
        "terms": "[]",
        "representatives": "[]",
        "standing": True,
    },
    "theme_run": {
        "id": 1,
        "conversation_id": 1,
        "state": "queued",
        "seed": 0,
        "seq": 1,
        "themes_found": 0,
        "problem": "",
        "created_at": 1,
    },
    "placement": {"idea_id": IDEA, "conversation_id": 1, "theme": 1, "pinned": False},
    "theme_edit": {
        "id": 1,
        "conversation_id": 1,
        "kind": "move",
        "done": "{}",
        "inverse": "{}",
        "created_at": 1,
    },
    "freeze": {
        "id": 1,
        "conversation_id": 1,
        "name": "Noon",
        "seq": 1,
        "content": "{}",
        "checksum": HASH,
        "created_at": 1,
    },
}
# Each breaks exactly one rule: the table, and what differs from a row that is good and new.
SECOND = {"id": OTHER, "number": 2}
BAD = [
    ("vote", {}),
    ("vote", {"participant_id": 99}),
    ("vote", {"idea_id": OTHER}),
    ("vote", {"idea_id": FLOOR, "val": 2}),
    ("vote", {"idea_id": FLOOR, "rev": 0}),
    ("sort", {}),
    ("sort", {"participant_id": 99}),
    ("sort", {"idea_id": OTHER}),
    ("sort", {"idea_id": FLOOR, "rev": 0}),
    ("sort", {"idea_id": FLOOR, "skipped": True}),  # with a theme
    ("sorter", {}),
    ("sorter", {"participant_id": 99}),
    ("idea", {"number": 2}),
    ("idea", SECOND | {"number": 1}),
    ("idea", SECOND | {"body": ""}),
    ("idea", SECOND | {"body": "a" * 501}),
    ("idea", SECOND | {"body": None}),
    ("idea", SECOND | {"state": "lost"}),
    ("idea", SECOND | {"source": "fax"}),
    ("idea", SECOND | {"participant_id": None}),
    ("idea", SECOND | {"participant_id": 99}),
    ("idea", SECOND | {"prompt_id": 99}),
    ("idea", SECOND | {"conversation_id": 99}),
    ("idea", SECOND | {"merged_into": OTHER}),
    ("idea", SECOND | {"merged_into": "01BX5ZZKBKACTAV9WEVGEMMVZZ"}),
    ("idea", SECOND | {"import_key": "known"}),
    ("idea", SECOND | {"agree": -1}),
    ("idea", SECOND | {"disagree": -1}),
    ("idea", SECOND | {"passes": -1}),
    ("participant", {"id": 2}),
    ("participant", {"id": 2, "token_hash": "c" * 64, "conversation_id": 99}),
    ("change", {}),
    ("change", {"seq": 2, "conversation_id": 99}),
    ("link", {"id": 2}),
    ("link", {"id": 2, "secret_hash": "d" * 64, "role": "participant"}),
    ("link", {"id": 2, "secret_hash": "d" * 64, "role": "king"}),
    ("link", {"id": 2, "secret_hash": "d" * 64, "conversation_id": None}),
    ("crew", {"id": 2, "conversation_id": None}),
    ("crew", {"id": 2, "role": "king"}),
    ("theme", {"id": 2}),
    ("theme_run", {"id": 2}),
    ("theme_run", {"id": 2, "conversation_id": 2, "state": "lost"}),
    ("placement", {}),
    ("placement", {"idea_id": OTHER}),
    ("theme_edit", {"id": 2, "conversation_id": 99}),
    ("freeze", {"id": 2, "conversation_id": 99}),
]
BAD_CHANGES = [
    "update conversation set seq = -1",
    "update conversation set state = 'ajar'",
    "update conversation set scene = 'curtain'",
    "update conversation set code = 'SAME22'",
    "update conversation set position = 1, strand_id = 1",
    "update conversation set strand_id = 99",
    "update prompt set votes_each = 0",
    "update prompt set votes_each = 1001",
    "update prompt set state = 'ajar'",
    "update prompt set conversation_id = 1",
    "update conference set retention_days = 0",
    "update strand set position = 1",
    "delete from idea",
    "delete from participant",
    "delete from prompt",
    "delete from conversation",
    "delete from strand",
]


def add(connection, table: str, row: dict) -> None:
    names = ", ".join(row)
    connection.execute(text(f'insert into "{table}" ({names}) values ({", ".join(f":{name}" for name in row)})'), row)


def is_refused(connection, deed) -> bool:
    """Try it in a savepoint that is taken back whatever happens."""
    attempt = connection.begin_nested()
    try:
        deed()
    except IntegrityError:
        return True
    finally:
        attempt.rollback()
    return False


@pytest.fixture
def connection(any_room):
    with any_room.engine.connect() as connection:
        for table, row in ROWS.items():
            add(connection, table, row)
        floor = {"id": FLOOR, "number": 3, "source": "floor", "participant_id": None, "import_key": "known"}
        add(connection, "idea", ROWS["idea"] | floor)
        yield connection
        connection.rollback()


def test_database_refuses_every_bad_row(connection):
    for table, difference in BAD:
        row = ROWS[table] | difference
        assert is_refused(connection, lambda table=table, row=row: add(connection, table, row)), (table, difference)


def test_database_refuses_every_bad_change(connection):
    for change in BAD_CHANGES:
        assert is_refused(connection, lambda change=change: connection.execute(text(change))), change


def test_database_takes_the_good_neighbours_of_the_bad_rows(connection):
    good = [
        ("vote", {"idea_id": FLOOR, "val": None}),
        ("sort", {"idea_id": FLOOR, "theme": None, "skipped": True}),
        ("idea", SECOND | {"body": "a" * 500}),
        ("idea", SECOND | {"merged_into": IDEA}),
        ("idea", SECOND | {"conversation_id": 2, "number": 1, "import_key": "known"}),
        ("participant", {"id": 2, "conversation_id": 2}),
        ("change", {"seq": 2}),
        ("link", {"id": 2, "secret_hash": "d" * 64, "role": "organiser", "conversation_id": None}),
        ("theme", {"id": 2, "conversation_id": 2}),
        ("theme_run", {"id": 2, "state": "done"}),
        ("placement", {"idea_id": FLOOR, "theme": None}),
    ]
    for table, difference in good:
        row = ROWS[table] | difference
        assert not is_refused(connection, lambda table=table, row=row: add(connection, table, row)), (table, difference)
