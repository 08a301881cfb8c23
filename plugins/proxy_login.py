"""Single sign-on by a proxy in front: it says in a header who asks; nobody else is believed.

Off until `proxies` names the addresses that hold the proxy's connections. The proxy must remove
the header from what it is sent: whoever can reach this server through it could be anyone.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kiosk import hookimpl
from kiosk.hooks.site import Site
from kiosk.hooks.specs import RegisterSettings
from kiosk.hooks.values import LoginRequest, OperatorClaim

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")
"""What a person's name may be; anything else is nobody."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class LoginSettings(BaseModel):
    """`[plugins.proxy_login]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    proxies: tuple[Network, ...] = Field((), description="Such as 10.0.0.5/32; nobody else counts.")
    header: str = Field("x-remote-user", pattern=r"^[a-z0-9-]{1,64}$")
    people: tuple[str, ...] = Field((), description="Who may; empty: everyone the proxy lets in.")
    admins: tuple[str, ...] = ()

    @field_validator("proxies")
    @classmethod
    def _named(cls, value: tuple[Network, ...]) -> tuple[Network, ...]:
        if any(network.prefixlen == 0 for network in value):
            raise ValueError("a network of everybody is no proxy; name its address")
        return value


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Which proxy, which header, which people."""
    register(LoginSettings)


@hookimpl
def operator_from_request(site: Site, request: LoginRequest) -> OperatorClaim | None:
    """Believe the proxy, and only the proxy, about who this is."""
    settings = site.settings(LoginSettings)
    if not _is_proxy(request.peer, settings.proxies):
        return None
    name = request.headers.get(settings.header, "")
    if NAME.fullmatch(name) is None:
        return None
    if settings.people and name not in {*settings.people, *settings.admins}:
        return None
    return OperatorClaim(name, admin=name in settings.admins)


def _is_proxy(peer: str, proxies: tuple[Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address  # a server on :: sees ::ffff:10.0.0.5
    return any(address.version == network.version and address in network for network in proxies)
