"""Tests of the shipped fixture: it starts servers, and fails on failures nobody expected."""

from __future__ import annotations

import pytest

from kiosk.emulator.speech.engines import Engines
from kiosk.testing.fixtures import MakeHarness

pytest_plugins = ["pytester"]

QUIET = {"upstream": {"avatar": {"enabled": False}}}
INNER = """
import pytest
from kiosk.hooks.markers import hookimpl


class Broken:
    @hookimpl
    def greeting(self):
        raise RuntimeError("private words")


async def converse(kiosk_harness):
    settings = {"upstream": {"avatar": {"enabled": False}}}
    harness = await kiosk_harness(plugins={"broken": Broken()}, settings=settings)
    visit = await harness.visit(media=False, microphone=False)
    assert "computer" in await visit.heard()


async def test_unexpected(kiosk_harness):
    await converse(kiosk_harness)


@pytest.mark.expects_failures
async def test_expected(kiosk_harness):
    await converse(kiosk_harness)
"""


async def test_two_servers_in_one_test_are_two(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    one = await kiosk_harness(engines=engines, settings=QUIET)
    two = await kiosk_harness(engines=engines, settings=QUIET)
    assert one.url != two.url
    assert one.folder != two.folder


def test_a_plugin_failure_fails_the_test_unless_it_is_expected(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
        "markers =\n  expects_failures: expected\n"
    )
    pytester.makepyfile(INNER)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, errors=1)
    said = result.stdout.str()
    assert "plugins failed: ['broken in greeting: RuntimeError']" in said
    assert "private words" not in said
