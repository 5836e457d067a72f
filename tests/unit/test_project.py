"""What the files around the package promise: one version, pinned torch, extras that exist, scripts that run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import repair


def pins(root: Path) -> dict[str, str]:
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_the_changelog_begins_with_the_version_of_the_package(root: Path) -> None:
    versions = re.findall(r"^## (\S+)", (root / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert versions[0] == repair.__version__


def test_torch_is_pinned_for_machines_with_and_without_a_gpu(root: Path) -> None:
    assert pins(root)["torch"] == "2.13.0"


def test_each_direct_dependency_is_pinned_within_its_bounds(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *(r for rs in project["optional-dependencies"].values() for r in rs)]
    pinned = pins(root)
    for requirement in map(Requirement, declared):
        version = pinned[canonicalize_name(requirement.name)]
        assert version in requirement.specifier, f"{requirement} is pinned to {version}"


def test_hints_name_extras_that_exist(root: Path) -> None:
    """Whoever reads `pip install repair[x]` can do so."""
    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    texts = [*(root / "repair").rglob("*.py"), root / "README.md", root / "CONTRIBUTING.md"]
    named = {
        extra
        for path in texts
        for group in re.findall(r"repair\[([\w,]+)\]", path.read_text(encoding="utf-8"))
        for extra in group.split(",")
    }
    assert named <= set(extras)


@pytest.mark.parametrize("script", ["scripts/demo", "scripts/test", "scripts/check", ".ci/run", "scripts/lib/env.sh"])
def test_scripts_parse(root: Path, script: str) -> None:
    done = subprocess.run(["bash", "-n", root / script], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert script.endswith(".sh") or os.access(root / script, os.X_OK)


def ensure_environment(root: Path, checkout: Path, path: str) -> subprocess.CompletedProcess[str]:
    """What `ensure_environment run` does in a checkout that holds the environment script, with `path` as PATH."""
    shutil.copytree(root / "scripts" / "lib", checkout / "scripts" / "lib", dirs_exist_ok=True)
    code = f". '{checkout}/scripts/lib/env.sh'; set -eu; ensure_environment run"
    env = {"HOME": str(checkout), "PATH": path}
    return subprocess.run(["/bin/bash", "-c", code], capture_output=True, text=True, timeout=60, check=False, env=env)


def test_a_missing_python_is_told_with_what_to_do(root: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "dirname").symlink_to(shutil.which("dirname") or "/usr/bin/dirname")
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    done = ensure_environment(root, tmp_path, str(tools))
    assert done.returncode == 2
    assert "no Python 3.11 or later" in done.stderr
    assert "Install python3.11" in done.stderr


def test_a_ready_environment_is_left_alone_until_its_files_change(root: Path, tmp_path: Path) -> None:
    for name in ("constraints.txt", "pyproject.toml"):
        shutil.copy(root / name, tmp_path / name)
    (tmp_path / "repair").mkdir()
    (tmp_path / "repair" / "__init__.py").write_text('__version__ = "0"\n', encoding="utf-8")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@" >> "$HOME/calls"\n', encoding="utf-8")
    python.chmod(0o755)

    def installs() -> int:
        (tmp_path / "calls").write_text("", encoding="utf-8")
        done = ensure_environment(root, tmp_path, os.environ["PATH"])
        assert done.returncode == 0, done.stderr
        return (tmp_path / "calls").read_text(encoding="utf-8").count("pip install")

    assert [installs(), installs()] == [2, 0]
    with (tmp_path / "constraints.txt").open("a", encoding="utf-8") as pinned:
        pinned.write("more==1\n")
    assert [installs(), installs()] == [2, 0]
