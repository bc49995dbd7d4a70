"""When a version of a protocol came in force, and who signs it"""

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.add_column("protocol_version", sa.Column("in_force_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE protocol_version SET in_force_at = added_at")
    op.create_table(
        "protocol_signature",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["key", "version"],
            ["protocol_version.key", "protocol_version.version"],
            name=op.f("fk_protocol_signature_key"),
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f("fk_protocol_signature_organisation")),
        sa.PrimaryKeyConstraint("key", "version", "organisation", name=op.f("pk_protocol_signature")),
    )


def downgrade() -> None:
    op.drop_table("protocol_signature")
    op.drop_column("protocol_version", "in_force_at")
