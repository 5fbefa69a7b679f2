"""How firm the words of its ideas alone make a theme"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("theme", sa.Column("firmness_by_words", sa.Double()))
    # What people have decided is in it, too, until the next full run: better than no word on any theme.
    op.execute("UPDATE theme SET firmness_by_words = firmness")


def downgrade() -> None:
    op.drop_column("theme", "firmness_by_words")
