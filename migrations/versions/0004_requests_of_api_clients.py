"""Requests that came in through the interface, under the key that their client gave them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "api_request",
        sa.Column("client", sa.String(length=40), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["api_client.id"], name=op.f("fk_api_request_client")),
        sa.PrimaryKeyConstraint("client", "key", name=op.f("pk_api_request")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("api_request")
