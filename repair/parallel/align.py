"""Which sentences of a document tell what sentences of a source tell, and how the two stand to each other.

Where a copy follows its source, sentences are aligned in order by dynamic programming (omissions and insertions are
free, one sentence may tell up to three, and several may tell one). Where two outlets tell one event, each sentence
takes its best partner wherever it stands. Which of the two it is shows in how much of the free score order keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Indel

from repair.parallel.contradiction import contradiction
from repair.parallel.pairs import Scores, pair_scores, quote_scores
from repair.parallel.profile import Profile
from repair.parallel.quotations import quoted_words
from repair.records import Aligned, Relation

ANCHOR = 0.11
"""A pair from this score on is aligned: one in a hundred pairs of different sentences of the same 20 sentences of
`roundtrip_train` reaches it (99 in a hundred true pairs do)."""
LONGEST = 3
"""Sentences of a source that one sentence can tell."""
IN_ORDER = 0.9
"""The share of the free score that an alignment in order must keep for the copy to follow its source."""
GROUP_GAIN = 0.02
"""What a longer stretch must add to the score over a shorter one."""
NEAR_COPY = 0.5
"""Share of words in common, in order, from which a sentence is the source's own text. Of true pairs in
`roundtrip_train` four in five reach it."""
SURE = 0.85
"""And the score that such a pair needs: one in a thousand pairs of different sentences reaches it."""


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
    singles = np.maximum(pair_scores(document, source), quotes)
    groups = [singles, *(pair_scores(document, source, size) for size in range(2, LONGEST + 1))]
    free = _free(groups)
    ordered = _in_order(groups)
    links = ordered if _total(ordered) >= IN_ORDER * _total(free) else free
    return tuple(_aligned(document, source, link, quotes) for link in links)


def _total(links: Sequence[_Link]) -> float:
    return sum(link.score for link in links)


def _free(groups: Sequence[Scores]) -> list[_Link]:
    """The best stretch for each line, wherever it stands."""
    links = []
    for line in range(len(groups[0])):
        best: _Link | None = None
        for size, scores in enumerate(groups, start=1):
            if scores.shape[1] == 0:
                continue
            first = int(np.argmax(scores[line]))
            score = float(scores[line, first])
            if score >= ANCHOR and (best is None or score > best.score + GROUP_GAIN):
                best = _Link(line, first, first + size - 1, score)
        if best:
            links.append(best)
    return links


def _in_order(groups: Sequence[Scores]) -> list[_Link]:
    """The links with the greatest total score that never go back in the source; a source line may be told twice."""
    lines, width = groups[0].shape
    # total[i, j]: the best total of the first i lines with nothing beyond source line j - 1; size[i, j]: lines told
    # by a link that ends there, 0 for none.
    total = np.zeros((lines + 1, width + 1))
    size = np.zeros((lines + 1, width + 1), dtype=np.int64)
    for line in range(lines):
        best = np.full(width, -np.inf)
        for length, scores in enumerate(groups, start=1):
            if scores.shape[1] == 0:
                continue
            gain = np.where(scores[line] >= ANCHOR, scores[line] - GROUP_GAIN * (length - 1), -np.inf)
            reached = gain + total[line, 1 : width - length + 2]
            better = reached > best[length - 1 :]
            best[length - 1 :][better] = reached[better]
            size[line + 1, length:][better] = length
        skipped = total[line, 1:]
        size[line + 1, 1:][best <= skipped] = 0
        total[line + 1, 1:] = np.maximum.accumulate(np.maximum(best, skipped))
    return _trace(groups, total, size)


def _trace(
    groups: Sequence[Scores], total: Scores, size: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> list[_Link]:
    """Walk back through the table of totals."""
    links = []
    at = total.shape[1] - 1
    for line in range(len(total) - 1, 0, -1):
        while at > 1 and total[line, at] == total[line, at - 1]:
            at -= 1
        length = int(size[line, at])
        if length and total[line, at] > total[line - 1, at]:
            first = at - length
            links.append(_Link(line - 1, first, at - 1, float(groups[length - 1][line - 1, first])))
            at = first + 1
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
    return Relation.SAME_FACT, _shared(document, source, link, told)


def _shared(document: Profile, source: Profile, link: _Link, told: Sequence[int]) -> str:
    """What the two name alike, in words."""
    theirs = {value for at in told for value in _values(source, at)}
    both = [surface for value, surface in _values(document, link.line).items() if value in theirs]
    return "both have " + ", ".join(both) if both else "told in other words"


def _values(profile: Profile, line: int) -> dict[str, str]:
    facts = profile.lines[line].facts
    return {fact.value: fact.surface for fact in (*facts.names, *facts.numbers, *facts.dates)}
