"""Values shared with plugins: fixed once made, and a sink's contract."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from typing_extensions import override

from kiosk import model
from kiosk.model import (
    Card,
    EndReason,
    Greeting,
    Kiosk,
    ToolResult,
    TranscriptEntry,
    TranscriptSink,
)

VALUES = [
    thing
    for thing in vars(model).values()
    if isinstance(thing, type) and dataclasses.is_dataclass(thing)
]


@pytest.mark.parametrize("value", VALUES)
def test_values_are_frozen_and_slim(value: type) -> None:
    assert getattr(value, "__dataclass_params__").frozen  # noqa: B009 - typed nowhere
    assert hasattr(value, "__slots__")


def test_a_value_cannot_be_changed_by_the_plugin_that_got_it() -> None:
    kiosk = Kiosk("lobby", "Lobby")
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(kiosk, "name", "Mine")  # noqa: B010 - what a plugin would try


def test_defaults_are_the_harmless_ones() -> None:
    assert not Greeting("Hello").improvise
    assert ToolResult("done").cards == ()
    assert Card("text", "Title").data == {}
    assert Card("text", "Title").data is not Card("text", "Title").data


def test_each_end_has_its_own_stable_word() -> None:
    words = [reason.value for reason in EndReason]
    assert len(words) == len(set(words))
    assert all(reason.value == reason.name.lower() for reason in EndReason)


async def test_a_sink_needs_write_only() -> None:
    class Sink(TranscriptSink):
        name = "sink"

        @override
        async def write(self, batch: Sequence[TranscriptEntry]) -> None:
            raise OSError

    class Nothing(TranscriptSink):
        name = "nothing"

    await Sink().aclose()
    with pytest.raises(TypeError, match="abstract"):
        Nothing()  # type: ignore[abstract]  # the mistake under test


@pytest.mark.parametrize(
    "make",
    [
        lambda: Card("text", cast("Any", None)),
        lambda: Card("text", "Title", id=cast("Any", 7)),
        lambda: Card("text", "Title", cast("Any", ["no mapping"])),
        lambda: ToolResult("done", cards=cast("Any", None)),
        lambda: ToolResult("done", cards=cast("Any", ({"kind": "text"},))),
    ],
)
def test_a_wrong_card_is_refused_where_it_is_made(make: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        make()
