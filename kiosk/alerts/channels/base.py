"""What every channel is: it takes a message within a deadline, or says whether to try again."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from kiosk.alerts.notice import RANKS, Notice
from kiosk.errors import KioskError, StartupError
from kiosk.settings.alerts import AlertmanagerSettings, ChannelSettings


class ChannelError(KioskError):
    """A message that was not taken. `again`: it may be, later."""

    code = "channel"

    def __init__(self, message: str, *, again: bool = True) -> None:
        super().__init__(message)
        self.again = again


class Channel(Protocol):
    """One way to tell people."""

    name: str

    @property
    def settings(self) -> ChannelSettings:
        """What it has from the settings."""
        ...

    async def send(self, notice: Notice) -> None:
        """Hand a message over; raises ChannelError, with no secret in its text."""
        ...


def wants(settings: ChannelSettings, notice: Notice) -> bool:
    """Whether a channel takes a message."""
    if notice.kind == "test":
        return True
    if settings.sites and notice.site not in settings.sites:
        return False
    if RANKS[notice.severity] < RANKS[settings.severity]:
        return False
    if isinstance(settings, AlertmanagerSettings):
        return True  # it must hear of every end, and has quiet hours of its own
    return notice.kind != "resolved" or (settings.resolved and not notice.quiet)


def secret_of(where: str, given: SecretStr | None, file: Path | None) -> str | None:
    """Return a secret from the settings or its file; raises StartupError without it in the text."""
    if given is not None:
        return given.get_secret_value()
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(
            f"{where}: {file} cannot be read ({type(error).__name__}); write the secret there and "
            "let the server's user read it."
        ) from None
