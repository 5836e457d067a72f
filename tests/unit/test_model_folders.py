"""`resolve`: names, folders and hub names, and what a folder must hold before anything is loaded from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repair.errors import ModelError
from repair.lm.catalog import check_folder, fingerprint, resolve, status
from repair.lm.fetch import verify
from tests.tiny_models import sha256, write_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "model")


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REPAIR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_whole_folder_is_taken_as_it_is(folder: Path) -> None:
    assert resolve(str(folder), offline=True) == folder


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        resolve(str(folder), offline=True)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pth", "model.ckpt", "model.pkl"])
def test_pickles_are_refused(folder: Path, name: str) -> None:
    (folder / "model.safetensors").rename(folder / name)
    with pytest.raises(ModelError, match=f"{name} is a pickle"):
        resolve(str(folder), offline=True)


def test_a_folder_without_weights_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"holds no \*\.safetensors"):
        check_folder(folder)


def test_a_file_is_no_model(folder: Path) -> None:
    with pytest.raises(ModelError, match="is a file"):
        resolve(str(folder / "model.safetensors"), offline=True)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_weights_cut_off_anywhere_are_refused(folder: Path, share: float) -> None:
    whole = write_folder(folder) / "model.safetensors"
    data = whole.read_bytes()
    whole.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ModelError, match="is cut off or damaged"):
        check_folder(folder)


def test_a_pickle_under_another_name_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.")
    with pytest.raises(ModelError, match="is cut off or damaged"):
        check_folder(folder)


def test_every_shard_that_the_index_names_is_needed(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "part-1.safetensors")
    index = {"weight_map": {"weight": "part-1.safetensors", "bias": "part-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(ModelError, match=r"part-2\.safetensors"):
        check_folder(folder)


def test_an_index_may_not_reach_outside(folder: Path) -> None:
    index = {"weight_map": {"weight": "../model.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(ModelError, match="outside its folder"):
        check_folder(folder)


def test_offline_a_known_name_says_how_to_fetch_it(empty_cache: Path) -> None:
    with pytest.raises(ModelError, match="Run `repair models fetch` once") as caught:
        resolve("smollm2-135m-instruct", offline=True)
    assert str(empty_cache) in caught.value.cause
    assert not empty_cache.exists(), "looking for a model must write nothing"


def test_verify_of_a_model_that_was_never_fetched(empty_cache: Path) -> None:
    with pytest.raises(ModelError, match="is not in the cache"):
        verify("all-minilm-l6-v2")


def test_offline_the_hub_is_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="the hub is not asked offline"):
        resolve("some-owner/some-model", offline=True)


@pytest.mark.parametrize("name", ["", "no such model", "./missing", "/missing/folder", "a/b/c", "-x/y"])
def test_anything_else_is_refused_with_what_is_known(name: str) -> None:
    with pytest.raises(ModelError):
        resolve(name, offline=True)


def test_status_tells_what_is_missing_and_what_is_damaged(empty_cache: Path) -> None:
    assert {each.problem for each in status()} == {"not fetched"}
    home = next(each.path for each in status() if each.card.name == "all-minilm-l6-v2")
    home.mkdir(parents=True)
    (home / "stamp.json").write_text("{", encoding="utf-8")
    problems = {each.card.name: each.problem for each in status()}
    assert problems["all-minilm-l6-v2"].startswith("damaged: ")


def test_the_fingerprint_of_a_folder_is_that_of_its_weights(folder: Path) -> None:
    assert fingerprint(folder) == sha256(folder / "model.safetensors")
    (folder / "second.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    assert fingerprint(folder) != sha256(folder / "model.safetensors")
