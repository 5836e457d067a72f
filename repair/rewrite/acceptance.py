"""The probability that an editor takes a rewrite: a few hundred small trees over `features`, kept as plain numbers.

Gradient boosting (Friedman 2001) in which every feature pulls one way alone where sense demands it: more words left out
never help. Fitted by `scripts/train_gate.py`, calibrated by Platt scaling (Platt 1999); `models/gate/CARD.md` says on
what. What is not covered: facts. A wrong number reads as well as the right one; `checks` and `senses` look at those.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from repair.errors import ModelError
from repair.lm.card import MODELS_DIR
from repair.records import Check
from repair.rewrite.features import NAMES, Array, Features

Integers = NDArray[np.int32]
TOLD = 3
"""Features that a refusal is explained by, those that weighed most."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What `models/gate/model.toml` keeps beside the trees."""

    lm: str
    """The language model whose surprisal the trees were fitted to."""
    threshold: float
    """Least probability that passes."""
    slope: float
    """Platt scaling: probability = sigmoid(slope * sum of the trees + intercept)."""
    intercept: float


@dataclass(frozen=True, eq=False, slots=True)
class Trees:
    """All trees in one table of nodes. Shape of each but the last: (nodes,)."""

    feature: Integers
    """Counts in `NAMES`; -1 in a leaf."""
    bound: Array
    """A value of at most this goes left."""
    left: Integers
    right: Integers
    value: Array
    """Log-odds of the leaves, and of inner nodes their mean, so that each step of a path has a size."""
    roots: Integers
    """The first node of each tree. Shape: (trees,)."""


@dataclass(frozen=True, eq=False, slots=True)
class Acceptance:
    """Trees and what makes probabilities of them."""

    trees: Trees
    calibration: Calibration

    def check(self, row: Array) -> Check:
        """Refuses a rewrite with these features that an editor would hardly take. Shape of `row`: (features,)."""
        probability = float(self.probability(row[None])[0])
        passed = probability >= self.calibration.threshold
        against = "" if passed else f"; against it: {', '.join(self.reasons(row))}"
        return Check("accept", passed, round(probability, 3), f"at least {self.calibration.threshold}{against}")

    def probability(self, values: Array) -> NDArray[np.float64]:
        """The probability of each row of features. Shape: (rows, features) -> (rows,)."""
        logits = np.array([self._steps(row).sum() for row in values])
        return self._calibrated(logits)

    def reasons(self, row: Array) -> tuple[str, ...]:
        """What weighed most against a rewrite, with the feature's value. Shape of `row`: (features,).

        A feature's weight is the sum of the steps in log-odds that trees took at it (Saabas 2014). What is 0 is not
        told, though it may weigh.
        """
        steps = self._steps(row)[:-1]
        told = {field.name: field for field in fields(Features)}
        worst = [i for i in np.argsort(steps) if steps[i] < 0 and row[i] != 0][:TOLD]
        return tuple(f"{told[NAMES[i]].metadata['told']}: {row[i]:.3g}" for i in worst)

    def _steps(self, row: Array) -> Array:
        """Log-odds that each feature adds, and the constant in the last place. Shape: (features + 1,)."""
        trees = self.trees
        steps = np.zeros(len(NAMES) + 1, np.float32)
        at = trees.roots.astype(np.int64)
        steps[-1] = trees.value[at].sum()
        while len(at := at[trees.feature[at] >= 0]):
            feature = trees.feature[at]
            following = np.where(row[feature] <= trees.bound[at], trees.left[at], trees.right[at])
            np.add.at(steps, feature, trees.value[following] - trees.value[at])
            at = following
        return steps

    def _calibrated(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1 / (1 + np.exp(-(self.calibration.slope * logits + self.calibration.intercept))))


@cache
def load_acceptance(folder: Path = MODELS_DIR / "gate") -> Acceptance:
    """The trees kept in `folder`. Raises ModelError where they are missing, damaged or of other features."""
    try:
        trees = Trees(**load_file(folder / "gate.safetensors"))
        card = tomllib.loads((folder / "model.toml").read_text(encoding="utf-8"))
        calibration = Calibration(**card["calibration"])
    except (OSError, SafetensorError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ModelError(str(folder), f"the gate cannot be read: {error}", "Install repair again.") from error
    if tuple(card.get("features", ())) != NAMES:
        raise ModelError(str(folder), "the gate was fitted to other features", "Run scripts/train_gate.py again.")
    return Acceptance(trees, calibration)
