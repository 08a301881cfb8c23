"""What an agent owns."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.config.agent import check_agent_owns
from kiosk.emulator.wire.codec import WireError


def test_the_rest_is_the_clients() -> None:
    check_agent_owns({"voice": "alloy", "modalities": ["text"], "instructions": None}, "session")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"instructions": "Be kind."}, "instructions_configuration_not_supported"),
        ({"temperature": 0.0}, "temperature_configuration_not_supported"),
        ({"tools": []}, "tools_configuration_not_supported"),
        ({"parallel_tool_calls": False}, "parallel_tool_calls_configuration_not_supported"),
    ],
)
def test_what_it_owns_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(WireError) as caught:
        check_agent_owns(changes, "session")
    (name,) = changes
    assert (caught.value.code, caught.value.param) == (code, f"session.{name}")
