"""Visits are counted by day, without words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visits", sa.Column("figures", sa.JSON(), nullable=True))
    op.add_column(
        "visits", sa.Column("counted", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index("ix_visits_counted", "visits", ["counted"])
    op.create_table(
        "insight_days",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("measure", sa.String(40), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "site", "measure", "label", name="pk_insight_days"),
    )
