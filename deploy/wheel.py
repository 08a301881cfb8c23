"""Builds the wheel and checks that all it needs is inside: screens, static files, plugins."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
TIMEOUT_S: Final = 300
# Where each folder of the checkout arrives in the wheel; kiosk/paths.py looks there.
FOLDERS: Final = {
    "kiosk": "kiosk",
    "templates": "kiosk/_bundled/templates",
    "plugins": "kiosk/_bundled/plugins",
}


def expected(root: Path) -> set[str]:
    """Names the wheel must hold, from the files of the checkout."""
    names: set[str] = set()
    for folder, target in FOLDERS.items():
        for path in (root / folder).rglob("*"):
            made = "__pycache__" in path.parts or path.suffix == ".pyc"
            if path.is_file() and not made:
                names.add(f"{target}/{path.relative_to(root / folder).as_posix()}")
    return names


def build(root: Path, into: Path) -> Path:
    """Build the wheel of `root`; raises SystemExit with the builder's last words."""
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(into), str(root)],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    if done.returncode:
        raise SystemExit("The wheel cannot be built:\n" + (done.stdout + done.stderr)[-2000:])
    (wheel,) = into.glob("*.whl")
    return wheel


def problems(root: Path, wheel: Path) -> list[str]:
    """What is missing from the wheel, or does not belong into it."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        (entry_points,) = (name for name in held if name.endswith("/entry_points.txt"))
        commands = archive.read(entry_points).decode()
    info = entry_points.split("/")[0]
    wanted = expected(root)
    found = [f"missing: {name}" for name in sorted(wanted - held)]
    found += [
        f"does not belong: {name}"
        for name in sorted(held - wanted)
        if not name.startswith(f"{info}/")
    ]
    if "kiosk = kiosk.cli:main" not in commands:
        found.append("the command `kiosk` is missing")
    return found


def main() -> int:
    """Build and check; exit code 1 when there are findings."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = build(ROOT, Path(folder))
        found = problems(ROOT, wheel)
        for line in found:
            print(f"{wheel.name}: {line}", file=sys.stderr)
        if not found:
            print(f"{wheel.name} is complete, {wheel.stat().st_size // 1024} KiB.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
