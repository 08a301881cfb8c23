"""How a visit opens: the instructions for the model, the session's settings, the greeting."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any, Final

import structlog
from babel.core import Locale
from pydantic import ValidationError

from kiosk import events
from kiosk.errors import RequiredPluginError
from kiosk.hooks.values import SessionConfig
from kiosk.model import EndReason, Greeting
from kiosk.session.context import VisitContext
from kiosk.session.line import Line
from kiosk.settings.upstream import (
    AvatarSyncVoice,
    AzureNativeVoice,
    OpenAIVoice,
    UpstreamSettings,
)
from kiosk.voicelive.config import session_update

log = structlog.get_logger(__name__)


CHILDREN: Final = (
    "You speak with children of about six to eleven years. Use short, friendly sentences and "
    "words they know, explain one thing at a time, and never talk down to them. Tell nothing "
    "that frightens. Ask for no name, age, address or picture. Send them to the staff or to the "
    "grown-ups they came with when they are lost, hurt or worried."
)
SLOWLY: Final = "The visitor asked you to speak slowly: use short sentences and plain words."


async def session_settings(ctx: VisitContext) -> dict[str, Any]:
    """Return the session to configure upstream, with every plugin's part of the instructions."""
    site, upstream = ctx.site, ctx.upstream
    hooks = ctx.services.hooks
    # With the language's own voice first: what a plugin chooses still wins.
    own = upstream.speaking(ctx.language)
    parts = [site.instructions, *await hooks.instructions(ctx.handle)]
    config = await hooks.configure_session(
        ctx.handle,
        offered(own, hooks.tools),
        lambda changed: misfit(own, changed),
    )
    parts.append(
        f"You are on a screen named {ctx.kiosk.name} at {site.name}. You are a computer "
        f"assistant and say so when asked. Speak {language_name(ctx.language)} unless the visitor "
        "speaks another language."
    )
    if site.wording == "children":
        parts.append(CHILDREN)
    upstream = applied(own, config)
    if ctx.comfort.pace == "slow":
        parts.append(SLOWLY)
        if ctx.rate_works:
            upstream = slower(upstream, ctx.settings.slow_rate)
    if ctx.held:
        upstream = unanswered(upstream)
    return session_update(
        upstream.model_copy(update={"mcp_servers": hooks.mcp_servers}),
        instructions="\n\n".join(part.strip() for part in parts if part.strip()),
        tools=[tool for name, tool in hooks.tools.items() if name in config.tools],
        language=ctx.language,
        metadata={"kiosk": ctx.kiosk.id, "visit": ctx.id},
    )


def offered(upstream: UpstreamSettings, tools: Iterable[str]) -> SessionConfig:
    """Return what plugins may change of the site's settings."""
    avatar, turns = upstream.avatar, upstream.turn_detection
    return SessionConfig(
        voice="" if isinstance(upstream.voice, AvatarSyncVoice) else upstream.voice.name,
        character=avatar.character,
        style=avatar.style,
        background_color=avatar.background_color,
        temperature=upstream.temperature,
        tools=tuple(tools),
        phrases=tuple(upstream.hearing.phrase_list),
        silence_ms=turns.silence_duration_ms,
    )


def misfit(upstream: UpstreamSettings, config: SessionConfig) -> str:
    """Return the name of the first setting of a plugin's that cannot be used."""
    try:
        applied(upstream, config)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        return ".".join(str(part) for part in first["loc"]) or "combination"
    return ""


def applied(upstream: UpstreamSettings, config: SessionConfig) -> UpstreamSettings:
    """Return the settings with a plugin's changes; raises ValidationError for one that is wrong.

    A background of the plugin's replaces the site's image: the service takes one of the two.
    """
    if config == offered(upstream, config.tools):
        return upstream
    avatar = {
        "character": config.character,
        "style": config.style,
        "background_color": config.background_color,
    }
    if config.background_color is not None:
        avatar["background_image"] = None
    changed = upstream.model_dump() | {"temperature": config.temperature}
    if not isinstance(upstream.voice, AvatarSyncVoice):
        changed["voice"] |= {"name": config.voice}
    changed["avatar"] |= avatar
    changed["hearing"] |= {"phrase_list": list(config.phrases)}
    changed["turn_detection"] |= {"silence_duration_ms": config.silence_ms}
    return UpstreamSettings.model_validate(changed)


def slower(upstream: UpstreamSettings, rate: float) -> UpstreamSettings:
    """Return the settings with a slower voice, where the voice has a speed (Azure's have)."""
    voice = upstream.voice
    if isinstance(voice, OpenAIVoice | AzureNativeVoice):
        return upstream
    said = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)(%?)", (voice.rate or "").strip())
    usual = 1.0
    if said is not None:
        usual = 1 + float(said[1]) / 100 if said[2] else float(said[1])
    changed = voice.model_copy(update={"rate": f"{max(0.5, usual * rate):.2f}"})
    return upstream.model_copy(update={"voice": changed})


def unanswered(upstream: UpstreamSettings) -> UpstreamSettings:
    """Return the settings with which the service hears and transcribes, and answers nothing."""
    detection = upstream.turn_detection.model_copy(update={"create_response": False})
    return upstream.model_copy(update={"turn_detection": detection})


async def change_language(ctx: VisitContext, language: str) -> None:
    """Go on in another language of the site: screen, model, voice. Raises UpstreamError."""
    if language == ctx.language:
        return
    ctx.language = language
    ctx.emit(events.LanguageChanged(**ctx.stamp(), language=language))
    for notice in tuple(ctx.notices.values()):
        if notice.seconds is None:  # one that counts down is about the touch that just came
            ctx.notice(notice.model_copy(update={"text": ctx.text(f"notice.{notice.code}")}))
    if ctx.line is not None:
        await tell_settings(ctx, ctx.line)


async def tell_settings(ctx: VisitContext, line: Line) -> None:
    """Tell a line the settings as they are now; ends the visit when a required plugin fails.

    Raises UpstreamError.
    """
    try:
        session = await session_settings(ctx)
    except RequiredPluginError as error:
        log.error("a visit does not go on", visit=ctx.id, why=str(error))
        ctx.end(EndReason.PLUGIN_REQUIRED_FAILED)
        return
    await line.update(session)


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
        # Word for word, so it is said first and by itself; the model may reword what it is told.
        if ctx.site.speaks_notice:
            await line.say(ctx.text("notice.spoken"))
        await line.respond(
            {"instructions": f"Greet the visitor now. {greeting.text}", "tool_choice": "none"}
        )
    else:
        text = greeting.text
        if ctx.site.speaks_notice:
            text = f"{ctx.text('notice.spoken')} {text}"
        await line.say(text)
