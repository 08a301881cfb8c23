"""Every guard of the threat model names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/THREAT_MODEL.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)))


def test_it_names_tests() -> None:
    assert len(NAMED) > 20
    for line in PAGE.splitlines():
        if re.match(r"\| [STRIDE] \|", line):
            assert "`tests/" in line, line


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_what_it_names_is_there(file: str, test: str) -> None:
    path = ROOT / file
    assert path.is_file()
    if test:
        assert re.search(rf"^(async )?def {test}\(", path.read_text(encoding="utf-8"), re.M)
