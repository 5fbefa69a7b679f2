"""What themes are about"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("theme", sa.Column("description", sa.String(length=500), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("theme", "description")
