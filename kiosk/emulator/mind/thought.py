"""What goes into a mind and what comes out of it: the conversation, the tools, the plan."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from kiosk.emulator.mind.tools import Tool


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody's words; `role` as on the wire."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """A function call the mind made earlier; `arguments` is JSON text."""

    name: str
    arguments: str
    call_id: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What a function gave back."""

    call_id: str
    output: str


Turn = Said | Called | Returned


@dataclass(frozen=True, slots=True)
class Context:
    """All the mind knows when it is asked for a response.

    `instructions` are the session's, `extra` those of this one response. `tool_choice` is auto,
    none, required or a function's name.
    """

    turns: tuple[Turn, ...] = ()
    instructions: str = ""
    extra: str = ""
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    parallel: bool = True
    """Whether more than one function may be called at once (`parallel_tool_calls`)."""
    used: Mapping[int, int] = field(default_factory=dict)
    """How often each of the scenario's replies, by index, was given in this session."""
    language: str = ""
    """What the session is set to speak or hear, ISO 639-1; "" when it is set to nothing."""
    temperature: float | None = None
    """The response's; only a chat endpoint makes use of it."""


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call to make."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: say something, then call functions. `reply` is the scenario's, by index.

    What is said may come in `pieces` instead of `say`, while it is still being thought; whoever
    says it closes the iterator, and `calls` is complete only after the last piece. `language` is
    of what is said, "" if unknown.
    """

    say: str = ""
    calls: Sequence[FunctionCall] = ()
    delay_ms: int = 0
    reply: int | None = None
    language: str = field(default="", compare=False)
    pieces: AsyncIterator[str] | None = None

    @property
    def words(self) -> str | AsyncIterator[str]:
        """What is said, whole or in pieces."""
        return self.say if self.pieces is None else self.pieces


async def whole(plan: Plan) -> str:
    """Return all that a plan says, waiting for it if it comes in pieces."""
    if plan.pieces is None:
        return plan.say
    return "".join([piece async for piece in plan.pieces])
