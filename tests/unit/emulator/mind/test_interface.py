"""The built-in mind is a mind."""

from __future__ import annotations

from kiosk.emulator.mind.interface import BuiltInMind, Mind
from kiosk.emulator.mind.thought import Context, Said
from kiosk.emulator.scenario.scenario import Scenario


async def test_it_plans_and_closes() -> None:
    mind: Mind = BuiltInMind(Scenario(greeting="Good day."))
    assert (await mind.plan(Context())).say == "Good day."
    plan = await mind.plan(Context(turns=(Said("user", "Danke!"),)))
    assert plan.language == "de"
    await mind.aclose()
