"""Lets the model end a visit when the visitor says goodbye, after its own last words."""

from __future__ import annotations

from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle
from kiosk.hooks.specs import RegisterTool


async def end_visit(session: SessionHandle) -> dict[str, str]:
    """End the visit when the visitor says goodbye."""
    await session.end()
    words = {"de": "Auf Wiedersehen und einen schönen Tag!"}
    return {"say": words.get(session.language[:2], "Goodbye, and enjoy your day!")}


@hookimpl
def register_tools(register: RegisterTool) -> None:
    """Offer the tool."""
    register(end_visit)
