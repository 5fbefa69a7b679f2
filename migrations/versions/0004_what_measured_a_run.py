"""What measured the ideas of a theme run"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("theme_run", sa.Column("embedder", sa.String(120)))


def downgrade() -> None:
    op.drop_column("theme_run", "embedder")
