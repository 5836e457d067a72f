"""Small stand-ins for the heavy parts, for tests and for whoever builds on the package without the models.

A sentence with the word "zzz" is garbled, a document with such a sentence is damaged, and the cure is "mended".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from repair.config import Settings
from repair.pipeline import Cleaner, Parts
from repair.records import (
    Check,
    Document,
    Edit,
    Evidence,
    Proposal,
    Relation,
    ScoreReport,
    Sentence,
    SentenceScore,
    SourceMatch,
    Span,
    Suggestion,
    suggestion_ids,
)
from repair.rewrite.rewriter import Rewriter

GARBLE = "zzz"
CURE = "mended"


@dataclass(frozen=True)
class FakeScored:
    report: ScoreReport
    tokens: None = None


class FakeModel:
    """Tokens are words; the garble surprises by 9 nats, any other word by 3."""

    def encode(self, text: str) -> SimpleNamespace:
        return SimpleNamespace(ids=text.split())

    def score_ids(self, stretches: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(surprisal=np.array([9.0 if GARBLE in word else 3.0 for word in target]))
            for _, target in stretches
        ]


@dataclass
class FakeScorer:
    """Sentences with the garble score .99, others .01. Counts the documents that it reads."""

    threshold: float = 0.5
    signature: str = "lm:fake@00000000|head:00000000"
    model: FakeModel = field(default_factory=FakeModel)
    read: list[str] = field(default_factory=list)

    def score(self, document: Document, sentences: Sequence[Sentence]) -> FakeScored:
        self.read.append(document.id)
        judged = tuple(self._judge(document, sentence) for sentence in sentences)
        scores = [s.score for s in judged if s.score is not None]
        score = max(scores, default=None)
        flagged = score is not None and score >= self.threshold
        return FakeScored(ScoreReport(document, judged, score, flagged, 20.0, self.threshold, self.signature))

    def _judge(self, document: Document, sentence: Sentence) -> SentenceScore:
        if not sentence.kind.is_language:
            return SentenceScore(sentence, None, False, None, 0)
        words = sentence.span.of(document.text).split()
        score = 0.99 if any(GARBLE in word for word in words) else 0.01
        return SentenceScore(sentence, score, score >= self.threshold, math.exp(3 + 3 * score), len(words))

    def rescore(self, scored: FakeScored, changes: Sequence[tuple[int, str]]) -> list[float | None]:
        return [0.99 if GARBLE in text else 0.01 for _, text in changes]


@dataclass
class FakeParts(Parts):
    """All parts but the rules, which are real."""

    scorer: FakeScorer = field(default_factory=FakeScorer)  # type: ignore[assignment]
    embedder: None = None  # type: ignore[assignment]
    rewriter: None = None  # type: ignore[assignment]
    user_model: Rewriter | None = None
    grammar: None = None  # type: ignore[assignment]
    closed: bool = False

    def close(self) -> None:
        self.closed = True


class FakeIndex:
    """Finds every document of the index."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents = list(documents)

    def find(
        self, document: Document, sentences: Sequence[Sentence], *, limit: int = 3, exclude: Iterable[str] = ()
    ) -> tuple[SourceMatch, ...]:
        left = [d for d in self.documents if d.id not in exclude]
        return tuple(SourceMatch(d, (), 0.9, ()) for d in left[:limit])

    def retellings(self, document: Document, sentences: Sequence[Sentence]) -> tuple[SourceMatch, ...]:
        """Documents with as many words, in other words."""
        alike = [d for d in self.documents if len(d.text.split()) == len(document.text.split())]
        return tuple(SourceMatch(d, (), 0.9, (), retold=True) for d in alike if d.text != document.text)

    def document(self, id: str) -> Document | None:
        return next((d for d in self.documents if d.id == id), None)


class FakeCleaner(Cleaner):
    """Proposes the cure for each garble, supported by the first source; without a source it is for review."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings, parts=FakeParts())

    def index(  # type: ignore[override]
        self, documents: Iterable[Document], *, trusted: Iterable[Document] = (), folder: Path | None = None
    ) -> FakeIndex:
        return FakeIndex([*documents, *self._trusting(trusted)])

    def suggest(self, report: ScoreReport, sources: Sequence[SourceMatch]) -> tuple[Suggestion, ...]:
        return tuple(_cures(report, sources)) if report.flagged else ()


def _cures(report: ScoreReport, sources: Sequence[SourceMatch]) -> list[Suggestion]:
    text, path = report.document.text, report.document.source.path
    evidence = tuple(Evidence(m.source.source.path, 0, 3, m.source.text[:3], Relation.SAME_FACT) for m in sources[:1])
    proposals = []
    at = text.find(GARBLE)
    while at >= 0:
        edit = Edit(Span(at, at + len(GARBLE)), GARBLE, CURE)
        proposals.append(Proposal(edit, "parallel" if evidence else "lm", "no such word", evidence))
        at = text.find(GARBLE, at + 1)
    ids = suggestion_ids(text, path, proposals)
    home = report.flagged_sentences[0].sentence.span
    return [
        Suggestion(
            id=id,
            path=path,
            sentence=home,
            edit=proposal.edit,
            origin=proposal.origin,
            tier="safe" if evidence else "review",
            score_before=0.99,
            score_after=0.01,
            evidence=evidence,
            checks=(Check("score", True),),
            reason=proposal.reason,
        )
        for id, proposal in zip(ids, proposals, strict=True)
    ]
