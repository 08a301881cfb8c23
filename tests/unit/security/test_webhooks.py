"""Tests of signing what is posted, against the vectors of Standard Webhooks."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from kiosk.security.webhooks import safe_address, sign, signed_headers, signing_key

# The worked example of the specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE, STAMP = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
BODY = b'{"test": 2432232314}'
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_specifications_own_example() -> None:
    assert sign(signing_key(SECRET), MESSAGE, STAMP, BODY) == SIGNED


def test_headers_name_message_time_and_signature() -> None:
    headers = signed_headers(signing_key(SECRET), MESSAGE, datetime.fromtimestamp(STAMP, UTC), BODY)
    assert headers == {
        "Content-Type": "application/json",
        "webhook-id": MESSAGE,
        "webhook-timestamp": str(STAMP),
        "webhook-signature": SIGNED,
    }


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("a secret of twenty-four bytes", b"a secret of twenty-four bytes"),
        (f" {SECRET}\n", base64.b64decode(SECRET.removeprefix("whsec_"))),
    ],
)
def test_a_secret_is_base64_or_text(secret: str, key: bytes) -> None:
    assert signing_key(secret) == key


@pytest.mark.parametrize("secret", ["whsec_not base64!", "short", "whsec_c2hvcnQ="])
def test_a_wrong_secret_is_refused_without_quoting_it(secret: str) -> None:
    with pytest.raises(ValueError, match="secret") as caught:
        signing_key(secret)
    assert secret.removeprefix("whsec_") not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["https://example.org/hook", "http://127.0.0.1:80/", "http://[::1]/", "http://localhost/"],
)
def test_addresses_that_are_safe(url: str) -> None:
    assert safe_address(url) == url


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "https://a:b@example.org/", "ftp://localhost/", "https:///x", "", "http://10.0.0.1/"],
)  # fmt: skip
def test_addresses_that_are_not(url: str) -> None:
    with pytest.raises(ValueError, match=r"https address|leave user and password out"):
        safe_address(url)
