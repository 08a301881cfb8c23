"""Lets speech do what a touch does: text, contrast, volume, pace, captions, language, more time."""

from __future__ import annotations

from typing import Any, Final, Literal

from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.specs import RegisterTool
from kiosk.i18n import Texts
from kiosk.model import Tool

SIZES: Final = ("normal", "large", "largest")
STEP: Final = 20
"""Percent by which a spoken "louder" changes the volume, as the button does."""

Said = dict[str, str]
Size = Literal["bigger text", "smaller text", "normal text"]
Look = Literal[
    "high contrast",
    "dark screen",
    "normal contrast",
    "show captions",
    "hide captions",
    "everything lower for a wheelchair",
    "everything at its usual height",
    "less motion",
    "usual motion",
    "show sign language",
    "hide sign language",
]
LOOKS: Final[dict[str, tuple[str, Any]]] = {
    "high contrast": ("contrast", "more"),
    "dark screen": ("contrast", "dark"),
    "normal contrast": ("contrast", "normal"),
    "show captions": ("captions", True),
    "hide captions": ("captions", False),
    "everything lower for a wheelchair": ("reach", "seated"),
    "everything at its usual height": ("reach", "standard"),
    "less motion": ("motion", "reduced"),
    "usual motion": ("motion", "full"),
    "show sign language": ("sign", True),
    "hide sign language": ("sign", False),
}


class ScreenTools:
    """The built-in plugin. Nothing here changes more than how the screen looks and sounds."""

    def __init__(self, texts: Texts, wording: str) -> None:
        self._texts = texts
        self._wording = wording

    def _say(self, session: SessionHandle, key: str) -> Said:
        return {"say": self._texts.get(session.language, key, wording=self._wording)}

    # Last in the list of tools, which is in the order of loading: what the site can do comes first.
    @hookimpl(tryfirst=True)
    def register_tools(self, register: RegisterTool, site: Site) -> None:
        """Offer the tools; the language only where there is another."""
        for tool in (
            self._text_size(),
            self._volume(),
            self._pace(),
            self._repeat(),
            self._look(),
            self._more_time(),
        ):
            register(tool, per_minute=12)
        if len(site.languages) > 1:
            register(self._language(site.languages))

    def _text_size(self) -> Any:
        async def change_text_size(session: SessionHandle, size: Size) -> Said:
            """Make the text on this screen bigger or smaller."""
            now = SIZES.index(session.comfort.text_size)
            step = {"bigger text": 1, "smaller text": -1}.get(size, -now)
            new = min(len(SIZES) - 1, max(0, now + step))
            if new == now:
                return self._say(session, "screen.limit")
            await session.set(text_size=SIZES[new])
            return self._say(session, "screen.done")

        return change_text_size

    def _volume(self) -> Any:
        async def change_volume(
            session: SessionHandle, volume: Literal["louder", "quieter"]
        ) -> Said:
            """Speak louder or quieter."""
            now = session.comfort.volume
            new = min(100, max(STEP, now + (STEP if volume == "louder" else -STEP)))
            if new == now:
                return self._say(session, "screen.limit")
            await session.set(volume=new)
            return self._say(session, "options.volume.sample")

        return change_volume

    def _pace(self) -> Any:
        async def change_pace(session: SessionHandle, pace: Literal["slower", "faster"]) -> Said:
            """Speak slower, or as fast as usual again."""
            await session.set(pace="slow" if pace == "slower" else "normal")
            return self._say(session, "pace.slow" if pace == "slower" else "pace.normal")

        return change_pace

    def _repeat(self) -> Any:
        async def repeat_answer(session: SessionHandle) -> Said:
            """Repeat: say the last answer again, word for word."""
            words = session.last_answer
            return {"say": words} if words else self._say(session, "repeat.nothing")

        return repeat_answer

    def _look(self) -> Any:
        async def change_screen(session: SessionHandle, look: Look) -> Said:
            """Change the screen: contrast, captions, height of controls, motion, sign language."""
            name, value = LOOKS[look]
            await session.set(**{name: value})
            return self._say(session, "screen.done")

        return change_screen

    def _more_time(self) -> Any:
        async def more_time(session: SessionHandle) -> Said:
            """Give the visitor more time when the visit is about to end."""
            return self._say(
                session, "limit.more" if await session.more_time() else "limit.no_more"
            )

        return more_time

    def _language(self, codes: tuple[str, ...]) -> Tool:
        names = {self._texts.describe(code).name: code for code in codes}

        async def handler(session: SessionHandle, language: str) -> Said:
            if language not in names:
                return self._say(session, "error.unknown_language")
            await session.set(language=names[language])
            return self._say(session, "screen.language")

        return Tool(
            name="change_language",
            description="Go on in another language: screen, captions and voice.",
            parameters={
                "type": "object",
                "properties": {"language": {"type": "string", "enum": list(names)}},
                "required": ["language"],
                "additionalProperties": False,
            },
            handler=handler,
            per_minute=12,
        )
