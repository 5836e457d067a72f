"""How well garbled sentences are found: on the five articles, and on sentences judged by people elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from eval import metrics, seeds
from eval.data import Sample
from eval.table import Row
from repair.records import Document, Kind, Sentence, SentenceScore, Span

if TYPE_CHECKING:
    from repair.scoring.scorer import Scorer

FEW = 0.01
"""The share of false alarms at which recall is told."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the scorer says of sentences whose state is known."""

    garbled: list[SentenceScore]
    clean: list[SentenceScore]

    @property
    def scores(self) -> tuple[list[float | None], list[float | None]]:
        """The scores of both sides."""
        return [s.score for s in self.garbled], [s.score for s in self.clean]

    @property
    def hits(self) -> int:
        """Garbled sentences that are flagged."""
        return sum(s.flagged for s in self.garbled)

    @property
    def false_alarms(self) -> int:
        """Clean sentences that are flagged."""
        return sum(s.flagged for s in self.clean)


def judge_alone(scorer: Scorer, texts: Sequence[str]) -> list[SentenceScore]:
    """Each text as one sentence that stands alone: not split, of the kind prose."""
    documents = [(Document.of_text(text), (Sentence(0, Span(0, len(text)), Kind.PROSE),)) for text in texts]
    return [scored.report.sentences[0] for scored in scorer.score_many(documents)]


def judge_sample(scorer: Scorer, sample: Sample) -> Judged:
    """Every sentence of a sample."""
    return Judged(judge_alone(scorer, sample.garbled), judge_alone(scorer, sample.clean))


def judge_seeds(scorer: Scorer) -> tuple[int, Judged]:
    """How many of the five articles are judged rightly, and their sentences that a person called garbled or clean."""
    from repair.text.sentences import split

    labels = seeds.labels()
    found: dict[int | None, list[SentenceScore]] = {None: [], 0: [], 1: [], 2: []}
    right = 0
    for document in seeds.documents():
        report = scorer.score(document, split(document.text)).report
        right += report.flagged is seeds.is_damaged(document.id)
        own = [label for label in labels if label.document == document.id]
        for label, score in zip(own, seeds.judged(report, own), strict=True):
            found[label.severity].append(score)
    return right, Judged(found[seeds.GARBLED], found[seeds.CLEAN])


def seed_rows(scorer: Scorer) -> Iterable[Row]:
    """The lines of the table on the five articles."""
    right, found = judge_seeds(scorer)
    row = partial(Row, "detection", "seeds")
    yield row("documents judged rightly", right, of=len(seeds.paths()))
    area = metrics.bootstrap(metrics.auc, *found.scores)
    yield row("sentence AUC, garbled against clean", area.value, low=area.low, high=area.high)
    yield row("garbled sentences flagged", found.hits, of=len(found.garbled))
    yield row("clean sentences flagged", found.false_alarms, of=len(found.clean))
    yield row("recall with no clean sentence flagged", metrics.recall_at(*found.scores, 0.0))


def sample_rows(scorer: Scorer, samples: Iterable[Sample]) -> Iterable[Row]:
    """The lines of the table on each sample. One without a garbled side says only how much is flagged wrongly."""
    for sample in samples:
        found = judge_sample(scorer, sample)
        row = partial(Row, "detection", sample.name)
        if found.garbled:
            area = metrics.bootstrap(metrics.auc, *found.scores)
            yield row("AUC", area.value, low=area.low, high=area.high)
            yield row(f"recall at {FEW:.0%} false positives", metrics.recall_at(*found.scores, FEW))
            yield row("garbled sentences flagged", found.hits, of=len(found.garbled))
        yield row("clean sentences flagged", found.false_alarms, of=len(found.clean))
