"""What the scorer, and every baseline, says of a text: one record a text, all from the same pass where it can be."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from eval.data import HELD_OUT_YEAR, rows
from eval.detection.sets import Text
from repair.records import Document, Kind, Sentence, SentenceScore, Span, TokenScores
from repair.text.sentences import split

if TYPE_CHECKING:
    from repair.detectors.checker import GrammarChecker
    from repair.lm.model import LanguageModel
    from repair.scoring.scorer import Scored, Scorer

CHUNK = 64
"""Documents in one packed run."""


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """One text with its judgement. `values`: by the name of the method, higher is more damaged; None if it is blind."""

    text: Text
    report: tuple[SentenceScore, ...]
    document_score: float | None
    document_flagged: bool
    machine: float | None
    tokens: TokenScores

    @property
    def score(self) -> float | None:
        """Of the first sentence: of texts that are one sentence, of all."""
        return self.report[0].score


def documents_of(texts: Sequence[Text], *, alone: bool) -> list[tuple[Document, tuple[Sentence, ...]]]:
    """Each text as a document. `alone`: one sentence that is not split; else as the tool would split it."""
    found = []
    for text in texts:
        joined = " ".join(text.sentences)
        document = Document.of_text(joined)
        found.append((document, (Sentence(0, Span(0, len(joined)), Kind.PROSE),) if alone else split(joined)))
    return found


def observe(scorer: Scorer, texts: Sequence[Text], *, alone: bool = True) -> list[Seen]:
    """Every text through the scorer, in order."""
    documents = documents_of(texts, alone=alone)
    scored: list[Scored] = []
    for at in range(0, len(documents), CHUNK):
        scored += scorer.score_many(documents[at : at + CHUNK])
    return [
        Seen(text, s.report.sentences, s.report.score, s.report.flagged, s.report.machine, s.tokens)
        for text, s in zip(texts, scored, strict=True)
    ]


def mean_surprisal(seen: Seen) -> float:
    """Raw perplexity, in its logarithm: nats per token."""
    return float(seen.tokens.surprisal.mean())


def top_surprisal(seen: Seen) -> float:
    """Mean of the three highest surprisals."""
    return float(np.sort(seen.tokens.surprisal)[-3:].mean())


def binoculars(seen: Seen) -> float:
    """Surprisal over cross-entropy (Hans et al. 2024, arXiv:2401.12070); one model observes and performs here."""
    return float(seen.tokens.surprisal.mean() / max(float(seen.tokens.entropy.mean()), 1e-6))


@cache
def _counts() -> tuple[Counter[str], int]:
    texts = [text for year, text in rows("roundtrip_train", "learn", ["year", "original"]) if year < HELD_OUT_YEAR]
    counts = Counter(word for text in texts for word in text.lower().split())
    return counts, sum(counts.values())


def unigram(seen: Seen) -> float:
    """Mean surprisal of the words by their frequency in news, add-one smoothed; in nats."""
    counts, total = _counts()
    words = " ".join(seen.text.sentences).lower().split()
    return sum(math.log((total + len(counts) + 1) / (counts[word] + 1)) for word in words) / max(1, len(words))


@torch.inference_mode()
def fast_detect(model: LanguageModel, text: str) -> float:
    """Fast-DetectGPT's analytic score, with one model (Bao et al. 2024, arXiv:2310.05130); a machine's is higher."""
    ids = torch.tensor([[model.prefix, *model.encode(text).ids]], device=model.device)
    logits = model.body.logits(model.body.read(ids).last[0, :-1])
    logs = torch.log_softmax(logits, dim=-1)
    chosen = logs.gather(1, ids[0, 1:, None])[:, 0]
    mean = (logs.exp() * logs).sum(-1)
    variance = (logs.exp() * logs.square()).sum(-1) - mean.square()
    return float((chosen - mean).sum() / variance.sum().clamp(min=1e-6).sqrt())


def matches(checker: GrammarChecker, seen: Sequence[Seen]) -> list[float]:
    """Matches of a grammar checker a word."""
    found = []
    for one in seen:
        document, sentences = documents_of([one.text], alone=True)[0]
        found.append(len(checker.check(document, sentences)) / max(1, len(document.text.split())))
    return found


def rule_matches(seen: Sequence[Seen]) -> list[float]:
    """Findings of our own rules a word, those of the language model left out."""
    from repair import detectors
    from repair.records import ScoreReport

    found = []
    for one in seen:
        document, _ = documents_of([one.text], alone=True)[0]
        report = ScoreReport(document, one.report, None, False, None, 1.0, "")
        count = sum(f.rule != "lm.surprise" for f in detectors.find(document, report, one.tokens))
        found.append(count / max(1, len(document.text.split())))
    return found
