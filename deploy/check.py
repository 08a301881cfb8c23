"""Checks every deploy file with the validator made for it: `python deploy/check.py [--root DIR]`.

Exit 1 and one line a finding when something is wrong. A check whose program this machine lacks
(systemd-analyze) is skipped aloud; all others come from the dev extra.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Final

from docs.settings_reference import known_variables

HERE: Final = Path(__file__).resolve().parent
TIMEOUT_S: Final = 60
EXPOSURE: Final = 11
"""Ceiling of `systemd-analyze security` in tenths, for the server's unit."""
YAML_RULES: Final = (
    "{extends: default, rules: {document-start: disable, line-length: {max: 110},"
    " comments: {min-spaces-from-content: 1}}}"
)
# /etc and /usr paths of the target machine need not exist where the check runs.
PROGRAM_LINE: Final = re.compile(r"^(Exec[A-Za-z]+=[-+!@:]*)(\S+)", re.MULTILINE)
VARIABLE: Final = re.compile(r"\bKIOSK_[A-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class Check:
    """One validator over some files; `run` yields a line for each finding."""

    name: str
    pattern: str
    run: Callable[[Path], Iterator[str]]


class UnavailableError(Exception):
    """The program of a check is not on this machine."""


def _program(name: str) -> str:
    # The dev extra puts its programs beside the interpreter, which need not be on PATH.
    beside = Path(sysconfig.get_path("scripts")) / name
    found = str(beside) if beside.exists() else which(name)
    if found is None:
        raise UnavailableError(name)
    return found


def _run(*command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_program(command[0]), *command[1:]],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=env,
    )


def _findings(done: subprocess.CompletedProcess[str]) -> Iterator[str]:
    if done.returncode:
        text = (done.stdout + done.stderr).strip()
        yield from text.splitlines() or [f"failed with exit {done.returncode}"]


def dockerfile(path: Path) -> Iterator[str]:
    """hadolint, every finding counts; and the few rules of ours it does not know."""
    yield from _findings(_run("hadolint", "--no-color", "--failure-threshold", "info", str(path)))
    text = path.read_text(encoding="utf-8")
    if not re.search(r"^ENTRYPOINT \[", text, re.MULTILINE):
        yield "ENTRYPOINT is not in exec form, so SIGTERM would not reach the server"
    if not re.search(r"^HEALTHCHECK ", text, re.MULTILINE):
        yield "there is no HEALTHCHECK"
    if not re.search(r"^USER [1-9][0-9]*(:[1-9][0-9]*)?$", text, re.MULTILINE):
        yield "USER is not a numeric id other than 0"


def compose(path: Path) -> Iterator[str]:
    """The compose specification's own schema."""
    yield from _findings(
        _run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(path))
    )


def yaml(path: Path) -> Iterator[str]:
    """yamllint."""
    yield from _findings(
        _run("yamllint", "--strict", "-f", "parsable", "-d", YAML_RULES, str(path))
    )


