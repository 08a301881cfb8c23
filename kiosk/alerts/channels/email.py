"""Tells by e-mail: plain text, through the site's own SMTP server."""

from __future__ import annotations

import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import aiosmtplib
from typing_extensions import override

from kiosk.alerts.channels.base import Channel, ChannelError, secret_of
from kiosk.alerts.notice import Notice
from kiosk.errors import StartupError
from kiosk.settings.alerts import EmailSettings

PERMANENT = range(500, 600)
LOGIN_REFUSED = frozenset({530, 534, 535})
"""Says nothing against the message: a right password will have it taken."""


class EmailChannel(Channel):
    """One SMTP server and the addresses it tells."""

    def __init__(self, name: str, settings: EmailSettings, zone: ZoneInfo) -> None:
        self.name = name
        self._settings = settings
        self._zone = zone
        where = f"alerts.channels.{name}"
        self._password = secret_of(where, settings.password, settings.password_file)
        try:
            self._tls = ssl.create_default_context(cafile=settings.ca_file)
        except OSError:
            raise StartupError(
                f"{where}: ca_file {settings.ca_file} is no certificate that can be read."
            ) from None

    @property
    @override
    def settings(self) -> EmailSettings:
        """What it has from the settings."""
        return self._settings

    @override
    async def send(self, notice: Notice) -> None:
        """Send one message; raises ChannelError."""
        settings = self._settings
        try:
            await aiosmtplib.send(
                message_of(notice, settings, self._zone),
                hostname=settings.host,
                port=settings.port,
                username=settings.user,
                password=self._password,
                use_tls=settings.tls == "tls",
                # Never "if the server offers it": who is in between could take the offer away.
                start_tls=settings.tls == "starttls",
                tls_context=self._tls,
                timeout=settings.timeout_s,
                # Without it the machine's own name is looked up, which blocks.
                local_hostname=settings.sender.rpartition("@")[2],
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {one.code for one in error.recipients}
            again = not all(code in PERMANENT for code in codes)
            raise ChannelError("The server takes none of the addresses.", again=again) from None
        except aiosmtplib.SMTPResponseException as error:
            again = error.code not in PERMANENT or error.code in LOGIN_REFUSED
            raise ChannelError(f"The server answered {error.code}.", again=again) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise ChannelError(f"It could not be sent ({type(error).__name__}).") from None


def message_of(notice: Notice, settings: EmailSettings, zone: ZoneInfo) -> EmailMessage:
    """Return the e-mail of a message; the same message has the same id whenever it is sent."""
    message = EmailMessage()
    # Names of screens are the site's own words: no line of them may become a header.
    subject = " ".join(notice.headline.split())
    message["Subject"] = f"[{notice.severity}] {subject}"
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.to)
    message["Date"] = format_datetime(notice.at)
    message["Message-ID"] = f"<{notice.id}@{settings.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(notice.lines(zone)) + "\n")
    return message
