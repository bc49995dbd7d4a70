"""The dated list of agreed priorities, and how often each applied"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "priority",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_priority")),
    )
    op.create_table(
        "priority_count",
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("quarter", sa.String(length=7), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["priority"], ["priority.id"], name=op.f("fk_priority_count_priority")),
        sa.PrimaryKeyConstraint("priority", "quarter", name=op.f("pk_priority_count")),
    )


def downgrade() -> None:
    op.drop_table("priority_count")
    op.drop_table("priority")
