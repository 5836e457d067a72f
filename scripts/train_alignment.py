"""Fit the weights and thresholds of sentence alignment: the constants of `repair/parallel/pairs.py` and `align.py`.

Stretches of 20 sentences of the training files are laid beside their damaged copies. Each pair of a sentence and its
own copy is a true pair, every other pair of the stretch a false one: those are sentences of one article that share
its names and its subject. Printed are the weights of a logistic regression, and what its score lets through. The year
2017, which `eval/parallel.py` measures on, is left out. Ten minutes on one core.

    python -m scripts.train_alignment
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from eval.data import HELD_OUT_YEAR, detokenise, rows
from repair.config import Settings
from repair.lm.embed import Embedder, load_embedder
from repair.parallel.pairs import pair_features, score
from repair.parallel.profile import Profile, profile
from repair.records import Document, Kind, Sentence, Span

LENGTH = 20
PER_FILE = 20
SEED = 3
FALSE_RATES = (0.01, 0.001)

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Pairs of one file. Shapes: `features` (pairs, 3), `true` (pairs,)."""

    name: str
    features: NDArray[np.float64]
    true: NDArray[np.bool_]


def runs() -> Iterator[tuple[str, list[Pairs]]]:
    """Per file, runs of (damaged, original) sentences in the order of the documents."""
    years: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
    for year, engine, bad, good in rows("roundtrip_train", "learn", ["year", "engine", "damaged", "original"]):
        if year != HELD_OUT_YEAR:
            years[year, engine].append((bad, good))
    yield "roundtrip_train", list(years.values())
    engines: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for pair, testset, engine, bad, good in rows("mt_train", "learn", ["pair", "testset", "engine", "mt", "reference"]):
        if testset != "wmt17":
            engines[pair, testset, engine].append((bad, good))
    yield "mt_train", list(engines.values())
    edited = [rows(f"postedit_train_{pair}", "learn", ["mt", "post_edit"]) for pair in ("ne", "si")]
    yield "postedit_train", [[(detokenise(bad), detokenise(good)) for bad, good in lines[:2000]] for lines in edited]


def profiled(lines: Sequence[str], embedder: Embedder) -> Profile:
    """The lines as a document with one sentence a line."""
    sentences, at = [], 0
    for number, line in enumerate(lines):
        sentences.append(Sentence(number, Span(at, at + len(line)), Kind.PROSE))
        at += len(line) + 1
    return profile(Document.of_text("\n".join(lines)), sentences, embedder)


def labelled(name: str, every: Sequence[Pairs], embedder: Embedder) -> Labelled:
    """Stretches drawn from the runs of one file, as labelled pairs; a sentence told twice is left out."""
    draw = random.Random(SEED)
    starts = [(run, at) for run in every for at in range(0, len(run) - LENGTH, LENGTH)]
    features, true = [], []
    for run, at in draw.sample(starts, min(PER_FILE, len(starts))):
        damaged, original = zip(*run[at : at + LENGTH], strict=True)
        mine, theirs = profiled(damaged, embedder), profiled(original, embedder)
        found = pair_features(mine, theirs)
        for row, line in enumerate(mine.lines):
            for column, other in enumerate(theirs.lines):
                same = line.index == other.index
                if same or other.text != original[line.index]:
                    features.append(found[row, column])
                    true.append(same)
    return Labelled(name, np.array(features), np.array(true))


def report(name: str, scores: NDArray[np.float64], true: NDArray[np.bool_]) -> None:
    """Print the AUC, and for each rate of false pairs the score it takes and the share of true pairs it keeps."""
    print(f"{name}: {true.sum()} true pairs, AUC {roc_auc_score(true, scores):.4f}")
    for rate in FALSE_RATES:
        least = np.quantile(scores[~true], 1 - rate)
        print(f"  {rate:.1%} of false pairs score {least:.3f}, {np.mean(scores[true] > least):.1%} of true ones more")


def main() -> int:
    """Print the fitted weights, and what they and those in use let through."""
    embedder = load_embedder(Settings(device="cpu"))
    samples = [labelled(name, every, embedder) for name, every in runs()]
    model = LogisticRegression(C=10, max_iter=2000)
    model.fit(np.concatenate([s.features for s in samples]), np.concatenate([s.true for s in samples]))
    print("cosine {:.2f}, terms {:.2f}, disagreement {:.2f}".format(*model.coef_[0]), f"bias {model.intercept_[0]:.2f}")
    for sample in samples:
        report(f"{sample.name}, these weights", model.predict_proba(sample.features)[:, 1], sample.true)
        report(f"{sample.name}, weights in use", score(sample.features), sample.true)
    return 0


if __name__ == "__main__":
    sys.exit(main())
