"""Documents of a case, sealed in chunks"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("handling", sa.String(), nullable=False),
        sa.Column("regime", sa.String(), nullable=False),
        sa.Column("named", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("restricted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_document_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_case_id_recorded_at"), "document", ["case_id", "recorded_at"], unique=False)
    op.create_table(
        "document_chunk",
        sa.Column("document", sa.String(length=24), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_document_chunk_case_id")),
        sa.ForeignKeyConstraint(["document"], ["document.id"], name=op.f("fk_document_chunk_document")),
        sa.PrimaryKeyConstraint("document", "n", name=op.f("pk_document_chunk")),
    )
    op.create_index(op.f("ix_document_chunk_case_id"), "document_chunk", ["case_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_document_chunk_case_id"), table_name="document_chunk")
    op.drop_table("document_chunk")
    op.drop_index(op.f("ix_document_case_id_recorded_at"), table_name="document")
    op.drop_table("document")
