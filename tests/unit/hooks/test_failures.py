"""Tests of what is kept of failures: counts without a limit, the last of each plugin."""

from __future__ import annotations

import struct

from kiosk.hooks.failures import KEPT_FAILURES, Failures, PluginFailure, kind_of
from tests.unit.hooks.hooking import START


def failure(plugin: str, kind: str = "ValueError") -> PluginFailure:
    return PluginFailure(plugin, "greeting", kind, START)


def test_one_plugin_pushes_no_other_out_and_counts_go_on() -> None:
    ledger = Failures()
    ledger.add(failure("quiet"))
    for number in range(KEPT_FAILURES + 5):
        ledger.add(failure("loud", str(number)))
    assert ledger.of("quiet") == (failure("quiet"),)
    assert (ledger.failed("quiet"), ledger.failed("loud")) == (1, KEPT_FAILURES + 5)
    kept = [item.kind for item in ledger.of("loud")]
    assert kept == [str(number) for number in range(5, KEPT_FAILURES + 5)]


def test_of_all_the_oldest_comes_first() -> None:
    ledger = Failures()
    for plugin in ("a", "b", "a", "c", "b"):
        ledger.add(failure(plugin))
    assert [item.plugin for item in ledger.all] == ["a", "b", "a", "c", "b"]


def test_what_a_plugin_missed_is_counted_by_plugin() -> None:
    ledger = Failures()
    ledger.drop("slow")
    ledger.drop("slow")
    ledger.skip("broken")
    assert (ledger.dropped("slow"), ledger.skipped("slow")) == (2, 0)
    assert (ledger.dropped("broken"), ledger.skipped("broken")) == (0, 1)
    assert (ledger.failed("slow"), ledger.of("slow"), ledger.all) == (0, (), ())


def test_an_error_is_named_so_that_it_says_something() -> None:
    assert kind_of(OSError()) == "OSError"
    assert kind_of(struct.error()) == "struct.error"
