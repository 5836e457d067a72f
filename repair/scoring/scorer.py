"""Documents in, judged documents out: one forward pass of the language model, then the head."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from repair.config import Settings
from repair.lm.catalog import MODELS_DIR
from repair.lm.model import LanguageModel, load_model
from repair.records import Document, ScoreReport, Sentence, SentenceScore, Span, TokenScores
from repair.scoring.head import Head, Judgement, load_head, neighbour_mean
from repair.scoring.origin import Origin, load_origin

SHORT = 4
LEAST_SHARE = 0.1
"""Of a document's sentences: a copy that is damaged throughout has more, clean prose of an odd register less."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Scored:
    """A judged document with what the model said of its tokens. `report` has no findings yet."""

    report: ScoreReport
    tokens: TokenScores
    logits: dict[int, float]
    """Log-odds of each scored sentence by itself, by index."""


@dataclass(frozen=True, eq=False, slots=True)
class Scorer:
    """The language model, the head and what tells who wrote a text, with the settings that they were asked to use."""

    model: LanguageModel
    head: Head
    origin: Origin
    settings: Settings

    @property
    def portable(self) -> bool:
        """True where the language model is not the one that the head was trained on."""
        return self.model.branch is None

    @property
    def threshold(self) -> float:
        """The probability from which a sentence is flagged."""
        kept = self.head.calibration
        default = kept.portable_sentence_threshold if self.portable else kept.sentence_threshold
        return default if self.settings.threshold is None else self.settings.threshold

    @property
    def document_threshold(self) -> float:
        """The probability from which a document is flagged."""
        kept = self.head.calibration
        default = kept.portable_document_threshold if self.portable else kept.document_threshold
        return default if self.settings.threshold is None else self.settings.threshold

    @property
    def suspect_threshold(self) -> float:
        """The probability from which a sentence of a flagged document is worth a proposal."""
        kept = self.head.calibration
        return min(self.threshold, kept.portable_suspect_threshold if self.portable else kept.suspect_threshold)

    @property
    def signature(self) -> str:
        """`lm:<model>@<sha8>|head:<sha8>`"""
        return f"lm:{self.model.signature}|head:{self.head.sha256[:8]}"

    def score(self, document: Document, sentences: Sequence[Sentence]) -> Scored:
        """One document, judged."""
        return self.score_many([(document, sentences)])[0]

    def score_many(self, documents: Sequence[tuple[Document, Sequence[Sentence]]]) -> list[Scored]:
        """Several documents, judged in one packed run of the model; in order."""
        scores = self.model.token_scores(
            [(document.text, sentences) for document, sentences in documents], context=self.settings.context_tokens
        )
        return [self._judge(d, s, t) for (d, s), t in zip(documents, scores, strict=True)]

    def rescore(self, scored: Scored, changes: Sequence[tuple[int, str]]) -> list[float | None]:
        """The score that sentence i would have if its text were this, for each (i, text), in order.

        The rest of the document stays as it is; a sentence's context is read once for all its variants. Compare
        with the score of (i, the sentence's own text): the report's own score was read in longer windows.
        """
        results: list[float | None] = [None] * len(changes)
        encoding = self.model.encode(scored.report.document.text)
        by_sentence: dict[int, list[int]] = {}
        for place, (index, _) in enumerate(changes):
            by_sentence.setdefault(index, []).append(place)
        for index, places in by_sentence.items():
            span = scored.report.sentences[index].sentence.span
            at = int(np.searchsorted(encoding.starts, span.start))
            context = encoding.ids[max(0, at - self.settings.context_tokens) : at]
            # A space before the first word, as within a paragraph, unless the sentence begins the text.
            texts = [(" " if span.start else "") + changes[place][1] for place in places]
            encodings = [self.model.encode(text) for text in texts]
            pieces = self.model.score_variants(context, [e.ids for e in encodings])
            neighbours = self._neighbours(scored, index)
            for place, text, e, p in zip(places, texts, encodings, pieces, strict=True):
                tokens = TokenScores(e.starts, e.ends, p.surprisal, p.entropy, p.hidden)
                judged = self.head.judge(text, tokens, Span(0, len(text)))
                if judged is not None:
                    words = len(text.split())
                    results[place] = self.head.probability(judged.logit, neighbours, words, portable=self.portable)
        return results

    def _neighbours(self, scored: Scored, index: int) -> float:
        judged = scored.report.sentences
        others = [v for i, v in scored.logits.items() if i == index or judged[i].sentence.kind.counts]
        clean = self.head.clean_mean(portable=self.portable)
        own = scored.logits.get(index)
        return clean if own is None else neighbour_mean(others, others.index(own), clean)

    def _judge(self, document: Document, sentences: Sequence[Sentence], tokens: TokenScores) -> Scored:
        judged: dict[int, Judgement] = {}
        for sentence in sentences:
            if sentence.kind.is_language:
                found = self.head.judge(document.text, tokens, sentence.span)
                if found is not None:
                    judged[sentence.index] = found
        logits = {i: found.logit for i, found in judged.items()}
        counted = {s.index: logits[s.index] for s in sentences if s.kind.counts and s.index in logits}
        score = self.head.document_probability(list(counted.values()), portable=self.portable) if counted else None
        words = {s.index: len(s.span.of(document.text).split()) for s in sentences}
        probabilities = {i: self._probability(i, own, counted, words[i]) for i, own in logits.items()}
        sure = [probabilities[i] >= self.threshold and self._long_enough(words[i]) for i in counted]
        flagged = score is not None and score >= self.document_threshold and enough(sure)
        report = ScoreReport(
            document=document,
            sentences=tuple(
                self._sentence(s, tokens, probabilities.get(s.index), words[s.index], flagged) for s in sentences
            ),
            score=score,
            flagged=flagged,
            perplexity=_perplexity(tokens, [s.span for s in sentences if s.kind.counts]),
            threshold=self.threshold,
            signature=self.signature,
            machine=self.origin.probability([s.span.of(document.text) for s in sentences if s.index in counted]),
        )
        marked = replace(tokens, damage=self._damage(tokens, sentences, judged))
        return Scored(report, marked, logits)

    def _damage(
        self, tokens: TokenScores, sentences: Sequence[Sentence], judged: dict[int, Judgement]
    ) -> NDArray[np.float32] | None:
        """Values for `TokenScores.damage`, zero where no sentence is; None where there is no branch."""
        if self.portable:
            return None
        line = np.log(self.head.calibration.word_threshold / (1 - self.head.calibration.word_threshold))
        damage = np.zeros((len(tokens.starts), 2), np.float32)
        for sentence in sentences:
            found = judged.get(sentence.index)
            if found is not None and found.reading is not None:
                damage[tokens.within(sentence.span)] = 1 / (1 + np.exp((line, 0) - found.reading.token))
        return damage

    def _probability(self, index: int, own: float, counted: dict[int, float], words: int) -> float:
        others = {**counted, index: own}
        clean = self.head.clean_mean(portable=self.portable)
        neighbours = neighbour_mean(list(others.values()), list(others).index(index), clean)
        return self.head.probability(own, neighbours, words, portable=self.portable)

    def _long_enough(self, words: int) -> bool:
        return words >= self.head.calibration.min_words

    def _sentence(
        self, sentence: Sentence, tokens: TokenScores, score: float | None, words: int, in_flagged: bool
    ) -> SentenceScore:
        rows = tokens.within(sentence.span)
        long_enough = self._long_enough(words)
        flagged = score is not None and score >= self.threshold and long_enough
        suspect = in_flagged and score is not None and score >= self.suspect_threshold and long_enough
        return SentenceScore(
            sentence=sentence,
            score=score,
            flagged=flagged,
            perplexity=_perplexity(tokens, [sentence.span]) if sentence.kind.is_language else None,
            tokens=rows.stop - rows.start,
            suspect=suspect,
        )


