"""ICE servers: the scenario's, or the STUN server where the client has reached us."""

from __future__ import annotations

from aiohttp.test_utils import make_mocked_request

from kiosk.emulator.scenario.scenario import IceServer, Scenario
from kiosk.emulator.server.ice import ice_servers
from tests.unit.emulator.emulating import connected, emulating


async def test_ours_is_where_the_client_reached_us_with_new_credentials_each_time() -> None:
    told = []
    async with emulating() as emulator:
        for _ in range(2):
            async with connected(emulator) as wire:
                session = await wire.update(avatar={"character": "lisa"})
                (server,) = session["avatar"]["ice_servers"]
                told.append(server)
    assert told[0]["urls"] == told[1]["urls"]
    assert told[0]["urls"][0].startswith("stun:127.0.0.1:")
    assert told[0]["username"] != told[1]["username"]
    assert told[0]["credential"] != told[1]["credential"]


def test_the_scenarios_own() -> None:
    scenario = Scenario(ice_servers=(IceServer(urls=("turn:example.test",), username="u"),))
    told = ice_servers(make_mocked_request("GET", "/"), scenario, host="x", stun_port=1)
    assert told == [{"urls": ["turn:example.test"], "username": "u"}]
