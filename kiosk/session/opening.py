"""How a visit opens: the instructions for the model, the session's settings, the greeting."""

from __future__ import annotations

import functools
from typing import Any

from babel.core import Locale

from kiosk.model import Greeting
from kiosk.session.context import VisitContext
from kiosk.voicelive.config import session_update


async def session_settings(ctx: VisitContext) -> dict[str, Any]:
    """Return the session to configure upstream, with every plugin's part of the instructions."""
    settings = ctx.services.settings
    parts = [settings.site.instructions, *await ctx.services.hooks.instructions(ctx.handle)]
    parts.append(
        f"You are on a screen named {ctx.kiosk.name} at {settings.site.name}. You are a computer "
        f"assistant and say so when asked. Speak {language_name(ctx.language)} unless the visitor "
        "speaks another language."
    )
    return session_update(
        settings.upstream,
        instructions="\n\n".join(part.strip() for part in parts if part.strip()),
        tools=ctx.services.hooks.tools.values(),
        language=ctx.language,
        metadata={"kiosk": ctx.kiosk.id, "visit": ctx.id},
    )


@functools.cache
def language_name(code: str) -> str:
    """Return a language's English name, which is what models are told.

    Kept, and asked for at start for every language of the site: Babel reads a file for each.
    """
    return Locale.parse(code, sep="-").get_display_name("en") or code


async def greet(ctx: VisitContext, greeting: Greeting | None) -> None:
    """Have the greeting spoken; nothing when no plugin has one or the line is gone."""
    line = ctx.line
    if greeting is None or line is None:
        return
    if greeting.improvise:
        await line.respond(
            {"instructions": f"Greet the visitor now. {greeting.text}", "tool_choice": "none"}
        )
    else:
        await line.say(greeting.text)
