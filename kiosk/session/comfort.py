"""What a visitor may change of the screen and the voice by speaking, as a touch would."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kiosk.session.context import VisitContext
from kiosk.session.opening import change_language, tell_settings
from kiosk.signaling import messages as m


async def change(ctx: VisitContext, *, language: str | None = None, **wanted: Any) -> None:
    """Change what is given, and tell the screen. Raises UpstreamError.

    A name or value that no screen knows raises ValueError, and nothing has changed.
    """
    wanted = {name: value for name, value in wanted.items() if value is not None}
    message = m.Set(**wanted, language=language)
    before, ctx.comfort = ctx.comfort, replace(ctx.comfort, **wanted)
    ctx.send(message)
    if language is not None and language != ctx.language:
        await change_language(ctx, language)
    elif ctx.comfort.pace != before.pace and ctx.line is not None:
        await tell_settings(ctx, ctx.line)


def extend(ctx: VisitContext) -> bool:
    """Give a visit more time; False when it has had all that the site gives."""
    if ctx.extensions <= 0:
        return False
    ctx.extensions -= 1
    ctx.until += ctx.settings.extend_s
    ctx.active()
    ctx.drop_notice("time_limit")
    return True
