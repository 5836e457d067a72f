"""How well scores tell garbled from clean, and how far a text is from what a person made of it.

Scores are probabilities that a sentence is garbled; None, where nothing could be scored, never flags and so counts
as the lowest score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = Sequence[float | None]
Statistic = Callable[[Scores, Scores], float]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the bounds of its bootstrap interval."""

    value: float
    low: float
    high: float


def _numbers(scores: Scores) -> list[float]:
    return [0.0 if score is None else score for score in scores]


def auc(garbled: Scores, clean: Scores) -> float:
    """The chance that a garbled sentence scores above a clean one; ties count half."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score([1] * len(garbled) + [0] * len(clean), _numbers(garbled) + _numbers(clean)))


def best_mcc(wrong: NDArray[np.bool_], scores: NDArray[np.float32], quantiles: NDArray[np.float64]) -> float:
    """The highest Matthews correlation of wrong words over thresholds at quantiles of their scores, in hindsight."""
    from sklearn.metrics import matthews_corrcoef

    return max(float(matthews_corrcoef(wrong, scores >= line)) for line in np.quantile(scores, quantiles))


def recall_at(garbled: Scores, clean: Scores, false_positives: float) -> float:
    """The share of garbled sentences above the lowest threshold that flags at most this share of the clean ones."""
    from sklearn.metrics import roc_curve

    labels = [1] * len(garbled) + [0] * len(clean)
    false, true, _ = roc_curve(labels, _numbers(garbled) + _numbers(clean), drop_intermediate=False)
    return float(max(t for f, t in zip(false, true, strict=True) if f <= false_positives))


def bootstrap(
    statistic: Statistic, garbled: Scores, clean: Scores, *, resamples: int = 500, seed: int = 0, level: float = 0.95
) -> Interval:
    """The statistic with its percentile bootstrap interval, both sides drawn anew, each on its own (Efron 1979)."""
    draw = np.random.default_rng(seed)
    sides = [np.array(_numbers(side)) for side in (garbled, clean)]
    values = [
        statistic(*(side[draw.integers(0, len(side), len(side))].tolist() for side in sides)) for _ in range(resamples)
    ]
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(statistic(garbled, clean), float(low), float(high))


def translation_edit_rate(texts: Sequence[str], references: Sequence[str]) -> float:
    """TER of the whole corpus, in percent: edits, with shifts of phrases, over reference words (Snover et al. 2006).

    Against a person's correction of the very text this is HTER.
    """
    from sacrebleu.metrics import TER

    return float(TER(normalized=True, case_sensitive=True).corpus_score(list(texts), [list(references)]).score)


def chrf(texts: Sequence[str], references: Sequence[str]) -> float:
    """chrF of the whole corpus, 0 to 100, higher is nearer to the reference (Popović 2015)."""
    from sacrebleu.metrics import CHRF

    return float(CHRF().corpus_score(list(texts), [list(references)]).score)
