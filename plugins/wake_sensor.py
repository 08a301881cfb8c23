"""Wakes a screen when a box with a motion sensor says that somebody came close.

The box (a PIR or radar sensor with a network, a door contact, home automation) posts to
`/-/wake_sensor/<kiosk>` with its key in the header `X-Sensor-Key`. Nothing about anybody is sent.
"""

from __future__ import annotations

import hmac
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kiosk import hookimpl
from kiosk.hooks.site import Site
from kiosk.hooks.specs import RegisterRoute, RegisterSettings
from kiosk.hooks.values import PluginRequest, PluginResponse

HEADER: Final = "x-sensor-key"
MOST_SENSORS: Final = 500


class WakeSensorSettings(BaseModel):
    """`[plugins.wake_sensor]`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    keys: dict[str, SecretStr] = Field(
        default_factory=dict,
        max_length=MOST_SENSORS,
        description="The key of each screen's sensor, 16 characters or more, by the screen's id.",
    )
    every_s: float = Field(
        2, ge=0.5, le=600, description="Shortest time between two wakes of one screen, s."
    )


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Which sensors, and how often."""
    register(WakeSensorSettings)


@hookimpl
def register_routes(register: RegisterRoute, site: Site) -> None:
    """One address for all sensors; there is none without a key."""
    settings = site.settings(WakeSensorSettings)
    if not settings.keys:
        return
    for kiosk, key in settings.keys.items():
        if len(key.get_secret_value()) < 16:
            raise ValueError(f"the key of {kiosk} is too short; give it 16 characters or more")
    woken: dict[str, float] = {}

    async def wake(request: PluginRequest) -> PluginResponse:
        kiosk = request.match["kiosk"]
        given = request.headers.get(HEADER, "").encode()
        known = settings.keys.get(kiosk)
        # Compared also for a screen there is no key for, so that the answer tells nothing.
        right = hmac.compare_digest(given, known.get_secret_value().encode() if known else b"")
        if known is None or not right:
            return PluginResponse(
                {"error": f"No sensor of this screen has that key; send it as {HEADER}."},
                status=403,
            )
        now = site.clock.monotonic()
        if now - woken.get(kiosk, -settings.every_s) < settings.every_s:
            return PluginResponse({"woken": False, "why": "too soon"}, status=202)
        woken[kiosk] = now
        if await site.wake(kiosk):
            return PluginResponse({"woken": True}, status=202)
        return PluginResponse(
            {"woken": False, "why": "the screen is not connected or has a visitor"}, status=202
        )

    register("POST", "/{kiosk}", wake, access="public")
