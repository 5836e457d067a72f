"""Which sentences of a document tell what sentences of a source tell, and how the two stand to each other.

Where a copy follows its source, sentences are aligned in order by dynamic programming (omissions and insertions are
free, one sentence may tell up to three, and several may tell one). Where two outlets tell one event, each sentence
takes its best partner wherever it stands. Which of the two it is shows in how much of the free score order keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel

from repair.parallel.contradiction import contradiction
from repair.parallel.pairs import Scores, pair_scores, quote_scores
from repair.parallel.profile import Profile
from repair.records import Aligned, Relation
from repair.text.quotes import quoted_words

ANCHOR = 0.11
"""A pair from this score on is aligned: about one in a hundred pairs of different sentences of the same 20 sentences
reaches it (one in a hundred lies at .16 in `roundtrip_train`, .07 in `mt_train`), and 98 in a hundred true pairs."""
LONGEST = 3
"""Sentences of a source that one sentence can tell."""
IN_ORDER = 0.9
"""The share of the free score that an alignment in order must keep for the copy to follow its source."""
LONGER = 0.25
"""Log-odds that each further sentence of a stretch must add: of 164 pairs of joined sentences of `roundtrip_train` 90
in a hundred then find both their sources (80 at 1.0), and of 369 single ones none finds two."""
NEAR_COPY = 0.5
"""Share of words in common, in order, from which a sentence is the source's own text. Of true pairs in
`roundtrip_train` four in five reach it."""
SURE = 0.85
"""And the score that such a pair needs: less than one in a thousand pairs of different sentences reaches it."""


@dataclass(frozen=True, slots=True)
class _Link:
    """One line of the document and the stretch of source lines that tell the same; indices into both profiles."""

    line: int
    first: int
    last: int
    score: float


def align(document: Profile, source: Profile) -> tuple[Aligned, ...]:
    """The sentences of `document` that `source` tells too, in the order of the document.

    Indices are those of the sentences of both documents.
    """
    if not document.lines or not source.lines:
        return ()
    quotes = quote_scores(document, source)
    stretches = _stretches(document, source, quotes)
    free = _free(stretches)
    ordered = _in_order(stretches)
    links = ordered if _total(ordered) >= IN_ORDER * _total(free) else free
    return tuple(_aligned(document, source, link, quotes) for link in links)


@dataclass(frozen=True, eq=False, slots=True)
class _Stretches:
    """The best stretch from each source line on, for each line. Shape of both: (lines, source lines)."""

    score: Scores
    length: NDArray[np.int64]


def _stretches(document: Profile, source: Profile, quotes: Scores) -> _Stretches:
    """One to LONGEST source lines, as many as add to the score."""
    score = np.maximum(pair_scores(document, source), quotes)
    length = np.ones(score.shape, dtype=np.int64)
    for size in range(2, min(LONGEST, len(source.lines)) + 1):
        longer = pair_scores(document, source, size)
        kept, sizes = score[:, : longer.shape[1]], length[:, : longer.shape[1]]
        better = _log_odds(longer) > _log_odds(kept) + LONGER * (size - sizes)
        kept[better] = longer[better]
        sizes[better] = size
    return _Stretches(score, length)


def _log_odds(scores: Scores) -> Scores:
    bounded = np.clip(scores, 1e-9, 1 - 1e-9)
    odds: Scores = np.log(bounded / (1 - bounded))
    return odds


def _total(links: Sequence[_Link]) -> float:
    return sum(link.score for link in links)


def _free(stretches: _Stretches) -> list[_Link]:
    """The best stretch for each line, wherever it stands; of equally good ones the shorter."""
    value = _log_odds(stretches.score) - LONGER * (stretches.length - 1)
    best = [(line, int(first)) for line, first in enumerate(np.argmax(value, axis=1))]
    return [_link(stretches, line, first) for line, first in best if stretches.score[line, first] >= ANCHOR]


def _link(stretches: _Stretches, line: int, first: int) -> _Link:
    last = first + int(stretches.length[line, first]) - 1
    return _Link(line, first, last, float(stretches.score[line, first]))


def _in_order(stretches: _Stretches) -> list[_Link]:
    """The links with the greatest total score that never go back in the source; a source line may be told twice."""
    lines, width = stretches.score.shape
    # total[i, j]: the best total of the first i lines that reach no further than source line j;
    # start[i, j]: where the stretch begins that line i - 1 tells and that ends with j, or -1.
    total = np.zeros((lines + 1, width))
    start = np.full((lines + 1, width), -1, dtype=np.int64)
    for line in range(lines):
        reached = total[line].copy()
        for first in np.flatnonzero(stretches.score[line] >= ANCHOR):
            last = first + stretches.length[line, first] - 1
            value = total[line, first] + stretches.score[line, first]
            if value > reached[last]:
                reached[last] = value
                start[line + 1, last] = first
        total[line + 1] = np.maximum.accumulate(reached)
    return _trace(stretches, total, start)


def _trace(stretches: _Stretches, total: Scores, start: NDArray[np.int64]) -> list[_Link]:
    """Walk back through the table of totals."""
    links = []
    at = total.shape[1] - 1
    for line in range(len(total) - 2, -1, -1):
        while at > 0 and total[line + 1, at] == total[line + 1, at - 1]:
            at -= 1
        if total[line + 1, at] > total[line, at]:
            at = int(start[line + 1, at])
            links.append(_link(stretches, line, at))
    return links[::-1]


def _aligned(document: Profile, source: Profile, link: _Link, quotes: Scores) -> Aligned:
    """The link with its relation, in the documents' own indices."""
    told = set(range(link.first, link.last + 1))
    quoted = {int(at) for at in np.flatnonzero(quotes[link.line])}
    relation, detail = _relation(document, source, link, sorted(told | quoted), sorted(quoted))
    chosen = sorted(quoted) if relation is Relation.SAME_QUOTE else sorted(told)
    return Aligned(
        sentence=document.lines[link.line].index,
        sources=tuple(source.lines[at].index for at in chosen),
        relation=relation,
        score=round(float(max(link.score, quotes[link.line].max())), 4),
        detail=detail,
    )


