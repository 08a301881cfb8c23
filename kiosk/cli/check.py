"""`kiosk check`: tries all a start needs, prints what is wrong and the fix; writes nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import aiohttp
import click

from kiosk.alerts.opening import open_channels
from kiosk.app import NO_ENDPOINT
from kiosk.cli.tried import try_plugins
from kiosk.clock import SystemClock
from kiosk.errors import KioskError, SettingsError, StartupError
from kiosk.i18n import Texts
from kiosk.security.provided import ProviderError
from kiosk.session.line import Line
from kiosk.settings import Settings
from kiosk.storage.migrate import looked_at, newer_sentence, older_sentence
from kiosk.voicelive.config import session_update
from kiosk.voicelive.credentials import open_credential
from kiosk.web.oidc import provider_of


async def check_site(settings: Settings) -> None:
    """Run every check, print a line for each, and exit with 1 when one failed. Writes nothing."""
    click.echo("ok    settings")
    checks: list[tuple[str, Callable[[Settings], Awaitable[str]]]] = [
        ("sentences", _sentences),
        ("plugins", _plugins),
        ("database", _database),
        ("alerts", _alerts),
        ("provider", _provider),
        ("upstream", _upstream),
    ]
    failed = 0
    with _no_byte_code():
        for name, check in checks:
            try:
                said = await check(settings)
            except KioskError as error:
                failed += 1
                click.echo(f"WRONG {name}: {error}")
            else:
                click.echo(f"ok    {name}: {said}")
    if failed:
        sys.exit(1)


@contextmanager
def _no_byte_code() -> Iterator[None]:
    """Have imported plugins leave no __pycache__ behind."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


async def _sentences(settings: Settings) -> str:
    folder = settings.site.texts
    texts = Texts.load([folder] if folder is not None else [])
    short = {code: texts.missing(code) for code in settings.site.languages}
    lacking = [
        f"{code} shows {len(missing)} in English: {', '.join(missing)}"
        for code, missing in short.items()
        if missing
    ]
    if lacking:
        return "; ".join(lacking)
    return f"complete in {', '.join(short)}"


async def _plugins(settings: Settings) -> str:
    hooks, wrong = try_plugins(settings)
    if wrong:
        raise StartupError("\n  ".join(wrong.values()))
    names = ", ".join(plugin.name for plugin in hooks.plugins)
    return "; ".join([names, f"tools: {', '.join(hooks.tools) or 'none'}", *hooks.not_blocked])


async def _database(settings: Settings) -> str:
    found = await looked_at(settings.storage.url)
    if found is None:
        return "is not there yet; a start makes it"
    if found.newer:
        raise StartupError(newer_sentence(found))
    if found.up_to_date:
        return "answers and is up to date"
    if not settings.storage.migrate:
        raise StartupError(older_sentence(found))
    return f"answers; a start brings it from revision {found.current or 'none'} to {found.head}"


async def _alerts(settings: Settings) -> str:
    """Read what channels need, such as their secrets' files; nothing is sent."""
    zone = ZoneInfo(settings.site.time_zone)
    async with aiohttp.ClientSession() as http:
        found = await asyncio.to_thread(open_channels, settings.alerts, zone, http, SystemClock())
    if not found:
        return "told on the dashboard only; add [alerts.channels.NAME] to tell people elsewhere"
    return f"told by {', '.join(found)}; try one with `kiosk alerts test NAME`"


async def _provider(settings: Settings) -> str:
    """Ask the provider of logins what it is, as the first login would; nobody logs in."""
    oidc = settings.operators.oidc
    if not oidc.issuer:
        return "none; people log in with accounts of this server"
    async with provider_of(oidc, SystemClock()) as provider:
        try:
            count = await provider.ask()
        except ProviderError as error:
            raise StartupError(
                f"{oidc.issuer} does not publish what a login needs ({error}); correct "
                "operators.oidc.issuer, or let this server reach it"
            ) from None
    return f"{oidc.issuer} answers and signs with {count} keys"


async def _upstream(settings: Settings) -> str:
    """A real token, a real handshake, the real session settings; no avatar is started."""
    if settings.upstream.endpoint is None:
        raise SettingsError(NO_ENDPOINT)
    first = settings.site.languages[0]
    session = session_update(
        settings.upstream.speaking(first),
        instructions=settings.site.instructions,
        tools=(),
        language=first,
        metadata={"kiosk": "check", "visit": "check"},
    )
    async with open_credential(settings.upstream) as credential:
        line = await Line.open(settings.upstream, credential, session)
        relays = len(line.ice)
        await line.aclose()
    if settings.upstream.avatar.enabled:
        return f"took the session's settings and offers {relays} ICE servers"
    return "took the session's settings"
