"""What a rewrite does to a sentence, in numbers: the features that its acceptance is judged by.

Surprisal is in nats per word, each side read by itself. The share of words that stayed is left out on purpose: data
sets of damage change one word and people's corrections many, and a fit that saw it would learn just that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from itertools import pairwise
from math import log
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repair.rewrite.differences import Changes, Word, changes, read_words
from repair.rewrite.words import exists

if TYPE_CHECKING:
    from repair.lm.embed import Embedder
    from repair.lm.model import LanguageModel

Array = NDArray[np.float32]
MOST_NATS = 12.0
"""A word that costs more is unexpected; how much more tells nothing."""


def _told(text: str) -> float:
    declared: float = field(metadata={"told": text})
    return declared


@dataclass(frozen=True, slots=True)
class Features:
    """All differences are after minus before. Each field says what a person is told of it."""

    total: float = _told("nats that the whole sentence costs more")
    mean: float = _told("nats that a word costs more on average")
    rest: float = _told("nats that the words that stayed cost more")
    rest_mean: float = _told("nats that a word that stayed costs more on average")
    rest_rise: float = _told("nats that one word that stayed costs more, at most")
    lost_max: float = _told("nats of the most surprising word that went")
    lost_mean: float = _told("nats of a word that went, on average")
    new_max: float = _told("nats of the most surprising new word")
    new_mean: float = _told("nats of a new word, on average")
    dropped: float = _told("content words left out")
    dropped_nats: float = _told("nats of the content words left out")
    dropped_least: float = _told("nats of the least surprising content word left out")
    added: float = _told("content words put in")
    exchanged: float = _told("content words exchanged for others")
    exchange_gain: float = _told("nats that the worst exchange saves")
    respelt: float = _told("words written otherwise")
    respelt_gain: float = _told("nats that they save")
    moved: float = _told("content words moved")
    inversions: float = _told("breaks in the order of words")
    function_dropped: float = _told("function words left out")
    function_added: float = _told("function words put in")
    unknown_lost: float = _told("words gone that English does not have")
    unknown_added: float = _told("new words that English does not have")
    log_length: float = _told("logarithm of the share of words")
    cosine: float = _told("likeness of meaning (cosine)")


NAMES: tuple[str, ...] = tuple(one.name for one in fields(Features))


def word_surprisals(model: LanguageModel, texts: Sequence[str]) -> dict[str, Array]:
    """Surprisal in nats of each word and mark (`read_words`) of each text. Shape of each: (words,)."""
    encodings = [model.encode(text) for text in texts]
    pieces = model.score_ids([((), encoding.ids) for encoding in encodings])
    return {
        text: per_word(read_words(text), encoding.starts, piece.surprisal)
        for text, encoding, piece in zip(texts, encodings, pieces, strict=True)
    }


def per_word(words: Sequence[Word], starts: NDArray[np.int64], surprisal: Array) -> Array:
    """The sums of the surprisals of the tokens that begin in each word, at most MOST_NATS each."""
    if not words:
        return np.zeros(0, np.float32)
    bounds = np.append(np.searchsorted(starts, [word.start for word in words]), len(surprisal))
    sums = np.concatenate([[0.0], np.cumsum(surprisal, dtype=np.float64)])
    return np.asarray(np.minimum(np.diff(sums[bounds]), MOST_NATS), np.float32)


def measure(pairs: Sequence[tuple[str, str]], surprisals: Mapping[str, Array], embedder: Embedder) -> Array:
    """The features of each (before, after). Shape: (pairs, features), columns as `NAMES`."""
    texts = list(dict.fromkeys(text for pair in pairs for text in pair))
    vectors = dict(zip(texts, embedder.encode(texts), strict=True))
    rows = [
        astuple(features(changes(b, a), surprisals[b], surprisals[a], float(vectors[b] @ vectors[a]))) for b, a in pairs
    ]
    return np.array(rows, np.float32).reshape(-1, len(NAMES))


def features(found: Changes, before: Array, after: Array, cosine: float) -> Features:
    """The features of one rewrite from what became of its words and their surprisal on both sides."""
    old, new = found.before, found.after
    dropped = [i for i in found.dropped if old[i].content]
    changed = (*found.exchanged, *found.respelt)
    lost = before[[*(i for i, _ in changed), *found.dropped]]
    fresh = after[[*(j for _, j in changed), *found.added]]
    rest = np.array([after[j] - before[i] for i, j in found.kept], np.float32)
    order = [j for _, j in sorted((*found.kept, *found.moved))]
    unknown_old, unknown_new = _unknown(old), _unknown(new)
    return Features(
        total=float(after.sum() - before.sum()),
        mean=_mean(after) - _mean(before),
        rest=float(rest.sum()),
        rest_mean=_mean(rest),
        rest_rise=max(0.0, float(rest.max(initial=0.0))),
        lost_max=float(lost.max(initial=0.0)),
        lost_mean=_mean(lost),
        new_max=float(fresh.max(initial=0.0)),
        new_mean=_mean(fresh),
        dropped=len(dropped),
        dropped_nats=float(before[dropped].sum()),
        dropped_least=float(before[dropped].min(initial=MOST_NATS)),
        added=sum(new[j].content for j in found.added),
        exchanged=len(found.exchanged),
        exchange_gain=float(min((before[i] - after[j] for i, j in found.exchanged), default=0.0)),
        respelt=len(found.respelt),
        respelt_gain=float(sum(before[i] - after[j] for i, j in found.respelt)),
        moved=len(found.moved),
        inversions=sum(one > other for one, other in pairwise(order)),
        function_dropped=sum(_is_function(old[i]) for i in found.dropped),
        function_added=sum(_is_function(new[j]) for j in found.added),
        unknown_lost=max(0, unknown_old - unknown_new),
        unknown_added=max(0, unknown_new - unknown_old),
        log_length=log(max(1, len(new)) / max(1, len(old))),
        cosine=cosine,
    )


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else 0.0


def _is_function(word: Word) -> bool:
    return word.text[0].isalnum() and not word.content


def _unknown(words: Iterable[Word]) -> int:
    """How many words in lower case English does not have; names are not asked."""
    return sum(word.content and word.text.isalpha() and word.text.islower() and not exists(word.low) for word in words)
