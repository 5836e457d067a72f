"""Shares and edit rates over documents, with intervals drawn over whole documents (Efron 1979)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from eval.metrics import Interval


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one document: how many of how many. Edits over reference words for TER, rightly done sentences for a share."""

    part: float
    whole: float


def edits(texts: Sequence[str], references: Sequence[str]) -> Counts:
    """The edits, with shifts of phrases, that turn each text into its reference, and the reference's words.

    The settings are those of `metrics.translation_edit_rate`.
    """
    scores = [_rate().sentence_score(text, [reference]) for text, reference in zip(texts, references, strict=True)]
    return Counts(sum(score.num_edits for score in scores), sum(score.ref_length for score in scores))


def pooled(counts: Sequence[Counts], *, scale: float = 1.0, resamples: int = 1000, seed: int = 0) -> Interval:
    """All parts over all wholes, times `scale`, with the 95 % percentile interval over documents drawn anew."""
    table = np.array([(count.part, count.whole) for count in counts])
    draws = np.random.default_rng(seed).integers(0, len(table), (resamples, len(table)))
    sums = table[draws].sum(axis=1)
    low, high = np.quantile(sums[:, 0] / sums[:, 1], (0.025, 0.975)) * scale
    return Interval(float(table[:, 0].sum() / table[:, 1].sum()) * scale, float(low), float(high))


@cache
def _rate() -> Any:
    from sacrebleu.metrics.ter import TER

    return TER(normalized=True, case_sensitive=True)
