"""Lists what a production install consists of: `python deploy/sbom.py [--output FILE]`.

From pyproject.toml, the pins of constraints.txt and what the packages in this environment say they
need, as CycloneDX; nothing is fetched. The list is for the Python and the system it is made with.
It is checked before it is written: valid as the standard has it, and nothing needed is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parent.parent
SCHEMA: Final = SchemaVersion.V1_6
# What others made and the wheel carries as files of ours, by where it lies, with its licence.
CARRIED: Final = {
    "kiosk/static/kiosk/fonts/*.woff2": "OFL-1.1",
    "kiosk/static/kiosk/keyboard/pinyin.txt": "MIT",
}


class SbomError(Exception):
    """The list cannot be made; says what to do."""


def needed(lines: Iterable[str], extras: Iterable[str] = ()) -> Iterator[Requirement]:
    """Yield those requirements that count on this Python and system, with these extras."""
    for line in lines:
        requirement = Requirement(line)
        wanted = ["", *extras]
        if requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in wanted
        ):
            yield requirement


def pins(root: Path) -> dict[str, str]:
    """Return the pinned version of each package, on this Python and system."""
    text = (root / "constraints.txt").read_text(encoding="utf-8")
    return {
        canonicalize_name(each.name): next(iter(each.specifier)).version
        for each in needed(line for line in text.splitlines() if line.strip())
    }


def closure(roots: Sequence[Requirement]) -> dict[str, set[str]]:
    """Return every package that is needed, with what it needs itself; raises SbomError."""
    found: dict[str, set[str]] = {}
    asked: dict[str, set[str]] = {}
    waiting = list(roots)
    while waiting:
        each = waiting.pop()
        name = canonicalize_name(each.name)
        extras = asked.setdefault(name, set())
        if name in found and each.extras <= extras:
            continue
        extras |= each.extras
        try:
            lines = distribution(name).requires or []
        except PackageNotFoundError:
            raise SbomError(f"{name} is needed and not installed; run `make dev`.") from None
        inner = list(needed(lines, extras))
        found[name] = {canonicalize_name(one.name) for one in inner}
        waiting += inner
    return found


def _licences(name: str, factory: LicenseFactory) -> list[Any]:
    about = distribution(name).metadata
    said = next((about[key] for key in ("License-Expression", "License") if key in about), "")
    if said and len(said) < 100 and "\n" not in said:
        return [factory.make_from_string(said)]
    prefix = "License :: "
    return [
        factory.make_with_name(line.split(" :: ")[-1])
        for line in about.get_all("Classifier") or []
        if line.startswith(prefix) and line.count(" :: ") > 1
    ]


def _carried(root: Path, factory: LicenseFactory) -> Iterator[Component]:
    for pattern, licence in CARRIED.items():
        for path in sorted(root.glob(pattern)):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield Component(
                name=path.relative_to(root).as_posix(),
                type=ComponentType.FILE,
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
                licenses=[factory.make_with_id(licence)],
            )


def make(root: Path) -> str:
    """Return the list as JSON; raises SbomError."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    factory = LicenseFactory()
    product = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        description=project["description"],
        licenses=[factory.make_from_string(project["license"])],
        purl=PackageURL("pypi", None, project["name"], project["version"]),
        bom_ref=project["name"],
    )
    direct = list(needed(project["dependencies"]))
    graph, pinned = closure(direct), pins(root)
    parts: dict[str, Component] = {}
    for name in sorted(graph):
        version = pinned.get(name)
        if version is None:
            raise SbomError(f"{name} is needed and not pinned; write constraints.txt again.")
        if (there := distribution(name).version) != version:
            raise SbomError(f"{name} {there} is installed, {version} is pinned; run `make dev`.")
        parts[name] = Component(
            name=name,
            version=version,
            purl=PackageURL("pypi", None, name, version),
            licenses=_licences(name, factory),
            bom_ref=name,
        )
    bom = Bom(components=[*parts.values(), *_carried(root, factory)])
    bom.metadata.component = product
    here = default_environment()
    for key in ("python_version", "sys_platform", "platform_machine"):
        bom.metadata.properties.add(Property(name=f"avatar-kiosk:{key}", value=str(here[key])))
    bom.register_dependency(product, [parts[canonicalize_name(one.name)] for one in direct])
    for name, inner in graph.items():
        bom.register_dependency(parts[name], [parts[one] for one in inner])
    return make_outputter(bom, OutputFormat.JSON, SCHEMA).output_as_string(indent=2)


def problems(text: str, root: Path) -> list[str]:
    """Return what is wrong with a list: against the standard, or missing of what we need."""
    if wrong := JsonStrictValidator(SCHEMA).validate_str(text):
        return [f"not valid CycloneDX {SCHEMA.to_version()}: {wrong!r}"]
    held = json.loads(text)
    listed = {part["name"]: part.get("version") for part in held.get("components", ())}
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = []
    for name, version in pins(root).items():
        if name in listed and listed[name] != version:
            found.append(f"{name} is listed as {listed[name]}, pinned as {version}")
    for one in needed(project["dependencies"]):
        if (name := canonicalize_name(one.name)) not in listed:
            found.append(f"missing: {name}, which pyproject.toml needs")
    for node in held.get("dependencies", ()):
        gone = set(node.get("dependsOn", ())) - set(listed)
        found += [f"missing: {name}, which {node['ref']} needs" for name in sorted(gone)]
    for pattern in CARRIED:
        gone = {path.relative_to(root).as_posix() for path in root.glob(pattern)} - set(listed)
        found += [f"missing: {name}, which the wheel carries" for name in sorted(gone)]
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Make and check the list, and write it where asked to; exit code 1 when it is not right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="where to write it; only checked without")
    parser.add_argument("--root", type=Path, default=ROOT)
    chosen = parser.parse_args(argv)
    try:
        text = make(chosen.root)
    except SbomError as error:
        print(f"The SBOM cannot be made: {error}", file=sys.stderr)
        return 1
    found = problems(text, chosen.root)
    for line in found:
        print(f"SBOM: {line}", file=sys.stderr)
    if found:
        return 1
    if chosen.output:
        chosen.output.parent.mkdir(parents=True, exist_ok=True)
        chosen.output.write_text(text + "\n", encoding="utf-8")
    count = len(json.loads(text)["components"])
    place = f", written to {chosen.output}" if chosen.output else ""
    print(f"The SBOM is valid CycloneDX {SCHEMA.to_version()} with {count} parts{place}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
