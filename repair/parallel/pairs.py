"""How sure it is that two sentences tell the same: embeddings joined with shared words, names, figures and quotations.

The score is a logistic function of the cosine of the embeddings, of the shared terms (each weighs the more, the fewer
sentences of the two documents have it: a name that is everywhere says nothing) and of figures that disagree. Its
weights are a fit to 178 stretches of 20 sentences of `roundtrip_train`, `mt_train` and `postedit_train`, rounded; the
fresh draw of `scripts/train_alignment.py` gives them an AUC of .9967 to .9998, as much as weights fitted to that draw.
Names get no weight of their own: as rare terms they already count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel

from repair.parallel.profile import THESE_DAYS, Line, Piece, Profile
from repair.text.quotes import quoted_words

BIAS, COSINE, TERMS, DISAGREE = -8.5, 6.0, 15.0, -2.0
QUOTE_STEM = 4
"""Letters that words are cut to when quotations are compared in order: "work" and "working" are one."""
SAME_QUOTE = 0.5
"""Two pieces of quotations with this share of common words in order are one quotation: three in four round-trip copies
of a quotation in `roundtrip_train` pass, two in a hundred best rivals in the same stretch of 20 sentences."""

Scores = NDArray[np.float64]


def pair_scores(document: Profile, source: Profile, group: int = 1) -> Scores:
    """The score of each sentence of `document` with each stretch of `group` sentences of `source`.

    Shape: (lines of document, lines of source - group + 1).
    """
    return score(pair_features(document, source, group))


def score(features: Scores) -> Scores:
    """The logistic function of the weighted features. Shape: (…, 3) to (…)."""
    scores: Scores = 1 / (1 + np.exp(-(BIAS + features @ np.array([COSINE, TERMS, DISAGREE]))))
    return scores


def pair_features(document: Profile, source: Profile, group: int = 1) -> Scores:
    """What the score rests on. Shape: (lines of document, stretches of source, 3).

    The three are the cosine, -1 to 1; the shared terms, 0 to 1; and 1 where figures disagree, else 0.
    """
    count = max(0, len(source.lines) - group + 1)
    if not count or not document.lines:
        return np.zeros((len(document.lines), count, 3))
    stretches = [source.lines[start : start + group] for start in range(count)]
    vectors = np.stack([source.vectors[start : start + group].sum(axis=0) for start in range(count)])
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    weights = _term_weights([*document.lines, *source.lines])
    features: Scores = np.stack(
        [
            (document.vectors @ vectors.T).astype(np.float64),
            _term_overlap(document.lines, stretches, weights),
            _disagreement(document.lines, stretches),
        ],
        axis=2,
    )
    return features


def _term_overlap(document: Sequence[Line], stretches: Sequence[Sequence[Line]], weights: dict[str, float]) -> Scores:
    """Shared weight over the geometric mean of both weights. Shape: (document, stretches)."""
    column = {term: number for number, term in enumerate(weights)}
    weight = np.array([*weights.values()])
    mine = _presence([line.terms for line in document], column)
    theirs = _presence([frozenset().union(*(line.terms for line in stretch)) for stretch in stretches], column)
    shared = (mine * weight) @ theirs.T
    mean = np.sqrt(np.outer(mine @ weight, theirs @ weight))
    overlap: Scores = shared / np.maximum(mean, 1e-9)
    return overlap


def _presence(sets: Sequence[frozenset[str]], column: dict[str, int]) -> Scores:
    table = np.zeros((len(sets), len(column)))
    for row, terms in enumerate(sets):
        table[row, [column[term] for term in terms]] = 1
    return table


def _term_weights(lines: Sequence[Line]) -> dict[str, float]:
    """The log of how many sentences there are for each one that has the term."""
    counts = Counter(term for line in lines for term in line.terms)
    return {term: log((1 + len(lines)) / count) for term, count in counts.items()}


def _disagreement(document: Sequence[Line], stretches: Sequence[Sequence[Line]]) -> Scores:
    """1 where both sides have figures and share none; days of this week do not disagree. Shape as the scores."""
    theirs = [_comparable(frozenset().union(*(line.figures for line in stretch))) for stretch in stretches]
    mine = [_comparable(line.figures) for line in document]
    return np.array([[float(bool(a and b) and not a & b) for b in theirs] for a in mine])


def _comparable(figures: frozenset[str]) -> frozenset[str]:
    return frozenset("these days" if figure in THESE_DAYS else figure for figure in figures)


def quote_scores(document: Profile, source: Profile) -> Scores:
    """How much of a quotation of `source` each sentence of `document` holds, in order, 0 to 1.

    Counts only what stands in a paragraph with quotation marks in `document`, and inside marks in `source`; a piece
    that is the source's word for word with words put in between is another cut of the quotation, not a copy of it.
    Shape: (lines of document, lines of source).
    """
    scores: Scores = np.zeros((len(document.lines), len(source.lines)))
    theirs = [(piece, _cut(piece)) for piece in source.pieces if piece.quoted]
    for mine in document.pieces:
        words = _cut(mine)
        for piece, others in theirs:
            ratio = Indel.normalized_similarity(words, others, score_cutoff=SAME_QUOTE)
            if ratio > scores[mine.line, piece.line] and not _quotes_more(words, others):
                scores[mine.line, piece.line] = ratio
    return scores


def _cut(piece: Piece) -> list[str]:
    return [word[:QUOTE_STEM] for word in quoted_words(piece.text).split()]


def _quotes_more(words: Sequence[str], others: Sequence[str]) -> bool:
    """True where `words` are `others` in order with two or more words put in."""
    return len(words) >= len(others) + 2 and Indel.distance(words, others) == len(words) - len(others)
