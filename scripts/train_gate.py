"""Fits the gate's trees: `models/gate/`. A minute on one core; scripts/build_gate_set.py makes what it reads.

    .venv/bin/python scripts/train_gate.py

Fitted on .cache/gate_train.parquet; calibrated, and the threshold chosen, on .cache/gate_dev.parquet: the lowest at
which the gate's checks together refuse REFUSED of the critical perturbations.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from eval.data import ROOT
from repair.rewrite.acceptance import Acceptance, Calibration, Trees
from repair.rewrite.features import NAMES, Array
from repair.rewrite.unsourced import word_checks

MODEL = ROOT / "models" / "gate"
LM = "smollm2-135m-instruct"
REFUSED = 0.97
"""Of the critical perturbations in the part to choose by: two points above what must hold elsewhere. More costs
much: .99 lets .85 instead of .91 pass of the corrections that keep every fact."""
RISING = frozenset(("lost_max", "dropped_least", "exchange_gain", "respelt_gain", "unknown_lost", "cosine"))
FALLING = frozenset(("total", "mean", "rest", "rest_mean", "rest_rise", "new_max", "dropped", "added", "unknown_added"))
"""Features that can speak for a rewrite alone, or against it alone, the larger they are; all others either way."""
SHARES = {"critical": 0.5, "major": 0.1, "minor": 0.1}
"""Of the weight of what is to be refused; what we made ourselves shares the rest."""


@dataclass(frozen=True, eq=False, slots=True)
class Split:
    """Pairs with their features. Shapes: values (pairs, features), good (pairs,)."""

    kinds: tuple[str, ...]
    texts: tuple[tuple[str, str], ...]
    good: NDArray[np.bool_]
    values: Array

    @property
    def weights(self) -> NDArray[np.float64]:
        """Good and bad weigh the same; kinds of bad by SHARES, kinds of good by how many sentences there are."""
        groups = ["good" if good else kind.split()[0] for kind, good in zip(self.kinds, self.good, strict=True)]
        groups = [group if group in (*SHARES, "good") else "own" for group in groups]
        share = {**SHARES, "own": 1 - sum(SHARES.values()), "good": 1.0}
        return np.array([share[group] / groups.count(group) for group in groups]) * len(groups)


def load(split: str) -> Split:
    """What scripts/build_gate_set.py wrote."""
    table = pq.read_table(ROOT / ".cache" / f"gate_{split}.parquet")
    columns = {name: table.column(name).to_pylist() for name in ("kind", "before", "after", "good")}
    values = np.column_stack([table.column(name).to_numpy() for name in NAMES]).astype(np.float32)
    texts = tuple(zip(columns["before"], columns["after"], strict=True))
    return Split(tuple(columns["kind"]), texts, np.array(columns["good"]), values)


def fit(train: Split) -> Trees:
    """The trees."""
    signs = [(name in RISING) - (name in FALLING) for name in NAMES]
    booster = HistGradientBoostingClassifier(
        max_depth=3,
        max_iter=300,
        learning_rate=0.05,
        min_samples_leaf=30,
        l2_regularization=1.0,
        monotonic_cst=signs,
        early_stopping=False,
        random_state=0,
    ).fit(train.values, train.good, sample_weight=train.weights)
    return _flat([tree.nodes for (tree,) in booster._predictors], float(booster._baseline_prediction.item()))


def _flat(trees: list[np.ndarray], baseline: float) -> Trees:
    """All trees in one table. An inner node has the mean of its leaves, so that each step of a path has a size."""
    starts = np.cumsum([0, *(len(nodes) for nodes in trees)])
    values = []
    for nodes in trees:
        value = nodes["value"].astype(np.float64)
        for at in reversed(range(len(nodes))):  # children stand behind their parents
            if not nodes[at]["is_leaf"]:
                both = [nodes[at]["left"], nodes[at]["right"]]
                value[at] = np.average(value[both], weights=nodes["count"][both])
        values.append(value)
    values[0] += baseline
    every = np.concatenate(trees)
    offset = np.repeat(starts[:-1], [len(nodes) for nodes in trees])
    leaf = every["is_leaf"].astype(bool)
    return Trees(
        feature=np.where(leaf, -1, every["feature_idx"]).astype(np.int32),
        bound=every["num_threshold"].astype(np.float32),
        left=(every["left"] + offset).astype(np.int32),
        right=(every["right"] + offset).astype(np.int32),
        value=np.concatenate(values).astype(np.float32),
        roots=starts[:-1].astype(np.int32),
    )


def calibrate(trees: Trees, dev: Split) -> Calibration:
    """Platt scaling on `dev`, good and bad weighing the same, and the threshold."""
    raw = Acceptance(trees, Calibration(LM, 0.5, 1.0, 0.0)).probability(dev.values)
    logits = np.log(raw / (1 - raw))
    platt = LogisticRegression(C=1e6).fit(logits[:, None], dev.good, sample_weight=dev.weights)
    calibration = Calibration(LM, 0.5, round(float(platt.coef_[0, 0]), 4), round(float(platt.intercept_[0]), 4))
    found = Acceptance(trees, calibration).probability(dev.values)
    refused = np.array([any(not c.passed for c in word_checks(b, a, (b, a))) for b, a in dev.texts])
    critical = np.array([kind.startswith("critical") for kind in dev.kinds])
    bounds = np.round(np.arange(0.005, 1, 0.005), 3)
    together = [float((refused | (found < bound))[critical].mean()) for bound in bounds]
    threshold = float(next(bound for bound, share in zip(bounds, together, strict=True) if share >= REFUSED))
    report(dev, refused, found < threshold)
    return Calibration(LM, threshold, calibration.slope, calibration.intercept)


def report(dev: Split, by_words: NDArray[np.bool_], by_trees: NDArray[np.bool_]) -> None:
    """Per kind: how many, and which share is refused by the words, by the trees, by either."""
    kinds = np.array(dev.kinds)
    for kind in sorted(set(dev.kinds)):
        of = kinds == kind
        shares = " ".join(
            f"{share:.2f}" for share in (by_words[of].mean(), by_trees[of].mean(), (by_words | by_trees)[of].mean())
        )
        print(f"{kind:36} {of.sum():5} {shares}")


def write(trees: Trees, calibration: Calibration) -> None:
    """models/gate/gate.safetensors and model.toml."""
    MODEL.mkdir(exist_ok=True)
    save_file({field.name: getattr(trees, field.name) for field in fields(Trees)}, MODEL / "gate.safetensors")
    features = "".join(f'    "{name}",\n' for name in NAMES)
    text = (
        "# Written by scripts/train_gate.py; the card beside it says on what.\n"
        f'name = "gate"\nkind = "trees"\nlicence = "Apache-2.0"\nfeatures = [\n{features}]\n\n[calibration]\n'
        f'lm = "{calibration.lm}"\nthreshold = {calibration.threshold}\n'
        f"slope = {calibration.slope}\nintercept = {calibration.intercept}\n"
    )
    (MODEL / "model.toml").write_text(text, encoding="utf-8")


def main() -> None:
    """Fit, calibrate, write."""
    trees = fit(load("train"))
    calibration = calibrate(trees, load("dev"))
    write(trees, calibration)
    print(f"{len(trees.roots)} trees, {len(trees.value)} nodes; {calibration}")


if __name__ == "__main__":
    main()
