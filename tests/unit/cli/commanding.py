"""Runs the command in this process, and writes the files it reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from kiosk.cli import main

COMMAND = (sys.executable, "-W", "error", "-m", "kiosk")


def kiosk(*arguments: str, typed: str | None = None) -> Result:
    """Run `kiosk` with arguments; fails when it broke with anything but an exit."""
    result = CliRunner().invoke(main, arguments, input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise AssertionError(result.output) from result.exception
    assert "Traceback" not in result.output
    return result


def environment(**more: str) -> Mapping[str, str]:
    """Return a process's environment without our variables, and with `more`."""
    inherited = os.environ  # noqa: TID251 - handed on to the process that is tested
    kept = {k: v for k, v in inherited.items() if not k.startswith(("KIOSK_", "AZURE_"))}
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


def site(folder: Path, endpoint: str | None = "http://127.0.0.1:9", **lines: Any) -> Path:
    """Write kiosk.toml; `lines` are whole tables as text, by name."""
    tables = {
        "upstream": f'endpoint = "{endpoint}"\napi_key = "a key"' if endpoint else "",
        "storage": f'url = "sqlite+aiosqlite:///{folder / "kiosk.sqlite3"}"',
        "server": "port = 0\ndrain_s = 0",
        **lines,
    }
    text = "\n".join(f"[{name}]\n{body}\n" for name, body in tables.items() if body)
    path = folder / "kiosk.toml"
    path.write_text(text)
    return path


def plugin(folder: Path, name: str, code: str) -> Path:
    """Write a plugin into ./plugins."""
    place = folder / "plugins"
    place.mkdir(exist_ok=True)
    path = place / f"{name}.py"
    path.write_text(code)
    return path
