"""Transcript entries wait for their sinks in the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sink_outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("sink", sa.String(64), nullable=False),
        sa.Column("visit_id", sa.String(64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.Column("error", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sink_outbox"),
        sa.UniqueConstraint("sink", "visit_id", "seq", name="uq_sink_outbox_sink_visit_id_seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sink_outbox_sink_dead_id", "sink_outbox", ["sink", "dead", "id"])
    op.create_table(
        "sink_leases",
        sa.Column("sink", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sink", name="pk_sink_leases"),
    )
