"""Codes that visitors take along, to have their visit erased; only a keyed hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter that is taken for another letter or a digit."""
LENGTH: Final = 10
"""Fifty random bits: guessing one of a million codes at a try a second takes years."""
CODES_KEY: Final = "visit_codes"
"""The name of the key in the storage."""
_ALIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


class VisitCodes:
    """Makes codes and knows them again. `key` stays in the database."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def make(self) -> tuple[str, str]:
        """Return a code as the visitor reads it, and the hash that is kept."""
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        return f"{code[:5]}-{code[5:]}", self._hash(code)

    def hash_of(self, text: str) -> str | None:
        """Return the hash of what somebody typed; None when it cannot be a code."""
        code = "".join(sign for sign in text.upper() if sign.isalnum()).translate(_ALIKE)
        if len(code) != LENGTH or not set(code) <= set(ALPHABET):
            return None
        return self._hash(code)

    def _hash(self, code: str) -> str:
        return hmac.new(self._key, code.encode(), hashlib.sha256).hexdigest()
