"""A server with many screens for benchmarks/fleet.py, in a process of its own to be weighed.

Prints one line of JSON when it runs; answers each line it is sent with its processor time so far.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from kiosk import keys, log
from kiosk.testing import KioskHarness

PASSWORD = "a-good-long-password"
SITES = ("main", "north", "south", "harbour", "depot")


def settings(screens: int) -> dict[str, Any]:
    """Return the settings of a site with so many screens."""
    return {
        "kiosks": [
            {
                "id": f"k{at:03}",
                "name": f"Screen {at:03}",
                "place": f"Gallery {at % 17 + 1}",
                "site": SITES[at % len(SITES)],
            }
            for at in range(screens)
        ],
        "sites": {name: {"name": name.title()} for name in SITES},
        # A machine that is busy with measuring answers pings late.
        "server": {"heartbeat_s": 60},
        "upstream": {"avatar": {"enabled": False}},
        "access": {"open": True},
    }


async def serve(screens: int) -> None:
    """Run until the input ends."""
    async with KioskHarness(settings=settings(screens)) as harness:
        operators = harness.app[keys.OPERATORS]
        await operators.add("anna", PASSWORD)
        entered = await operators.login("anna", PASSWORD, "127.0.0.1")
        devices = harness.app[keys.DEVICES]
        told = {
            "url": harness.url,
            "operator": entered.token,
            "screens": {
                f"k{at:03}": (await devices.enrol(f"k{at:03}", by="bench"))[1]
                for at in range(screens)
            },
        }
        print(json.dumps(told), flush=True)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(time.process_time(), flush=True)


if __name__ == "__main__":
    log.configure(level="error")
    asyncio.run(serve(int(sys.argv[1])))
