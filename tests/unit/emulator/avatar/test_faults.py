"""The faults of the media are those that a fault plan may name."""

from __future__ import annotations

from kiosk.emulator.avatar.faults import MEDIA_FAULTS, NO_FAULTS


def test_there_are_four() -> None:
    assert {"video_stall", "video_black", "audio_silent", "ice_never"} == MEDIA_FAULTS
    assert not NO_FAULTS
