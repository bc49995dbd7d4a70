"""The first tables"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "case_number",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_case_number")),
    )
    op.create_table(
        "closing_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_closing_day")),
    )
    op.create_table(
        "import_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_file")),
        sa.UniqueConstraint("digest", name=op.f("uq_import_file_digest")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stream", sa.String(length=60), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("stream", "seq", name=op.f("uq_ledger_entry_stream_seq")),
    )
    op.create_table(
        "ledger_stream",
        sa.Column("stream", sa.String(length=60), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_ledger_stream")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attendees", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
        sa.UniqueConstraint("series", "held_on", name=op.f("uq_meeting_series_held_on")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=160), nullable=False),
        sa.Column("payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_dedupe_key")),
    )
    op.create_index(
        "ix_outbox_unsettled",
        "outbox",
        ["available_at"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_index", sa.LargeBinary(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_name_index"), "person", ["name_index"], unique=False)
    op.create_table(
        "protocol_version",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", "version", name=op.f("pk_protocol_version")),
    )
    op.create_table(
        "person_identity",
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_identity_person_id")),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_person_identity")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_person_identity_person_id"), "person_identity", ["person_id"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("roles", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=True),
        sa.Column("manager", sa.String(), nullable=True),
        sa.Column("prison", sa.String(), nullable=True),
        sa.Column("hours_per_week", sa.Float(), nullable=False),
        sa.Column("languages", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("substitutes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["manager"], ["staff.id"], name=op.f("fk_staff_manager")),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f("fk_staff_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff", sa.String(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_absence_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_staff_until_on"), "absence", ["staff", "until_on"], unique=False)
    op.create_table(
        "api_client",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("prison", sa.String(), nullable=True),
        sa.Column("acts_as", sa.String(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["acts_as"], ["staff.id"], name=op.f("fk_api_client_acts_as")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_client_key_hash")),
    )
    op.create_table(
        "release_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=12), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("ended", sa.String(), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("release_type", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=True),
        sa.Column("planned_release", sa.Date(), nullable=True),
        sa.Column("certainty", sa.String(), nullable=True),
        sa.Column("actual_release", sa.Date(), nullable=True),
        sa.Column("prison", sa.String(), nullable=True),
        sa.Column("lead", sa.String(), nullable=True),
        sa.Column("deputy", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=True),
        sa.Column("snapshot_seq", sa.Integer(), nullable=False),
        sa.Column("head_seq", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        sa.Column("notified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judged", sa.Boolean(), nullable=False),
        sa.Column("follows", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["deputy"], ["staff.id"], name=op.f("fk_release_case_deputy")),
        sa.ForeignKeyConstraint(["follows"], ["release_case.id"], name=op.f("fk_release_case_follows")),
        sa.ForeignKeyConstraint(["lead"], ["staff.id"], name=op.f("fk_release_case_lead")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_release_case_person_id")),
        sa.ForeignKeyConstraint(
            ["protocol", "protocol_version"],
            ["protocol_version.key", "protocol_version.version"],
            name=op.f("fk_release_case_protocol"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_case")),
        sa.UniqueConstraint("ref", name=op.f("uq_release_case_ref")),
    )
    op.create_index(
        "ix_release_case_open_by_release",
        "release_case",
        ["planned_release"],
        unique=False,
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(op.f("ix_release_case_person_id"), "release_case", ["person_id"], unique=False)
    op.create_index(
        "ix_release_case_unjudged",
        "release_case",
        ["id"],
        unique=False,
        sqlite_where=sa.text("judged = 0"),
        postgresql_where=sa.text("NOT judged"),
    )
    op.create_index(
        "uq_release_case_one_open_per_person",
        "release_case",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("is_open = 1 AND person_id IS NOT NULL"),
        postgresql_where=sa.text("is_open AND person_id IS NOT NULL"),
    )
    op.create_table(
        "access_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_access_entry_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_entry")),
    )
    op.create_index(op.f("ix_access_entry_case_id_at"), "access_entry", ["case_id", "at"], unique=False)
    op.create_index(op.f("ix_access_entry_staff_at"), "access_entry", ["staff", "at"], unique=False)
    op.create_table(
        "agenda_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_agenda_item_case_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_agenda_item_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_item")),
        sa.UniqueConstraint(
            "meeting_id", "case_id", "occurrence", name=op.f("uq_agenda_item_meeting_id_case_id_occurrence")
        ),
    )
    op.create_index(op.f("ix_agenda_item_case_id"), "agenda_item", ["case_id"], unique=False)
    op.create_table(
        "case_member",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_case_member_case_id")),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_case_member_staff")),
        sa.PrimaryKeyConstraint("case_id", "staff", "relation", name=op.f("pk_case_member")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_case_member_staff_case_id"), "case_member", ["staff", "case_id"], unique=False)
    op.create_table(
        "command_done",
        sa.Column("command_id", sa.String(length=80), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_command_done_case_id")),
        sa.PrimaryKeyConstraint("command_id", name=op.f("pk_command_done")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "import_row",
        sa.Column("row_key", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_import_row_case_id")),
        sa.PrimaryKeyConstraint("row_key", name=op.f("pk_import_row")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("occurrence", sa.String(), nullable=True),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("handling", sa.String(), nullable=False),
        sa.Column("regime", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("legal_basis", sa.String(), nullable=False),
        sa.Column("named", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restricted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_item_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
    )
    op.create_index(op.f("ix_item_case_id_kind"), "item", ["case_id", "kind"], unique=False)
    op.create_table(
        "step",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.String(length=60), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("ready_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("appointment", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["assignee"], ["staff.id"], name=op.f("fk_step_assignee")),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_step_case_id")),
        sa.PrimaryKeyConstraint("case_id", "occurrence", name=op.f("pk_step")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_step_open_by_assignee",
        "step",
        ["assignee", "due_at", "case_id", "occurrence"],
        unique=False,
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(
        "ix_step_open_by_due",
        "step",
        ["due_at", "case_id", "occurrence"],
        unique=False,
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(
        "ix_step_open_by_role",
        "step",
        ["role", "due_at", "case_id", "occurrence"],
        unique=False,
        sqlite_where=sa.text("is_open = 1 AND assignee IS NULL"),
        postgresql_where=sa.text("is_open AND assignee IS NULL"),
    )
    op.create_table(
        "step_outcome",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.String(length=60), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("release_type", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=True),
        sa.Column("prison", sa.String(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("days_late", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_step_outcome_case_id")),
        sa.PrimaryKeyConstraint("case_id", "occurrence", name=op.f("pk_step_outcome")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_step_outcome_running",
        "step_outcome",
        ["due_on"],
        unique=False,
        sqlite_where=sa.text("verdict = 'running'"),
        postgresql_where=sa.text("verdict = 'running'"),
    )
    op.create_index(
        "ix_step_outcome_compliance",
        "step_outcome",
        ["protocol", "due_on", "step", "verdict", "cause"],
        unique=False,
    )
    op.create_table(
        "timer",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_timer_case_id")),
        sa.PrimaryKeyConstraint("case_id", "key", name=op.f("pk_timer")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_timer_at"), "timer", ["at"], unique=False)
    op.create_table(
        "tombstone",
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_tombstone_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_tombstone_person_id")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_tombstone")),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agenda_item_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("action_by", sa.String(), nullable=True),
        sa.Column("action_due", sa.Date(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agenda_item_id"], ["agenda_item.id"], name=op.f("fk_decision_agenda_item_id")),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_decision_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_case_id"), "decision", ["case_id"], unique=False)
    op.create_table(
        "sharing_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.String(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("recipients", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("settled_from", sa.Date(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["release_case.id"], name=op.f("fk_sharing_decision_case_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_sharing_decision_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sharing_decision")),
    )
    op.create_index(op.f("ix_sharing_decision_case_id"), "sharing_decision", ["case_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_sharing_decision_case_id"), table_name="sharing_decision")
    op.drop_table("sharing_decision")
    op.drop_index(op.f("ix_decision_case_id"), table_name="decision")
    op.drop_table("decision")
    op.drop_table("tombstone")
    op.drop_index(op.f("ix_timer_at"), table_name="timer")
    op.drop_table("timer")
    op.drop_index("ix_step_outcome_running", table_name="step_outcome")
    op.drop_index("ix_step_outcome_compliance", table_name="step_outcome")
    op.drop_table("step_outcome")
    op.drop_index(
        "ix_step_open_by_role",
        table_name="step",
        sqlite_where=sa.text("is_open = 1 AND assignee IS NULL"),
        postgresql_where=sa.text("is_open AND assignee IS NULL"),
    )
    op.drop_index(
        "ix_step_open_by_due",
        table_name="step",
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open"),
    )
    op.drop_index(
        "ix_step_open_by_assignee",
        table_name="step",
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open"),
    )
    op.drop_table("step")
    op.drop_index(op.f("ix_item_case_id_kind"), table_name="item")
    op.drop_table("item")
    op.drop_table("import_row")
    op.drop_table("command_done")
    op.drop_index(op.f("ix_case_member_staff_case_id"), table_name="case_member")
    op.drop_table("case_member")
    op.drop_index(op.f("ix_agenda_item_case_id"), table_name="agenda_item")
    op.drop_table("agenda_item")
    op.drop_index(op.f("ix_access_entry_staff_at"), table_name="access_entry")
    op.drop_index(op.f("ix_access_entry_case_id_at"), table_name="access_entry")
    op.drop_table("access_entry")
    op.drop_index(
        "uq_release_case_one_open_per_person",
        table_name="release_case",
        sqlite_where=sa.text("is_open = 1 AND person_id IS NOT NULL"),
        postgresql_where=sa.text("is_open AND person_id IS NOT NULL"),
    )
    op.drop_index("ix_release_case_unjudged", table_name="release_case")
    op.drop_index(op.f("ix_release_case_person_id"), table_name="release_case")
    op.drop_index(
        "ix_release_case_open_by_release",
        table_name="release_case",
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open"),
    )
    op.drop_table("release_case")
    op.drop_table("api_client")
    op.drop_index(op.f("ix_absence_staff_until_on"), table_name="absence")
    op.drop_table("absence")
    op.drop_table("staff")
    op.drop_index(op.f("ix_person_identity_person_id"), table_name="person_identity")
    op.drop_table("person_identity")
    op.drop_table("protocol_version")
    op.drop_index(op.f("ix_person_name_index"), table_name="person")
    op.drop_table("person")
    op.drop_index(
        "ix_outbox_unsettled",
        table_name="outbox",
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.drop_table("outbox")
    op.drop_table("organisation")
    op.drop_table("meeting")
    op.drop_table("ledger_stream")
    op.drop_table("ledger_entry")
    op.drop_table("import_file")
    op.drop_table("closing_day")
    op.drop_table("case_number")
