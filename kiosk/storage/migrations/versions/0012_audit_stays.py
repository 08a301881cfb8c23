"""What the audit says stays: no row is changed, and none is deleted before its time."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# `retention.audit_days` is 30 at least; the day between is for clocks that differ.
SAID = "audit rows stay as they are and are deleted after 29 days at the earliest"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
    op.execute(f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit {refuse}")
    op.execute(
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
        f"WHEN OLD.at > datetime('now', '-29 days') {refuse}"
    )
    # INSERT OR REPLACE takes the old row away without asking the trigger above.
    known = "NEW.id IN (SELECT id FROM audit)"
    op.execute(f"CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN {known} {refuse}")


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' THEN "
        "IF OLD.at <= now() - interval '29 days' THEN RETURN OLD; END IF; "
        "END IF; "
        f"RAISE EXCEPTION '{SAID}' USING ERRCODE = 'integrity_constraint_violation'; "
        "END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_stays()"
    )
    op.execute(
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_stays()"
    )
