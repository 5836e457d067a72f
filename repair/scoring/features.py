"""What the head reads of one sentence: statistics of surprisal and entropy, by kind of token.

Names, numbers and the tails of rare words surprise a model in good English too; damage shows in the ordinary words
between them. So every statistic that helps is also taken over lower-case word beginnings alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from repair.records import Span, TokenScores

NAMES: tuple[str, ...] = (
    "surprisal_mean",
    "surprisal_top3",
    "surprisal_max",
    "surprisal_sd",
    "surprisal_median",
    "surprisal_window5",
    "surprisal_last",
    "over_6_nats",
    "excess_mean",
    "excess_top3",
    "excess_window5",
    "entropy_mean",
    "log_tokens",
    "word_surprisal_mean",
    "word_surprisal_top3",
    "word_excess_mean",
    "word_excess_top3",
    "word_over_5_nats",
    "name_surprisal_mean",
    "name_share",
    "tail_surprisal_mean",
    "tail_share",
    "mark_surprisal_mean",
)
"""Excess is surprisal less entropy: how much more surprising than the model expected to be surprised here."""

WORD, NAME, TAIL, MARK, DIGIT = range(5)


def token_classes(text: str, tokens: TokenScores, rows: slice) -> NDArray[np.int8]:
    """For each token: lower-case word beginning, capitalised beginning, inside of a word, mark, or number."""
    classes = np.empty(rows.stop - rows.start, np.int8)
    for i, start in enumerate(tokens.starts[rows].tolist()):
        first = text[start : start + 1]
        if first.isdigit():
            classes[i] = DIGIT
        elif not first.isalpha():
            classes[i] = MARK
        elif start > 0 and (text[start - 1].isalnum() or text[start - 1] in "'’"):
            classes[i] = TAIL
        else:
            classes[i] = NAME if first.isupper() else WORD
    return classes


def _mean(values: NDArray[np.float32]) -> float:
    return float(values.mean()) if len(values) else 0.0


def _top(values: NDArray[np.float32], count: int = 3) -> float:
    return _mean(np.sort(values)[-count:])


def _window(values: NDArray[np.float32], width: int = 5) -> float:
    """The highest mean of `width` neighbours, or the mean of all where there are fewer."""
    if len(values) < width:
        return _mean(values)
    sums = np.cumsum(np.concatenate([np.zeros(1, values.dtype), values]))
    return float((sums[width:] - sums[:-width]).max() / width)


def sentence_features(text: str, tokens: TokenScores, span: Span) -> NDArray[np.float32] | None:
    """The values of `NAMES` for the sentence at `span`, or None where no token begins in it. Nats."""
    rows = tokens.within(span)
    if rows.start == rows.stop:
        return None
    surprisal, entropy = tokens.surprisal[rows], tokens.entropy[rows]
    excess = surprisal - entropy
    classes = token_classes(text, tokens, rows)
    word, name, tail, mark = (classes == c for c in (WORD, NAME, TAIL, MARK))
    values: Sequence[float] = (
        _mean(surprisal),
        _top(surprisal),
        float(surprisal.max()),
        float(surprisal.std()),
        float(np.median(surprisal)),
        _window(surprisal),
        float(surprisal[-1]),
        float((surprisal > 6).mean()),
        _mean(excess),
        _top(excess),
        _window(excess),
        _mean(entropy),
        float(np.log(len(surprisal))),
        _mean(surprisal[word]),
        _top(surprisal[word]),
        _mean(excess[word]),
        _top(excess[word]),
        float((surprisal[word] > 5).mean()) if word.any() else 0.0,
        _mean(surprisal[name]),
        float(name.mean()),
        _mean(surprisal[tail]),
        float(tail.mean()),
        _mean(surprisal[mark]),
    )
    return np.array(values, np.float32)
