"""Decides on a handshake: faults, credentials, the query, the rate of new connections."""

from __future__ import annotations

import math
from collections.abc import Sequence

from aiohttp import web

from kiosk.clock import Clock
from kiosk.emulator.scenario.faultbook import ArmedFault
from kiosk.emulator.scenario.quotas import Quotas
from kiosk.emulator.server.credentials import check_credentials
from kiosk.emulator.server.refusals import Refusal
from kiosk.emulator.wire.codec import JSON

_AGENT_KEYS = {
    "agent-name": "name",
    "agent-project-name": "project",
    "agent-version": "version",
    "conversation-id": "thread_id",
}


def refuse(request: web.Request, quotas: Quotas, clock: Clock, *, has_room: bool) -> Refusal | None:
    """Return why a handshake is refused; None when it may go on, which counts as a connection."""
    query = request.query
    agent = bool(query.get("agent-name"))
    denied = check_credentials(quotas.service, request.headers, query, agent=agent, now=clock.now())
    if denied is not None:
        return denied
    if not has_room:
        return Refusal(
            429,
            "too_many_sessions",
            "The emulator has no room for another session.",
            {"Retry-After": "1"},
        )
    return _misses(request) or _hurries(quotas)


def _misses(request: web.Request) -> Refusal | None:
    query = request.query
    if not query.get("api-version"):
        return Refusal(400, "missing_api_version", "Give the query parameter 'api-version'.")
    if bool(query.get("agent-name")) != bool(query.get("agent-project-name")):
        return Refusal(
            400, "missing_agent", "Give both 'agent-name' and 'agent-project-name', or neither."
        )
    if not query.get("model") and not query.get("agent-name"):
        return Refusal(400, "missing_model", "Give the query parameter 'model', or name an agent.")
    if not web.WebSocketResponse().can_prepare(request):
        return Refusal(
            426, "upgrade_required", "Connect with a WebSocket.", {"Upgrade": "websocket"}
        )
    return None


def _hurries(quotas: Quotas) -> Refusal | None:
    """Count a connection, or refuse it. Unsure that a refused one does not count on the service."""
    if quotas.connections is None:
        return None
    wait = quotas.connections.retry_after()
    if not wait:
        quotas.connections.use()
        return None
    # The header takes whole seconds (RFC 9110, 10.2.3); rounded up, it is never too early.
    seconds = max(1, math.ceil(wait))
    return Refusal(
        429,
        "429",
        f"Too many new connections. Please retry after {seconds} seconds.",
        {"Retry-After": str(seconds)},
    )


def refusing(struck: Sequence[ArmedFault]) -> Refusal | None:
    """Return the refusal that a fault planned for this handshake, if one did."""
    for armed in struck:
        fault = armed.fault
        if fault.do == "refuse":
            wait = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
            return Refusal(fault.status, fault.code, fault.message, wait)
    return None


def agent_of(request: web.Request) -> JSON | None:
    """Return the agent that a handshake names, as `session.created` tells it back."""
    query = request.query
    if not query.get("agent-name"):
        return None
    named = {name: query[key] for key, name in _AGENT_KEYS.items() if key in query}
    return {"type": "agent", "agent_id": query["agent-name"], **named}
