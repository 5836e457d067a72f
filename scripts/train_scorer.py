"""Train the scorer's head: one forward pass over the training set, then fits that take a minute.

    python scripts/build_training_set.py --split train --out .cache/train.parquet
    python scripts/build_training_set.py --split dev --out .cache/dev.parquet --scale 0.5
    python scripts/train_scorer.py

Token scores are kept in shards under --work: killed and started again, it goes on where it was. The token network and
the sentence's logistic regression learn from the training split; the weights of the neighbours, the calibration and
the thresholds come from the dev split; nothing else is read. Seeded; writes models/scorer/.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression

from repair.config import Settings
from repair.lm.model import LanguageModel, load_model
from repair.records import Kind, Sentence, Span, TokenScores
from repair.scoring.features import NAMES, sentence_features, token_classes
from repair.scoring.head import (
    CLASSES,
    MOST_SCALED,
    TOKEN_NAMES,
    document_features,
    neighbour_mean,
    pooled_states,
    token_statistics,
)

HIDDEN_LAYER = 22
"""Of 10, 16, 22, 28 and 30: 16 and 22 tell wrong words best on held-out documents, 22 sentences on dev."""
UNITS, EPOCHS, BATCH, RATE, DROPOUT = 64, 2, 512, 2e-3, 0.2
STRENGTH, PORTABLE_STRENGTH = 0.0003, 0.1
"""Inverse of the ridge on standardised features."""
FOLDS = 3
SHARD = 200
FALSE_POSITIVES, SUSPECT_FALSE_POSITIVES = 0.01, 0.05
MIN_WORDS = 6
NEWS = ("news", "corrupted")
DAMAGED_SHARE, CLEAN_SHARE = 0.3, 0.2
"""A dev document counts as damaged from this share of garbled sentences, as clean up to that."""

Array = NDArray[np.float32]
log = logging.getLogger("train_scorer")


@dataclass(frozen=True, eq=False, slots=True)
class Example:
    """One sentence with what the model said of its tokens.

    Shapes: features (features,), pooled (2 x hidden,), inputs (tokens, width), wrong (tokens,).
    """

    document: str
    source: str
    label: int
    features: Array
    pooled: Array
    inputs: Array
    wrong: NDArray[np.int8]
    """1 wrong, 0 right, -1 not known."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A document of the training set in one text."""

    name: str
    text: str
    rows: tuple[dict[str, object], ...]
    sentences: tuple[Sentence, ...]


def read_documents(path: Path) -> list[Labelled]:
    """The documents of a training set; every third sentence begins a new paragraph."""
    documents = []
    table = pq.read_table(path).to_pylist()
    for name, group in groupby(sorted(table, key=lambda r: (r["document"], r["index"])), lambda r: r["document"]):
        rows = tuple(group)
        text, sentences = "", []
        for i, row in enumerate(rows):
            text += "" if not i else "\n\n" if i % 3 == 0 else " "
            sentences.append(Sentence(i, Span(len(text), len(text) + len(row["text"])), Kind.PROSE))
            text += row["text"]
        documents.append(Labelled(name, text, rows, tuple(sentences)))
    return documents


def token_scores(model: LanguageModel, documents: Sequence[Labelled], work: Path) -> Iterator[TokenScores]:
    """Scores of every document, in order, from shards on disk where they are there."""
    work.mkdir(parents=True, exist_ok=True)
    for at in range(0, len(documents), SHARD):
        shard = work / f"{at:06d}.npz"
        if not shard.exists():
            part = documents[at : at + SHARD]
            scores = model.token_scores([(d.text, d.sentences) for d in part], context=Settings().context_tokens)
            arrays = {f"{i}_{name}": a for i, s in enumerate(scores) for name, a in _arrays(s).items()}
            temporary = shard.with_suffix(".tmp.npz")
            np.savez(temporary, **arrays)
            temporary.rename(shard)
            log.info("%d of %d documents", min(at + SHARD, len(documents)), len(documents))
        with np.load(shard) as kept:
            for i in range(min(SHARD, len(documents) - at)):
                starts, ends, surprisal, entropy, hidden = (
                    kept[f"{i}_{n}"] for n in ("starts", "ends", "surprisal", "entropy", "hidden")
                )
                yield TokenScores(starts, ends, surprisal, entropy, hidden.astype(np.float32))


