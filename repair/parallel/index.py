"""Find the clean source of a document among many: retrieval by words, then alignment of the best candidates.

Texts, terms and the matrix of words lie on disk (`store.py`): in a folder that the caller names, so that the next run
finds them made, or in a temporary one. `repair clean` names a folder inside OUT and not the user's cache: what it holds
are the words of one archive, and they go when OUT goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np

from repair.detectors.function_words import FUNCTION_WORDS
from repair.parallel import copies
from repair.parallel.align import align
from repair.parallel.names import read_names
from repair.parallel.profile import STEM, Embedder, Profile, profile
from repair.parallel.quantities import read_quantities
from repair.parallel.store import Store
from repair.records import Aligned, Document, Sentence, SourceMatch
from repair.text.quotes import WORD
from repair.text.sentences import split

SPECIFIC = 3
"""How often a name, number or date counts in a query, where a word counts once."""
CANDIDATES = 8
"""Documents that retrieval hands to alignment."""
COMMON = (0.1, 1000)
"""A term that this share of the documents has, of at least so many, tells nothing and costs most."""
COVERAGE = 0.05
"""The least score of a source: the share of the document's words in aligned sentences, each by its score. Of 72
damaged stories of nine sentences in `roundtrip_train` the true source scores .82 or more; above this and with
LEAST_ALIGNED nothing else was offered but neighbouring stretches of the same article."""
LEAST_ALIGNED = 2
"""And the least sentences that must be aligned."""
ALIKE = 0.3
"""Cosine of the sets of terms of two texts from which one may be the other retold."""
KEPT = 256
"""Profiles of candidates kept in memory (about 50 kB each)."""


class SourceIndex:
    """Documents that may be the clean source of another one. Build it once, ask it for each document."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        self._source = lru_cache(maxsize=KEPT)(self._profile_at)

    @classmethod
    def build(cls, documents: Iterable[Document], embedder: Embedder, folder: Path | None = None) -> SourceIndex:
        """Index `documents` by their words; nothing is embedded until a document asks for sources.

        `folder` keeps the index for the next run, which then reads only texts that are new. Documents are taken one by
        one and not held. Raises OutputError where the folder cannot be written.
        """
        store = Store(folder)
        store.fill(documents, _terms)
        return cls(store, embedder)

    def find(
        self, document: Document, sentences: Sequence[Sentence], *, limit: int = 3, exclude: Collection[str] = ()
    ) -> tuple[SourceMatch, ...]:
        """The sources of `document`, best first, at most `limit`; never itself, nor one whose id is in `exclude`.

        `sentences` are those of `repair.text.sentences.split(document.text)`.
        """
        return self._matches(document, sentences, self._candidates(document, _terms(document.text), exclude), limit)

    def retellings(self, document: Document, sentences: Sequence[Sentence]) -> tuple[SourceMatch, ...]:
        """The documents that `document` retells sentence by sentence, or that retell it; best first.

        Cheap for a document without one: only texts that share most of their words are aligned.
        """
        terms = _terms(document.text)
        mine = np.unique(self._store.numbers(terms))
        distinct = len(set(terms))
        alike = [at for at in self._candidates(document, terms, ()) if self._alike(mine, distinct, at)]
        return tuple(match for match in self._matches(document, sentences, alike, CANDIDATES) if match.retold)

    def document(self, id: str) -> Document | None:
        """The document of the index with this id."""
        found = self._store.find(id)
        return found and found[1]

    def _matches(
        self, document: Document, sentences: Sequence[Sentence], candidates: Sequence[int], limit: int
    ) -> tuple[SourceMatch, ...]:
        if not candidates:
            return ()
        mine = self._profile(document, sentences)
        matches = [match for at in candidates if (match := _match(mine, self._source(at)))]
        return tuple(sorted(matches, key=lambda match: -match.score)[:limit])

    def _alike(self, mine: np.ndarray[tuple[int], np.dtype[np.int64]], distinct: int, at: int) -> bool:
        theirs = np.unique(self._store.terms_of(at))
        shared = len(np.intersect1d(mine, theirs, assume_unique=True))
        return bool(shared >= ALIKE * np.sqrt(distinct * len(theirs)))

    def _profile(self, document: Document, sentences: Sequence[Sentence]) -> Profile:
        """The profile of `document`, made once where it is in the index too."""
        known = self._store.find(document.id)
        if known is not None and known[1] == document:
            return self._source(known[0])
        return profile(document, sentences, self._embedder)

    def _profile_at(self, at: int) -> Profile:
        document = self._store.document(at)
        return profile(document, split(document.text), self._embedder)

    def _candidates(self, document: Document, terms: Sequence[str], exclude: Collection[str]) -> list[int]:
        """Places of the documents that share most rare words with `document`."""
        retriever = self._store.retriever
        weighed = [term for term in terms for _ in range(SPECIFIC if term[0] in "@#" else 1)]
        query = np.array(self._store.numbers(weighed), dtype=np.int64)
        if retriever is None or not len(query):
            return []
        columns = retriever.scores["indptr"]
        rare = columns[query + 1] - columns[query] <= max(COMMON[0] * len(self._store), COMMON[1])
        scores = retriever.get_scores_from_ids(query[rare])
        ranked = (int(at) for at in np.argsort(-scores, kind="stable") if scores[at] > 0)
        return list(islice(self._allowed(ranked, document, exclude), CANDIDATES))

    def _allowed(self, places: Iterable[int], document: Document, exclude: Collection[str]) -> Iterator[int]:
        for at in places:
            if not _barred(self._store.document(at), document, exclude):
                yield at


def _barred(candidate: Document, document: Document, exclude: Collection[str]) -> bool:
    same_bytes = bool(document.source.sha256) and candidate.source.sha256 == document.source.sha256
    return candidate.id == document.id or candidate.id in exclude or same_bytes or candidate.text == document.text


def _terms(text: str) -> list[str]:
    """Beginnings of content words, names after "@", numbers and dates after "#"."""
    words = [word.lower()[:STEM] for word in WORD.findall(text) if word.lower() not in FUNCTION_WORDS]
    names = [f"@{name.value}" for name in read_names(text)]
    return words + names + [f"#{quantity.value}" for quantity in read_quantities(text)]


def _match(document: Profile, source: Profile) -> SourceMatch | None:
    """The alignment as a match, or None where too little is shared."""
    alignment = align(document, source)
    score = _coverage(document, alignment)
    if score < COVERAGE or len(alignment) < LEAST_ALIGNED:
        return None
    match = SourceMatch(source.document, source.sentences, score, alignment)
    if not copies.retold(document, source, alignment):
        return match
    return replace(match, alignment=copies.realigned(document, source, alignment), retold=True)


def _coverage(document: Profile, alignment: Sequence[Aligned]) -> float:
    """The share of the document's words in aligned sentences, each by its score."""
    scores = {aligned.sentence: aligned.score for aligned in alignment}
    weights = [len(WORD.findall(line.text)) for line in document.lines]
    told = sum(weight * scores.get(line.index, 0.0) for line, weight in zip(document.lines, weights, strict=True))
    return round(told / sum(weights), 4) if weights else 0.0
