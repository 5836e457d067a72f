"""The trained head: from what the language model says of tokens to the log-odds that they, and their sentence, are
damaged. Plain numpy; weights and calibration come from `models/scorer/`.

A small network marks tokens (hidden state and surprisal in, log-odds out); a ridge logistic regression over the
sentence's surprisal statistics, its marked tokens and its pooled hidden states gives the sentence's log-odds; the
sentence's neighbours shift it, because a damaged copy is seldom damaged in one place; Platt scaling makes a
probability of it (Platt 1999).
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
from repair.scoring.features import NAMES, sentence_features, token_classes

TOKEN_NAMES: tuple[str, ...] = ("damage_mean", "damage_top3", "damage_max")
"""What the token network adds to the sentence's features: log-odds."""
CLASSES = 5
MOST_SCALED = 6.0
"""Features are clipped at this many standard deviations: an odd token must not decide alone."""
NEIGHBOUR_PRIOR = 4.0
"""Sentences' worth of trust: a sentence is judged as if this many clean ones stood beside it, a document likewise. So a
sentence alone is presumed to come from clean news, and short documents are not flagged lightly."""

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What `models/scorer/model.toml` keeps beside the weights."""

    lm: str
    """The language model that the weights belong to."""
    hidden_layer: int
    sentence_threshold: float
    """Probability at 1 % false positives on clean news sentences."""
    document_threshold: float
    suspect_threshold: float
    """Probability at 5 % false positives: enough for a proposal in a document that is damaged as a whole."""
    portable_sentence_threshold: float
    portable_document_threshold: float
    portable_suspect_threshold: float
    """The same for the weights that need no hidden states, which any language model can use."""
    min_words: int
    """Sentences with fewer words are scored but never flagged."""


@dataclass(frozen=True, eq=False, slots=True)
class Head:
    """Weights by name. Shapes: width = hidden size + 2 + CLASSES, units = size of the token network's layer.

    token_in (width, units), token_bias (units,), token_out (units + 1,) the last being the bias, token_mean and
    token_scale (width,); feature_mean, feature_scale, feature_weight (features,), feature_bias (1,); neighbour (4,):
    weight of the own log-odds, of the neighbours' mean, bias, and the mean log-odds of clean sentences; document (3,):
    weight of the mean log-odds, of the upper quartile, bias. The last six again with `portable_`, over the surprisal
    statistics alone.
    """

    tensors: dict[str, Array]
    calibration: Calibration
    sha256: str

    def token_logits(self, text: str, tokens: TokenScores, rows: slice) -> Array:
        """Log-odds that each token is damaged. Shape: (tokens in rows,)."""
        if tokens.hidden is None:
            raise ModelError("scorer", "the language model kept no hidden states", "Load it with `load_scorer`.")
        t = self.tensors
        classes = np.eye(CLASSES, dtype=np.float32)[token_classes(text, tokens, rows)]
        inputs = np.concatenate(
            [tokens.hidden[rows], tokens.surprisal[rows, None], tokens.entropy[rows, None], classes], axis=1
        )
        units = np.maximum((inputs - t["token_mean"]) / t["token_scale"] @ t["token_in"] + t["token_bias"], 0)
        return np.asarray(units @ t["token_out"][:-1] + t["token_out"][-1], np.float32)

    def sentence_logit(self, text: str, tokens: TokenScores, span: Span) -> float | None:
        """Log-odds that the sentence is damaged, from itself alone; None where it has no token."""
        values = sentence_features(text, tokens, span)
        if values is None:
            return None
        if tokens.hidden is None:
            return self._logistic("portable", values)
        rows = tokens.within(span)
        marks = token_statistics(self.token_logits(text, tokens, rows))
        return self._logistic("feature", np.concatenate([values, marks, pooled_states(tokens.hidden[rows])]))

    def _logistic(self, name: str, values: Array) -> float:
        t = self.tensors
        scaled = np.clip((values - t[f"{name}_mean"]) / t[f"{name}_scale"], -MOST_SCALED, MOST_SCALED)
        return float(scaled @ t[f"{name}_weight"] + t[f"{name}_bias"][0])

    def probability(self, own: float, neighbours: float, *, portable: bool) -> float:
        """Calibrated probability of a sentence from its log-odds and its neighbours' (`neighbour_mean`)."""
        own_weight, neighbour_weight, bias, _ = self._neighbour(portable)
        return sigmoid(own_weight * own + neighbour_weight * neighbours + bias)

    def document_probability(self, logits: Sequence[float], *, portable: bool) -> float:
        """Calibrated probability that the document with these sentences' log-odds is a damaged copy."""
        mean, upper, bias = self.tensors["portable_document" if portable else "document"]
        values = document_features(logits, self.clean_mean(portable=portable))
        return sigmoid(mean * values[0] + upper * values[1] + bias)

    def clean_mean(self, *, portable: bool) -> float:
        """The mean log-odds of clean sentences, which short documents are shrunk towards."""
        return float(self._neighbour(portable)[3])

    def _neighbour(self, portable: bool) -> Array:
        return self.tensors["portable_neighbour" if portable else "neighbour"]


def sigmoid(logit: float) -> float:
    """The logistic function of one number."""
    return float(1 / (1 + np.exp(-np.clip(logit, -40, 40))))


def token_statistics(logits: Array) -> Array:
    """The values of `TOKEN_NAMES` for the tokens of a sentence."""
    ordered = np.sort(logits)
    return np.array([ordered.mean(), ordered[-3:].mean(), ordered[-1]], np.float32)


def pooled_states(hidden: Array) -> Array:
    """Mean and last of a sentence's hidden states. Shape: (tokens, width) -> (2 * width,)."""
    return np.concatenate([hidden.mean(axis=0), hidden[-1]]).astype(np.float32)


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
    if tuple(card.get("features", ())) != (*NAMES, *TOKEN_NAMES):
        raise ModelError(str(folder), "the scorer was trained on other features", "Run scripts/train_scorer.py again.")
    return Head(tensors, calibration, hashlib.sha256(data).hexdigest())
