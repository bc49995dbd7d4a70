"""What the flows prepare, whom they tell, and when they last ran"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_heartbeat")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "proposal",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_proposal_case_id")),
        sa.PrimaryKeyConstraint("case_id", "occurrence", "kind", name=op.f("pk_proposal")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=220), nullable=False),
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.String(length=60), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail", sa.String(length=80), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_message_case_id")),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_message_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_message_dedupe_key")),
    )
    op.create_index(op.f("ix_message_case_id_occurrence"), "message", ["case_id", "occurrence"], unique=False)
    op.create_index(op.f("ix_message_mail"), "message", ["mail"], unique=False)
    op.create_index(op.f("ix_message_staff_created_at"), "message", ["staff", "created_at"], unique=False)
    op.create_index(
        "ix_message_unsent",
        "message",
        ["send_at"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL AND dead = 0"),
        postgresql_where=sa.text("sent_at IS NULL AND NOT dead"),
    )


def downgrade() -> None:
    op.drop_table("message")
    op.drop_table("proposal")
    op.drop_table("heartbeat")
