"""The product's errors. Each says who sees it and whether a retry can help.

KioskError
├── SettingsError          the operator at the terminal; exit 2
├── StartupError           the operator at the terminal; exit 2
│   └── PluginLoadError    names the plugin and its file
├── RequiredPluginError    the visit: it is not opened; the log names plugin and hook
├── StorageError           the caller; `retryable` when the database was only busy
├── SignalingError         the browser, as an `error` message with a stable code
├── MediaError             the browser; the visit goes on without the avatar's picture
└── UpstreamError          the visit; `retryable` and `retry_after` decide what happens next
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class KioskError(Exception):
    """Base of everything we raise on purpose. The text is one sentence with the fix in it."""

    code = "internal"
    plugins: Mapping[str, str] = MappingProxyType({})
    """What it says of each plugin whose fault it is; empty when it is about none."""


class SettingsError(KioskError):
    """Settings that cannot be used; the text names the setting and what to write instead."""

    code = "settings"


class StartupError(KioskError):
    """The server cannot start; the text names the thing and the fix."""

    code = "startup"


class PluginLoadError(StartupError):
    """A plugin that cannot be loaded; the text names the plugin, its file and the fix."""

    code = "plugin_load"


class RequiredPluginError(KioskError):
    """A plugin that the site declared required failed while a visit was being opened."""

    code = "plugin_required_failed"


class StorageError(KioskError):
    """The database refused or did not answer; nothing of the failed call was kept."""

    code = "storage"

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class SignalingError(KioskError):
    """The browser sent something it may not. `code` is stable and part of the contract."""

    def __init__(self, code: str, message: str, *, fatal: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.fatal = fatal


class MediaError(KioskError):
    """An offer or answer that cannot work; `code` is stable and part of the contract."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UpstreamError(KioskError):
    """Voice Live could not be reached, refused, or went away.

    `code` is ours and stable: unauthorized, forbidden, rate_limited, refused, unreachable,
    timeout, closed, protocol, voice_change. `status` is the HTTP status of a refused handshake,
    `retry_after` seconds.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retryable: bool,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.retry_after = retry_after
        self.status = status