def _relation(
    document: Profile, source: Profile, link: _Link, told: Sequence[int], quoted: Sequence[int]
) -> tuple[Relation, str]:
    """How the line stands to the source lines `told`, and in words why."""
    line = document.lines[link.line]
    clash = contradiction(line.facts, [source.lines[at].facts for at in told])
    if clash:
        return Relation.CONTRADICTED, clash
    if quoted:
        return Relation.SAME_QUOTE, "the words of the source's quotation, otherwise put"
    words = quoted_words(line.text).split()
    theirs = quoted_words(" ".join(source.lines[at].text for at in told)).split()
    common = Indel.normalized_similarity(words, theirs)
    if common >= NEAR_COPY and link.score >= SURE:
        return Relation.SAME_TEXT, f"{common:.0%} of the words are the source's, in order"
    return _same_fact(_values(document, link.line), {v: s for at in told for v, s in _values(source, at).items()})


def _same_fact(mine: Mapping[str, str], theirs: Mapping[str, str]) -> tuple[Relation, str]:
    """Which of the two names more, or what both name, in words. Both map values of facts to the words for them."""
    more = [surface for value, surface in theirs.items() if value not in mine]
    ours = [surface for value, surface in mine.items() if value not in theirs]
    if more and not ours:
        return Relation.MORE_DETAIL, "the source also has " + ", ".join(more)
    if ours and not more:
        return Relation.MORE_DETAIL, "the source does not have " + ", ".join(ours)
    both = [surface for value, surface in mine.items() if value in theirs]
    return Relation.SAME_FACT, "both have " + ", ".join(both) if both else "told in other words"


def _values(profile: Profile, line: int) -> dict[str, str]:
    facts = profile.lines[line].facts
    return {fact.value: fact.surface for fact in (*facts.names, *facts.numbers, *facts.dates)}
