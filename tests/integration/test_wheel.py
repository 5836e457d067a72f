"""The wheel stands alone: installed elsewhere and started from another folder, it scores, with its own models/."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from repair.config import Settings


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built with what is installed here."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another environment with the wheel in it. Its dependencies are those of this one: nothing is downloaded."""
    home = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = str(home / "bin" / "python")
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", str(wheel)]
    done = subprocess.run(install, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # Only the folder is added, so the .pth file of an editable install inside it is not read.
    (site_packages(home) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home


def site_packages(home: Path) -> Path:
    (folder,) = home.glob("lib/python*/site-packages")
    return folder


def test_the_wheel_holds_code_models_and_licence(wheel: Path, root: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    inside = {str(path.relative_to(root / "models")) for path in (root / "models").rglob("*") if path.is_file()}
    assert {f"repair/_models/{name}" for name in inside} <= names
    packaged = {
        str(path.relative_to(root)) for path in (root / "repair").rglob("*") if path.is_file() and path.suffix != ".pyc"
    }
    assert packaged <= names
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "eval/", "scripts/", "seeds/")) for name in names)


def test_its_code_and_models_are_its_own(home: Path, tmp_path: Path) -> None:
    code = "import repair, repair.lm.catalog as c; print(repair.__file__); print(c.MODELS_DIR)"
    command = [str(home / "bin" / "python"), "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path)
    for line in done.stdout.splitlines():
        assert Path(line).is_relative_to(site_packages(home))


def test_score_works_from_another_folder(home: Path, settings: Settings, root: Path, tmp_path: Path) -> None:
    from repair.lm.catalog import cache_dir

    garbled = tmp_path / "story.txt"
    garbled.write_bytes((root / "seeds" / "003_43e704fa29a5586f.txt").read_bytes())
    done = subprocess.run(
        [str(home / "bin" / "repair"), "score", "story.txt", "--format", "json", "--grammar", "none"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "REPAIR_CACHE": str(cache_dir())},
    )
    assert done.returncode == 1, done.stderr  # something was flagged
    report = json.loads(done.stdout)
    assert report["schema"] == "repair.score/1"
    assert report["document"]["flagged"] is True
    assert report["document"]["score"] > 0.5
    assert f"lm:{settings.lm}@" in report["signature"]
    assert report["document"]["flagged_sentences"] == sum(s["flagged"] for s in report["sentences"]) > 0
