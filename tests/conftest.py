"""What every test lives with: leaks and blocking calls fail it, speech engines are loaded once."""

from __future__ import annotations

import asyncio
import gc
import inspect
import io
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from blockbuster import BlockBuster

from kiosk import log
from kiosk.emulator.speech.engines import Engines, load_engines
from kiosk.testing import KioskHarness
from kiosk.testing.fixtures import MakeHarness
from kiosk.testing.leaks import leaked

# Who may block the loop although it is ours, and why. Everything else in kiosk/ that reads a
# file, opens a socket or sleeps while the loop runs fails the test that made it do so.
MAY_BLOCK: Final = (
    # The server is built, plugins imported and templates found before the first visitor.
    ("kiosk/app.py", {"create_app"}),
    ("kiosk/settings/__init__.py", {"load_settings"}),
    ("kiosk/hooks/manager.py", {"load_plugins"}),
    # A start that fails says where; which folder we are in, no disk is asked.
    ("kiosk/hooks/once.py", {"shown"}),
    ("kiosk/i18n.py", {"load"}),
    ("kiosk/testing/harness.py", {"_start", "__aenter__", "__aexit__"}),
    # A test's own session names its time zone late; the server's are read at start.
    ("tests/unit/hooks/hooking.py", {"now"}),
    ("kiosk/cli/demo.py", {"demo_running"}),
    # Jinja2 reads a template when it is first used and from its cache ever after.
    ("kiosk/web/templating.py", {"render", "render_card"}),
    # Imports inside functions (an extra, a heavy library) read files once in a process.
    ("<frozen importlib._bootstrap>", {"_find_and_load"}),
    # aiortc waits for its decoder thread to notice that it is no longer wanted.
    ("aiortc/rtcrtpreceiver.py", {"__stop_decoder"}),
    # asyncpg looks for a file of passwords as it connects, once for each connection of the pool.
    ("asyncpg/connect_utils.py", {"_parse_connect_dsn_and_args", "_read_password_from_pgpass"}),
    # A thread pool's or a library's own start looks at files and pipes.
    ("threading.py", {"start"}),
)


def pytest_collection_finish() -> None:
    """Set aside what the imports made: the leak check then walks a test's own objects only."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def _set_aside() -> Iterator[None]:
    # What a module's imports, caches and engines leave is nobody's leak either, and grows: walked
    # again after every test of all later modules, it took half of the run.
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_blocking() -> Iterator[None]:
    """Raise BlockingError where code of kiosk/ blocks a running event loop."""
    buster = BlockBuster(scanned_modules="kiosk")
    for function in buster.functions.values():
        for path, names in MAY_BLOCK:
            function.can_block_in(path, names)
    buster.activate()
    try:
        yield
    finally:
        buster.deactivate()


@pytest.fixture(autouse=True)
def no_leaks(request: pytest.FixtureRequest) -> None:
    """Fail an asynchronous test that leaves a task, peer connection or HTTP session behind."""
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("_looked_after")


@pytest.fixture
async def _looked_after() -> AsyncIterator[None]:
    # One loop is shared by all tests, because browsers are; their tasks are nobody's leak.
    before = asyncio.all_tasks()
    yield
    found = await leaked(but=before)
    assert not found, f"the test left behind: {'; '.join(found)}"


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Give the light speech engines, loaded once for all tests of this process."""
    loaded = load_engines("light")
    yield loaded
    asyncio.run(loaded.aclose())


@pytest.fixture(scope="session")
def natural_engines() -> Iterator[Engines]:
    """Give the natural voice and open-vocabulary hearing; for tests marked `speech`."""
    for module in ("piper", "faster_whisper"):
        pytest.importorskip(module, reason="the speech extra is not installed")
    loaded = load_engines("natural")
    yield loaded
    asyncio.run(loaded.aclose())


# ── nothing personal in a log ────────────────────────────────────────────────────────────────

# SDP, TURN credentials and tokens as the emulator and the server make them, keys as tests use them.
SECRETS: Final = re.compile(
    r"a=ice-(?:ufrag|pwd)|a=fingerprint|a=candidate|m=video |\bcredential_[0-9a-f]{8}|"
    r"\buser_[0-9a-f]{24}|\bresume_[0-9a-f]{24}|key-of-(?:this-test|the-harness)|\bBearer "
)
SHORTEST: Final = 12
"""Sentences shorter than this may be in a log by chance."""

_SAID = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--keep-logs DIR`: every test's log at DEBUG, to be searched by hand."""
    parser.addoption("--keep-logs", type=Path, metavar="DIR", help="keep each test's DEBUG log")


@pytest.fixture(autouse=True)
def nothing_personal_logged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Log at DEBUG, and fail a test whose log holds a key, token, SDP or words that were said."""
    stream = io.StringIO()
    request.node.stash[_SAID] = set()
    log.configure(level="debug", style="json", stream=stream)
    yield
    text = stream.getvalue()
    folder = request.config.getoption("--keep-logs")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.nodeid)[-120:]
        (folder / f"{name}.log").write_text(text)
    found = [match.group() for match in SECRETS.finditer(text)]
    found += [said for said in request.node.stash[_SAID] if said in text]
    assert not found, f"in the log: {found[:5]}"


@pytest.fixture
async def kiosk_harness(
    kiosk_harness: MakeHarness, request: pytest.FixtureRequest
) -> AsyncIterator[MakeHarness]:
    """Give the shipped fixture, and note what is said in its visits for the check of the log."""
    made: list[KioskHarness] = []

    async def make(**options: Any) -> KioskHarness:
        harness = await kiosk_harness(**options)
        made.append(harness)
        return harness

    yield make
    said = request.node.stash[_SAID]
    for harness in made:
        for visit in harness.visits:
            said |= {text for text in visit.texts() if len(text) >= SHORTEST}
