"""What a client may not set in agent mode, because the agent owns it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.emulator.wire.codec import AGENT_OWNS, WireError

_AGENT_OWNED = (
    "instructions",
    "temperature",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_response_output_tokens",
    "max_output_tokens",
    "reasoning_effort",
)


def check_agent_owns(changes: Mapping[str, Any], param: str) -> None:
    """Raise WireError for settings that belong to the agent, in agent mode.

    The refusal of instructions was seen; that of the others, which clients leave out with agents,
    is made alike and unsure.
    """
    for name in _AGENT_OWNED:
        if changes.get(name) is not None:
            code = AGENT_OWNS if name == "instructions" else f"{name}_configuration_not_supported"
            where = f"{param}.{name}"
            raise WireError(code, f"The agent owns its {name}; leave '{where}' out.", where)
