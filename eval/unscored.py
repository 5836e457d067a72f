"""A stand-in for the scorer that calls every document well written, where the figure does not hang on the scorer.

Copies by good engines are not flagged, so what their sources do to them can be measured without the language model, on
all documents in the time of a few.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from repair.pipeline import Parts
from repair.records import Document, ScoreReport, Sentence, SentenceScore
from repair.scoring.scorer import Scored

LOW = 0.01


class Unscored:
    """Every sentence of every document has the score LOW, before and after any change."""

    threshold = 1.0
    signature = "unscored"
    model = SimpleNamespace(encode=lambda _: SimpleNamespace(ids=[]), score_ids=lambda _: [])

    def score(self, document: Document, sentences: Sequence[Sentence]) -> Scored:
        """A report that flags nothing."""
        judged = tuple(SentenceScore(sentence, LOW, False, None, 0) for sentence in sentences)
        tokens: Any = None  # what is read of tokens, is read of flagged sentences
        return Scored(ScoreReport(document, judged, LOW, False, None, self.threshold, self.signature), tokens, {})

    def rescore(self, _: Scored, changes: Sequence[tuple[int, str]]) -> list[float | None]:
        """The same for every change."""
        return [LOW] * len(changes)


class UnscoredParts(Parts):
    """All real parts but the scorer."""

    @cached_property
    def scorer(self) -> Any:
        """The stand-in."""
        return Unscored()
