"""A revoked device: its socket is closed at once, its token dead, its page a code again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kiosk import keys
from kiosk.web.revoking import REVOKING, made
from kiosk.web.signaling import REVOKED
from tests.unit.running import Running, Screen, running


async def enrolled(server: Running) -> tuple[str, str]:
    device, token = await server.app[keys.DEVICES].enrol("desk", by="test")
    server.http.cookie_jar.update_cookies({"kiosk_device": token})
    return device, token


async def closed(screen: Screen) -> None:
    assert await screen.closed() == REVOKED


async def test_its_socket_is_closed_and_no_other(tmp_path: Path) -> None:
    async with running(tmp_path, access={"open": False}) as server:
        storage = server.app[keys.STORAGE]
        device, _ = await enrolled(server)
        async with server.screen(open_page=False) as screen:
            await screen.hello()
            other, token = await server.app[keys.DEVICES].enrol("lobby", by="test")
            assert await server.app[REVOKING].revoke(storage, other)
            await screen.send("hello", protocol=1)
            await screen.next("error")  # it is still open
            assert await server.app[REVOKING].revoke(storage, device)
            await closed(screen)
        assert not await server.app[REVOKING].revoke(storage, device)
        assert server.figure("devices_revoked_total") == 1
        async with server.http.get(f"{server.url}/") as page:
            assert 'data-state="pairing"' in await page.text()
        headers = {"Origin": server.url}
        async with server.http.post(f"{server.url}/kiosk/ticket", headers=headers) as answer:
            assert answer.status == 401
        assert await server.app[keys.DEVICES].whose(token) is None


async def test_what_the_command_line_revokes_is_found(tmp_path: Path) -> None:
    async with running(tmp_path, access={"open": False}) as server:
        storage = server.app[keys.STORAGE]
        device, _ = await enrolled(server)
        async with (
            made(server.app, look_s=0.02).running(storage),
            server.screen(open_page=False) as screen,
        ):
            await screen.hello()
            await storage.devices.revoke(device)
            async with asyncio.timeout(20):
                await closed(screen)
