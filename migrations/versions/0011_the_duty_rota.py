"""The duty rota: weeks, the phone list, the emergency number"""

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "duty_week",
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("first", sa.String(), nullable=False),
        sa.Column("second", sa.String(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["first"], ["staff.id"], name=op.f("fk_duty_week_first")),
        sa.ForeignKeyConstraint(["second"], ["staff.id"], name=op.f("fk_duty_week_second")),
        sa.PrimaryKeyConstraint("monday", name=op.f("pk_duty_week")),
    )
    op.create_table(
        "duty_phone",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("staff", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_duty_phone_staff")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_duty_phone")),
        sa.UniqueConstraint("staff", name=op.f("uq_duty_phone_staff")),
    )
    op.create_table(
        "duty_number",
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_duty_number")),
    )


def downgrade() -> None:
    for table in ("duty_number", "duty_phone", "duty_week"):
        op.drop_table(table)
