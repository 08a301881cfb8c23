"""The log at DEBUG tells what happened and keeps every secret and every spoken word to itself."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import structlog

from kiosk import log as kiosk_log

SECRET = "secret-4711"
NAMES = (
    "text", "transcript", "caption", "sdp", "client_sdp", "server_sdp", "credential", "api_key",
    "token", "password", "cookie", "authorization", "arguments", "output", "instructions", "delta",
    "audio", "resume", "ice_servers", "Authorization", "SDP", "pii_name", "pii",
)  # fmt: skip


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Put the process's logging back: other tests have their own."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in logging.root.manager.loggerDict}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in logging.root.manager.loggerDict:
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def configured(
    level: Literal["debug", "info", "warning", "error"] = "debug",
    style: Literal["console", "json"] = "json",
) -> io.StringIO:
    stream = io.StringIO()
    kiosk_log.configure(level=level, style=style, stream=stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_its_message_level_logger_time_and_fields() -> None:
    stream = configured()
    structlog.get_logger("kiosk.session").info("visit began", visit="visit_1")
    (line,) = lines(stream)
    assert line["event"] == "visit began"
    assert line["visit"] == "visit_1"
    assert line["level"] == "info"
    assert line["logger"] == "kiosk.session"
    assert line["timestamp"].endswith("Z")


def test_the_visit_of_the_context_is_on_every_line_within() -> None:
    stream = configured()
    with structlog.contextvars.bound_contextvars(visit="visit_1"):
        structlog.get_logger("kiosk.a").info("one")
        logging.getLogger("somebody.else").info("two")
    assert [line["visit"] for line in lines(stream)] == ["visit_1", "visit_1"]


@pytest.mark.parametrize("style", ["console", "json"])
@pytest.mark.parametrize("name", NAMES)
def test_a_personal_field_is_dropped_and_counted(
    name: str, style: Literal["console", "json"]
) -> None:
    stream = configured(style=style)
    structlog.get_logger("kiosk.a").debug("something", **{name: SECRET})
    assert "something" in stream.getvalue()
    assert "withheld" in stream.getvalue()
    assert SECRET not in stream.getvalue()


def test_a_personal_field_inside_another_is_dropped_too() -> None:
    stream = configured()
    nested = {"type": "turn", "text": SECRET, "deeper": [{"token": SECRET, "seq": 1}]}
    structlog.get_logger("kiosk.a").debug("something", payload=nested)
    assert SECRET not in stream.getvalue()
    (line,) = lines(stream)
    assert line["payload"] == {"type": "turn", "deeper": [{"seq": 1}]}
    assert line["withheld"] == 2


@pytest.mark.parametrize("style", ["console", "json"])
def test_an_exception_leaves_its_type_and_place_and_no_text(
    style: Literal["console", "json"],
) -> None:
    stream = configured(style=style)
    ours, theirs = structlog.get_logger("kiosk.a"), logging.getLogger("somebody.else")
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        ours.exception("it broke")
        ours.error("it broke", exc_info=error)
        theirs.exception("it broke there")
        theirs.error("it broke there", exc_info=error)
    written = stream.getvalue()
    assert SECRET not in written
    assert written.count("ValueError") == 4
    assert written.count("test_log.py:") == 4
    assert "Traceback" not in written


def test_an_exception_without_one_going_on_is_no_mistake() -> None:
    stream = configured()
    structlog.get_logger("kiosk.a").error("odd", exc_info=True)
    logging.getLogger("somebody.else").error("odd", exc_info=True)
    assert len(lines(stream)) == 2


def test_a_task_nobody_asked_leaves_no_text_behind() -> None:
    """The message of asyncio holds the exception's text, and some of our texts hold words."""
    stream = configured()

    async def breaks() -> None:
        raise ValueError(SECRET)

    async def forgets() -> None:
        forgotten = asyncio.get_running_loop().create_task(breaks())
        await asyncio.wait({forgotten})

    asyncio.run(forgets())
    gc.collect()
    written = stream.getvalue()
    assert "Task exception was never retrieved" in written
    assert SECRET not in written


@pytest.mark.parametrize(
    "name",
    ["azure.ai.voicelive", "azure.identity", "aioice", "aiohttp.access", "asyncio", "aiosqlite"],
)
def test_libraries_that_print_events_are_quiet_below_warning(name: str) -> None:
    stream = configured()
    logging.getLogger(name).info("[RECV] %s", SECRET)
    logging.getLogger(name).debug("[SEND] %s", SECRET)
    assert stream.getvalue() == ""


def test_aiortc_is_quiet_at_debug_where_it_prints_sdp() -> None:
    stream = configured()
    logging.getLogger("aiortc.rtcpeerconnection").debug("v=0 %s", SECRET)
    assert stream.getvalue() == ""


def test_the_level_is_the_least_that_is_written() -> None:
    stream = configured(level="warning")
    structlog.get_logger("kiosk.a").info("quiet")
    structlog.get_logger("kiosk.a").warning("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_configuring_again_replaces_our_own_handler_only() -> None:
    other = logging.StreamHandler(io.StringIO())
    logging.getLogger().addHandler(other)
    first, second = configured(), configured()
    structlog.get_logger("kiosk.a").info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1
    assert other in logging.getLogger().handlers


def test_auto_style_writes_json_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    kiosk_log.configure(stream=stream)
    structlog.get_logger("kiosk.a").info("hello")
    assert lines(stream)[0]["event"] == "hello"


def test_what_a_retry_was_for_is_named_by_its_type_only() -> None:
    stream = configured()
    # As stamina writes it, which retries sinks whose errors may hold what was to be stored.
    structlog.get_logger("stamina").warning(
        "stamina.retry_scheduled", caused_by=repr(ValueError(SECRET)), retry_num=1
    )
    (line,) = lines(stream)
    assert line["caused_by"] == "ValueError"
    assert SECRET not in stream.getvalue()
