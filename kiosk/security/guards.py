"""Guards of every request: where it comes from, over what, and the headers of each answer."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "microphone=(self), camera={camera}, geolocation=(), payment=(), usb=()",
    # Tells other sites nothing. Stricter still (no-referrer) would make browsers send forms with
    # `Origin: null`, and Origin is what tells our own forms from foreign ones.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_WITH_CAMERA: Final = {name: text.replace("{camera}", "(self)") for name, text in _HEADERS.items()}
_WITHOUT_CAMERA: Final = {name: text.replace("{camera}", "()") for name, text in _HEADERS.items()}
_HSTS: Final = "max-age=31536000"


def security_headers(*, https: bool, camera: bool = False) -> Mapping[str, str]:
    """Return the headers every answer carries; HSTS only where HTTPS is spoken already.

    `camera`: a screen of this site may use its own camera to notice visitors.
    """
    headers = _WITH_CAMERA if camera else _WITHOUT_CAMERA
    return {**headers, "Strict-Transport-Security": _HSTS} if https else headers


def client_address(peer: str | None, forwarded_for: Sequence[str], trusted: int) -> str:
    """Return the client's address, believing only what `trusted` proxies in front have added.

    `forwarded_for` is every X-Forwarded-For header in order. Each proxy appends the address it
    was called from, so the last `trusted` entries are facts and anything before them is a claim.
    """
    address = peer or "unknown"
    if trusted > 0:
        entries = [part.strip() for line in forwarded_for for part in line.split(",")]
        entries = [part for part in entries if part]
        if entries:
            address = entries[-min(trusted, len(entries))]
    return _plain_address(address)


def network_of(address: str) -> str:
    """Return what counts as one place: of IPv6, the 64 bits that one customer has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network(f"{found}/64", strict=False))


def is_https(scheme: str, forwarded_proto: str | None, trusted: int) -> bool:
    """Whether the client speaks HTTPS, to us or to a trusted proxy."""
    if trusted > 0 and forwarded_proto:
        return forwarded_proto.split(",")[-1].strip().lower() == "https"
    return scheme in {"https", "wss"}


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def same_site(
    *,
    origin: str | None,
    fetch_site: str | None,
    host: str | None,
    public_url: str | None,
) -> bool:
    """Whether a form or a socket comes from one of our own pages.

    A browser says where it comes from with Origin, on every form post and WebSocket: it must be
    `public_url` when that is set, else the host the request was sent to. Without Origin,
    Sec-Fetch-Site decides. With neither it is no browser, and nobody's cookies are being misused.
    A browser that hides the origin (`null`) must say `same-origin` in Sec-Fetch-Site.
    """
    if origin == "null":
        return fetch_site == "same-origin"
    if origin is not None:
        given = _host_of(origin)
        if given is None:
            return False
        if public_url is not None:
            return _origin_of(origin) == _origin_of(public_url)
        return host is not None and given == _host_of(f"{urlsplit(origin).scheme}://{host}")
    return fetch_site is None or fetch_site == "same-origin"


def cookie_name(name: str, *, https: bool) -> str:
    """Return a cookie's name; over HTTPS the prefix keeps sister domains from setting it."""
    return f"__Host-{name}" if https else name


def _plain_address(text: str) -> str:
    """Return `text` without a port; an address that is none becomes `unknown`."""
    candidate = text
    if candidate.startswith("["):
        candidate = candidate[1:].partition("]")[0]
    elif candidate.count(":") == 1:
        candidate = candidate.partition(":")[0]
    try:
        address = ipaddress.ip_address(candidate)
    except ValueError:
        return "unknown"
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped if mapped is not None else address)


_PORTS: Final = {"http": 80, "https": 443}


def _host_of(url: str) -> tuple[str, int] | None:
    origin = _origin_of(url)
    return origin[1:] if origin is not None else None


def _origin_of(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname.lower(), port or _PORTS[parts.scheme]
