"""Words that bridge a wait: said when the answer, or a tool, takes longer."""

from __future__ import annotations

import random
from typing import Protocol

from kiosk.clock import Clock
from kiosk.emulator.mind.interface import Mind
from kiosk.emulator.mind.thought import Context, whole
from kiosk.emulator.responses.timing import count_tokens, split_text
from kiosk.emulator.wire.codec import JSON

# Without texts or instructions the service has words of its own, which are not documented.
_WORDS = ("One moment, please.",)
_ORDER = (
    "The answer takes a moment. {instructions} Say one short sentence that bridges the wait and "
    "promises nothing, such as “{example}”"
)


class InterimHost(Protocol):
    """What an interim response needs of its session."""

    clock: Clock
    mind: Mind


class Interim:
    """The interim response of one response, at most one of them (unsure) by either trigger."""

    def __init__(self, host: InterimHost, config: JSON | None) -> None:
        self._host = host
        self._config = config or {"triggers": ()}
        self._done = False

    async def wait(self) -> None:
        """Return when the answer has taken too long; at once, if the threshold is 0."""
        await self._host.clock.sleep(self._config["latency_threshold_ms"] / 1000)

    def triggers(self, name: str) -> bool:
        """Whether "latency" or "tool" asks for words, and none were said yet."""
        return not self._done and name in self._config["triggers"]

    async def words(self, context: Context) -> str:
        """Return what to say: one of the texts, or what the mind makes of the instructions."""
        self._done = True
        config = self._config
        if config["type"] == "static_interim_response":
            return str(random.choice(config.get("texts") or _WORDS))
        order = _ORDER.format(instructions=config.get("instructions") or "", example=_WORDS[0])
        asked = Context(turns=context.turns, extra=order, tool_choice="none")
        plan = await self._host.mind.plan(asked)
        say = await whole(plan)
        limit = config["max_completion_tokens"]
        if count_tokens(say) <= limit:
            return say
        return "".join(split_text(say)[: max(1, limit * 3 // 4)]).rstrip()
