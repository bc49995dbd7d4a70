"""Counts of the outcome monitor"""

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "monitor_count",
        sa.Column("protocol", sa.String(length=40), nullable=False),
        sa.Column("quarter", sa.String(length=6), nullable=False),
        sa.Column("moment", sa.String(length=60), nullable=False),
        sa.Column("track", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("protocol", "quarter", "moment", "track", "state", name=op.f("pk_monitor_count")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("monitor_count")