def enough(flagged: Sequence[bool]) -> bool:
    """Whether so many of a document's sentences are flagged that it may be: one bad quotation makes no bad article.

    At least two, and one in ten; of fewer than `SHORT` sentences, one.
    """
    return sum(flagged) >= (1 if len(flagged) < SHORT else max(2, LEAST_SHARE * len(flagged)))


def _perplexity(tokens: TokenScores, spans: Sequence[Span]) -> float | None:
    parts = [tokens.surprisal[tokens.within(span)] for span in spans]
    surprisal = np.concatenate(parts) if parts else np.zeros(0)
    return float(np.exp(surprisal.mean())) if len(surprisal) else None


def load_scorer(settings: Settings) -> Scorer:
    """The scorer of `models/scorer` on the language model that `settings.lm` names.

    With another model than the head was trained on, only surprisal is read, and a warning says that calibration
    was made on the other. Raises ModelError where a model is missing or damaged.
    """
    folder = MODELS_DIR / "scorer"
    head, origin = load_head(folder), load_origin(folder)
    trained_on = head.calibration.lm
    if settings.lm == trained_on:
        return Scorer(load_model(settings, branch=folder / "scorer.safetensors"), head, origin, settings)
    logger.warning("the scorer was calibrated on %s: with %s its probabilities are rough", trained_on, settings.lm)
    return Scorer(load_model(settings), head, origin, settings)
