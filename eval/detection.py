"""How well garbled sentences are found: on the five articles, and on sentences judged by people elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from eval import metrics, seeds
from eval.data import Sample
from eval.table import Row
from repair.records import Document, Kind, Sentence, Span

if TYPE_CHECKING:
    from repair.scoring.scorer import Scorer

FEW = 0.01
"""The share of false alarms at which recall is told."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of sentences whose state is known."""

    garbled: list[float | None]
    clean: list[float | None]


def score_sentence(scorer: Scorer, text: str) -> float | None:
    """The score of one sentence that stands alone, taken as it is: not split, of the kind prose."""
    document = Document.of_text(text)
    return scorer.score(document, (Sentence(0, Span(0, len(text)), Kind.PROSE),)).report.sentences[0].score


def score_sample(scorer: Scorer, sample: Sample) -> Scored:
    """Every sentence of a sample, each alone."""
    return Scored(
        [score_sentence(scorer, text) for text in sample.garbled],
        [score_sentence(scorer, text) for text in sample.clean],
    )


@dataclass(frozen=True, slots=True)
class SeedScores:
    """What the five articles and their labelled sentences score."""

    documents_right: int
    documents: int
    scores: Scored
    garbled_flagged: int
    clean_flagged: int


def score_seeds(scorer: Scorer) -> SeedScores:
    """The five articles, and their sentences that a person called garbled or clean."""
    from repair.text.sentences import split

    labels = seeds.labels()
    found: dict[int | None, list[tuple[float | None, bool]]] = {seeds.GARBLED: [], seeds.CLEAN: []}
    documents = seeds.documents()
    right = 0
    for document in documents:
        report = scorer.score(document, split(document.text)).report
        right += report.flagged is seeds.is_damaged(document.id)
        own = [label for label in labels if label.document == document.id]
        for label, outcome in zip(own, seeds.label_scores(report, own), strict=True):
            found.setdefault(label.severity, []).append(outcome)
    garbled, clean = found[seeds.GARBLED], found[seeds.CLEAN]
    return SeedScores(
        documents_right=right,
        documents=len(documents),
        scores=Scored([score for score, _ in garbled], [score for score, _ in clean]),
        garbled_flagged=sum(flag for _, flag in garbled),
        clean_flagged=sum(flag for _, flag in clean),
    )


def seed_rows(scorer: Scorer) -> Iterable[Row]:
    """The lines of the table on the five articles."""
    found = score_seeds(scorer)
    garbled, clean = found.scores.garbled, found.scores.clean
    row = partial(Row, "detection", "seeds")
    yield row("documents judged rightly", found.documents_right, of=found.documents)
    area = metrics.bootstrap(metrics.auc, garbled, clean)
    yield row("sentence AUC, garbled against clean", area.value, low=area.low, high=area.high)
    yield row("garbled sentences flagged", found.garbled_flagged, of=len(garbled))
    yield row("clean sentences flagged", found.clean_flagged, of=len(clean))
    yield row("recall with no clean sentence flagged", metrics.recall_at(garbled, clean, 0.0))


def sample_rows(scorer: Scorer, samples: Iterable[Sample]) -> Iterable[Row]:
    """The lines of the table on each sample. One without a garbled side says only how much is flagged wrongly."""
    for sample in samples:
        scored = score_sample(scorer, sample)
        row = partial(Row, "detection", sample.name)
        if scored.garbled:
            area = metrics.bootstrap(metrics.auc, scored.garbled, scored.clean)
            yield row("AUC", area.value, low=area.low, high=area.high)
            yield row(f"recall at {FEW:.0%} false positives", metrics.recall_at(scored.garbled, scored.clean, FEW))
            yield row("garbled flagged", metrics.flagged(scored.garbled, scorer.threshold))
        yield row("clean flagged", metrics.flagged(scored.clean, scorer.threshold), of=len(scored.clean))
