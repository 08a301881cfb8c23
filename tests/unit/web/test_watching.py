"""A dashboard that shows a visit keeps its operator's conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiosk import events as ev
from kiosk import keys
from tests.unit.web.composing import Site, message, site


def listening(running: Site) -> asyncio.Queue[Mapping[str, Any]]:
    heard: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    async def take(payload: Mapping[str, Any]) -> Mapping[str, Any]:
        heard.put_nowait(payload)
        return {"ok": True}

    running.app[keys.BUS].handle("visit:visit_1", take)
    return heard


async def test_only_the_operator_who_has_it_is_told_to_be_there(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in("anna")
        await running.visit()
        heard = listening(running)
        stamp: dict[str, Any] = {"kiosk_id": "main", "visit_id": "visit_1", "at": running.at()}
        address = f"{running.address}/operator/feed?visit=visit_1"
        async with running.client.ws_connect(address, origin=running.address) as socket:
            await message(socket)
            await running.publish(ev.OperatorJoined(**stamp, by="bert"))
            await message(socket)
            assert heard.empty()
            await running.publish(ev.OperatorJoined(**stamp, by="anna", instead_of="bert"))
            async with asyncio.timeout(20):
                assert await heard.get() == {"command": "present", "by": "anna"}
