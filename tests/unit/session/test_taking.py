"""Taking a card along: offered where it makes sense, made by a plugin, not too often."""

from __future__ import annotations

import asyncio

import pytest

from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle
from kiosk.model import Card
from kiosk.session.taking import PER_MINUTE, Taking, offers
from kiosk.signaling import messages as m
from tests.unit.session.stage import eventually, staged

MAP = Card("map", "To the lift", {"alt": "A plan"}, "way")


class Codes:
    """Makes a code of every card but pictures."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    @hookimpl
    async def take_along(self, session: SessionHandle, card: Card) -> Card | None:
        self.taken.append(card.title)
        return None if card.kind == "image" else Card("qr", "Code", {"content": "x"}, "take-away")


@pytest.mark.parametrize(
    ("kind", "takes", "prints", "expected"),
    [
        ("map", True, True, ("take", "print")),
        ("map", True, False, ("take",)),
        ("list", False, True, ("print",)),
        ("text", False, False, ()),
        ("form", True, True, ()),
        ("qr", True, True, ()),
    ],
)
def test_what_is_offered(kind: str, takes: bool, prints: bool, expected: tuple[str, ...]) -> None:
    assert offers(Card(kind, "A card"), takes=takes, prints=prints) == expected


async def test_hook_take_along() -> None:
    codes = Codes()
    async with staged(codes) as stage:
        stage.ctx.show(MAP)
        taking = Taking(stage.ctx)
        taking.asked("way")
        taking.asked("gone")
        await eventually(lambda: len(stage.screen.all(m.ShowCard)) == 2, "the code")
        assert codes.taken == ["To the lift"]
        assert [card.id for card in stage.screen.all(m.ShowCard)] == ["way", "take-away"]
        assert stage.services.hooks.takes_along


async def test_a_card_that_cannot_be_taken_is_said() -> None:
    async with staged(Codes()) as stage:
        stage.ctx.show(Card("image", "Poster", {}, "poster"))
        Taking(stage.ctx).asked("poster")
        await eventually(lambda: stage.screen.failures == ["take"], "the sentence")


async def test_codes_have_a_limit_and_it_passes() -> None:
    codes = Codes()
    async with staged(codes) as stage:
        stage.ctx.show(MAP)
        taking = Taking(stage.ctx)
        for _ in range(PER_MINUTE + 1):
            taking.asked("way")
        assert stage.screen.failures == ["take_often"]
        await stage.clock.advance(seconds=61)
        taking.asked("way")
        await eventually(lambda: len(codes.taken) == PER_MINUTE + 1, "one more")


async def test_what_left_the_screen_cannot_be_taken() -> None:
    codes = Codes()
    async with staged(codes) as stage:
        stage.ctx.show(MAP)
        stage.ctx.hide("way")
        Taking(stage.ctx).asked("way")
        assert stage.ctx.shown == {}
        assert not [task for task in asyncio.all_tasks() if "take-along" in task.get_name()]
