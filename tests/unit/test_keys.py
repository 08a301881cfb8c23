"""Tests of the application's keys: one name each, and every one filled in a running server."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from kiosk import keys
from kiosk.app import CREDENTIAL
from kiosk.keys import RECORDER
from tests.unit.running import running


def all_keys() -> dict[str, web.AppKey[object]]:
    return {name: key for name, key in vars(keys).items() if isinstance(key, web.AppKey)}


def test_no_two_keys_share_a_name() -> None:
    names = [str(key) for key in all_keys().values()]
    assert len(names) > 8
    assert len(set(names)) == len(names)


async def test_a_running_server_has_a_value_for_every_key(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        missing = [name for name, key in all_keys().items() if key not in server.app]
        assert missing == []
        assert RECORDER in server.app
        assert CREDENTIAL in server.app
