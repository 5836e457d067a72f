"""Train the scorer: one forward pass over the training set, the branch, then fits that take a minute.

    python scripts/build_training_set.py --split train --out .cache/train.parquet
    python scripts/build_training_set.py --split dev --out .cache/dev.parquet
    python scripts/build_training_set.py --split fit-clean --out .cache/fit-clean.parquet
    python scripts/build_training_set.py --split dev-clean --out .cache/dev-clean.parquet
    python scripts/train_scorer.py

Token scores are kept in shards and the branch in a checkpoint under --work: killed and started again, it goes on where
it was. The branch learns from seven eighths of the training split, the logistic regression that joins it with
surprisal from the rest and from people's prose other than news; the weights of the neighbours, the calibration and
the thresholds come from the dev splits; nothing else is read. Seeded; writes models/scorer/.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from adapters import Parameters
from safetensors.torch import save_file
from scorer_data import Array, Example, Unread, examples, read_documents, token_scores
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import matthews_corrcoef
from train_branch import EPOCHS, LAYERS, readings, train

from repair.config import Settings
from repair.lm.llama import Llama
from repair.lm.model import LanguageModel, load_model
from repair.scoring.features import NAMES
from repair.scoring.head import (
    LENGTHS,
    MOST_SCALED,
    READ_NAMES,
    Reading,
    document_features,
    length_class,
    neighbour_mean,
)

STRENGTH, PORTABLE_STRENGTH = 0.03, 0.1
"""Inverse of the ridge on standardised features."""
STRICT, FALSE_POSITIVES, SUSPECT_FALSE_POSITIVES = 0.001, 0.01, 0.05
LOOSE = 2.0
"""Reviews, tweets and slips are rarer in archives of news: twice as many false positives are allowed there."""
MIN_WORDS = 6
LEAST_CALIBRATED = 150
"""Dev sentences that a class of length needs for a calibration of its own."""
NEWS = ("news", "corrupted")
OWN_PROSE = ("prose", "technical", "writers")
"""Clean documents that people wrote in English; `writers` are hurried ones."""
OTHER_PROSE = (*OWN_PROSE, "reference")
"""Clean documents other than news; references are people's translations, and some of them read like it."""
DAMAGED_SHARE, CLEAN_SHARE = 0.3, 0.2
"""A dev document counts as damaged from this share of garbled sentences, as clean up to that."""

log = logging.getLogger("train_scorer")
Tensors = dict[str, Array]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities from which a sentence and a document are flagged."""

    strict: float
    sentence: float
    suspect: float
    document: float


def fit_logistic(name: str, features: Array, damage: Array, strength: float) -> Tensors:
    """A balanced logistic regression on standardised, clipped features; `damage` between 0 and 1 counts as both."""
    mean, scale = features.mean(0), features.std(0) + 1e-6
    scaled = np.clip((features - mean) / scale, -MOST_SCALED, MOST_SCALED)
    both = np.concatenate([scaled, scaled])
    labels = np.repeat([1, 0], len(scaled))
    weights = np.concatenate([damage / damage.sum(), (1 - damage) / (1 - damage).sum()]) * len(scaled) / 2
    fit = LogisticRegression(C=strength, max_iter=2000).fit(both, labels, weights)
    values = {"mean": mean, "scale": scale, "weight": fit.coef_[0], "bias": fit.intercept_}
    return {f"{name}_{key}": np.asarray(value, np.float32) for key, value in values.items()}


def logistic(t: Tensors, name: str, features: Array) -> Array:
    """Log-odds, as `Head` computes them. Shape: (sentences,)."""
    scaled = np.clip((features - t[f"{name}_mean"]) / t[f"{name}_scale"], -MOST_SCALED, MOST_SCALED)
    return np.asarray(scaled @ t[f"{name}_weight"] + t[f"{name}_bias"][0], np.float32)


def joined(found: Sequence[Example], read: Sequence[Reading]) -> Array:
    """Features of the sentences with what the branch adds. Shape: (sentences, features)."""
    return np.stack([np.concatenate([e.features, r.features]) for e, r in zip(found, read, strict=True)])


def by_document(found: Sequence[Example]) -> list[list[int]]:
    """The indices of each document's sentences."""
    return [list(g) for _, g in groupby(range(len(found)), lambda i: found[i].document)]


def fit_neighbours(found: Sequence[Example], own: Array) -> tuple[Array, Array]:
    """The tensor `neighbour`, and the log-odds of the sentences with their neighbours' weight."""
    documents = by_document(found)
    clean_mean = float(np.mean([x for x, e in zip(own, found, strict=True) if e.source == "news"]))
    around = np.zeros_like(own)
    for rows in documents:
        for place, i in enumerate(rows):
            around[i] = neighbour_mean(own[rows].tolist(), place, clean_mean) - clean_mean
    # Documents of known state: where each sentence stands by itself, or nearly all of a document is damaged, there
    # is nothing to learn of how much the neighbours tell.
    kinds = (*NEWS, *OTHER_PROSE)
    news = np.array([i for rows in documents if len(rows) >= 4 for i in rows if found[i].source in kinds])
    pair = np.stack([own, around], axis=1)[news]
    fit = LogisticRegression(C=1e6).fit(pair, np.array([found[i].damage == 1 for i in news]))
    weight = max(0.0, float(fit.coef_[0][1] / fit.coef_[0][0]))
    return np.array([weight, clean_mean], np.float32), own + weight * around


