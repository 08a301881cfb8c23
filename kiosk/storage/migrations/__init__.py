"""The database's history: one numbered script for each change, run by Alembic."""
