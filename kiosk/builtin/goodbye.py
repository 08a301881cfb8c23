"""Lets the model end a visit when the visitor says goodbye, after its own last words."""

from __future__ import annotations

from typing import Final

from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle
from kiosk.hooks.specs import RegisterTool

GOODBYES: Final = {
    "ar": "مع السلامة، ونتمنى لكم يومًا سعيدًا!",
    "de": "Auf Wiedersehen und einen schönen Tag!",
    "en": "Goodbye, and enjoy your day!",
    "es": "¡Adiós, y que pase un buen día!",
    "fr": "Au revoir et bonne journée\u202f!",
    "ja": "ありがとうございました。よい一日をお過ごしください。",
    "pt": "Adeus e um bom dia!",
    "uk": "До побачення, гарного вам дня!",
    "zh": "再见，祝您愉快！",  # noqa: RUF001 - Chinese's own letters
}


async def end_visit(session: SessionHandle) -> dict[str, str]:
    """End the visit when the visitor says goodbye."""
    await session.end()
    base = session.language.partition("-")[0]
    return {"say": GOODBYES.get(base, GOODBYES["en"])}


@hookimpl
def register_tools(register: RegisterTool) -> None:
    """Offer the tool."""
    register(end_visit)