def judged_by_people(e: Example) -> bool:
    """Sentences that the calibration is for: machine output judged by post-editors or against references."""
    return e.damage >= 0 and e.source.startswith(("postedit", "engine", "reference"))


def fit_platt(found: Sequence[Example], logits: Array) -> Array:
    """Slope and intercept for each class of length. Shape: (classes, 2). Garbled is damage 1."""
    chosen = np.array([judged_by_people(e) for e in found])
    labels = np.array([e.damage == 1 for e in found])
    classes = np.array([length_class(e.words) for e in found])
    whole = LogisticRegression(C=1e6).fit(logits[chosen, None], labels[chosen])
    rows = []
    for k in range(len(LENGTHS) + 1):
        mine = chosen & (classes == k)
        fit = (
            LogisticRegression(C=1e6).fit(logits[mine, None], labels[mine]) if mine.sum() >= LEAST_CALIBRATED else whole
        )
        rows.append((fit.coef_[0][0], fit.intercept_[0]))
    return np.array(rows, np.float32)


def calibrated(platt: Array, found: Sequence[Example], logits: Array) -> Array:
    """Probabilities, as `Head.probability` computes them."""
    slope, intercept = platt[[length_class(e.words) for e in found]].T
    return np.asarray(1 / (1 + np.exp(-(slope * logits + intercept))), np.float32)


def sentence_thresholds(found: Sequence[Example], score: Array) -> tuple[float, float, float]:
    """At 0.1, 1 and 5 % false positives, on whichever kind of clean sentence is hardest."""

    def of(kinds: Sequence[str]) -> Array:
        mine = [e.source in kinds and e.words >= MIN_WORDS for e in found]
        return score[np.array(mine)]

    clean_documents = {e.document for e in found} - {e.document for e in found if e.source == "corrupted"}
    inside = np.array(
        [s for s, e in zip(score, found, strict=True) if e.source == "news" and e.document in clean_documents]
    )
    groups = [(inside, 1.0), (of(["news_alone"]), 1.0)]
    groups += [(of([kind]), LOOSE) for kind in ("people", "slips", *OTHER_PROSE)]
    for rate in (STRICT, FALSE_POSITIVES, SUSPECT_FALSE_POSITIVES):
        log.info("%.3f: %s", rate, [round(float(np.quantile(g, 1 - rate * loose)), 3) for g, loose in groups])
    strict, sentence = (
        max(float(np.quantile(g, 1 - rate * loose)) for g, loose in groups) for rate in (STRICT, FALSE_POSITIVES)
    )
    # Only a sentence in a document can be suspect.
    return strict, sentence, float(np.quantile(inside, 1 - SUSPECT_FALSE_POSITIVES))


def fit_documents(found: Sequence[Example], own: Array, clean_mean: float) -> tuple[Array, float]:
    """The tensor `document` and its threshold at 1 % of clean news documents."""
    features, damaged, kinds = [], [], []
    for rows in (r for r in by_document(found) if len(r) >= 4):
        known = [i for i in rows if found[i].damage >= 0]
        share = float(np.mean([found[i].damage == 1 for i in known])) if len(known) >= 3 else -1.0
        kind = found[rows[0]].source
        if share >= DAMAGED_SHARE or (0 <= share <= CLEAN_SHARE and kind in (*NEWS, *OTHER_PROSE)):
            features.append(document_features(own[rows].tolist(), clean_mean))
            damaged.append(share >= DAMAGED_SHARE)
            kinds.append("news" if kind in NEWS else kind)
    x, y, of = np.array(features), np.array(damaged), np.array(kinds)
    fit = LogisticRegression(C=1.0, class_weight="balanced").fit(x, y)
    scores = fit.predict_proba(x)[:, 1]
    lines = [
        float(np.quantile(scores[~y & (of == kind)], 1 - FALSE_POSITIVES * loose))
        for kind, loose in (("news", 1.0), *((kind, LOOSE) for kind in OWN_PROSE))
    ]
    log.info("documents: 1 %% of news, 2 %% of other prose: %s", [round(line, 3) for line in lines])
    # None is flagged that is likelier clean than not. Translations by people, which score higher, are held back by what
    # `repair.scoring.scorer.enough` asks besides.
    threshold = max(0.5, *lines)
    recall = float((scores[y] >= threshold).mean())
    log.info("documents: %d damaged, %d not; recall %.2f from %.3f", y.sum(), (~y).sum(), recall, threshold)
    return np.array([*fit.coef_[0], fit.intercept_[0]], np.float32), threshold


