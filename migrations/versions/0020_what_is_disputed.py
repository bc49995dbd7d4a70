"""What is disputed stands apart from access that ended"""

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0031"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    # It held recall and expiry only. Not Alembic's own way: that would copy the table on SQLite.
    op.execute("ALTER TABLE item RENAME COLUMN restricted_at TO ended_at")
    op.create_table(
        "restriction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("document", sa.String(length=24), nullable=True),
        sa.Column("request", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=60), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("settled_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_restriction_case_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_restriction_item_id")),
        sa.ForeignKeyConstraint(["document"], ["document.id"], name=op.f("fk_restriction_document")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restriction")),
    )
    op.create_index(op.f("ix_restriction_case_id"), "restriction", ["case_id"], unique=False)
    op.create_index(
        "ix_restriction_running",
        "restriction",
        ["item_id"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_restriction_running", table_name="restriction")
    op.drop_index(op.f("ix_restriction_case_id"), table_name="restriction")
    op.drop_table("restriction")
    op.execute("ALTER TABLE item RENAME COLUMN ended_at TO restricted_at")