def _arrays(scores: TokenScores) -> dict[str, NDArray[np.generic]]:
    assert scores.hidden is not None
    return {
        "starts": scores.starts,
        "ends": scores.ends,
        "surprisal": scores.surprisal,
        "entropy": scores.entropy,
        "hidden": scores.hidden.astype(np.float16),
    }


def examples(documents: Sequence[Labelled], scores: Iterator[TokenScores]) -> list[Example]:
    """One example a sentence that has tokens."""
    found = []
    for document, tokens in zip(documents, scores, strict=True):
        for sentence, row in zip(document.sentences, document.rows, strict=True):
            rows = tokens.within(sentence.span)
            features = sentence_features(document.text, tokens, sentence.span)
            if features is None:
                continue
            classes = np.eye(CLASSES, dtype=np.float32)[token_classes(document.text, tokens, rows)]
            hidden = tokens.hidden[rows]
            inputs = np.concatenate([hidden, tokens.surprisal[rows, None], tokens.entropy[rows, None], classes], axis=1)
            wrong = wrong_tokens(row, tokens, rows, sentence.span.start)
            pooled = pooled_states(hidden)
            found.append(Example(document.name, row["source"], row["label"], features, pooled, inputs, wrong))
    return found


def wrong_tokens(row: dict[str, object], tokens: TokenScores, rows: slice, offset: int) -> NDArray[np.int8]:
    """Which tokens of a sentence lie in its marked spans; -1 where its words were not judged."""
    starts, ends = tokens.starts[rows] - offset, tokens.ends[rows] - offset
    spans = row["spans"]
    if row["label"] != 0 and not str(row["source"]).startswith(("postedit", "spans", "corrupted")):
        return np.full(len(starts), -1, np.int8)
    hit = [(starts < end) & (ends > start) for start, end in spans]
    return np.any(hit, axis=0).astype(np.int8) if hit else np.zeros(len(starts), np.int8)


