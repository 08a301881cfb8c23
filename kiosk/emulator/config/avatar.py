"""The avatar part of the configuration: what may be asked for, and what is filled in."""

from __future__ import annotations

import re
from copy import deepcopy

from kiosk.emulator.config.values import refuse
from kiosk.emulator.wire.codec import JSON, unsupported

_MAXIMUM_PIXELS = 8_192
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})")
# Service-filled defaults of an avatar (API reference; bitrate, codec and gop_size also seen live).
_AVATAR_DEFAULTS: JSON = {
    "type": "video-avatar",
    "customized": False,
    "output_protocol": "webrtc",
    "output_audit_audio": False,
}
_VIDEO_DEFAULTS: JSON = {"bitrate": 2_000_000, "codec": "h264", "gop_size": 10}


def filled_avatar(value: JSON, ice_servers: list[JSON]) -> JSON:
    """Return `session.avatar` with the service's defaults and its ICE servers filled in."""
    given = {name: setting for name, setting in value.items() if setting is not None}
    video = {k: v for k, v in (given.get("video") or {}).items() if v is not None}
    filled = {**_AVATAR_DEFAULTS, **given, "video": {**_VIDEO_DEFAULTS, **video}}
    # A client may bring its own ICE servers; otherwise the service's must be used (how-to page).
    filled["ice_servers"] = given.get("ice_servers") or deepcopy(ice_servers)
    return filled


def check_avatar(value: JSON) -> None:
    """Raise WireError for a character, picture or background that cannot be."""
    param = "session.avatar"
    if value.get("output_protocol") == "websocket":
        raise unsupported(f"{param}.output_protocol", "avatar video over the WebSocket")
    if not value["character"]:
        raise refuse(f"{param}.character", "name a character")
    if value.get("type") == "photo-avatar" and value.get("model") is None:
        raise refuse(f"{param}.model", "a photo avatar needs the model 'vasa-1'")
    video = value.get("video") or {}
    bitrate = video.get("bitrate")
    if bitrate is not None and bitrate <= 0:
        raise refuse(f"{param}.video.bitrate", "it must be above 0")
    gop = video.get("gop_size")
    if gop is not None and not 1 <= gop <= 2000:
        raise refuse(f"{param}.video.gop_size", "it must lie between 1 and 2000")
    size = video.get("resolution")
    if size is not None and not (
        0 < size["width"] <= _MAXIMUM_PIXELS and 0 < size["height"] <= _MAXIMUM_PIXELS
    ):
        raise refuse(f"{param}.video.resolution", "width and height must be above 0")
    if video.get("crop") is not None:
        _check_crop(video["crop"], size, f"{param}.video.crop")
    background = video.get("background") or {}
    if background.get("color") is not None and background.get("image_url") is not None:
        raise refuse(f"{param}.video.background", "give a color or an image_url, not both")
    if background.get("color") is not None and not _COLOUR.fullmatch(background["color"]):
        raise refuse(f"{param}.video.background.color", "write it as #RRGGBBAA")


def _check_crop(crop: JSON, size: JSON | None, param: str) -> None:
    corners = [crop["top_left"], crop["bottom_right"]]
    if any(len(corner) != 2 or min(corner) < 0 for corner in corners):
        raise refuse(param, "a corner is two pixel counts, neither negative")
    (left, top), (right, bottom) = corners
    if right <= left or bottom <= top:
        raise refuse(param, "the bottom right corner must lie below and right of the top left")
    if size is not None and (right > size["width"] or bottom > size["height"]):
        raise refuse(param, "it must lie inside the resolution")
