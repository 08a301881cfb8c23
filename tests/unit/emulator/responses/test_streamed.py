"""Streamed text: what comes in goes out in order, up to a limit."""

from __future__ import annotations

import pytest

from kiosk.emulator.responses.streamed import StreamedText
from kiosk.emulator.wire.codec import WireError


async def test_pieces_come_out_in_order() -> None:
    text = StreamedText("One ", maximum=100)
    text.append("two ")
    text.append("three.")
    assert not text.complete
    text.done()
    assert [piece async for piece in text] == ["One ", "two ", "three."]


def test_it_is_complete_when_it_is_done() -> None:
    text = StreamedText("One.", maximum=10)
    text.done()
    assert text.complete


async def test_nothing_is_nothing() -> None:
    text = StreamedText("", maximum=1)
    text.done()
    assert [piece async for piece in text] == []


async def test_too_much_is_refused_and_the_rest_stays() -> None:
    text = StreamedText("", maximum=5)
    text.append("four")
    with pytest.raises(WireError) as caught:
        text.append("xy")
    assert caught.value.param == "delta"
    text.append("x")
    text.done()
    assert [piece async for piece in text] == ["four", "x"]