def fit_tokens(chosen: Sequence[Example], seed: int) -> dict[str, Array]:
    """The token network: dropout, one hidden layer, binary cross-entropy, one-cycle AdamW."""
    torch.manual_seed(seed)
    inputs = torch.from_numpy(np.concatenate([e.inputs for e in chosen]))
    wrong = torch.from_numpy(np.concatenate([e.wrong for e in chosen]))
    inputs, wrong = inputs[wrong >= 0], wrong[wrong >= 0].float()
    mean, scale = inputs.mean(0), inputs.std(0) + 1e-3
    inputs = (inputs - mean) / scale
    net = torch.nn.Sequential(
        torch.nn.Dropout(DROPOUT),
        torch.nn.Linear(inputs.shape[1], UNITS),
        torch.nn.ReLU(),
        torch.nn.Dropout(DROPOUT),
        torch.nn.Linear(UNITS, 1),
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=1e-2)
    steps = EPOCHS * (len(inputs) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(inputs))
        for at in range(0, len(inputs) - BATCH + 1, BATCH):
            rows = order[at : at + BATCH]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(net(inputs[rows])[:, 0], wrong[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    first, last = net[1], net[4]
    return {
        "token_mean": mean.numpy(),
        "token_scale": scale.numpy(),
        "token_in": first.weight.detach().numpy().T.copy(),
        "token_bias": first.bias.detach().numpy(),
        "token_out": np.concatenate([last.weight.detach().numpy()[0], last.bias.detach().numpy()]),
    }


def token_logits(t: dict[str, Array], inputs: Array) -> Array:
    """As `Head.token_logits`."""
    units = np.maximum((inputs - t["token_mean"]) / t["token_scale"] @ t["token_in"] + t["token_bias"], 0)
    return units @ t["token_out"][:-1] + t["token_out"][-1]


def with_statistics(found: Sequence[Example], logits: Sequence[Array]) -> Array:
    """Features of the sentences with what the token network adds. Shape: (sentences, features)."""
    return np.stack(
        [np.concatenate([e.features, token_statistics(z), e.pooled]) for e, z in zip(found, logits, strict=True)]
    )


def fit_logistic(name: str, features: Array, labels: NDArray[np.bool_], strength: float) -> dict[str, Array]:
    """A balanced logistic regression on standardised, clipped features."""
    mean, scale = features.mean(0), features.std(0) + 1e-6
    scaled = np.clip((features - mean) / scale, -MOST_SCALED, MOST_SCALED)
    fit = LogisticRegression(C=strength, max_iter=2000, class_weight="balanced").fit(scaled, labels)
    values = {"mean": mean, "scale": scale, "weight": fit.coef_[0], "bias": fit.intercept_}
    return {f"{name}_{key}": np.asarray(value, np.float32) for key, value in values.items()}


def logistic(t: dict[str, Array], name: str, features: Array) -> Array:
    """Log-odds, as `Head` computes them. Shape: (sentences,)."""
    scaled = np.clip((features - t[f"{name}_mean"]) / t[f"{name}_scale"], -MOST_SCALED, MOST_SCALED)
    return scaled @ t[f"{name}_weight"] + t[f"{name}_bias"][0]


def by_document(found: Sequence[Example]) -> list[list[int]]:
    """The indices of each document's sentences."""
    return [list(g) for _, g in groupby(range(len(found)), lambda i: found[i].document)]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities from which a sentence and a document are flagged."""

    sentence: float
    document: float
    suspect: float


def calibrate(found: Sequence[Example], own: Array) -> tuple[dict[str, Array], Thresholds]:
    """Neighbour and document weights, and thresholds, from the dev split."""
    neighbours = np.zeros_like(own)
    documents = by_document(found)
    clean_documents = [rows for rows in documents if all(found[i].source == "news" for i in rows)]
    clean_mean = float(np.mean([own[i] for rows in clean_documents for i in rows]))
    for rows in documents:
        for place, i in enumerate(rows):
            neighbours[i] = neighbour_mean(own[rows].tolist(), place, clean_mean)
    label = np.array([e.label for e in found])
    pair = np.stack([own, neighbours], axis=1)
    # Sentences of news documents alone: where each sentence stands by itself, or nearly all of a document is damaged,
    # there is nothing to learn of how much the neighbours tell.
    news = np.array([i for rows in documents if len(rows) >= 4 for i in rows if found[i].source in NEWS])
    fit = LogisticRegression(C=1e6).fit(pair[news], label[news] == 1)
    score = fit.predict_proba(pair)[:, 1]
    # In their documents and alone, whichever is harder: a sentence may come without its document.
    clean = [np.array([score[i] for rows in clean_documents for i in rows])]
    clean.append(np.array([score[i] for i, e in enumerate(found) if e.source == "news_alone"]))
    sentence_threshold = max(float(np.quantile(scores, 1 - FALSE_POSITIVES)) for scores in clean)
    # Only a sentence in a document can be suspect.
    suspect_threshold = float(np.quantile(clean[0], 1 - SUSPECT_FALSE_POSITIVES))
    log.info("sentence threshold %.4f at 1 %% of %s", sentence_threshold, [len(scores) for scores in clean])

    features, damaged = [], []
    for rows in (r for r in documents if len(r) >= 4):
        share = float(np.mean(label[rows] == 1))
        original = found[rows[0]].source in NEWS
        if share >= DAMAGED_SHARE or (share <= CLEAN_SHARE and original):
            features.append(document_features(own[rows].tolist(), clean_mean))
            damaged.append(share >= DAMAGED_SHARE)
    x, y = np.array(features), np.array(damaged)
    document = LogisticRegression(C=1.0, class_weight="balanced").fit(x, y)
    scores = document.predict_proba(x)[:, 1]
    # None is flagged that is likelier clean than not.
    document_threshold = max(0.5, float(np.quantile(scores[~y], 1 - FALSE_POSITIVES)))
    recall = float((scores[y] >= document_threshold).mean())
    log.info("documents: %d damaged, %d not; recall %.2f from %.3f", y.sum(), (~y).sum(), recall, document_threshold)
    weights = {
        "neighbour": np.array([*fit.coef_[0], fit.intercept_[0], clean_mean], np.float32),
        "document": np.array([*document.coef_[0], document.intercept_[0]], np.float32),
    }
    return weights, Thresholds(sentence_threshold, document_threshold, suspect_threshold)


def fit(train: Sequence[Example], dev: Sequence[Example], seed: int) -> tuple[dict[str, Array], Thresholds, Thresholds]:
    """All tensors, and the thresholds of the full and of the portable head."""
    fold = np.array([hash_fold(e.document) for e in train])
    held_out: list[Array] = [np.zeros(0, np.float32)] * len(train)
    for k in range(FOLDS):
        part = fit_tokens([e for e, f in zip(train, fold, strict=True) if f != k], seed + k)
        for i in np.flatnonzero(fold == k):
            held_out[i] = token_logits(part, train[i].inputs)
    tensors = fit_tokens(train, seed)
    known = np.array([e.label >= 0 for e in train])
    labels = np.array([e.label == 1 for e in train])[known]
    tensors |= fit_logistic("feature", with_statistics(train, held_out)[known], labels, STRENGTH)
    tensors |= fit_logistic("portable", np.stack([e.features for e in train])[known], labels, PORTABLE_STRENGTH)
    logits = [token_logits(tensors, e.inputs) for e in dev]
    weights, thresholds = calibrate(dev, logistic(tensors, "feature", with_statistics(dev, logits)))
    portable, portable_thresholds = calibrate(dev, logistic(tensors, "portable", np.stack([e.features for e in dev])))
    tensors |= weights | {f"portable_{name}": value for name, value in portable.items()}
    return tensors, thresholds, portable_thresholds


def hash_fold(document: str) -> int:
    """A document's fold; the same in every run. A sentence and its correction share one."""
    return sum(document.removesuffix("-mt").removesuffix("-pe").encode()) % FOLDS


def write(folder: Path, tensors: dict[str, Array], full: Thresholds, portable: Thresholds, lm: str) -> None:
    """scorer.safetensors and model.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(t, np.float32) for name, t in tensors.items()}, folder / "scorer.safetensors")
    features = "".join(f'    "{name}",\n' for name in (*NAMES, *TOKEN_NAMES))
    (folder / "model.toml").write_text(
        f"""# Written by scripts/train_scorer.py; the card beside it says on what.
name = "scorer"
kind = "head"
licence = "Apache-2.0"
features = [
{features}]

[calibration]
lm = "{lm}"
hidden_layer = {HIDDEN_LAYER}
sentence_threshold = {full.sentence:.4f}
document_threshold = {full.document:.4f}
suspect_threshold = {full.suspect:.4f}
portable_sentence_threshold = {portable.sentence:.4f}
portable_document_threshold = {portable.document:.4f}
portable_suspect_threshold = {portable.suspect:.4f}
min_words = {MIN_WORDS}
""",
        encoding="utf-8",
    )


def main() -> None:
    """Train and write the head."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, default=Path(".cache/train.parquet"))
    parser.add_argument("--dev", type=Path, default=Path(".cache/dev.parquet"))
    parser.add_argument("--work", type=Path, default=Path(".cache/scores"))
    parser.add_argument("--out", type=Path, default=Path("models/scorer"))
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    settings = Settings()
    model = load_model(settings, hidden_layer=HIDDEN_LAYER)
    splits = []
    for name, path in (("train", arguments.train), ("dev", arguments.dev)):
        documents = read_documents(path)
        splits.append(examples(documents, token_scores(model, documents, arguments.work / name)))
        log.info("%s: %d sentences of %d documents", name, len(splits[-1]), len(documents))
    write(arguments.out, *fit(*splits, arguments.seed), settings.lm)
    log.info("written to %s", arguments.out)


if __name__ == "__main__":
    main()
