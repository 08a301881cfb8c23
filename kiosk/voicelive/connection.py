"""One line to Voice Live. The only module that opens the upstream socket, through the SDK.

What it codes around in azure-ai-voicelive 1.3.1 (each was run locally): `async for` swallows
every closure, so one task calls `receive()`; the handshake has no deadline and leaks its client
session when it is cut off; a closure is reported as code 1000 whatever it was; parse failures
are an exception of the SDK's own; event objects print tokens and words, so none is ever logged.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from azure.ai.voicelive import aio as voicelive
from azure.core.exceptions import AzureError, ClientAuthenticationError

from kiosk.errors import UpstreamError
from kiosk.settings.upstream import UpstreamSettings
from kiosk.voicelive import codec
from kiosk.voicelive.config import agent_arguments
from kiosk.voicelive.credentials import Credential

log = structlog.get_logger(__name__)

Event = Mapping[str, Any]

MAX_BAD_FRAMES = 20
"""Unreadable frames in a row after which the line counts as lost."""


class Connection:
    """An open Voice Live socket: send events, receive events, close.

    One task receives; any task sends. Every failure is an UpstreamError.
    """

    def __init__(self, sdk: Any, settings: UpstreamSettings) -> None:
        self._sdk = sdk
        self._send_timeout_s = settings.send_timeout_s
        self._ids = itertools.count(1)
        self._closing = False

    @classmethod
    async def open(cls, settings: UpstreamSettings, credential: Credential) -> Connection:
        """Shake hands within `handshake_timeout_s`, or raise UpstreamError."""
        assert settings.endpoint is not None, "the application checks this at start"
        options: dict[str, Any] = {
            "max_msg_size": settings.max_message_bytes,
            "heartbeat": settings.heartbeat_s,
            "close_timeout": 2.0,
        }
        arguments: dict[str, Any] = {"connection_options": options}
        if settings.api_version is not None:
            arguments["api_version"] = settings.api_version
        if settings.credential_scope is not None:
            arguments["credential_scopes"] = settings.credential_scope
        if settings.agent is not None:
            arguments.update(agent_arguments(settings.agent))
        else:
            arguments["model"] = settings.model
        manager = voicelive.connect(credential=credential, endpoint=settings.endpoint, **arguments)
        try:
            async with asyncio.timeout(settings.handshake_timeout_s):
                return cls(await _enter(manager), settings)
        except TimeoutError:
            raise UpstreamError(
                "timeout",
                f"Voice Live did not answer within {settings.handshake_timeout_s:g} s; check "
                "upstream.endpoint and the network.",
                retryable=True,
            ) from None
        except ClientAuthenticationError:
            raise UpstreamError(
                "unauthorized",
                "No Azure credential works here; set AZURE_VOICELIVE_API_KEY, or sign in "
                "(managed identity, az login) with the role Cognitive Services User.",
                retryable=False,
            ) from None
        except (AzureError, OSError) as error:
            raise _refused(error) from None

    async def send(self, event: dict[str, Any]) -> str:
        """Send one event; returns the `event_id` it was stamped with, which errors name."""
        event_id = f"kiosk_{next(self._ids)}"
        event["event_id"] = event_id
        try:
            async with asyncio.timeout(self._send_timeout_s):
                await self._sdk.send(event)
        except (AzureError, OSError, TimeoutError):
            raise self._lost() from None
        return event_id

    async def receive(self) -> Event:
        """Return the next event as a mapping. Unreadable frames are counted and skipped.

        Raises UpstreamError `closed` when the line is gone.
        """
        bad = 0
        while True:
            try:
                event: Event = await self._sdk.recv()
            except voicelive.ConnectionClosed:
                raise self._lost() from None
            except (AzureError, AttributeError, RuntimeError) as error:
                # AttributeError is what the SDK makes of JSON that is no object, RuntimeError
                # what aiohttp raises on a socket that is closing.
                bad += 1
                log.warning("unreadable upstream event", error=type(error).__name__)
                if bad >= MAX_BAD_FRAMES or self._socket_closed():
                    raise self._lost() from None
                continue
            return event

    def _socket(self) -> Any:
        # The SDK's own report of a closure is not to be trusted (code 1000 after a reset); the
        # aiohttp socket underneath knows. Private, so it is looked for, not relied on.
        return getattr(self._sdk, "_connection", None)

    def _socket_closed(self) -> bool:
        return bool(getattr(self._socket(), "closed", False))

    def _lost(self) -> UpstreamError:
        code = getattr(self._socket(), "close_code", None)
        what = "closed by us" if self._closing else f"lost, close code {code or 'none'}"
        return UpstreamError("closed", f"The line to Voice Live is {what}.", retryable=True)

    async def aclose(self) -> None:
        """Close the socket and the SDK's client session; safe to repeat."""
        if self._closing:
            return
        self._closing = True
        await self._sdk.close()


async def _enter(manager: Any) -> Any:
    try:
        return await manager.__aenter__()
    except BaseException as error:
        await _close_leaked_session(error)
        raise


async def _close_leaked_session(error: BaseException) -> None:
    # The SDK keeps its aiohttp session in a local variable until the handshake is through and
    # closes it for aiohttp's own errors only. Cut off by a deadline it would stay open, one
    # socket for each try, so it is taken from the frame that failed.
    frame = error.__traceback__
    while frame is not None:
        session = frame.tb_frame.f_locals.get("session")
        if isinstance(session, aiohttp.ClientSession) and not session.closed:
            await session.close()
        frame = frame.tb_next


_STATUS = {
    401: ("unauthorized", "refused the key or token (401); check the credential"),
    403: (
        "forbidden",
        "refused access (403); give the identity the role Cognitive Services User",
    ),
    404: ("refused", "knows no such address or api-version (404); check upstream.endpoint"),
    429: ("rate_limited", "has too many connections (429); wait or raise the quota"),
}


def _refused(error: BaseException) -> UpstreamError:
    cause = error.__cause__ if error.__cause__ is not None else error
    status = getattr(cause, "status", None)
    if not isinstance(status, int) or status == 0:
        return UpstreamError(
            "unreachable",
            "Voice Live cannot be reached; check upstream.endpoint, the name service and the "
            "firewall.",
            retryable=True,
        )
    code, text = _STATUS.get(status, ("refused", f"refused the connection ({status})"))
    headers = getattr(cause, "headers", None)
    after = headers.get("Retry-After", "") if headers is not None else ""
    return UpstreamError(
        code,
        f"Voice Live {text}.",
        retryable=status == 429 or status >= 500,
        retry_after=codec.seconds(after),
        status=status,
    )
