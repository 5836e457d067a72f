"""Settings: flags over environment over file over defaults; what cannot be used is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from repair.config import Settings, load
from repair.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "repair.toml").write_text('threshold = 0.5\ndevice = "cpu"\ntext-field = "body"\n', encoding="utf-8")
    return tmp_path


def test_file_gives_values(folder: Path) -> None:
    settings = load(start=folder, environ={})
    assert (settings.threshold, settings.device, settings.text_field) == (0.5, "cpu", "body")


def test_flag_over_environment_over_file(folder: Path) -> None:
    environ = {"REPAIR_THRESHOLD": "0.6", "REPAIR_DEVICE": "auto"}
    settings = load({"threshold": 0.7, "device": None}, start=folder, environ=environ)
    assert (settings.threshold, settings.device) == (0.7, "auto")


def test_nearest_parent_wins(folder: Path) -> None:
    inner = folder / "a" / "b"
    inner.mkdir(parents=True)
    assert load(start=inner, environ={}).threshold == 0.5
    (folder / "a" / "pyproject.toml").write_text("[tool.repair]\nthreshold = 0.25\n", encoding="utf-8")
    assert load(start=inner, environ={}).threshold == 0.25


def test_pyproject_of_others_is_passed_over(folder: Path) -> None:
    inner = folder / "a"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[tool.other]\nx = 1\n", encoding="utf-8")
    assert load(start=inner, environ={}).threshold == 0.5


def test_sources_are_relative_to_their_file(folder: Path) -> None:
    (folder / "repair.toml").write_text('sources = "wire"\n', encoding="utf-8")
    assert load(start=folder, environ={}).sources == str(folder / "wire")


def test_an_integer_is_a_number() -> None:
    assert Settings(threshold=1).fingerprint("threshold") == Settings(threshold=1.0).fingerprint("threshold")


def test_fingerprint_hangs_on_the_named_settings_only() -> None:
    assert Settings(jobs=1).fingerprint("lm") == Settings(jobs=2).fingerprint("lm")
    assert Settings(lm="a").fingerprint("lm") != Settings(lm="b").fingerprint("lm")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("treshold = 0.5", ["treshold", "Did you mean `threshold`?"]),
        ("zzz = 1", ["zzz", "Known are:", "rewriter"]),
        ("threshold = 1.5", ["threshold", "from 0 to 1"]),
        ('threshold = "high"', ["threshold", "'high'", "a number"]),
        ("threshold = true", ["threshold", "True", "a number"]),
        ("jobs = 0", ["jobs", "from 1"]),
        ("jobs = 1.5", ["jobs", "a whole number"]),
        ('apply = "saef"', ["apply", "saef", "none, safe, all"]),
        ("offline = 1", ["offline", "true or false"]),
        ("lm = [1]", ["lm", "a text"]),
        ("threshold =", ["no TOML"]),
    ],
)
def test_refused_file(tmp_path: Path, content: str, words: list[str]) -> None:
    path = tmp_path / "repair.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(config=path, environ={})
    for word in (str(path), *words):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("REPAIR_TRESHOLD", "0.5", ["REPAIR_TRESHOLD", "Did you mean `threshold`?"]),
        ("REPAIR_THRESHOLD", "high", ["REPAIR_THRESHOLD", "'high'"]),
        ("REPAIR_OFFLINE", "maybe", ["REPAIR_OFFLINE", "true or false"]),
    ],
)
def test_refused_environment(tmp_path: Path, key: str, value: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(start=tmp_path, environ={key: value})
    for word in words:
        assert word in str(caught.value)


def test_other_variables_are_left_alone(tmp_path: Path) -> None:
    assert load(start=tmp_path, environ={"REPAIR_CACHE": "/x", "REPAIR_OFFLINE": "no"}) == Settings(offline=False)


def test_missing_config_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        load(config=tmp_path / "nowhere.toml", environ={})


def test_named_pyproject_without_table_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"\[tool.repair\]"):
        load(config=tmp_path / "pyproject.toml", environ={})
