"""Screens and visits belong to a site, people hold roles at sites, the audit says more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("kiosks", "visits"):
        op.add_column(
            table, sa.Column("site", sa.String(64), nullable=False, server_default="main")
        )
    op.create_index("ix_visits_site_started_at", "visits", ["site", "started_at"])
    for name, length in (("before", 500), ("after", 500), ("site", 64), ("request", 64)):
        column = sa.Column(name, sa.String(length), nullable=False, server_default="")
        op.add_column("audit", column)
    op.create_table(
        "operator_grants",
        sa.Column("operator", sa.String(64), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("site", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("operator", "role", "site", name="pk_operator_grants"),
        sa.ForeignKeyConstraint(
            ["operator"],
            ["operators.name"],
            name="fk_operator_grants_operator_operators",
            ondelete="CASCADE",
        ),
    )
    # Everybody keeps what they could do: an admin was what an administrator of all sites is now.
    op.execute(
        "INSERT INTO operator_grants (operator, role, site) "
        "SELECT name, CASE role WHEN 'admin' THEN 'administrator' ELSE 'operator' END, '*' "
        "FROM operators"
    )
    op.drop_column("operators", "role")
