"""The ICE servers that a session is told of."""

from __future__ import annotations

from aiohttp import web

from kiosk.clock import new_id
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.wire.codec import JSON


def ice_servers(
    request: web.Request, scenario: Scenario, *, host: str, stun_port: int
) -> list[JSON]:
    """Return `session.avatar.ice_servers` for one client: the scenario's, or our STUN server."""
    if scenario.ice_servers is not None:
        return [s.model_dump(mode="json", exclude_none=True) for s in scenario.ice_servers]
    transport = request.transport
    address = transport.get_extra_info("sockname")[0] if transport is not None else host
    shown = f"[{address}]" if ":" in address else address
    # The service sends TURN credentials; these are made up, of the same shape, and new for
    # every session, so that whoever handles them carelessly is found out.
    return [
        {
            "urls": [f"stun:{shown}:{stun_port}"],
            "username": new_id("user"),
            "credential": new_id("credential"),
        }
    ]
