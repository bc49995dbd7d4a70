"""Prisons with their contacts, numbers and visiting hours"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    rows = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "prison",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("hours", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("phones", rows, nullable=False),
        sa.Column("contacts", rows, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prison")),
        sa.UniqueConstraint("name", name=op.f("uq_prison_name")),
    )


def downgrade() -> None:
    op.drop_table("prison")
