"""The screen's own modules on Node, with as little of a browser as they need and a quick clock.

For what Chromium cannot be made to do in a test, or only in hours: a device unplugged and
plugged in again, a quiet hour of the night, memory that grew, a sleep.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

SCRIPTS: Final = sorted((Path(__file__).parents[1] / "js/screen").glob("*.test.mjs"))
OLDEST: Final = (20, 19)
"""The first Node.js that reads a module as one without being told by a package.json."""


def node() -> str | None:
    """Return where a Node.js new enough is."""
    found = shutil.which("node")
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(int(part) for part in said.strip().removeprefix("v").split(".")[:2])
    return found if version >= OLDEST else None


NODE: Final = node()


@pytest.mark.skipif(NODE is None, reason="there is no Node.js of 20.19 or newer")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name.partition(".")[0])
async def test_the_screens_modules(script: Path) -> None:
    assert NODE is not None
    process = await asyncio.create_subprocess_exec(
        NODE,
        "--test",
        str(script),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(60):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode()[-4000:]
    assert b"# fail 0" in said
