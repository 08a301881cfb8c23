"""Looks for weak code with bandit and for known holes in what is pinned with pip-audit.

`python deploy/audit.py [code] [pins]`: exit 1 and a line a finding. The pins are looked up in
public advisory services, OSV's first, then PyPI's; where neither answers, that is skipped aloud.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDERS: Final = ("kiosk", "plugins", "deploy", "docs", "benchmarks")
TIMEOUT_S: Final = 120
ANSWER_S: Final = 10
SERVICES: Final = ("osv", "pypi")
CANARY: Final = "jinja2==2.4.1"
"""Known to be vulnerable: a service that does not say so knows nothing, or is not the service."""
ACCEPTED: Final[dict[str, str]] = {}
"""Advisories that do not concern us, each with its reason; the last resort before a fix is out."""
PIN: Final = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said about pins: how many it knew, which not, and what is wrong with them."""

    audited: int
    unknown: tuple[str, ...]
    holes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """Asks advisory services through pip-audit."""

    services: Sequence[str] = SERVICES
    options: Sequence[str] = field(default=())

    def of(self, pins: Sequence[str]) -> tuple[str, Answer] | None:
        """Return the service that answered, with its answer; None when none does.

        Each is asked for the canary alone first: one question where nobody is there to answer, and
        a clean result only from somebody who has shown to know what is not clean.
        """
        for service in self.services:
            tried = self._ask(service, [CANARY])
            if tried is None or not tried.holes:
                continue
            answers = [self._ask(service, each) for each in rounds(pins)]
            given = [answer for answer in answers if answer is not None]
            if len(given) == len(answers):
                return service, Answer(
                    sum(answer.audited for answer in given),
                    tuple(name for answer in given for name in answer.unknown),
                    tuple(hole for answer in given for hole in answer.holes),
                )
        return None

    def _ask(self, service: str, pins: Sequence[str]) -> Answer | None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pins.txt"
            path.write_text("\n".join(pins) + "\n", encoding="utf-8")
            command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", service]
            command += ["--no-deps", "--disable-pip", "--progress-spinner", "off"]
            command += ["--format", "json", "--timeout", str(ANSWER_S), *self.options]
            for name in ACCEPTED:
                command += ["--ignore-vuln", name]
            try:
                done = subprocess.run(
                    [*command, "--requirement", str(path)],
                    check=False,
                    capture_output=True,
                    text=True,
                    timeout=TIMEOUT_S,
                )
            except subprocess.TimeoutExpired:
                return None
        try:
            # Without an answer pip-audit ends with an error and prints no report.
            return read(json.loads(done.stdout))
        except ValueError:
            return None


def rounds(pins: Iterable[str]) -> list[list[str]]:
    """Spread pins over lists that name a package once, as pip-audit wants it.

    A package is pinned twice where two versions of Python need two versions of it.
    """
    spread: list[dict[str, str]] = []
    for pin in pins:
        name = pin.split("==")[0]
        free = next((held for held in spread if name not in held), None)
        if free is None:
            spread.append(free := {})
        free[name] = pin
    return [list(held.values()) for held in spread]


def pinned(root: Path) -> list[str]:
    """Return every pin: of the constraints, for whatever Python and system, and of the build."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    lines += project["build-system"]["requires"]
    found = {f"{match[1]}=={match[2]}" for line in lines if (match := PIN.match(line))}
    return sorted(found)


def read(report: dict[str, Any]) -> Answer:
    """Read pip-audit's report."""
    audited, unknown, holes = 0, [], []
    for package in report["dependencies"]:
        if "skip_reason" in package:
            unknown.append(package["name"])
            continue
        audited += 1
        for hole in package["vulns"]:
            fixed = ", ".join(hole["fix_versions"])
            remedy = f"take {fixed} or later" if fixed else "no fixed version is out"
            holes.append(f"{package['name']} {package['version']}: {hole['id']}; {remedy}")
    return Answer(audited, tuple(unknown), tuple(holes))


def code(root: Path, folders: Iterable[str] = FOLDERS) -> int:
    """Look at our own code; findings from medium upward fail."""
    done = subprocess.run(
        [sys.executable, "-m", "bandit", "--quiet", "--recursive", "--severity-level", "medium"]
        + ["--format", "custom", "--msg-template", "{relpath}:{line}: {test_id} {severity}: {msg}"]
        + [folder for folder in folders if (root / folder).is_dir()],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        cwd=root,
    )
    if done.returncode:
        print(done.stdout + done.stderr[-2000:], file=sys.stderr, end="")
        print(
            "bandit found weak code: mend it, or say why it is safe with `# nosec ID  # reason`.",
            file=sys.stderr,
        )
        return 1
    print("bandit finds nothing of medium or high severity.")
    return 0


def pins(root: Path, audit: Audit) -> int:
    """Look up what is pinned; 1 when something has a known hole."""
    wanted = pinned(root)
    found = audit.of(wanted)
    if found is None:
        print(
            "pip-audit: skipped, the advisory service is not reachable "
            f"({' and '.join(audit.services)} asked). None of {len(wanted)} pinned versions was "
            "audited; run `make check-audit` where there is one."
        )
        return 0
    service, answer = found
    if answer.unknown:
        print(f"pip-audit: not known to {service}, not audited: {', '.join(answer.unknown)}.")
    for hole in answer.holes:
        print(hole, file=sys.stderr)
    verdict = f"pip-audit: {answer.audited} of {len(wanted)} pinned versions audited by {service}"
    if answer.holes:
        print(
            f"{verdict}; raise what is above (CONTRIBUTING.md, Change a dependency).",
            file=sys.stderr,
        )
        return 1
    print(f"{verdict}, no known hole.")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the parts named, or both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help="code, pins; both when left out")
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--osv-url", help="another OSV service than the public one")
    chosen = parser.parse_args(argv)
    parts = chosen.parts or ["code", "pins"]
    if wrong := set(parts) - {"code", "pins"}:
        parser.error(f"there is no part {', '.join(sorted(wrong))}; the parts are code and pins")
    audit = Audit()
    if chosen.osv_url:
        audit = Audit(("osv",), ("--osv-url", chosen.osv_url))
    found = 0
    if "code" in parts:
        found |= code(chosen.root)
    if "pins" in parts:
        found |= pins(chosen.root, audit)
    return found


if __name__ == "__main__":
    sys.exit(main())
