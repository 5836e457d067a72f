"""The five articles and what a person says of their sentences. Measured on, never tuned on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.data import ROOT, digest
from repair.records import Document, ScoreReport, SentenceScore, Span

FOLDER = ROOT / "seeds"
DAMAGED_DOCUMENTS = ("001", "003")
WHOLE_DOCUMENTS = ("000", "002")
"""Clean, and with nothing to mend; 004 is clean English, but lost quotation marks and has page furniture."""
GARBLED, CLEAN = 2, 0


@dataclass(frozen=True, slots=True)
class Label:
    """A labelled sentence of one article. Severity 2 is garbled, 1 awkward, 0 clean."""

    document: str
    text: str
    severity: int | None


def paths() -> list[Path]:
    """The articles, in the order of their numbers."""
    return sorted(FOLDER.glob("*.txt"))


def documents() -> list[Document]:
    """The articles as documents; each id is its file's name."""
    from repair.text.codec import decode

    return [decode(path.read_bytes(), path=path.name, id=path.name) for path in paths()]


def labels() -> list[Label]:
    """The labels, in the order of the articles."""
    lines = (FOLDER / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return [Label(row["file"], row["text"], row["severity"]) for row in map(json.loads, lines)]


def is_damaged(document: str) -> bool:
    """True for the two machine-made articles."""
    return document.startswith(DAMAGED_DOCUMENTS)


def sha256() -> str:
    """Names the articles and labels that figures are measured on."""
    return digest(path.read_text(encoding="utf-8") for path in [*paths(), FOLDER / "labels.jsonl"])


def locate(text: str, labelled: Sequence[Label]) -> list[Span]:
    """Where each label of one article stands in it, in the order of the text. Raises ValueError where one does not."""
    spans, at = [], 0
    for label in labelled:
        start = text.index(label.text, at)
        at = start + len(label.text)
        spans.append(Span(start, at))
    return spans


def overlap(one: Span, other: Span) -> int:
    """The characters that two spans share."""
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def judged(report: ScoreReport, labelled: Sequence[Label]) -> list[SentenceScore]:
    """For each label of one article, what is said of the sentence that shares most of it."""
    spans = locate(report.document.text, labelled)
    return [max(report.sentences, key=lambda s: overlap(s.sentence.span, span)) for span in spans]
