"""Drafts of forms"""

import sqlalchemy as sa
from alembic import op

revision: str = "0030"
down_revision: str | None = "0016"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.String(length=60), nullable=False),
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_draft_case_id")),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_draft_staff")),
        sa.PrimaryKeyConstraint("case_id", "occurrence", "staff", name=op.f("pk_draft")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_draft_saved_at"), "draft", ["saved_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_draft_saved_at"), table_name="draft")
    op.drop_table("draft")
