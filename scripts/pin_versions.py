"""Writes constraints.txt: the exact version of all that `repair` and its extras pull in, as installed here.

    .venv/bin/python scripts/pin_versions.py

Run it in an environment in which the tests pass. Local parts of versions ("+cpu") are dropped, so that the file
fits machines with and without a GPU; packages that only another platform needs are left to the resolver.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Exact versions of everything that repair and its extras install. Written by scripts/pin_versions.py.\n"


def installed_closure(project: str) -> dict[str, str]:
    """Name and version of each installed package that `project` needs, with all of its extras."""
    found: dict[str, str] = {}
    waiting = [(canonicalize_name(project), extra) for extra in ("", *_extras(project))]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        distribution = metadata.distribution(name)
        found[name] = distribution.version.split("+")[0]
        for requirement in map(Requirement, distribution.requires or ()):
            needed = requirement.marker is None or requirement.marker.evaluate({"extra": extra})
            pairs = {(canonicalize_name(requirement.name), e) for e in ("", *requirement.extras)}
            if needed and _is_installed(requirement.name):
                waiting += pairs - seen
                seen |= pairs
    del found[canonicalize_name(project)]
    return found


def _extras(project: str) -> list[str]:
    return metadata.metadata(project).get_all("Provides-Extra") or []


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def main() -> None:
    """Write constraints.txt beside pyproject.toml."""
    lines = [f"{name}=={version}\n" for name, version in sorted(installed_closure("repair").items())]
    (ROOT / "constraints.txt").write_text(HEADER + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
