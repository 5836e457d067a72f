"""The trained head: from what the language model says of tokens to the log-odds that they, and their sentence, are
damaged. Plain numpy; weights and calibration come from `models/scorer/`.

The branch (`repair.lm.branch`) reads a sentence as a whole; linear heads on its states tell wrong words and how badly
wrong they are, attention pooling tells damaged sentences. A ridge logistic regression joins these with the statistics
of surprisal to the sentence's log-odds; its neighbours shift them, because a damaged copy is seldom damaged in one
place; Platt scaling for each class of length makes a probability of it (Platt 1999).
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from repair.errors import ModelError
from repair.records import Span, TokenScores
from repair.scoring.features import NAMES, sentence_features

READ_NAMES: tuple[str, ...] = (
    "wrong_mean",
    "wrong_top3",
    "wrong_max",
    "major_top3",
    "read_damage",
)
"""What the branch adds to the sentence's features: log-odds."""
MOST_SCALED = 6.0
"""Features are clipped at this many standard deviations: an odd token must not decide alone."""
NEIGHBOUR_PRIOR = 4.0
"""Sentences' worth of trust: a sentence is judged as if this many clean ones stood beside it, a document likewise. So a
sentence alone is presumed to come from clean news, and short documents are not flagged lightly."""
LENGTHS = (6, 13, 25)
"""Words at which the next class of length begins."""

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What `models/scorer/model.toml` keeps beside the weights."""

    lm: str
    """The language model that the weights belong to."""
    strict_threshold: float
    """Probability at 0.1 % false positives on clean sentences."""
    sentence_threshold: float
    """At 1 %: from here a sentence is flagged."""
    suspect_threshold: float
    """At 5 %: enough for a proposal in a document that is damaged as a whole."""
    document_threshold: float
    word_threshold: float
    """Probability from which a word counts as wrong: the best MCC on dev."""
    portable_strict_threshold: float
    portable_sentence_threshold: float
    portable_suspect_threshold: float
    portable_document_threshold: float
    """The same for the weights that need no hidden states, which any language model can use."""
    min_words: int
    """Sentences with fewer words are scored but never flagged."""


@dataclass(frozen=True, eq=False, slots=True)
class Reading:
    """What the branch's heads say of one sentence: log-odds that a token is wrong, badly wrong (tokens, 2), and that
    the sentence is damaged.
    """

    token: Array
    damage: float

    @property
    def features(self) -> Array:
        """The values of `READ_NAMES`."""
        wrong, major = np.sort(self.token[:, 0]), np.sort(self.token[:, 1] + np.minimum(self.token[:, 0], 0))
        values = (wrong.mean(), wrong[-3:].mean(), wrong[-1], major[-3:].mean(), self.damage)
        return np.array(values, np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class Judgement:
    """Log-odds that a sentence is damaged, from itself alone, and what the branch read; None without a branch."""

    logit: float
    reading: Reading | None


@dataclass(frozen=True, eq=False, slots=True)
class Head:
    """Weights by name. Shapes: width = hidden size, features = NAMES and READ_NAMES.

    token.weight (2, width), token.bias (2,); pool.query and pool.value (width,), pool.bias (1,); feature_mean,
    feature_scale, feature_weight (features,), feature_bias (1,); neighbour (2,): weight of the neighbours' log-odds
    over those of clean sentences, and these; platt (classes of length, 2): slope and intercept; document (3,): weight
    of the mean log-odds, of the upper quartile, bias. All but the first five again with `portable_`, over the surprisal
    statistics alone.
    """

    tensors: dict[str, Array]
    calibration: Calibration
    sha256: str

    def judge(self, text: str, tokens: TokenScores, span: Span) -> Judgement | None:
        """The sentence at `span`, from itself alone; None where it has no token."""
        values = sentence_features(text, tokens, span)
        if values is None:
            return None
        if tokens.hidden is None:
            return Judgement(self._logistic("portable", values), None)
        reading = read(self.tensors, tokens.hidden[tokens.within(span)])
        return Judgement(self._logistic("feature", np.concatenate([values, reading.features])), reading)

    def _logistic(self, name: str, values: Array) -> float:
        t = self.tensors
        scaled = np.clip((values - t[f"{name}_mean"]) / t[f"{name}_scale"], -MOST_SCALED, MOST_SCALED)
        return float(scaled @ t[f"{name}_weight"] + t[f"{name}_bias"][0])

    def probability(self, own: float, neighbours: float, words: int, *, portable: bool) -> float:
        """Calibrated probability of a sentence of so many words from its log-odds and its neighbours' mean."""
        weight, clean = self._of("neighbour", portable)
        slope, intercept = self._of("platt", portable)[length_class(words)]
        return sigmoid(slope * (own + weight * (neighbours - clean)) + intercept)

    def document_probability(self, logits: Sequence[float], *, portable: bool) -> float:
        """Calibrated probability that the document with these sentences' log-odds is a damaged copy."""
        mean, upper, bias = self._of("document", portable)
        values = document_features(logits, self.clean_mean(portable=portable))
        return sigmoid(mean * values[0] + upper * values[1] + bias)

    def clean_mean(self, *, portable: bool) -> float:
        """The mean log-odds of clean sentences, which short documents are shrunk towards."""
        return float(self._of("neighbour", portable)[1])

    def _of(self, name: str, portable: bool) -> Array:
        return self.tensors[f"portable_{name}" if portable else name]


