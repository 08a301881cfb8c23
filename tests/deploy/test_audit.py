"""What `make check-audit` finds, and that it claims nothing it has not looked up."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from deploy import audit

CANARY = audit.CANARY.split("==")[0]


@contextmanager
def advisories(*holed: str) -> Iterator[tuple[str, list[str]]]:
    """Serve OSV's protocol with one hole in each of these packages; say what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            name = json.loads(body)["package"]["name"]
            asked.append(name)
            affected = {
                "package": {"name": name, "ecosystem": "PyPI"},
                "ranges": [
                    {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}
                ],
            }
            hole = {"id": "PYSEC-2026-1", "summary": "A hole.", "affected": [affected]}
            answer = json.dumps({"vulns": [hole]} if name in holed else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="advisories")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling==1.27.0"]\n', encoding="utf-8"
    )
    (tmp_path / "constraints.txt").write_text(
        "aiohttp==3.14.5\n"
        "av==18.1.0 ; python_full_version < '3.12'\n"
        "av==19.0.2 ; python_full_version >= '3.12'\n",
        encoding="utf-8",
    )
    return tmp_path


def run(checkout: Path, url: str) -> int:
    return audit.main(["pins", "--root", str(checkout), "--osv-url", url])


def test_a_known_hole_fails_with_what_to_take(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with advisories(CANARY, "aiohttp") as (url, asked):
        assert run(checkout, url) == 1
    said = capsys.readouterr().err
    assert "aiohttp 3.14.5: PYSEC-2026-1; take 99.1 or later" in said
    assert "4 of 4 pinned versions audited by osv" in said
    # Both versions of av were asked for, whichever this Python would install.
    assert sorted(asked) == ["aiohttp", "av", "av", "hatchling", CANARY]


def test_a_service_that_knows_no_hole_at_all_is_not_believed(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with advisories() as (url, asked):
        assert run(checkout, url) == 0
    said = capsys.readouterr().out
    assert "skipped, the advisory service is not reachable" in said
    assert "None of 4 pinned versions was audited" in said
    assert asked == [CANARY]


def test_nobody_there_is_said_plainly(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with advisories() as (url, _):
        pass
    assert run(checkout, url) == 0
    assert "skipped, the advisory service is not reachable" in capsys.readouterr().out


def test_what_a_service_does_not_know_is_not_counted() -> None:
    known: dict[str, Any] = {"name": "aiohttp", "version": "3.14.5", "vulns": []}
    unknown = {"name": "av", "skip_reason": "Dependency not found on PyPI"}
    answer = audit.read({"dependencies": [known, unknown]})
    assert answer == audit.Answer(audited=1, unknown=("av",), holes=())


def test_a_hole_without_a_fix_says_so() -> None:
    hole = {"id": "PYSEC-2026-2", "fix_versions": []}
    answer = audit.read({"dependencies": [{"name": "av", "version": "1", "vulns": [hole]}]})
    assert answer.holes == ("av 1: PYSEC-2026-2; no fixed version is out",)


def test_every_pin_of_ours_is_asked_for() -> None:
    lines = (audit.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    asked = audit.pinned(audit.ROOT)
    assert {line.split(" ;")[0] for line in lines} <= set(asked)
    assert any(pin.startswith("hatchling==") for pin in asked)


def test_weak_code_fails_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kiosk").mkdir()
    source = "import jinja2\n\nEnv = jinja2.Environment(autoescape=False)\n"
    (tmp_path / "kiosk/page.py").write_text(source, encoding="utf-8")
    assert audit.main(["code", "--root", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "kiosk/page.py:3: B701 HIGH" in said
    assert "# nosec ID  # reason" in said


def test_an_exception_names_what_it_excepts() -> None:
    for folder in audit.FOLDERS:
        for path in (audit.ROOT / folder).rglob("*.py"):
            if path == Path(audit.__file__):
                continue
            for line in path.read_text(encoding="utf-8").splitlines():
                if "# nosec" in line:
                    assert re.search(r"# nosec B\d{3}(  #|$)", line), f"{path}: {line.strip()}"