def calibrate(found: Sequence[Example], own: Array) -> tuple[Tensors, Thresholds]:
    """Neighbours, probabilities, documents and thresholds, from the dev split."""
    neighbour, logits = fit_neighbours(found, own)
    platt = fit_platt(found, logits)
    document, document_threshold = fit_documents(found, own, float(neighbour[1]))
    strict, sentence, suspect = sentence_thresholds(found, calibrated(platt, found, logits))
    tensors = {"neighbour": neighbour, "platt": platt, "document": document}
    return tensors, Thresholds(strict, sentence, suspect, document_threshold)


def word_threshold(*parts: tuple[Sequence[Example], Sequence[Reading]]) -> float:
    """The probability of a wrong token with the best MCC on translators' marks, mean of the sources that have them."""
    marks: dict[str, list[tuple[Example, Reading]]] = {}
    for found, read in parts:
        for e, r in zip(found, read, strict=True):
            if e.source.startswith("spans"):
                marks.setdefault(e.source, []).append((e, r))
    judged = [
        (np.concatenate([e.wrong >= 1 for e, _ in own]), np.concatenate([r.token[:, 0] for _, r in own]))
        for own in marks.values()
    ]

    def agreement(line: float) -> float:
        return float(np.mean([matthews_corrcoef(wrong, logit >= line) for wrong, logit in judged]))

    best = max(np.arange(-5, 2, 0.1).tolist(), key=agreement)
    log.info("words: MCC %.3f from log-odds %.1f; %s", agreement(best), best, list(marks))
    return float(1 / (1 + np.exp(-best)))


def write(
    folder: Path, tensors: Tensors, branch: Parameters, full: Thresholds, portable: Thresholds, word: float
) -> None:
    """scorer.safetensors and model.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    heads = ("token.", "pool.")
    kept = {n: p.float() if n.startswith(heads) else p.half() for n, p in branch.items()}
    kept |= {name: torch.from_numpy(np.ascontiguousarray(t, np.float32)) for name, t in tensors.items()}
    layers = f"[{LAYERS.start}, {LAYERS.stop}]"
    save_file({n: t.contiguous() for n, t in kept.items()}, folder / "scorer.safetensors", metadata={"layers": layers})
    features = "".join(f'    "{name}",\n' for name in (*NAMES, *READ_NAMES))
    (folder / "model.toml").write_text(
        f"""# Written by scripts/train_scorer.py; the card beside it says on what.
name = "scorer"
kind = "head"
licence = "Apache-2.0"
features = [
{features}]

[calibration]
lm = "{Settings().lm}"
strict_threshold = {full.strict:.4f}
sentence_threshold = {full.sentence:.4f}
suspect_threshold = {full.suspect:.4f}
document_threshold = {full.document:.4f}
word_threshold = {word:.4f}
portable_strict_threshold = {portable.strict:.4f}
portable_sentence_threshold = {portable.sentence:.4f}
portable_suspect_threshold = {portable.suspect:.4f}
portable_document_threshold = {portable.document:.4f}
min_words = {MIN_WORDS}
""",
        encoding="utf-8",
    )


def load_reader() -> tuple[LanguageModel, Llama]:
    """The language model, made to keep the states that the branch will read; and its layers."""
    model = load_model(Settings())
    assert isinstance(model.body, Llama)
    return replace(model, branch=Unread(model.body, LAYERS, torch.zeros(2, model.body.width))), model.body


def main() -> None:
    """Train and write the scorer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=Path(".cache"), help="folder of train, dev, and both -clean.parquet"
    )
    parser.add_argument("--work", type=Path, default=Path(".cache/scores"))
    parser.add_argument("--out", type=Path, default=Path("models/scorer"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    model, body = load_reader()
    splits = []
    for name in ("train", "dev", "fit-clean", "dev-clean"):
        documents = read_documents(arguments.data / f"{name}.parquet")
        splits.append(examples(documents, token_scores(model, documents, arguments.work / name)))
        log.info("%s: %d sentences of %d documents", name, len(splits[-1]), len(documents))
    learnt, dev, fit_clean, dev_clean = splits
    held_out = [*(e for e in learnt if e.fold == 0), *fit_clean]
    dev += dev_clean
    kept = arguments.work / f"branch-{arguments.seed}.pt"
    branch = train([e for e in learnt if e.fold], body, arguments.seed, kept, arguments.epochs)
    read, dev_read = (readings(part, body, branch) for part in (held_out, dev))
    known = np.array([e.damage >= 0 for e in held_out])
    damage = np.array([e.damage for e in held_out], np.float32)[known]
    tensors = fit_logistic("feature", joined(held_out, read)[known], damage, STRENGTH)
    every = [e for e in learnt if e.damage >= 0]
    damages = np.array([e.damage for e in every], np.float32)
    tensors |= fit_logistic("portable", np.stack([e.features for e in every]), damages, PORTABLE_STRENGTH)
    full, thresholds = calibrate(dev, logistic(tensors, "feature", joined(dev, dev_read)))
    rough, portable = calibrate(dev, logistic(tensors, "portable", np.stack([e.features for e in dev])))
    tensors |= full | {f"portable_{name}": value for name, value in rough.items()}
    write(arguments.out, tensors, branch, thresholds, portable, word_threshold((held_out, read), (dev, dev_read)))
    log.info("written to %s", arguments.out)


if __name__ == "__main__":
    main()
