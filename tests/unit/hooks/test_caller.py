"""The caller: order, deadlines, isolation and counting, with plugins that do their worst."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kiosk.events import DomainEvent
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle
from kiosk.model import Greeting
from tests.unit.hooks.hooking import Session, hooked, running, turn

WITHIN = 10.0


class Panic(BaseException):
    """What a library written in Rust raises: no Exception."""


class Greets:
    """Greets with one word, plainly or awaited."""

    def __init__(self, word: Any, *, asked: list[str] | None = None) -> None:
        self.word = word
        self.asked = asked if asked is not None else []

    @hookimpl
    def greeting(self) -> Any:
        self.asked.append(str(self.word))
        return self.word


class GreetsLater:
    def __init__(self, word: Any) -> None:
        self.word = word

    @hookimpl
    async def greeting(self) -> Any:
        await asyncio.get_running_loop().run_in_executor(None, int)
        return self.word


class Raises:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    @hookimpl
    def greeting(self) -> str:
        raise self.error

    @hookimpl
    async def instructions(self) -> str:
        raise self.error

    @hookimpl
    async def session_event(self) -> None:
        raise self.error


class NeverAnswers:
    """Waits for ever; remembers that it was told to stop."""

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()

    @hookimpl
    async def redact(self, text: str) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return text


# ── ASK ──────────────────────────────────────────────────────────────────────────────────────


async def test_ask_takes_the_last_loaded_first_and_stops_at_an_answer() -> None:
    asked: list[str] = []
    plugins = {name: Greets(name, asked=asked) for name in ("one", "two", "three")}
    async with running(plugins) as made:
        answer = await made.hooks.greeting(Session())
    assert answer == Greeting("three")
    assert asked == ["three"]


async def test_ask_goes_on_when_a_plugin_has_no_answer() -> None:
    async with running({"one": Greets("one"), "two": Greets(None)}) as made:
        assert await made.hooks.greeting(Session()) == Greeting("one")


async def test_ask_leaves_a_trylast_plugin_to_the_end() -> None:
    class Last:
        @hookimpl(trylast=True)
        def greeting(self) -> str:
            return "last"

    async with running({"one": Greets("one"), "last": Last()}) as made:
        assert await made.hooks.greeting(Session()) == Greeting("one")


async def test_ask_with_nobody_to_answer_is_none() -> None:
    async with running({"one": Greets(None)}) as made:
        assert await made.hooks.greeting(Session()) is None


async def test_ask_awaits_and_an_awaited_none_is_no_answer() -> None:
    plugins = {"one": GreetsLater("later"), "two": GreetsLater(None)}
    async with running(plugins) as made:
        assert await made.hooks.greeting(Session()) == Greeting("later")
        assert made.kinds == []


@pytest.mark.parametrize(
    "error",
    [ValueError("secret words"), SystemExit(3), asyncio.CancelledError(), TimeoutError(), Panic()],
    ids=lambda error: type(error).__name__,
)
async def test_ask_asks_the_next_when_one_raises(error: BaseException) -> None:
    async with running({"good": Greets("good"), "bad": Raises(error)}) as made:
        assert await made.hooks.greeting(Session()) == Greeting("good")
        assert len(made.kinds) == 1
        assert made.kinds[0].startswith("bad: ")
        assert "secret" not in repr(made.hooks.failures)


@pytest.mark.parametrize(
    "error", [ValueError("x"), SystemExit(3), asyncio.CancelledError(), Panic()]
)
async def test_an_async_hook_that_raises_costs_only_itself(error: BaseException) -> None:
    class Tells:
        @hookimpl
        def instructions(self) -> str:
            return "told"

    async with running({"bad": Raises(error), "good": Tells()}) as made:
        assert await made.hooks.instructions(Session()) == ["told"]
        assert made.kinds == [f"bad: {type(error).__name__}"]


async def test_a_wrong_return_type_is_a_failure_and_the_next_is_asked() -> None:
    async with running({"good": Greets("good"), "bad": Greets(42)}) as made:
        assert await made.hooks.greeting(Session()) == Greeting("good")
        assert made.kinds == ["bad: returned int"]
        count = made.count("hook_failures", hook="greeting", plugin="bad", kind="returned int")
        assert count == 1


# ── deadline and cancellation ────────────────────────────────────────────────────────────────


async def test_a_hook_past_its_deadline_is_cancelled_and_counted() -> None:
    slow = NeverAnswers()
    async with running({"slow": slow}) as made:
        async with asyncio.timeout(WITHIN):
            assert await made.hooks.redact("text", "transcript") == "[withheld]"
            await slow.cancelled.wait()
        assert made.kinds == ["slow: took longer than 0.5 s"]
        assert made.count("hook_failures", hook="redact", plugin="slow", kind="timeout") == 1


async def test_a_hook_that_swallows_its_cancellation_is_left_behind() -> None:
    swallowed = asyncio.Event()

    class Stubborn:
        @hookimpl
        async def redact(self, text: str) -> str:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.set()
            await asyncio.Event().wait()
            return text

    async with running({"stubborn": Stubborn()}) as made:
        async with asyncio.timeout(WITHIN):
            assert await made.hooks.redact("text", "transcript") == "[withheld]"
            await swallowed.wait()
            swallowed.clear()
            # It still runs, and nobody waits for it: the next call has its own time.
            assert await made.hooks.redact("text", "transcript") == "[withheld]"
            await swallowed.wait()
        assert len(made.kinds) == 2


async def test_a_plugin_that_never_ends_does_not_hold_the_stop_of_the_server() -> None:
    release = asyncio.Event()

    class Immortal:
        @hookimpl
        async def redact(self, text: str) -> str:
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue
            return text

    async with asyncio.timeout(WITHIN):
        async with running({"immortal": Immortal()}) as made:
            assert await made.hooks.redact("text", "transcript") == "[withheld]"
    assert made.kinds[-1] == "immortal: did not end"
    release.set()


async def test_cancelling_the_caller_cancels_the_hook_and_is_no_failure() -> None:
    slow = NeverAnswers()
    async with running({"slow": slow}) as made:
        async with asyncio.timeout(WITHIN):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await made.hooks.redact("text", "transcript")
            await made.hooks.settle(1)
        assert made.kinds == []


# ── GATHER ───────────────────────────────────────────────────────────────────────────────────


async def test_gather_runs_all_at_once_and_answers_in_load_order() -> None:
    # Nobody passes the barrier until all three are inside: one after another would never end.
    barrier = asyncio.Barrier(3)

    class Part:
        def __init__(self, number: int) -> None:
            self.number = number

        @hookimpl
        async def instructions(self) -> str:
            place = await barrier.wait()
            if place == 2:
                await asyncio.get_running_loop().run_in_executor(None, int)
            return f"part {self.number}"

    async with running({f"p{n}": Part(n) for n in range(3)}) as made:
        async with asyncio.timeout(WITHIN):
            parts = await made.hooks.instructions(Session())
    assert parts == ["part 0", "part 1", "part 2"]


async def test_gather_leaves_out_what_failed_and_what_is_none() -> None:
    class Nothing:
        @hookimpl
        def instructions(self) -> None:
            return None

    class Something:
        @hookimpl
        def instructions(self) -> str:
            return "something"

    plugins = {"none": Nothing(), "bad": Raises(KeyError("k")), "some": Something()}
    async with running(plugins) as made:
        assert await made.hooks.instructions(Session()) == ["something"]


# ── PIPE ─────────────────────────────────────────────────────────────────────────────────────


class Replaces:
    def __init__(self, old: str, new: str | None) -> None:
        self.old, self.new = old, new

    @hookimpl
    def redact(self, text: str) -> str | None:
        return text.replace(self.old, self.new) if self.new is not None else None


async def test_pipe_hands_on_what_the_last_returned() -> None:
    plugins = {"one": Replaces("a", "b"), "none": Replaces("x", None), "two": Replaces("b", "c")}
    async with running(plugins) as made:
        assert await made.hooks.redact("a-b", "operator") == "c-c"


async def test_pipe_closes_when_one_failed_even_if_others_worked() -> None:
    class Breaks:
        @hookimpl
        def redact(self, text: str) -> str:
            raise ValueError(text)

    async with running({"one": Replaces("a", "b"), "breaks": Breaks()}) as made:
        assert await made.hooks.redact("my number is 7", "transcript") == "[withheld]"
        assert "number" not in repr(made.hooks.failures)


# ── NOTIFY ───────────────────────────────────────────────────────────────────────────────────


class Listens:
    """Takes events when its gate is open."""

    def __init__(self, *, open_gate: bool = True) -> None:
        self.gate = asyncio.Event()
        self.heard: list[int] = []
        if open_gate:
            self.gate.set()

    @hookimpl
    async def session_event(self, session: SessionHandle, event: DomainEvent) -> None:
        await self.gate.wait()
        assert event.type == "turn_completed"
        self.heard.append(event.seq)


async def test_notify_keeps_order_and_never_waits() -> None:
    listens = Listens(open_gate=False)
    async with running({"listens": listens}) as made:
        for number in range(5):
            made.hooks.session_event(Session(), turn("x", seq=number))
        assert listens.heard == []
        listens.gate.set()
        assert await made.hooks.settle(WITHIN)
        assert listens.heard == [0, 1, 2, 3, 4]


async def test_notify_drops_the_oldest_at_its_limit_and_counts() -> None:
    slow, quick = Listens(open_gate=False), Listens()
    plugins = {"slow": slow, "quick": quick}
    async with running(plugins, hooks={"queue": 10}) as made:
        for number in range(14):
            made.hooks.session_event(Session(), turn("x", seq=number))
        slow.gate.set()
        assert await made.hooks.settle(WITHIN)
        assert slow.heard == list(range(4, 14))
        assert made.count("hook_dropped", plugin="slow") == 4


async def test_a_slow_listener_does_not_hold_the_others() -> None:
    slow, quick = Listens(open_gate=False), Listens()
    async with running({"slow": slow, "quick": quick}) as made:
        made.hooks.session_event(Session(), turn("x", seq=1))
        assert not await made.hooks.settle(0.05)
        assert quick.heard == [1]
        slow.gate.set()
        assert await made.hooks.settle(WITHIN)


@pytest.mark.parametrize("error", [SystemExit(1), Panic()])
async def test_a_listener_that_raises_hears_the_next_event(error: BaseException) -> None:
    heard: list[int] = []

    class Breaks:
        @hookimpl
        async def session_event(self, event: DomainEvent) -> None:
            assert event.type == "turn_completed"
            heard.append(event.seq)
            if event.seq == 0:
                raise error

    async with running({"breaks": Breaks()}) as made:
        for number in range(2):
            made.hooks.session_event(Session(), turn("x", seq=number))
        assert await made.hooks.settle(WITHIN)
        assert heard == [0, 1]
        assert made.kinds == [f"breaks: {type(error).__name__}"]


def test_site_is_the_plugins_own() -> None:
    seen: dict[str, object] = {}

    class Asks:
        @hookimpl
        def register_tools(self, site: Any) -> None:
            seen[site.plugin] = site

    made = hooked({"one": Asks(), "two": Asks()})
    assert sorted(seen) == ["one", "two"]
    assert made.kinds == []
