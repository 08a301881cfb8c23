"""Checks a browser's offer before it costs an avatar connection; text in, text out."""

from __future__ import annotations

import re

from kiosk.errors import MediaError

_H264 = re.compile(r"^a=rtpmap:\d+ H264/90000", re.IGNORECASE | re.MULTILINE)
_CANDIDATE = re.compile(r"^a=candidate:", re.MULTILINE)
# RFC 8839: foundation component transport priority address port; browsers hide addresses as
# <uuid>.local without a microphone permission, and nobody outside the local network resolves it.
_LOCAL_CANDIDATE = re.compile(
    r"^a=candidate:\S+ \d+ \S+ \d+ \S+\.local \d+ .*\r?\n", re.IGNORECASE | re.MULTILINE
)


def checked_offer(sdp: str) -> str:
    """Return the offer to send upstream, without `.local` candidates.

    Raises MediaError `bad_sdp`, `no_video`, `no_h264` or `no_candidates`; each sentence says what
    the browser must do.
    """
    if not sdp.startswith("v=0") or "\nm=" not in sdp:
        raise MediaError("bad_sdp", "The offer is no SDP; send RTCPeerConnection's own text.")
    sections = re.split(r"(?m)^(?=m=)", sdp)
    video = [section for section in sections if section.startswith("m=video")]
    if not video or not any(section.startswith("m=audio") for section in sections):
        raise MediaError("no_video", "The offer needs one audio and one video transceiver.")
    if not any(_H264.search(section) for section in video):
        raise MediaError(
            "no_h264",
            "This browser cannot play H.264, the only picture the avatar has; install a browser "
            "with H.264.",
        )
    if not _CANDIDATE.search(sdp):
        raise MediaError(
            "no_candidates",
            "The offer has no ICE candidate; wait until gathering is complete, and check that the "
            "kiosk has a network.",
        )
    return _LOCAL_CANDIDATE.sub("", sdp)
