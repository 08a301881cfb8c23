"""What every test of the command line lives with: a clean place, environment and log."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog


@pytest.fixture(autouse=True)
def clean_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty folder without our variables; put the process's log back afterwards."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:  # noqa: TID251 - the command reads it, so its tests must clean it
        if name.startswith(("KIOSK_", "AZURE_")):
            monkeypatch.delenv(name)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield tmp_path
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
