"""Media faults of the avatar that a fault plan switches on and off."""

from __future__ import annotations

from typing import Literal, get_args

MediaFault = Literal["video_stall", "video_black", "audio_silent", "ice_never"]
"""What can go wrong with the avatar's media.

`video_stall`: no new pictures are sent, and sound goes on. `video_black`: pictures go on, black.
`audio_silent`: sound goes on as silence, and the mouth moves. `ice_never`: an answer from then on
has no candidate that can be reached, so the peer connection stays "connecting" until the client
gives up; it cannot strike an avatar that is already connected, nor one over the WebSocket.
"""

MEDIA_FAULTS: frozenset[MediaFault] = frozenset(get_args(MediaFault))
"""Every media fault there is."""

NO_FAULTS: frozenset[MediaFault] = frozenset()