def caddyfile(path: Path) -> Iterator[str]:
    """Caddy itself, with the defaults and with a site's own values; its formatting counts."""
    with tempfile.TemporaryDirectory() as folder:
        # validate would otherwise make its local CA in the user's home.
        base = {"XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder, "HOME": folder}
        acme = {"SITE_DOMAIN": "kiosk.example.org", "SITE_TLS": "it@example.org"}
        for env in (base, {**base, **acme}):
            done = _run(
                "caddy", "validate", "--adapter", "caddyfile", "--config", str(path), env=env
            )
            if done.returncode:
                yield (done.stderr.strip().splitlines() or ["caddy validate failed"])[-1]
                return
    if _run("caddy", "fmt", str(path)).stdout != path.read_text(encoding="utf-8"):
        yield "is not formatted; run caddy fmt --overwrite on it"


def unit(path: Path) -> Iterator[str]:
    """systemd-analyze verify. Unknown keys are only warnings to it, so any word on stderr counts.

    Programs are replaced by /bin/true in a copy, because they exist on the target machine only.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        text = PROGRAM_LINE.sub(r"\1/bin/true", path.read_text(encoding="utf-8"))
        copy.write_text(text, encoding="utf-8")
        done = _run("systemd-analyze", "verify", "--man=no", str(copy))
        lines = (line.replace(f"{folder}/", "") for line in done.stderr.splitlines())
        found = [line for line in lines if line.strip()]
        yield from found or ([f"failed with exit {done.returncode}"] if done.returncode else [])


def exposure(path: Path) -> Iterator[str]:
    """systemd-analyze security: the unit's fences may not come down unnoticed."""
    done = _run(
        "systemd-analyze",
        "security",
        "--offline=yes",
        f"--threshold={EXPOSURE}",
        "--no-pager",
        str(path),
    )
    if done.returncode:
        verdict = [line for line in done.stdout.splitlines() if "exposure level" in line]
        yield from verdict or (done.stdout + done.stderr).strip().splitlines()[-1:]


def policies(path: Path) -> Iterator[str]:
    """Chromium ignores keys it does not know; the schema beside the file does not."""
    schema = path.with_name("policies.schema.json")
    yield from _findings(_run("check-jsonschema", "--schemafile", str(schema), str(path)))


def shell(path: Path) -> Iterator[str]:
    """shellcheck, every finding counts."""
    yield from _findings(_run("shellcheck", str(path)))


def environment(path: Path) -> Iterator[str]:
    """A file of NAME=value lines, as compose and systemd read it."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        commented = line.startswith(("# ", "#\n")) or line in ("", "#")
        if not commented and not re.match(r"^#?[A-Z][A-Z0-9_]*=", line):
            yield f"line {number} is neither a comment nor NAME=value"


def setting_names(path: Path) -> Iterator[str]:
    """A misspelt KIOSK_ variable stops the server, so every one in these files must exist."""
    known = known_variables()
    for name in sorted(set(VARIABLE.findall(path.read_text(encoding="utf-8")))):
        if name not in known:
            yield f"{name} is no setting; see docs/settings.md"


CHECKS: Final = (
    Check("hadolint", "Dockerfile", dockerfile),
    Check("compose schema", "compose.yaml", compose),
    Check("yamllint", "**/*.yaml", yaml),
    Check("caddy validate", "Caddyfile", caddyfile),
    Check("systemd-analyze verify", "**/*.service", unit),
    Check("systemd-analyze security", "systemd/*.service", exposure),
    Check("chromium policies", "kiosk-browser/policies.json", policies),
    Check("shellcheck", "kiosk-browser/kiosk-browser", shell),
    Check("shellcheck", "systemd/kiosk-admin", shell),
    Check("environment file", "**/*env*example", environment),
    *(
        Check("names of settings", name, setting_names)
        for name in ("Dockerfile", "compose.yaml", "env.example", "systemd/*")
    ),
)


def check(root: Path, only: str = "") -> list[str]:
    """Check the deploy folder `root`, or the file `only` in it; print progress, return findings."""
    problems: list[str] = []
    for item in CHECKS:
        paths = sorted(root.glob(item.pattern))
        if not paths:
            problems.append(f"{item.name}: {item.pattern} is missing")
        for path in paths:
            name = str(path.relative_to(root))
            if only not in ("", name):
                continue
            where = f"{item.name}: {name}"
            try:
                found = [f"{where}: {line}" for line in item.run(path)]
            except UnavailableError as missing:
                print(f"skipped  {where} ({missing} is not on this machine)")
                continue
            print(f"{'FAILED ' if found else 'ok     '}  {where}")
            problems += found
    return problems


def main() -> int:
    """Check the folder; exit code 1 when there are findings."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--root", type=Path, default=HERE, help="the deploy folder to check")
    problems = check(parser.parse_args().root)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
