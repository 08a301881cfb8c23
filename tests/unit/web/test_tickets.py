"""Tickets: a socket needs one of its own device's, fresh and never used before."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from kiosk import keys
from kiosk.web.tickets import PREFIX, PROTOCOL
from tests.unit.running import Running, running


async def refused(server: Running, *protocols: str) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await server.http.ws_connect(
            f"{server.url}/ws/kiosk", headers={"Origin": server.url}, protocols=protocols
        )
    return caught.value.status


async def test_a_socket_opens_with_a_ticket_once(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        async with server.screen() as screen:
            assert (await screen.hello())["kiosk_id"] == "lobby"
        protocols = await server.ticket()
        async with server.http.ws_connect(
            f"{server.url}/ws/kiosk", headers={"Origin": server.url}, protocols=protocols
        ) as socket:
            assert socket.protocol == PROTOCOL, "the ticket is not sent back"
        assert await refused(server, *protocols) == 401
        assert server.figure("tickets_total", outcome="replayed") == 1


async def test_no_ticket_a_forged_one_or_anothers_opens_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        async with server.http.get(f"{server.url}/"):
            pass
        devices = server.app[keys.DEVICES]
        for protocols in (
            (),
            (PROTOCOL,),
            (PROTOCOL, f"{PREFIX}abc.def.ghi"),
            (PROTOCOL, PREFIX + devices.ticket("device_of_another")),
            (PROTOCOL, PREFIX + devices.ticket("open"), PREFIX + devices.ticket("open")),
        ):
            assert await refused(server, *protocols) == 401, protocols
        assert server.figure("tickets_total", outcome="refused") == 5


async def test_a_ticket_is_for_screens_only_and_brings_a_new_token_when_due(tmp_path: Path) -> None:
    async with running(tmp_path, access={"open": False, "token_hours": 0.000001}) as server:
        headers = {"Origin": server.url}
        async with server.http.post(f"{server.url}/kiosk/ticket", headers=headers) as answer:
            assert answer.status == 401
        _, token = await server.app[keys.DEVICES].enrol("desk", by="test")
        async with server.http.post(
            f"{server.url}/kiosk/ticket", headers=headers, cookies={"kiosk_device": token}
        ) as answer:
            assert answer.status == 200
            fresh = answer.cookies["kiosk_device"].value
        assert fresh != token
        found = await server.app[keys.DEVICES].whose(fresh)
        assert found is not None
        assert found.kiosk_id == "desk"