def read(tensors: dict[str, Array], hidden: Array) -> Reading:
    """The heads over the branch's states of one sentence. Shape: hidden (tokens, width)."""
    token = hidden @ tensors["token.weight"].T + tensors["token.bias"]
    scores = hidden @ tensors["pool.query"]
    attention = np.exp(scores - scores.max())
    pooled = attention @ hidden / attention.sum()
    return Reading(token.astype(np.float32), float(pooled @ tensors["pool.value"] + tensors["pool.bias"][0]))


def sigmoid(logit: float) -> float:
    """The logistic function of one number."""
    return float(1 / (1 + np.exp(-np.clip(logit, -40, 40))))


def length_class(words: int) -> int:
    """Which of the classes of length, 0 for the shortest."""
    return sum(words >= least for least in LENGTHS)


def neighbour_mean(logits: Sequence[float], index: int, clean: float) -> float:
    """The mean log-odds of the other sentences, shrunk towards that of clean ones where there are few."""
    return float((sum(logits) - logits[index] + NEIGHBOUR_PRIOR * clean) / (len(logits) - 1 + NEIGHBOUR_PRIOR))


def document_features(logits: Sequence[float], clean: float) -> tuple[float, float]:
    """Mean and upper quartile, both shrunk: one bad sentence moves neither much, a damaged copy both."""
    trust = len(logits) / (len(logits) + NEIGHBOUR_PRIOR)
    mean, upper = float(np.mean(logits)), float(np.quantile(logits, 0.75))
    return trust * mean + (1 - trust) * clean, trust * upper + (1 - trust) * clean


def load_head(folder: Path) -> Head:
    """The head kept in `folder` (model.toml, scorer.safetensors).

    Raises ModelError where a file is missing, damaged or made for other features.
    """
    weights = folder / "scorer.safetensors"
    try:
        data = weights.read_bytes()
        tensors = {name: np.asarray(value, np.float32) for name, value in load_file(weights).items()}
        card = tomllib.loads((folder / "model.toml").read_text(encoding="utf-8"))
        calibration = Calibration(**card["calibration"])
    except (OSError, SafetensorError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ModelError(str(folder), f"the scorer cannot be read: {error}", "Install repair again.") from error
    if tuple(card.get("features", ())) != (*NAMES, *READ_NAMES):
        raise ModelError(str(folder), "the scorer was trained on other features", "Run scripts/train_scorer.py again.")
    return Head(tensors, calibration, hashlib.sha256(data).hexdigest())
