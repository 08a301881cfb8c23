"""The marker that declares a hook keeps its policy where caller and docs find it."""

from __future__ import annotations

import pluggy

from kiosk.hooks.caller import policy_of
from kiosk.hooks.markers import PROJECT, Mode, Policy, calls


class Specs:
    @staticmethod
    @calls(Mode.ASK, timeout_s=2, on_failure="The next is asked.")
    def colour(light: int) -> str | None:
        """Say a colour."""
        raise AssertionError(light)


def test_the_policy_is_read_through_pluggy() -> None:
    pm = pluggy.PluginManager(PROJECT)
    pm.add_hookspecs(Specs)
    assert policy_of(pm, "colour") == Policy(Mode.ASK, 2, "The next is asked.")
    spec = pm.hook.colour.spec
    assert spec is not None
    assert list(spec.argnames) == ["light"]
