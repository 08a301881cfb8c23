"""Structured logging: constant messages, ids in fields, and never what was said."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog

# Fields that would carry personal data or secrets. They are dropped whoever sets them, so that a
# careless line in a plugin or a later change cannot leak; the count of drops stays visible.
_NEVER = frozenset(
    {
        "text", "transcript", "caption", "sdp", "client_sdp", "server_sdp", "credential",
        "api_key", "token", "password", "cookie", "authorization", "arguments", "output",
        "instructions", "delta", "audio", "resume", "ice_servers",
    }
)  # fmt: skip

# Loggers of libraries that print whole events, tokens or SDP at DEBUG or INFO.
_TALKATIVE = {
    "azure": logging.WARNING,
    "azure.ai.voicelive": logging.WARNING,
    "azure.identity": logging.WARNING,
    "aiortc": logging.INFO,
    "aioice": logging.WARNING,
    "aiohttp.access": logging.WARNING,
    "asyncio": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "alembic": logging.WARNING,
    "sqlalchemy.engine": logging.WARNING,
    "sqlalchemy.pool": logging.WARNING,
    "faster_whisper": logging.WARNING,
    "piper": logging.WARNING,
    "mcp": logging.WARNING,
    "httpx2": logging.WARNING,
    "httpcore2": logging.WARNING,
}


def _drop_personal(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    dropped = 0
    for key in [*event]:
        if _is_personal(key):
            del event[key]
            dropped += 1
        elif isinstance(event[key], Mapping | list | tuple):
            event[key], inside = _without_personal(event[key])
            dropped += inside
    if dropped:
        event["withheld"] = dropped
    return event


def _is_personal(key: object) -> bool:
    name = str(key).lower()
    return name in _NEVER or name.startswith("pii")


def _without_personal(value: Any) -> tuple[Any, int]:
    # A whole message or event given as one field hides the same names one level down.
    if isinstance(value, Mapping):
        kept = {
            key: _without_personal(item) for key, item in value.items() if not _is_personal(key)
        }
        dropped = len(value) - len(kept) + sum(inside for _, inside in kept.values())
        return {key: item for key, (item, _) in kept.items()}, dropped
    if isinstance(value, list | tuple):
        items = [_without_personal(item) for item in value]
        return [item for item, _ in items], sum(inside for _, inside in items)
    return value, 0


def _first_line_of_asyncio(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    # Below its first line asyncio prints the task with its exception's text.
    if event.get("logger") == "asyncio":
        event["event"] = str(event.get("event", "")).partition("\n")[0]
    return event


def _type_only(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    # Exception text is personal data until proved otherwise: keep the type and the place.
    caused_by = event.get("caused_by")
    if isinstance(caused_by, str):  # stamina writes the repr of what it retries for
        event["caused_by"] = caused_by.partition("(")[0]
    info = event.pop("exc_info", None)
    if not info:
        return event
    error = info if isinstance(info, BaseException) else sys.exc_info()[1]
    if error is not None:
        event["error"] = type(error).__name__
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        if frame is not None:
            code = frame.tb_frame.f_code
            event["at"] = f"{code.co_filename.rpartition('/')[2]}:{frame.tb_lineno}"
    return event


def configure(
    *,
    level: Literal["debug", "info", "warning", "error"] = "info",
    style: Literal["auto", "console", "json"] = "auto",
    stream: TextIO | None = None,
) -> None:
    """Send our log and the libraries' to `stream` (standard error unless given)."""
    out = stream if stream is not None else sys.stderr
    console = style == "console" or (style == "auto" and out.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _drop_personal,
        _first_line_of_asyncio,
        _type_only,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty())
        if console
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    for old in tuple(root.handlers):
        if getattr(old, "avatar_kiosk", False):
            root.removeHandler(old)
    handler.avatar_kiosk = True  # type: ignore[attr-defined]  # our mark, to replace only our own
    root.addHandler(handler)
    root.setLevel(level.upper())
    quiet_libraries()


def quiet_libraries() -> None:
    """Keep libraries that print events, SDP or tokens above the level where they do."""
    for name, least in _TALKATIVE.items():
        logging.getLogger(name).setLevel(least)
