"""The avatar part of the configuration: what may be asked for, and what is filled in."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from copy import deepcopy
from urllib.parse import urlsplit

from kiosk.emulator.avatar.background import SCHEMES
from kiosk.emulator.avatar.characters import PHOTO_CHARACTERS, VIDEO_STYLES
from kiosk.emulator.avatar.shape import DEFAULT_HEIGHT, DEFAULT_WIDTH, MAX_SIDE, MIN_SIDE
from kiosk.emulator.config.values import refuse
from kiosk.emulator.wire.codec import AVATAR_INVALID, JSON, WireError, short

_PARAM = "session.avatar"
_PHOTO = "photo-avatar"
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})")
# Service-filled defaults of an avatar (API reference; bitrate, codec and gop_size also seen live).
_AVATAR_DEFAULTS: JSON = {
    "type": "video-avatar",
    "customized": False,
    "output_protocol": "webrtc",
    "output_audit_audio": False,
}
_VIDEO_DEFAULTS: JSON = {"bitrate": 2_000_000, "codec": "h264", "gop_size": 10}
_IDENTITY = ("type", "character", "style", "customized", "model")

# Video avatars are filmed wide. A project got invalid_argument for another ratio; the how-to page
# has 1080x1920, so upright is let through. Which others the service takes is unsure.
_RATIOS = (16 / 9, 9 / 16)
_RATIO_TOLERANCE = 0.01
# Ranges of the SDK model Scene; the bounds it excludes are excluded.
_SCENE_RANGES = {
    "position_x": 1.0,
    "position_y": 1.0,
    "rotation_x": math.pi,
    "rotation_y": math.pi,
    "rotation_z": math.pi,
}


def filled_avatar(value: JSON, ice_servers: list[JSON], current: JSON | None = None) -> JSON:
    """Return `session.avatar` with the service's defaults and its ICE servers filled in.

    An avatar replaces the one before whole, but for one case: the Voice Live samples move a photo
    avatar by sending its identification and a scene alone, and it keeps its video then.
    """
    given = {name: setting for name, setting in value.items() if setting is not None}
    is_move = "scene" in given and set(given) <= {*_IDENTITY, "scene"}
    if is_move and current is not None and _identity(given) == _identity(current):
        return {**current, "scene": given["scene"]}
    video = {k: v for k, v in (given.get("video") or {}).items() if v is not None}
    filled = {**_AVATAR_DEFAULTS, **given, "video": {**_VIDEO_DEFAULTS, **video}}
    # A client may bring its own ICE servers; otherwise the service's must be used (how-to page).
    filled["ice_servers"] = filled.get("ice_servers") or deepcopy(ice_servers)
    return filled


def _identity(avatar: JSON) -> tuple[object, ...]:
    return tuple(avatar.get(name) or _AVATAR_DEFAULTS.get(name) for name in _IDENTITY)


def check_avatar(value: JSON) -> None:
    """Raise WireError for a character, picture, background or scene that cannot be."""
    _check_character(value)
    _check_video(value)
    _check_background((value.get("video") or {}).get("background") or {})
    if value.get("scene") is not None:
        _check_scene(value["scene"])


def avatar_not_emulated(avatar: JSON | None) -> Iterator[tuple[str, str]]:
    """Yield (parameter, what it is) of avatar settings that are accepted without effect here."""
    if avatar is not None and avatar.get("scene") and avatar.get("type") != _PHOTO:
        # The samples offer a scene for photo avatars only; what else the service does is unsure.
        yield f"{_PARAM}.scene", "the scene of a video avatar"


def _check_character(value: JSON) -> None:
    """Check who is asked for.

    That the service refuses an unknown name with invalid_argument is unsure: it is what it says
    of other settings of an avatar that it cannot make.
    """
    character, style = value["character"], value.get("style")
    if not character:
        raise refuse(f"{_PARAM}.character", "name a character")
    is_photo = value.get("type") == _PHOTO
    if is_photo and value.get("model") is None:
        raise refuse(f"{_PARAM}.model", "a photo avatar needs the model 'vasa-1'")
    if value.get("customized"):
        return
    known = PHOTO_CHARACTERS if is_photo else frozenset(VIDEO_STYLES)
    if character.lower() not in known:
        kind = "photo" if is_photo else "video"
        raise _unknown(
            "character", f"There is no {kind} avatar '{short(character)}'; there are", known
        )
    if style is None or (is_photo and not style):
        return
    if is_photo:
        raise WireError(
            AVATAR_INVALID, "A photo avatar has no style; leave it out.", f"{_PARAM}.style"
        )
    styles = VIDEO_STYLES[character.lower()]
    if style not in styles:
        raise _unknown(
            "style", f"'{short(character)}' has no style '{short(style)}'; there are", styles
        )


def _unknown(field: str, what: str, known: frozenset[str] | tuple[str, ...]) -> WireError:
    return WireError(AVATAR_INVALID, f"{what} {', '.join(sorted(known))}.", f"{_PARAM}.{field}")


def _check_video(value: JSON) -> None:
    param = f"{_PARAM}.video"
    video = value.get("video") or {}
    bitrate = video.get("bitrate")
    if bitrate is not None and bitrate <= 0:
        raise refuse(f"{param}.bitrate", "it must be above 0")
    gop = video.get("gop_size")
    if gop is not None and not 1 <= gop <= 2000:
        raise refuse(f"{param}.gop_size", "it must lie between 1 and 2000")
    size = video.get("resolution")
    if size is not None:
        _check_size(size, f"{param}.resolution", is_free=_is_free(value))
    if video.get("crop") is not None:
        _check_crop(video["crop"], size, f"{param}.crop")


def _is_free(value: JSON) -> bool:
    """Return whether any aspect ratio goes: a photo has none, and a custom avatar its own."""
    return value.get("type") == _PHOTO or bool(value.get("customized"))


def _check_size(size: JSON, param: str, *, is_free: bool) -> None:
    width, height = size["width"], size["height"]
    if width <= 0 or height <= 0:
        raise refuse(param, "width and height must be above 0")
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        raise refuse(param, f"the emulator draws {MIN_SIDE} to {MAX_SIDE} pixels each way")
    ratio = width / height
    if not is_free and all(abs(ratio / good - 1) > _RATIO_TOLERANCE for good in _RATIOS):
        raise WireError(
            AVATAR_INVALID,
            f"The resolution {width}x{height} does not have the avatar's aspect ratio; use 16:9, "
            "such as 1920x1080, and 'crop' to cut a part out of it.",
            param,
        )


def _check_crop(crop: JSON, size: JSON | None, param: str) -> None:
    corners = [crop["top_left"], crop["bottom_right"]]
    if any(len(corner) != 2 or min(corner) < 0 for corner in corners):
        raise refuse(param, "a corner is two pixel counts, neither negative")
    (left, top), (right, bottom) = corners
    if right <= left or bottom <= top:
        raise refuse(param, "the bottom right corner must lie below and right of the top left")
    if min(right - left, bottom - top) < MIN_SIDE:
        raise refuse(param, f"the emulator draws at least {MIN_SIDE} pixels each way")
    width, height = (size["width"], size["height"]) if size else (DEFAULT_WIDTH, DEFAULT_HEIGHT)
    if right > width or bottom > height:
        raise refuse(param, f"it must lie inside the resolution, {width}x{height}")


def _check_background(background: JSON) -> None:
    param = f"{_PARAM}.video.background"
    color, image = background.get("color"), background.get("image_url")
    if color is not None and image is not None:
        raise refuse(param, "give a color or an image_url, not both")
    if color is not None and not _COLOUR.fullmatch(color):
        raise refuse(f"{param}.color", "write it as #RRGGBBAA")
    if image is None:
        return
    try:
        address = urlsplit(image)
    except ValueError:
        raise refuse(f"{param}.image_url", "it is not a URL") from None
    if address.scheme not in SCHEMES or not (address.netloc or address.scheme == "data"):
        raise refuse(f"{param}.image_url", "give an http, https or data URL")


def _check_scene(scene: JSON) -> None:
    param = f"{_PARAM}.scene"
    zoom, amplitude = scene.get("zoom"), scene.get("amplitude")
    if zoom is not None and not 0 < zoom < math.inf:
        raise refuse(f"{param}.zoom", "it must be above 0")
    if amplitude is not None and not 0 < amplitude <= 1:
        raise refuse(f"{param}.amplitude", "it must be above 0 and at most 1")
    for name, most in _SCENE_RANGES.items():
        value = scene.get(name)
        # A client that sends pi with few digits means pi.
        if value is not None and not abs(value) <= most + 0.001:
            raise refuse(f"{param}.{name}", f"it must lie between -{most:.4g} and {most:.4g}")
