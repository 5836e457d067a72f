"""Train what tells machines' English from people's (`repair.scoring.origin`): models/scorer/origin.safetensors.

    python scripts/train_origin.py

Learns from the output of good engines beside its references (`mt_train`, WMT 2008-2016) and from news beside its round
trips (`roundtrip_train`, 2009-2016), calibrates on 2017 of both, and prints what it tells on 2017 and, as it stood, on
`mt_dev_wmt18`; nothing else is read. A convex fit: no seed changes it. Half a minute.
"""

from __future__ import annotations

import argparse
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from build_training_set import HELD_OUT_YEAR, read
from numpy.typing import NDArray
from safetensors.numpy import save_file
from scipy.optimize import minimize
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from repair.scoring.origin import WEIGHTS, terms, witnesses

ENGINES = ("google", "microsoft", "bergamot-base")
LEAST_SENTENCES = 5
"""A term seen in fewer says more of the year than of the writer."""
STRENGTH = 1.0
LENGTHS = (1, 2, 4, 8, 16)
"""Sentences of the pseudo-documents that calibrate."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Sides:
    """Segments in the order of their documents: the machine's, and people's. `group`: test set, pair and engine."""

    group: list[str]
    machine: list[str]
    people: list[str]


def translations(name: str, *, held_out: bool | None = None) -> Sides:
    """Good engines' output beside its references; only the held-out year, or all but it, where asked.

    Half of WMT's "references" were English first, and what the engines read is their translation: these stand in
    `round_trips` and are left out here.
    """
    table = read(name)
    english_first = table.reference.str.strip().isin(set(read("roundtrip_train").original.str.strip()))
    table = table[table.engine.isin(ENGINES) & ~english_first].sort_values(
        ["testset", "pair", "engine", "segment"], kind="stable"
    )
    if held_out is not None:
        table = table[table.testset.str.endswith(str(HELD_OUT_YEAR)[2:]) == held_out]
    return _sides(table, ["testset", "pair", "engine"], "mt", "reference")


def round_trips(*, held_out: bool) -> Sides:
    """Round trips beside the news that they came from."""
    table = read("roundtrip_train").sort_values(["year", "engine", "id"], kind="stable")
    table = table[(table.year == HELD_OUT_YEAR) if held_out else (table.year < HELD_OUT_YEAR)]
    return _sides(table, ["year", "engine"], "damaged", "original")


def _sides(table: pd.DataFrame, group: list[str], machine: str, people: str) -> Sides:
    names = table[group].astype(str).agg(" ".join, axis=1).tolist()
    return Sides(names, *([html.unescape(text) for text in table[column]] for column in (machine, people)))


def log_odds(texts: Sequence[str], vectors: TfidfVectorizer, fit: LogisticRegression) -> Floats:
    """Of each text. Shape: (texts,)."""
    return np.asarray(fit.decision_function(vectors.transform(texts)))


def pseudo_documents(group: Sequence[str], values: Floats, length: int) -> Floats:
    """Means of so many neighbours of one group. Shape: (documents,)."""
    series = pd.Series(values).groupby(list(group), sort=False)
    chunk = series.cumcount() // length
    means = pd.Series(values).groupby([pd.Series(group), chunk], sort=False).agg(["mean", "size"])
    return means.loc[means["size"] == length, "mean"].to_numpy()


def calibrate(sides: Sequence[tuple[Sequence[str], Floats, Floats]]) -> Floats:
    """Slope, centre and likeness with the highest likelihood, documents of each length counting alike."""

    def cut(side: int, length: int) -> Floats:
        return np.concatenate([pseudo_documents(one[0], one[side], length) for one in sides])

    every = [(n, cut(1, n), cut(2, n)) for n in LENGTHS]

    def loss(parameters: Floats) -> float:
        slope, centre, alike = parameters
        total = 0.0
        for n, machine, people in every:
            scale = slope * witnesses(n, float(np.clip(alike, 0, 1)))
            total += (
                np.logaddexp(0, -scale * (machine - centre)).mean() + np.logaddexp(0, scale * (people - centre)).mean()
            )
        return total

    found = minimize(loss, [1.0, 0.0, 0.3], method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-6})
    return np.clip(found.x, [0, -np.inf, 0], [np.inf, np.inf, 1])


def report(name: str, group: Sequence[str], machine: Floats, people: Floats, centre: float) -> None:
    """Print what is told of sentences and of documents: area under the curve and balanced accuracy."""
    for length in LENGTHS:
        m, p = (pseudo_documents(group, values, length) for values in (machine, people))
        if len(m):
            area = roc_auc_score([1] * len(m) + [0] * len(p), np.concatenate([m, p]))
            right = (float((m >= centre).mean()) + float((p < centre).mean())) / 2
            print(f"{name}, {length} sentences: AUC {area:.3f}, balanced accuracy {right:.3f}, {len(m)} of each")


def main() -> None:
    """Train, calibrate, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("models/scorer"))
    arguments = parser.parse_args()
    learnt = [translations("mt_train", held_out=False), round_trips(held_out=False)]
    machine = [text for sides in learnt for text in sides.machine]
    people = list(dict.fromkeys(text for sides in learnt for text in sides.people))
    vectors = TfidfVectorizer(analyzer=terms, min_df=LEAST_SENTENCES, sublinear_tf=True, dtype=np.float32)
    rows = vectors.fit_transform(machine + people)
    labels = np.repeat([1, 0], [len(machine), len(people)])
    fit = LogisticRegression(C=STRENGTH, class_weight="balanced", solver="liblinear").fit(rows, labels)
    print(f"{len(machine):,} sentences by machines, {len(people):,} by people, {rows.shape[1]:,} terms")
    asked = {
        "WMT 2017": translations("mt_train", held_out=True),
        "round trips of 2017": round_trips(held_out=True),
        "WMT 2018": translations("mt_dev_wmt18"),
    }
    read_ = {
        n: (s.group, log_odds(s.machine, vectors, fit), log_odds(s.people, vectors, fit)) for n, s in asked.items()
    }
    document = calibrate([read_[name] for name in ("WMT 2017", "round trips of 2017")])
    print("slope {:.3f}, centre {:.3f}, likeness {:.3f}".format(*document))
    for name, (group, m, p) in read_.items():
        report(name, group, m, p, document[1])
    keys = vectors.get_feature_names_out().astype(np.uint32)
    order = np.argsort(keys)
    tensors = {"keys": keys[order], "idf": vectors.idf_[order].astype(np.float16)}
    tensors |= {"weight": fit.coef_[0][order].astype(np.float16), "bias": fit.intercept_.astype(np.float32)}
    save_file(tensors | {"document": document.astype(np.float32)}, arguments.out / WEIGHTS)


if __name__ == "__main__":
    main()
