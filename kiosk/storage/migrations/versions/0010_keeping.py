"""Transcripts are searched, kept for as long as the site says, held, and forgotten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kiosk.storage.indexing import place
from kiosk.storage.words import index

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BATCH = 500


def upgrade() -> None:
    op.add_column("visits", sa.Column("code_hash", sa.String(64), nullable=True))
    op.create_index("ix_visits_code_hash", "visits", ["code_hash"])
    op.create_table(
        "erased_visits",
        sa.Column("visit_id", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("visit_id", name="pk_erased_visits"),
    )
    op.create_index("ix_erased_visits_at", "erased_visits", ["at"])
    op.create_table(
        "legal_holds",
        sa.Column("visit_id", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("why", sa.String(500), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("visit_id", name="pk_legal_holds"),
    )
    op.create_table(
        "retention_runs",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_runs"),
    )
    op.create_index("ix_retention_runs_began_at", "retention_runs", ["began_at"])
    _index_words()


def _index_words() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        # The words are cut and folded before they get here, so the tokenizer only splits at spaces.
        op.execute(
            "CREATE VIRTUAL TABLE turn_words USING fts5("
            "words, visit_id UNINDEXED, seq UNINDEXED, "
            "tokenize = 'unicode61 remove_diacritics 0', detail = 'none')"
        )
        insert = (
            "INSERT INTO turn_words (rowid, words, visit_id, seq) "
            "VALUES (:place, :words, :visit_id, :seq)"
        )
    else:
        op.execute(
            "CREATE TABLE turn_words (visit_id VARCHAR(64) NOT NULL, seq INTEGER NOT NULL, "
            "words TSVECTOR NOT NULL, CONSTRAINT pk_turn_words PRIMARY KEY (visit_id, seq))"
        )
        op.execute("CREATE INDEX ix_turn_words_words ON turn_words USING gin (words)")
        insert = (
            "INSERT INTO turn_words (words, visit_id, seq) "
            "VALUES (array_to_tsvector(string_to_array(:words, ' ')), :visit_id, :seq)"
        )
    # What was said before this migration is found, too.
    found = connection.execute(sa.text("SELECT visit_id, seq, text FROM turns"))
    for rows in found.partitions(BATCH):
        values = [
            {"words": index(row.text), "visit_id": row.visit_id, "seq": row.seq}
            | (
                {"place": place(row.visit_id, row.seq)}
                if connection.dialect.name == "sqlite"
                else {}
            )
            for row in rows
        ]
        connection.execute(sa.text(insert), values)
