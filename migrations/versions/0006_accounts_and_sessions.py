"""Accounts, sessions, links, second factors"""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: None = None
depends_on: None = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _accounts()
    _factors()
    _sessions()
    op.create_table(
        "attempts",
        sa.Column("what", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("free_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_attempts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "provider_visit",
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("verifier", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("back", sa.String(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_provider_visit")),
        sqlite_with_rowid=False,
    )


def _accounts() -> None:
    op.create_table(
        "account",
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column("totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_new", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("active_since", MOMENT, nullable=True),
        sa.Column("deactivated_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_account_staff")),
        sa.PrimaryKeyConstraint("staff", name=op.f("pk_account")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_account_issuer_subject")),
    )
    op.create_table(
        "sign_in_link",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_sign_in_link_staff")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in_link")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_sign_in_link_staff"), "sign_in_link", ["staff"])


def _factors() -> None:
    op.create_table(
        "passkey",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_passkey_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
    )
    op.create_index(op.f("ix_passkey_staff"), "passkey", ["staff"])
    op.create_table(
        "recovery_code",
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_recovery_code_staff")),
        sa.PrimaryKeyConstraint("staff", "digest", name=op.f("pk_recovery_code")),
        sqlite_with_rowid=False,
    )


def _sessions() -> None:
    op.create_table(
        "web_session",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=True),
        sa.Column("roles", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("device", sa.String(length=60), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_web_session_staff")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_web_session")),
        sa.UniqueConstraint("ref", name=op.f("uq_web_session_ref")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_web_session_staff"), "web_session", ["staff"])
    op.create_index(op.f("ix_web_session_started_at"), "web_session", ["started_at"])


def downgrade() -> None:
    for table in ("provider_visit", "attempts", "web_session", "recovery_code", "passkey", "sign_in_link", "account"):
        op.drop_table(table)
