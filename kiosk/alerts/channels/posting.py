"""Posts JSON to an address of the settings: the one place where alerts speak HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import aiohttp

from kiosk.alerts.channels.base import ChannelError
from kiosk.errors import StartupError
from kiosk.security.webhooks import safe_address

TRY_LATER: Final = frozenset({408, 425, 429})
"""Answers of 4xx that say nothing against the message."""


def checked_address(where: str, url: str) -> str:
    """Return an address alerts may go to; raises StartupError that does not quote it."""
    try:
        return safe_address(url)
    except ValueError as error:
        raise StartupError(f"{where}: url: {error}.") from None


async def post(
    http: aiohttp.ClientSession,
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    timeout_s: float,
) -> None:
    """Post a body; raises ChannelError by kind of failure, without the address."""
    try:
        async with http.post(
            url,
            data=body,
            headers=headers,
            # A redirect would send the message to somewhere nobody chose.
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout_s),
        ) as answer:
            status = answer.status
    except TimeoutError:
        raise ChannelError(f"No answer within {timeout_s:g} s.") from None
    except (aiohttp.ClientError, OSError) as error:
        raise ChannelError(f"It could not be reached ({type(error).__name__}).") from None
    if 200 <= status < 300:
        return
    again = status >= 500 or status in TRY_LATER
    raise ChannelError(f"It answered HTTP {status}.", again=again)
