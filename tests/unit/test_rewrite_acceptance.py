"""The gate's trees: read, followed, explained, and refused where they do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from repair.errors import ModelError
from repair.lm.card import MODELS_DIR
from repair.rewrite.acceptance import Acceptance, Calibration, Trees, load_acceptance
from repair.rewrite.features import NAMES

STUMP = {
    "feature": np.array([NAMES.index("dropped"), -1, -1], np.int32),
    "bound": np.array([0.5, 0, 0], np.float32),
    "left": np.array([1, 0, 0], np.int32),
    "right": np.array([2, 0, 0], np.int32),
    "value": np.array([0.5, 2.0, -1.0], np.float32),
    "roots": np.array([0], np.int32),
}
"""One tree: who leaves a word out is worth -1, who does not 2, all together 0.5."""
ONE = Acceptance(Trees(**STUMP), Calibration("any", 0.5, 1.0, 0.0))


def row(**values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array([values.get(name, 0.0) for name in NAMES], np.float32)


def test_a_tree_is_followed() -> None:
    found = ONE.probability(np.stack([row(), row(dropped=1)]))
    assert found == pytest.approx([1 / (1 + np.exp(-2)), 1 / (1 + np.exp(1))])


def test_a_refusal_names_what_weighed_against_it() -> None:
    passed, refused = ONE.check(row()), ONE.check(row(dropped=2))
    assert (passed.name, passed.passed, passed.value) == ("accept", True, 0.881)
    assert (refused.passed, refused.value) == (False, 0.269)
    assert refused.detail == "at least 0.5; against it: content words left out: 2"


def test_the_trees_we_keep_are_whole() -> None:
    kept = load_acceptance()
    inner = kept.trees.feature >= 0
    assert 0 < kept.calibration.threshold < 1
    assert kept.calibration.slope > 0
    assert kept.trees.feature.max() < len(NAMES)
    assert (kept.trees.left[inner] > np.flatnonzero(inner)).all()
    assert (kept.trees.right[inner] < len(inner)).all()


def test_more_left_out_never_speaks_for_a_rewrite() -> None:
    kept = load_acceptance()
    for name in ("dropped", "added", "unknown_added", "total", "rest_rise", "new_max"):
        found = kept.probability(np.stack([row(cosine=0.9, **{name: value}) for value in (0, 1, 2, 4, 8)]))
        assert (np.diff(found) <= 1e-9).all(), name


def copy_of_the_model(folder: Path) -> Path:
    for name in ("model.toml", "gate.safetensors"):
        (folder / name).write_bytes((MODELS_DIR / "gate" / name).read_bytes())
    return folder


def test_trees_of_other_features_are_refused(tmp_path: Path) -> None:
    card = copy_of_the_model(tmp_path) / "model.toml"
    card.write_text(card.read_text(encoding="utf-8").replace('"cosine"', '"sine"'), encoding="utf-8")
    with pytest.raises(ModelError, match="other features"):
        load_acceptance(tmp_path)


@pytest.mark.parametrize("name", ["model.toml", "gate.safetensors"])
def test_damaged_files_are_refused(name: str, tmp_path: Path) -> None:
    (copy_of_the_model(tmp_path) / name).write_bytes(b"\x00no")
    with pytest.raises(ModelError, match="cannot be read"):
        load_acceptance(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        load_acceptance(tmp_path / "nowhere")


def test_weights_that_are_written_are_read_again(tmp_path: Path) -> None:
    copy_of_the_model(tmp_path)
    save_file(STUMP, tmp_path / "gate.safetensors")
    assert load_acceptance(tmp_path).trees.value.tolist() == [0.5, 2.0, -1.0]
