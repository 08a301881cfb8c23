"""A PostgreSQL server of its own for the tests, on a socket in a temporary folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

PLACES: Final = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin")
START_S: Final = 60


def program(name: str) -> Path | None:
    """Return where one of PostgreSQL's programs is; None without it."""
    for pattern in PLACES:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if (folder / name).exists():
                return folder / name
    found = shutil.which(name)
    return Path(found) if found is not None else None


class Postgres:
    """A running server; `database` makes an empty one, or a copy of another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, name: str) -> str:
        """Return a database's address as `storage.url` has it."""
        return f"postgresql+asyncpg://kiosk@/{name}?host={self.folder}"

    def database(self, name: str, copy_of: str = "template0") -> str:
        """Make a database and return its address."""
        self.sql("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{copy_of}"')
        return self.url(name)

    def sql(self, database: str, statement: str) -> str:
        """Run a statement and return what it prints, one row a line."""
        psql = program("psql")
        assert psql is not None
        done = subprocess.run(
            [psql, "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "kiosk",
             "-d", database, "-c", statement],
            check=True, capture_output=True, text=True, timeout=START_S,
        )  # fmt: skip
        return done.stdout.strip()


@contextmanager
def running(folder: Path) -> Iterator[Postgres]:
    """Run a server in a folder; skips the test when PostgreSQL is not installed."""
    initdb, control = program("initdb"), program("pg_ctl")
    if initdb is None or control is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    # It refuses to run as root; its package brings a user of its own.
    user = "postgres" if os.geteuid() == 0 else None
    folder.mkdir(parents=True)
    if user is not None:
        shutil.chown(folder, user)
        folder.parent.chmod(0o711)
    data = folder / "data"

    def run(*words: str | Path) -> None:
        subprocess.run(
            words, check=True, user=user, timeout=START_S, cwd=folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    run(initdb, "-D", data, "-U", "kiosk", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    # A name without the machine's network: nobody else can reach it.
    options = f"-k {folder} -h '' -F -c max_connections=60 -c shared_buffers=16MB"
    run(control, "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield Postgres(folder)
    finally:
        run(control, "-D", data, "-m", "immediate", "stop")
