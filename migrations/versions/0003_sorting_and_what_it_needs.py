"""Sorts, firmness, proposals, vectors, opinion groups and alignments"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SCENES = "'join', 'ranking', 'themes', 'spotlight'"
_MORE_SCENES = "'join', 'ranking', 'themes', 'opinions', 'spotlight'"


def _added() -> dict[str, list[sa.Column]]:
    return {
        "conference": [
            sa.Column("embedder", sa.String(8), nullable=False, server_default="lexical"),
            sa.Column("embedder_place", sa.String(300), nullable=False, server_default=""),
        ],
        "conversation": [sa.Column("sorting", sa.Boolean(), nullable=False, server_default=sa.false())],
        "prompt": [sa.Column("voting", sa.String(8), nullable=False, server_default="support")],
        "theme": [
            sa.Column("locked", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("firmness", sa.Double()),
            sa.Column("split_from", sa.Integer()),
            sa.Column("split_seq", sa.Integer()),
        ],
        "placement": [
            sa.Column("sureness", sa.Double()),
            sa.Column("prior", sa.Text()),
            sa.Column("shared_terms", sa.Text()),
            sa.Column("barred", sa.Text()),
            sa.Column("edit_id", sa.Integer()),
        ],
        "theme_run": [sa.Column("kind", sa.String(8), nullable=False, server_default="full")],
        "theme_edit": [sa.Column("forward", sa.Text())],
    }


def _allow_scenes(before: str, after: str) -> None:
    """Change the CHECK of conversation.scene from one list of values to another.

    SQLite knows no such change, and the table cannot be made afresh: others point to it, and foreign keys hold. Its
    documentation ("Making other kinds of table schema changes") has this way for a CHECK, which changes no row.
    """
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_conversation_scene"), "conversation", type_="check")
        op.create_check_constraint(op.f("ck_conversation_scene"), "conversation", f"scene in ({after})")
        return
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar() or 0
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'conversation'"
        " AND instr(sql, ?) > 0",
        (f"({before})", f"({after})", f"({before})"),
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
    if changed.rowcount != 1:
        raise RuntimeError("the table of conversations is not as the first migration made it")


def upgrade() -> None:
    _allow_scenes(_SCENES, _MORE_SCENES)
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    op.create_table(
        "sort",
        sa.Column("idea_id", sa.String(26), sa.ForeignKey("idea.id", name="fk_sort_idea_id_idea", ondelete="RESTRICT")),
        sa.Column(
            "participant_id",
            sa.Integer(),
            sa.ForeignKey("participant.id", name="fk_sort_participant_id_participant", ondelete="RESTRICT"),
        ),
        sa.Column("theme", sa.Integer()),
        sa.Column("skipped", sa.Boolean(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("idea_id", "participant_id", name="pk_sort"),
        sa.CheckConstraint("rev >= 1", name=op.f("ck_sort_rev")),
        sa.CheckConstraint("not skipped or theme is null", name=op.f("ck_sort_skipped")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sort_participant_id", "sort", ["participant_id"])
    op.create_table(
        "sorter",
        sa.Column(
            "participant_id",
            sa.Integer(),
            sa.ForeignKey("participant.id", name="fk_sorter_participant_id_participant", ondelete="RESTRICT"),
            autoincrement=False,
        ),
        sa.Column("reliability", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("participant_id", name="pk_sorter"),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "conversation_id",
            sa.Integer(),
            sa.ForeignKey("conversation.id", name="fk_proposal_conversation_id_conversation", ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_proposal"),
        sa.CheckConstraint("state in ('open', 'taken', 'declined', 'gone')", name=op.f("ck_proposal_state")),
    )
    op.create_index("ix_proposal_conversation_id", "proposal", ["conversation_id"])
    op.create_table(
        "vector",
        sa.Column("embedder", sa.String(120), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("embedder", "digest", name="pk_vector"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "opinion_map",
        sa.Column(
            "prompt_id",
            sa.Integer(),
            sa.ForeignKey("prompt.id", name="fk_opinion_map_prompt_id_prompt", ondelete="RESTRICT"),
            autoincrement=False,
        ),
        sa.Column(
            "conversation_id",
            sa.Integer(),
            sa.ForeignKey("conversation.id", name="fk_opinion_map_conversation_id_conversation", ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("prompt_id", name="pk_opinion_map"),
    )
    op.create_index("ix_opinion_map_conversation_id", "opinion_map", ["conversation_id"])
    op.create_table(
        "alignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alignment"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.execute("UPDATE conversation SET scene = 'ranking' WHERE scene = 'opinions'")
    _allow_scenes(_MORE_SCENES, _SCENES)
    for table in ("alignment", "opinion_map", "vector", "proposal", "sorter", "sort"):
        op.drop_table(table)
    for table, columns in _added().items():
        for column in columns:
            op.drop_column(table, column.name)
