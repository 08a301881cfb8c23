"""One test named after each hook: what a plugin returns arrives where it should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import BaseModel
from typing_extensions import override

from kiosk.errors import PluginLoadError, RequiredPluginError
from kiosk.events import DomainEvent
from kiosk.hooks.facade import WITHHELD
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.values import Deny, Panel
from kiosk.model import Card, Greeting, Kiosk, Tool, TranscriptEntry, TranscriptSink
from tests.unit.hooks.hooking import ManualClock, Session, hooked, running, turn

LOBBY = Kiosk("lobby", "Lobby", "entrance")


class Colours(BaseModel):
    colour: str = "red"


class Coloured:
    """Has settings, and says its colour in every way a plugin can."""

    @hookimpl
    def register_settings(self, register: Any) -> None:
        register(Colours)

    @hookimpl
    def greeting(self, site: Site) -> str:
        return site.settings(Colours).colour

    @hookimpl
    def instructions(self, site: Site, session: SessionHandle) -> str:
        return f"{site.settings(Colours).colour} in {session.language}"

    @hookimpl
    def cards(self, site: Site, event: DomainEvent) -> list[Card]:
        return [Card("text", f"{site.settings(Colours).colour} {event.type}")]

    @hookimpl
    def redact(self, site: Site, text: str, where: str) -> str:
        return text.replace(site.settings(Colours).colour, where)


def find(place: str) -> str:
    """Find a place."""
    return place


class Sink(TranscriptSink):
    def __init__(self, name: str = "sink") -> None:
        self.name = name

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        raise AssertionError("nobody writes here")


class Registers:
    """Registers whatever it is given."""

    def __init__(self, *things: Any, **options: Any) -> None:
        self.things, self.options = things, options

    @hookimpl
    def register_tools(self, register: Any) -> None:
        for thing in self.things:
            register(thing, **self.options)


class RegistersSinks:
    def __init__(self, *sinks: Any) -> None:
        self.sinks = sinks

    @hookimpl
    def register_transcript_sinks(self, register: Any, site: Site) -> None:
        assert site.name == "Avatar kiosk"
        for sink in self.sinks:
            register(sink)


# ── at start ─────────────────────────────────────────────────────────────────────────────────


async def test_hook_register_settings() -> None:
    async with running({"one": Coloured()}, plugins={"one": {"colour": "blue"}}) as made:
        assert await made.hooks.greeting(Session()) == Greeting("blue")


async def test_hook_lifespan() -> None:
    seen: list[str] = []

    class Holds:
        def __init__(self, name: str) -> None:
            self.name = name

        @hookimpl
        @asynccontextmanager
        async def lifespan(self, site: Site) -> AsyncIterator[None]:
            seen.append(f"in {self.name} of {site.plugin}")
            yield
            seen.append(f"out {self.name}")

    async with running({"p": Holds("one"), "q": Holds("two")}) as made:
        seen.append("running")
    assert seen == ["in one of p", "in two of q", "running", "out two", "out one"]
    assert made.kinds == []


def test_hook_register_tools() -> None:
    by_hand = Tool("by_hand", "By hand.", {"type": "object"}, find, timeout_s=3)
    made = hooked({"p": Registers(find, by_hand, cancel_on_barge_in=True)})
    assert list(made.hooks.tools) == ["find", "by_hand"]
    assert made.hooks.tools["find"].timeout_s is None
    assert made.hooks.tools["by_hand"].timeout_s == 3
    assert {tool.plugin for tool in made.hooks.tools.values()} == {"p"}
    assert all(tool.cancel_on_barge_in for tool in made.hooks.tools.values())


def test_hook_register_transcript_sinks() -> None:
    one, other = Sink("one"), Sink("other")
    made = hooked({"p": RegistersSinks(one), "q": RegistersSinks(other)})
    assert made.hooks.sinks == [one, other]


# ── during a visit ───────────────────────────────────────────────────────────────────────────


async def test_hook_instructions() -> None:
    async with running({"p": Coloured(), "q": Coloured()}) as made:
        parts = await made.hooks.instructions(Session(language="de"))
    assert parts == ["red in de", "red in de"]


async def test_hook_greeting() -> None:
    class Improvises:
        @hookimpl
        def greeting(self, session: SessionHandle) -> Greeting:
            return Greeting(f"greet at the {session.kiosk.place}", improvise=True)

    async with running({"p": Improvises()}) as made:
        answer = await made.hooks.greeting(Session())
    assert answer == Greeting("greet at the entrance", improvise=True)


async def test_hook_cards() -> None:
    class Wrong:
        @hookimpl
        def cards(self) -> Any:
            return ["no card"]

    async with running({"p": Coloured(), "wrong": Wrong()}) as made:
        shown = await made.hooks.cards(Session(), turn("hello"))
        assert shown == [("p", Card("text", "red turn_completed"))]
        assert made.kinds == ["wrong: returned list of str"]


async def test_hook_redact() -> None:
    async with running({"p": Coloured()}) as made:
        assert await made.hooks.redact("a red door", "operator") == "a operator door"
        assert await made.hooks.redact("nothing", "transcript") == "nothing"

    class NoText:
        @hookimpl
        def redact(self) -> Any:
            return 7

    async with running({"p": NoText()}) as made:
        assert await made.hooks.redact("a red door", "transcript") == WITHHELD


async def test_hook_session_event() -> None:
    heard: list[tuple[str, str, str]] = []

    class Hears:
        @hookimpl
        async def session_event(
            self, site: Site, session: SessionHandle, event: DomainEvent
        ) -> None:
            heard.append((site.plugin, session.id, event.type))

    async with running({"p": Hears()}) as made:
        made.hooks.session_event(Session(), turn("hello"))
        assert await made.hooks.settle(10)
    assert heard == [("p", "visit_1", "turn_completed")]


# ── a plugin that the site requires ──────────────────────────────────────────────────────────


class Rules:
    """Fails in everything of a visit that it is asked."""

    @hookimpl
    def greeting(self) -> str:
        raise OSError("no house rules")

    @hookimpl
    def session_started(self) -> None:
        raise OSError("no house rules")

    @hookimpl
    def dashboard_panels(self) -> list[Panel]:
        raise OSError("no house rules")


class Greets:
    @hookimpl
    def greeting(self) -> str:
        return "Hello."


@pytest.mark.parametrize("required", [True, False])
async def test_a_required_greeting_that_fails_is_no_other_plugins_to_replace(
    required: bool,
) -> None:
    plugins = {"good": Greets(), "rules": Rules()}
    async with running(plugins, plugins={"rules": {"required": required}}) as made:
        if not required:
            assert await made.hooks.greeting(Session()) == Greeting("Hello.")
            return
        with pytest.raises(RequiredPluginError, match="rules is required and failed in greeting"):
            await made.hooks.greeting(Session())


async def test_nobody_visits_while_a_hook_of_a_required_plugin_is_left_out() -> None:
    clock = ManualClock()
    limits = {"breaker_failures": 2, "breaker_s": 60}
    required = {"rules": {"required": True}}
    plugins = {"rules": Rules(), "other": Rules()}
    async with running(plugins, clock=clock, hooks=limits, plugins=required) as made:
        hooks = made.hooks
        for _ in range(2):
            await hooks.dashboard_panels("anna")
        assert await hooks.admit_session(LOBBY) is None, "operators' pages are not visits"
        hooks.session_started(Session())
        assert await hooks.settle(10)
        assert await hooks.admit_session(LOBBY) is None, "it failed once"
        hooks.session_started(Session())
        assert await hooks.settle(10)
        assert await hooks.admit_session(LOBBY) == Deny("")
        clock.advance(61)
        assert await hooks.admit_session(LOBBY) is None, "a visit may try it again"
        hooks.session_started(Session())
        assert await hooks.settle(10)
        assert await hooks.admit_session(LOBBY) == Deny("")
        assert hooks.try_again("rules")
        assert await hooks.admit_session(LOBBY) is None


async def test_a_tool_of_a_required_plugin_that_is_left_out_keeps_visitors_out_too() -> None:
    required = {"rules": {"required": True}}
    async with running(
        {"rules": Registers(find)}, hooks={"breaker_failures": 1}, plugins=required
    ) as made:
        made.hooks.tool_calls.failed(made.hooks.tools["find"], "OSError")
        assert await made.hooks.admit_session(LOBBY) == Deny("")


# ── mistakes at start ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("plugins", "sentence"),
    [
        (
            {"p": Registers(find), "q": Registers(find)},
            "plugin q: tool find is already registered by p; rename",
        ),
        ({"p": Registers(42)}, "register_tools takes a function, a Tool or an McpServer, not int"),
        ({"p": RegistersSinks(42)}, "plugin p: register_transcript_sinks takes a TranscriptSink"),
        ({"p": RegistersSinks(Sink(""))}, "takes a TranscriptSink with a name"),
        (
            {"p": RegistersSinks(Sink("a")), "q": RegistersSinks(Sink("a"))},
            "plugin q: there are two sinks named a",
        ),
        (
            {"p": Registers(find, colour="red")},
            r"plugin p: register_tools: register\(\) got an unexpected keyword argument 'colour'",
        ),
    ],
)
def test_a_wrong_registration_stops_the_start(plugins: dict[str, object], sentence: str) -> None:
    with pytest.raises(PluginLoadError, match=sentence):
        hooked(plugins)


def test_settings_a_plugin_never_registered_are_a_mistake_with_a_hint() -> None:
    made: list[Site] = []

    class Asks:
        @hookimpl
        def register_tools(self, site: Site) -> None:
            made.append(site)

    hooked({"p": Asks()})
    with pytest.raises(TypeError, match=r"p registered no settings of type Colours; call register"):
        made[0].settings(Colours)


class FailsIn:
    """A lifespan that fails where it is told to."""

    def __init__(self, place: str, error: BaseException) -> None:
        self.place, self.error = place, error
        self.left = False

    @hookimpl
    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        if self.place == "in":
            raise self.error
        yield
        self.left = True
        if self.place == "out":
            raise self.error


@pytest.mark.parametrize("error", [OSError("no disk"), SystemExit(1)])
async def test_a_lifespan_that_cannot_begin_stops_the_start_and_undoes_the_others(
    error: BaseException,
) -> None:
    first = FailsIn("nowhere", error)
    kind = type(error).__name__
    with pytest.raises(PluginLoadError, match=f"plugin bad failed in lifespan: {kind}"):
        async with running({"first": first, "bad": FailsIn("in", error)}):
            raise AssertionError("it should not have started")
    assert first.left


async def test_a_lifespan_that_fails_at_the_end_does_not_keep_the_others_open() -> None:
    first = FailsIn("nowhere", ValueError())
    async with running({"first": first, "bad": FailsIn("out", ValueError("x"))}) as made:
        pass
    assert first.left
    assert made.kinds == ["bad: ValueError"]


async def test_queued_events_are_delivered_before_the_server_stops() -> None:
    gate = asyncio.Event()
    heard: list[str] = []

    class Hears:
        @hookimpl
        async def session_event(self, event: DomainEvent) -> None:
            await gate.wait()
            heard.append(event.type)

    async with running({"p": Hears()}) as made:
        made.hooks.session_event(Session(), turn("hello"))
        asyncio.get_running_loop().call_soon(gate.set)
    assert heard == ["turn_completed"]
