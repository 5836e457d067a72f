"""Find the clean source of a document among many: retrieval by words, then alignment of the best candidates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from repair.parallel.align import align
from repair.parallel.names import read_names
from repair.parallel.profile import STEM, Embedder, Profile, profile
from repair.parallel.quantities import read_quantities
from repair.parallel.quotations import WORD
from repair.records import Aligned, Document, Sentence, SourceMatch
from repair.text.sentences import split

if TYPE_CHECKING:
    import bm25s

SPECIFIC = 3
"""How often a name, number or date counts in a query, where a word counts once."""
CANDIDATES = 8
"""Documents that retrieval hands to alignment."""
COVERAGE = 0.05
"""The least score of a source: the share of the document's words in aligned sentences, each by its score. Of 72
damaged stories of nine sentences in `roundtrip_train` the true source scores .82 or more; above this and with
LEAST_ALIGNED nothing else was offered but neighbouring stretches of the same article."""
LEAST_ALIGNED = 2
"""And the least sentences that must be aligned."""
KEPT = 256
"""Profiles of candidates kept in memory (about 50 kB each)."""


class SourceIndex:
    """Documents that may be the clean source of another one. Build it once, ask it for each document."""

    def __init__(self, documents: Sequence[Document], retriever: bm25s.BM25 | None, embedder: Embedder) -> None:
        self._documents = documents
        self._retriever = retriever
        self._embedder = embedder
        self._places = {document.id: at for at, document in enumerate(documents)}
        self._source = _keeping(documents, embedder)

    @classmethod
    def build(cls, documents: Iterable[Document], embedder: Embedder) -> SourceIndex:
        """Index `documents` by their words; nothing is embedded until a document asks for sources."""
        import bm25s  # a second: it brings scipy

        every = tuple(documents)
        terms = [_terms(document.text) for document in every]
        if not any(terms):
            return cls(every, None, embedder)
        retriever = bm25s.BM25(k1=1.2, b=0.75)
        retriever.index(terms, show_progress=False)
        return cls(every, retriever, embedder)

    def find(
        self, document: Document, sentences: Sequence[Sentence], *, limit: int = 3, exclude: Collection[str] = ()
    ) -> tuple[SourceMatch, ...]:
        """The sources of `document`, best first, at most `limit`; never itself, nor one whose id is in `exclude`.

        `sentences` are those of `repair.text.sentences.split(document.text)`.
        """
        candidates = self._candidates(document, exclude)
        if not candidates:
            return ()
        mine = self._profile(document, sentences)
        matches = [match for at in candidates if (match := _match(mine, self._source(at)))]
        return tuple(sorted(matches, key=lambda match: -match.score)[:limit])

    def _profile(self, document: Document, sentences: Sequence[Sentence]) -> Profile:
        """The profile of `document`, made once where it is in the index too."""
        at = self._places.get(document.id)
        if at is not None and self._documents[at] == document:
            return self._source(at)
        return profile(document, sentences, self._embedder)

    def _candidates(self, document: Document, exclude: Collection[str]) -> list[int]:
        """Positions of the documents that share most rare words with `document`."""
        query = [term for term in _terms(document.text) for _ in range(SPECIFIC if term[0] in "@#" else 1)]
        if self._retriever is None or not self._retriever.get_tokens_ids(query):
            return []
        scores = self._retriever.get_scores(query)
        ranked = (int(at) for at in np.argsort(-scores, kind="stable") if scores[at] > 0)
        found = (at for at in ranked if not _barred(self._documents[at], document, exclude))
        return [at for at, _ in zip(found, range(CANDIDATES), strict=False)]


def _keeping(documents: Sequence[Document], embedder: Embedder) -> Callable[[int], Profile]:
    """Profiles by position, the last ones kept."""

    @lru_cache(maxsize=KEPT)
    def source(at: int) -> Profile:
        return profile(documents[at], split(documents[at].text), embedder)

    return source


def _barred(candidate: Document, document: Document, exclude: Collection[str]) -> bool:
    same_bytes = bool(document.source.sha256) and candidate.source.sha256 == document.source.sha256
    return candidate.id == document.id or candidate.id in exclude or same_bytes or candidate.text == document.text


def _terms(text: str) -> list[str]:
    """Beginnings of words, names after "@", numbers and dates after "#"."""
    words = [word.lower()[:STEM] for word in WORD.findall(text)]
    names = [f"@{name.value}" for name in read_names(text)]
    return words + names + [f"#{quantity.value}" for quantity in read_quantities(text)]


def _match(document: Profile, source: Profile) -> SourceMatch | None:
    """The alignment as a match, or None where too little is shared."""
    alignment = align(document, source)
    score = _coverage(document, alignment)
    if score < COVERAGE or len(alignment) < LEAST_ALIGNED:
        return None
    return SourceMatch(source.document, source.sentences, score, alignment)


def _coverage(document: Profile, alignment: Sequence[Aligned]) -> float:
    """The share of the document's words in aligned sentences, each by its score."""
    scores = {aligned.sentence: aligned.score for aligned in alignment}
    weights = [len(WORD.findall(line.text)) for line in document.lines]
    told = sum(weight * scores.get(line.index, 0.0) for line, weight in zip(document.lines, weights, strict=True))
    return round(told / sum(weights), 4) if weights else 0.0
