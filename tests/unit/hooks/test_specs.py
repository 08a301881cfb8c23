"""Every hook is declared with a policy, proved by a test of its name, and used by a real plugin."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pluggy
import pytest

from kiosk.builtin import goodbye, greeting, redaction
from kiosk.builtin.store import StorePlugin
from kiosk.hooks import specs
from kiosk.hooks.markers import PROJECT, Mode, Policy
from kiosk.paths import demo_plugins
from kiosk.storage.database import Storage
from tests.unit.hooks.hooking import load

TESTS = Path(__file__).resolve().parents[2]


def hooks() -> list[str]:
    pm = pluggy.PluginManager(PROJECT)
    pm.add_hookspecs(specs)
    return sorted(name for name in vars(pm.hook) if not name.startswith("_"))


def no_storage() -> Storage:
    raise AssertionError("nothing is stored here")


@pytest.mark.parametrize("name", hooks())
def test_each_has_a_policy_and_a_reference(name: str) -> None:
    function = getattr(specs, name)
    assert isinstance(function.policy, Policy)
    assert function.policy.on_failure.endswith(".")
    assert inspect.getdoc(function), "the docstring is the plugin author's reference"
    # Registering itself has no deadline; what was registered may have one, as health checks do.
    timed = function.policy.mode is not Mode.COLLECT or name == "register_health_checks"
    assert (function.policy.timeout_s is not None) is timed


def test_each_is_proved_by_a_test_of_its_name() -> None:
    tested = {
        found
        for path in TESTS.rglob("test_*.py")
        for found in re.findall(r"def test_hook_(\w+)\(", path.read_text(encoding="utf-8"))
    }
    assert sorted(set(hooks()) - tested) == [], "write test_hook_<name> for these"


def test_each_is_used_by_a_plugin_of_ours() -> None:
    builtins = {
        "greeting": greeting,
        "redaction": redaction,
        "goodbye": goodbye,
        "store": StorePlugin(no_storage),
    }
    loaded = load(folder=demo_plugins(), builtins=builtins)
    used = {hook for plugin in loaded.plugins for hook in plugin.hooks}
    assert sorted(set(hooks()) - used) == [], "a hook exists only if a plugin needs it"
