"""Emergency access to a case"""

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "emergency_access",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_emergency_access_case_id")),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_emergency_access_staff")),
        sa.PrimaryKeyConstraint("case_id", "staff", "since", name=op.f("pk_emergency_access")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_emergency_access_staff_since"), "emergency_access", ["staff", "since"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_emergency_access_staff_since"), table_name="emergency_access")
    op.drop_table("emergency_access")
