"""From the visitor's first sound to the avatar's silence, against the upstream's own hearing."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.row import Row, median
from kiosk.emulator.scenario.replies import Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.testing import KioskHarness, Visit

TRIES = 5
STORY = "There was a harbour, and in the harbour there was a ship. " * 10
SCENARIO = Scenario(name="barge-in", replies=(Reply(match="story", say=STORY),))


async def barge_in() -> Sequence[Row]:
    """Interrupt a long answer; `other` is when the emulator said speech_started."""
    silent, noticed, added = [], [], []
    settings = {"visit": {"greet": False}}
    async with KioskHarness(scenario=SCENARIO, settings=settings) as harness:
        visit = await harness.visit()
        await visit.until(lambda v: v.state == "listening", "listening")
        for number in range(TRIES):
            spoke, heard, last_loud = await _interrupt(harness, visit, number)
            silent.append((last_loud - spoke) * 1000)
            noticed.append((heard - spoke) * 1000)
        metric = next(iter(harness.app_metrics().barge_in_seconds.collect()))
        histogram = metric.samples
        total = next(s.value for s in histogram if s.name.endswith("_sum"))
        count = next(s.value for s in histogram if s.name.endswith("_count"))
        added.append(total / count * 1000)
    return [
        Row("first sound to silence, vs to hush message", median(silent), median(noticed), "ms"),
        Row("speech_started in to clear out, vs target 5", median(added), 5.0, "ms"),
    ]


async def _interrupt(
    harness: KioskHarness, visit: Visit, number: int
) -> tuple[float, float, float]:
    await visit.type("tell me a story")
    await visit.until(lambda v: v.state == "speaking", "story")
    await harness.clock.sleep(1.5)
    visit.on_sound.clear()
    before = sum(message["type"] == "hush" for message in visit.messages)
    saying = visit.start_saying("excuse me, please stop talking now")
    await visit.on_sound.wait()
    spoke = harness.clock.monotonic()
    await visit.until(
        lambda v: sum(x["type"] == "hush" for x in v.messages) > before, f"interruption {number}"
    )
    heard = harness.clock.monotonic()
    await saying
    # Read before the answer to the interruption is spoken, which is sound again.
    assert visit.peer.last_loud is not None
    last_loud = visit.peer.last_loud
    await harness.clock.sleep(1.0)
    await visit.until(lambda v: v.state == "listening", "listening", within=60)
    return spoke, heard, last_loud
