"""The tables, as the code sees them. Migrations bring a database to this; `HEAD` names the last."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)
from typing_extensions import override

HEAD: Final = "0012"
"""The newest revision in migrations/versions; a test keeps the two equal."""

VERSION_TABLE: Final = "alembic_version"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no time zone, so it is taken off and put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a time zone: nobody could say later what it meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs its time zone; take it from kiosk.clock")
        return value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every moment its time zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

kiosks = Table(
    "kiosks",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("place", String(200), nullable=False),
    Column("language", String(35), nullable=False),
    Column("site", String(64), nullable=False, server_default="main"),
    # A screen taken out of the settings keeps its row: its visits still name it.
    Column("active", Boolean, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

visits = Table(
    "visits",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kiosk_id", String(64), nullable=False),
    # Of the time of the visit: a screen that moves takes nothing of the old house with it.
    Column("site", String(64), nullable=False, server_default="main"),
    Column("language", String(35), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("reason", String(40)),
    Column("tools", JSON, nullable=False),
    # A keyed hash of the code a visitor was shown; the code itself is kept nowhere.
    Column("code_hash", String(64), index=True),
    # What happened, in numbers, until they are added to the day's.
    Column("figures", JSON),
    Column("counted", Boolean, nullable=False, server_default=false(), index=True),
    Index(None, "started_at", "id"),
    Index(None, "kiosk_id", "started_at"),
    Index(None, "site", "started_at"),
)

# No foreign key to visits: a turn may be delivered before or long after its visit's row, and
# words that were spoken must not be refused because of that.
turns = Table(
    "turns",
    metadata,
    Column("visit_id", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kiosk_id", String(64), nullable=False),
    Column("speaker", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("interrupted", Boolean, nullable=False),
)

operators = Table(
    "operators",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("password_hash", String(300), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("password_at", UtcDateTime, nullable=False),
    Column("origin", String(16), nullable=False, server_default="local"),
    Column("subject", String(500), nullable=False, server_default=""),
    Column("provider_groups", JSON),
    Column("totp_secret", String(64), nullable=False, server_default=""),
    # The last step whose code was used: none is good twice.
    Column("totp_step", Integer, nullable=False, server_default="0"),
    Column("totp_at", UtcDateTime),
)

operator_grants = Table(
    "operator_grants",
    metadata,
    Column(
        "operator",
        String(64),
        ForeignKey("operators.name", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("role", String(32), primary_key=True),
    Column("site", String(64), primary_key=True),
)

operator_sessions = Table(
    "operator_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column(
        "operator",
        String(64),
        ForeignKey("operators.name", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("proved_at", UtcDateTime, nullable=False),
    Column("address", String(64), nullable=False),
    Column("device", String(80), nullable=False),
    Column("method", String(16), nullable=False),
    Column("pending", Boolean, nullable=False),
)

operator_tokens = Table(
    "operator_tokens",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column(
        "operator",
        String(64),
        ForeignKey("operators.name", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("name", String(48), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("sites", JSON),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("used_from", String(64), nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column(
        "operator",
        String(64),
        ForeignKey("operators.name", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("code_hash", String(64), primary_key=True),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("key", String(100), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", UtcDateTime),
    Column("at", UtcDateTime, nullable=False, index=True),
)

# What is good once and soon over: emergency codes, logins that are at the provider just now.
one_time = Table(
    "one_time",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("data", JSON, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("target", String(200), nullable=False),
    Column("detail", String(500), nullable=False),
    Column("before", String(500), nullable=False, server_default=""),
    Column("after", String(500), nullable=False, server_default=""),
    Column("site", String(64), nullable=False, server_default=""),
    Column("request", String(64), nullable=False, server_default=""),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("kiosk_id", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("used_at", UtcDateTime),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kiosk_id", String(64), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, index=True, unique=True),
    # The token before: good until the new one was seen, because its answer may have been lost.
    Column("old_hash", String(64), index=True),
    Column("rotated_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("approved_by", String(64), nullable=False),
    Column("browser", String(200), nullable=False),
    Column("address", String(64), nullable=False),
    Column("revoked_at", UtcDateTime, index=True),
)

pairings = Table(
    "pairings",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("secret_hash", String(64), nullable=False, index=True, unique=True),
    Column("code", String(16), nullable=False, index=True, unique=True),
    Column("browser", String(200), nullable=False),
    Column("address", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("kiosk_id", String(64)),
    Column("decided_by", String(64), nullable=False),
    Column("device_id", String(64)),
)

plugin_data = Table(
    "plugin_data",
    metadata,
    Column("plugin", String(64), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

sink_outbox = Table(
    "sink_outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sink", String(64), nullable=False),
    Column("visit_id", String(64), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("entry", Text, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("dead", Boolean, nullable=False),
    Column("error", String(80), nullable=False),
    UniqueConstraint("sink", "visit_id", "seq", name="uq_sink_outbox_sink_visit_id_seq"),
    Index("ix_sink_outbox_sink_dead_id", "sink", "dead", "id"),
    # An id is never used again: a deliverer that comes late must not delete somebody else's entry.
    sqlite_autoincrement=True,
)

sink_leases = Table(
    "sink_leases",
    metadata,
    Column("sink", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

# A visit that was forgotten: what comes late, from a queue or another server, is not kept. The id
# is a random number and says nothing about anybody.
erased_visits = Table(
    "erased_visits",
    metadata,
    Column("visit_id", String(64), primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
)

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("visit_id", String(64), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("why", String(500), nullable=False),
    # None: until somebody lifts it.
    Column("until", UtcDateTime),
)

retention_runs = Table(
    "retention_runs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("began_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("removed", JSON, nullable=False),
    Column("error", String(200), nullable=False),
)

insight_days = Table(
    "insight_days",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("site", String(64), primary_key=True),
    Column("measure", String(40), primary_key=True),
    Column("label", String(80), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

WORDS_TABLE: Final = "turn_words"
"""The full-text index of the turns, which each kind of database makes its own way (words.py)."""
