"""Keeps compiled templates in memory for the next application of this process: after a reload.

Compiling is a third of the time an application takes to start.
"""

from __future__ import annotations

from collections.abc import Hashable
from types import CodeType
from typing import Final

from jinja2 import Environment
from jinja2.bccache import Bucket, BytecodeCache
from typing_extensions import override

MOST: Final = 1000
"""Templates kept; at the limit all are forgotten, and compiled again when needed."""

_code: dict[Hashable, CodeType] = {}


class Compiled(BytecodeCache):
    """Code by template, file, source, and the filters and tests it was compiled with.

    Filters of constants are worked out when a template is compiled, so another function under the
    same name makes other code.
    """

    def __init__(self, tools: Hashable) -> None:
        self._tools = tools

    @override
    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code when it was compiled before."""
        bucket.code = _code.get((self._tools, bucket.key, bucket.checksum))

    @override
    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template's code."""
        if len(_code) >= MOST:
            _code.clear()
        if bucket.code is not None:
            _code[self._tools, bucket.key, bucket.checksum] = bucket.code


def compiled_for(environment: Environment) -> Compiled | None:
    """Return the cache for an environment; None when one of its filters cannot be compared."""
    try:
        filters = frozenset(environment.filters.items())
        return Compiled((filters, frozenset(environment.tests.items())))
    except TypeError:
        return None  # a callable object that has no hash
