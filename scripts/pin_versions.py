"""Writes constraints.txt: the exact version of all that `repair` and its extras pull in, as installed here.

    .venv/bin/python scripts/pin_versions.py

Run it in an environment in which the tests pass. Local parts of versions ("+cpu") are dropped, so that the file
fits machines with and without a GPU; packages that only another platform needs are left to the resolver.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Exact versions of everything that repair and its extras install. Written by scripts/pin_versions.py.\n"


def declared() -> list[str]:
    """What pyproject.toml asks for, extras and the build backend included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    return [*project["project"]["dependencies"], *(r for extra in extras for r in extra)]


def installed_closure(requirements: Iterable[str]) -> dict[str, str]:
    """Name and version of each package that the requirements lead to here.

    Raises PackageNotFoundError where one that is declared is not installed.
    """
    found: dict[str, str] = {}
    waiting = [(Requirement(text), "") for text in requirements]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, asked_by = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": asked_by}):
            continue
        name = canonicalize_name(requirement.name)
        distribution = metadata.distribution(name)
        found[name] = distribution.version.split("+")[0]
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting += [(Requirement(text), extra) for text in distribution.requires or ()]
    return found


def main() -> None:
    """Write constraints.txt beside pyproject.toml."""
    lines = [f"{name}=={version}\n" for name, version in sorted(installed_closure(declared()).items())]
    (ROOT / "constraints.txt").write_text(HEADER + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
