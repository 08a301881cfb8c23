"""Where plugins may connect to, checked on the address and not on the name."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web

from kiosk.security.egress import AddressRefusedError, guarded_connector, networks, refusal


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "fc00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "192.0.2.1",
    ],
)
def test_what_is_not_public_needs_the_setting(address: str) -> None:
    assert "add it to hooks.reach" in refusal(address, ())


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1%eth0", "168.63.129.16", "0.0.0.0", "::"],
)
def test_the_clouds_own_services_are_never_reached(address: str) -> None:
    everywhere = networks(["0.0.0.0/0", "::/0"])
    assert "is never for plugins" in refusal(address, everywhere)


def test_what_is_listed_is_reached_and_its_neighbour_is_not() -> None:
    allowed = networks(["10.0.0.0/24", "127.0.0.1"])
    assert refusal("10.0.0.7", allowed) == ""
    assert refusal("127.0.0.1", allowed) == ""
    assert refusal("10.0.1.7", allowed) != ""
    assert refusal("8.8.8.8", ()) == ""
    assert "is no address" in refusal("metadata.internal", ())


async def serve(location: str = "") -> web.AppRunner:
    async def answer(request: web.Request) -> web.Response:
        if location:
            raise web.HTTPFound(location)
        return web.Response(text="the database's page")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_neither_an_address_nor_a_name_of_it_is_connected_to(host: str) -> None:
    runner = await serve()
    port = runner.addresses[0][1]
    try:
        async with aiohttp.ClientSession(connector=guarded_connector(())) as http:
            with pytest.raises(aiohttp.ClientConnectorError) as caught:
                await http.get(f"http://{host}:{port}/")
            assert isinstance(caught.value.os_error, AddressRefusedError)
        allowed = networks(["127.0.0.1", "::1"])
        async with (
            aiohttp.ClientSession(connector=guarded_connector(allowed)) as http,
            http.get(f"http://{host}:{port}/") as answer,
        ):
            assert await answer.text() == "the database's page"
    finally:
        await runner.cleanup()


async def test_a_redirect_leads_nowhere_else() -> None:
    runner = await serve("http://169.254.169.254/latest/meta-data/")
    try:
        async with aiohttp.ClientSession(
            connector=guarded_connector(networks(["127.0.0.1"]))
        ) as http:
            with pytest.raises(aiohttp.ClientConnectorError) as caught:
                await http.get(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            assert "never for plugins" in str(caught.value.os_error)
    finally:
        await runner.cleanup()
