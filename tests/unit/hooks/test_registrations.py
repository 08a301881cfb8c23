"""Tests of what plugins register: kept by name, and refused with a sentence when it cannot be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pydantic import BaseModel
from typing_extensions import override

from kiosk.errors import PluginLoadError
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.values import PluginRequest
from kiosk.model import McpServer, Tool, TranscriptEntry, TranscriptSink
from tests.unit.hooks.hooking import hooked

Register = Callable[..., None]


class Data(BaseModel):
    words: str = ""


async def answer(_request: PluginRequest) -> str:
    return "ok"


async def check() -> None:
    return None


def plain(_request: PluginRequest) -> str:
    return "ok"


class Cards:
    def __init__(self, *things: Any, **options: Any) -> None:
        self.things, self.options = things, options

    @hookimpl
    def register_card_types(self, register: Register) -> None:
        register(*self.things, **self.options)


class Routes(Cards):
    register_card_types = None  # type: ignore[assignment]  # the same call of another hook

    @hookimpl
    def register_routes(self, register: Register) -> None:
        register(*self.things, **self.options)


class Checks(Cards):
    register_card_types = None  # type: ignore[assignment]  # the same call of another hook

    @hookimpl
    def register_health_checks(self, register: Register) -> None:
        register(*self.things, **self.options)


class Servers(Cards):
    register_card_types = None  # type: ignore[assignment]  # the same call of another hook

    @hookimpl
    def register_tools(self, register: Register) -> None:
        register(*self.things, **self.options)


MUSEUM = McpServer("museum", "https://mcp.example.org/", authorization="Bearer s3cret")


def test_what_fits_is_kept_under_its_name() -> None:
    hooks = hooked(
        {
            "cards": Cards("dial", Data, script="dial.js", style="dial.css"),
            "routes": Routes("GET", "/calls/{id}", answer, access="operator"),
            "checks": Checks("printer", check, critical=True),
            "servers": Servers(MUSEUM),
        }
    ).hooks
    kind = hooks.registered.card_types["dial"]
    assert (kind.plugin, kind.script, kind.style) == ("cards", "dial.js", "dial.css")
    (route,) = hooks.registered.routes
    assert (route.plugin, route.method, route.path, route.access) == (
        "routes", "GET", "/calls/{id}", "operator",
    )  # fmt: skip
    assert ("printer", True) in [(item.name, item.critical) for item in hooks.registered.checks]
    (server,) = hooks.mcp_servers
    assert server.label == "museum"
    assert "s3cret" not in repr(server)


@pytest.mark.parametrize(
    ("plugins", "sentence"),
    [
        ({"p": Cards("Dial!", Data)}, "card type 'Dial!' needs a name of small letters"),
        ({"p": Cards("dial", dict)}, "card type 'dial' needs a pydantic model of its data"),
        ({"p": Cards("dial", Data, script="../x.js")}, r"'\.\./x\.js' is no \.js file"),
        ({"p": Cards("dial", Data, style="dial.js")}, r"'dial\.js' is no \.css file"),
        (
            {"p": Cards("dial", Data), "q": Cards("dial", Data)},
            "plugin q: card type 'dial' is already registered by p",
        ),
        ({"p": Routes("PATCH", "/a", answer, access="public")}, "the method is one of DELETE"),
        ({"p": Routes("GET", "a", answer, access="public")}, "the path begins with /"),
        ({"p": Routes("GET", "/a", answer)}, "says nobody who may use it; give access= one of"),
        ({"p": Routes("GET", "/a", plain, access="public")}, "the handler is an `async def`"),
        ({"p": Checks("a check", check)}, "health check 'a check' needs a name"),
        ({"p": Checks("printer", plain)}, "'printer' is an `async def` without arguments"),
        ({"p": Servers(McpServer("museum", "ftp://x"))}, "the url begins with https:// or http"),
        ({"p": Servers(MUSEUM, per_minute=3)}, "takes no deadline, limit or confirmation of ours"),
        (
            {"p": Servers(MUSEUM), "q": Servers(MUSEUM)},
            "plugin q: MCP server 'museum' is already registered by p",
        ),
    ],
)
def test_what_does_not_fit_stops_the_start(plugins: dict[str, object], sentence: str) -> None:
    with pytest.raises(PluginLoadError, match=sentence) as caught:
        hooked(plugins)
    assert "s3cret" not in str(caught.value)


class Twice:
    @hookimpl
    def register_routes(self, register: Register) -> None:
        for _ in range(2):
            register("GET", "/a", answer, access="public")


def test_an_address_registered_twice_is_a_slip() -> None:
    with pytest.raises(PluginLoadError, match="route GET /a is registered twice"):
        hooked({"p": Twice()})


def test_a_refusal_has_the_place_of_the_plugins_call() -> None:
    place = r"rename one of them \(.*test_registrations\.py:\d+\)\.$"
    with pytest.raises(PluginLoadError, match=place):
        hooked({"one": Cards("menu", Data), "two": Cards("menu", Data)})


def open_gate() -> str:
    """Open a gate."""
    return ""


def takes_by_place(gate: str, /) -> str:
    """Open a gate."""
    return gate


OBJECT = {"type": "object"}


@pytest.mark.parametrize(
    ("tool", "options", "sentence"),
    [
        (Tool("gate", "Open.", OBJECT, None), {}, "its handler is of a wrong type"),  # type: ignore[arg-type]  # the mistake
        (Tool("gate", "Open.", None, open_gate), {}, "its parameters is of a wrong type"),  # type: ignore[arg-type]  # the mistake
        (Tool("gate", "Open.", OBJECT | {"enum": {1}}, open_gate), {}, "are not JSON: Object of"),
        (takes_by_place, {}, "parameter gate is given by name; remove the /"),
        (open_gate, {"per_minute": 1.5}, "its per_minute is of a wrong type"),
        (open_gate, {"progress": 5}, "its progress is of a wrong type"),
        (open_gate, {"timeout_s": float("nan")}, "timeout_s must be above 0"),
    ],
)
def test_a_tool_that_would_end_visits_stops_the_start(
    tool: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(PluginLoadError, match=sentence):
        hooked({"gate": Servers(tool, **options)})


class Sinks(Cards):
    register_card_types = None  # type: ignore[assignment]  # the same call of another hook

    @hookimpl
    def register_transcript_sinks(self, register: Register) -> None:
        register(*self.things)


class Far(TranscriptSink):
    def __init__(self, name: Any = "far") -> None:
        self.name = name

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        raise AssertionError("it is never started")


class Plain(Far):
    @override
    def write(self, batch: Sequence[TranscriptEntry]) -> None:  # type: ignore[override]  # the mistake
        raise AssertionError("it is never started")


@pytest.mark.parametrize(
    ("sink", "sentence"),
    [
        (Far(5), "a sink's name is text of 64 characters at most"),
        (Far("x" * 65), "a sink's name is text of 64 characters at most"),
        (Plain(), "sink far: write is an `async def`"),
    ],
)
def test_a_sink_that_could_not_be_delivered_to_stops_the_start(sink: Far, sentence: str) -> None:
    with pytest.raises(PluginLoadError, match=sentence):
        hooked({"far": Sinks(sink)})
