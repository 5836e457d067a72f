"""Stand-ins for the models that the gate asks, and documents with alignments, for tests of `repair.rewrite`."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from repair.records import (
    Aligned,
    Document,
    Edit,
    Finding,
    Relation,
    ScoreReport,
    SentenceScore,
    SourceMatch,
    Span,
)
from repair.rewrite.acceptance import Acceptance, Calibration, Trees
from repair.text.sentences import split


@dataclass(frozen=True)
class Words:
    """A text as word ids, and where the words start."""

    ids: list[int]
    starts: NDArray[np.int64]


@dataclass(frozen=True)
class Read:
    """What a model says of a stretch."""

    surprisal: NDArray[np.float32]


@dataclass
class WordModel:
    """Garbled words cost 8 nats, all others 1."""

    garbled: frozenset[str]
    known: list[str] = field(default_factory=list)

    def encode(self, text: str) -> Words:
        found = list(re.finditer(r"\S+", text))
        self.known += [match.group() for match in found if match.group() not in self.known]
        starts = np.array([match.start() for match in found], np.int64)
        return Words([self.known.index(match.group()) for match in found], starts)

    def score_ids(self, stretches: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[Read]:
        return [Read(np.array([self.cost(i) for i in target], np.float32)) for _, target in stretches]

    def score_variants(self, context: Sequence[int], variants: Sequence[Sequence[int]]) -> list[Read]:
        return self.score_ids([(context, variant) for variant in variants])

    def cost(self, word: int) -> float:
        return 8.0 if self.known[word].strip('“”".,') in self.garbled else 1.0


@dataclass
class WordScorer:
    """A text with n garbled words has the score 1 - 2**-n. Counts what it reads."""

    garbled: frozenset[str] = frozenset()
    read: int = 0

    def __post_init__(self) -> None:
        self.model = WordModel(self.garbled)

    def rescore(self, scored: Judged, changes: Sequence[tuple[int, str]]) -> list[float | None]:
        self.read += len(changes)
        return [self.score(text) if text.strip() else None for _, text in changes]

    def score(self, text: str) -> float:
        found = sum(word.strip('“”".,') in self.garbled for word in text.split())
        return float(1 - 2.0**-found)


def always(probability: float) -> Acceptance:
    """An editor who takes every rewrite with this probability, at a threshold of one half."""
    logit = math.log(probability / (1 - probability))
    leaf, zero = np.array([-1], np.int32), np.array([0], np.int32)
    trees = Trees(leaf, np.zeros(1, np.float32), zero, zero, np.array([logit], np.float32), zero)
    return Acceptance(trees, Calibration("any", 0.5, 1.0, 0.0))


class WordEmbedder:
    """Bags of word beginnings: the cosine is the share of words in common."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), 512), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[int(hashlib.sha256(word[:4].encode()).hexdigest(), 16) % 512] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


@dataclass(frozen=True)
class Judged:
    """A document that a scorer has read."""

    report: ScoreReport
    tokens: None = None


def judged(text: str, *findings: Finding, flagged: bool = True, id: str = "copy.txt") -> Judged:
    """All sentences of `text` flagged or none, each with the findings that begin in it."""
    document = Document.of_text(text, id)
    sentences = []
    for sentence in split(text):
        own = tuple(f for f in findings if sentence.span.start <= f.span.start < sentence.span.end)
        garbled = flagged and sentence.kind.is_language
        sentences.append(SentenceScore(sentence, 0.9 if garbled else 0.1, garbled, 40.0, 9, own))
    return Judged(ScoreReport(document, tuple(sentences), 0.9, flagged, 40.0, 0.5, "test"))


def source(text: str, *pairs: tuple[int, tuple[int, ...], Relation], id: str = "wire.txt") -> SourceMatch:
    """A clean source whose sentences tell sentences of the copy: (copy's index, source's indices, relation)."""
    alignment = tuple(Aligned(sentence, sources, relation, 0.95) for sentence, sources, relation in pairs)
    return SourceMatch(Document.of_text(text, id), split(text), 0.9, alignment)


def replacing(text: str, before: str, after: str) -> Edit:
    """The edit that writes `after` where `before` stands in `text`, which must be one place."""
    assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times"
    start = text.index(before)
    return Edit(Span(start, start + len(before)), before, after)


def finding(text: str, rule: str, before: str, *replacements: str) -> Finding:
    """What a detector would say of `before`."""
    return Finding(rule, replacing(text, before, "").span, "a test", replacements=replacements)
