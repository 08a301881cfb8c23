"""Addresses behind proxies, origins of forms and sockets, and the headers of every answer."""

from __future__ import annotations

import pytest

from kiosk.security.guards import (
    client_address,
    cookie_name,
    is_https,
    is_loopback,
    network_of,
    same_site,
    security_headers,
)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("192.0.2.1", [], 0, "192.0.2.1"),
        ("192.0.2.1", ["10.0.0.1"], 0, "192.0.2.1"),  # nobody is trusted, so it is a claim
        ("127.0.0.1", ["198.51.100.9"], 1, "198.51.100.9"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.9"], 1, "198.51.100.9"),  # the first is forged
        ("127.0.0.1", ["1.1.1.1, 198.51.100.9, 10.0.0.2"], 2, "198.51.100.9"),
        ("127.0.0.1", ["1.1.1.1", "198.51.100.9"], 1, "198.51.100.9"),
        ("127.0.0.1", ["198.51.100.9"], 3, "198.51.100.9"),
        ("127.0.0.1", ["198.51.100.9:1234"], 1, "198.51.100.9"),
        ("127.0.0.1", ["[2001:db8::1]:443"], 1, "2001:db8::1"),
        ("127.0.0.1", ["2001:db8::1"], 1, "2001:db8::1"),
        ("127.0.0.1", ["nonsense"], 1, "unknown"),
        ("127.0.0.1", [" , "], 1, "127.0.0.1"),
        ("::ffff:192.0.2.1", [], 0, "192.0.2.1"),
        (None, [], 0, "unknown"),
    ],
)
def test_the_clients_address(
    peer: str | None, forwarded: list[str], trusted: int, expected: str
) -> None:
    assert client_address(peer, forwarded, trusted) == expected


def test_an_ipv6_address_counts_with_its_network() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::2:3:4:5") == "2001:db8::/64"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert (network_of("192.0.2.1"), network_of("unknown")) == ("192.0.2.1", "unknown")


def test_https_is_believed_from_trusted_proxies_only() -> None:
    assert is_https("https", None, 0)
    assert not is_https("http", "https", 0)
    assert is_https("http", "https", 1)
    assert is_https("http", "http, https", 1)
    assert not is_https("http", "https, http", 1)
    assert not is_https("http", None, 1)


@pytest.mark.parametrize(
    ("origin", "fetch_site", "public", "ours"),
    [
        ("http://kiosk.example:8080", None, None, True),
        ("http://KIOSK.example:8080", "same-origin", None, True),
        ("http://kiosk.example", None, None, False),
        ("http://kiosk.example:8081", None, None, False),
        ("https://evil.example", None, None, False),
        ("https://evil.example", "same-origin", None, False),
        ("http://kiosk.example:8080.evil.example", None, None, False),
        ("http://kiosk.example:8080@evil.example", None, None, False),
        ("chrome-extension://abc", None, None, False),
        ("http://[bad", None, None, False),
        ("http://kiosk.example:99999", None, None, False),
        ("", None, None, False),
        ("null", None, None, False),
        ("null", "cross-site", None, False),
        ("null", "same-origin", None, True),
        (None, None, None, True),  # no browser
        (None, "same-origin", None, True),
        (None, "same-site", None, False),
        (None, "cross-site", None, False),
        (None, "none", None, False),
        ("https://museum.example", None, "https://museum.example/", True),
        ("https://museum.example:443", None, "https://museum.example", True),
        ("http://museum.example", None, "https://museum.example", False),
        ("http://kiosk.example:8080", None, "https://museum.example", False),
    ],
)
def test_only_our_own_pages_may_post_and_open_sockets(
    origin: str | None, fetch_site: str | None, public: str | None, ours: bool
) -> None:
    host = "kiosk.example:8080"
    assert same_site(origin=origin, fetch_site=fetch_site, host=host, public_url=public) is ours


def test_a_proxy_that_ends_https_on_the_default_port_is_no_obstacle() -> None:
    assert same_site(
        origin="https://museum.example", fetch_site=None, host="museum.example", public_url=None
    )
    assert not same_site(
        origin="https://museum.example", fetch_site=None, host=None, public_url=None
    )


def test_headers_shut_everything_that_is_not_ours() -> None:
    plain, secure = security_headers(https=False), security_headers(https=True)
    policy = plain["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "microphone=(self), camera=()" in plain["Permissions-Policy"]
    assert plain["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in plain
    assert secure["Strict-Transport-Security"].startswith("max-age=")


def test_loopback_and_cookie_names() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("192.0.2.1")
    assert not is_loopback("unknown")
    assert cookie_name("kiosk_device", https=True) == "__Host-kiosk_device"
    assert cookie_name("kiosk_device", https=False) == "kiosk_device"


def test_the_camera_is_allowed_only_where_a_screen_uses_it() -> None:
    assert "camera=()" in security_headers(https=False)["Permissions-Policy"]
    allowed = security_headers(https=True, camera=True)
    assert "camera=(self)" in allowed["Permissions-Policy"]
    assert "Strict-Transport-Security" in allowed
