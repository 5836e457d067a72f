"""A document made ready for comparing: its sentences, their facts, words and embeddings, each made once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from repair.detectors.function_words import FUNCTION_WORDS
from repair.parallel.facts import FactKind, Facts, extract
from repair.parallel.quantities import WEEKDAYS
from repair.records import Document, Sentence, Span
from repair.text.quotes import DOUBLE, WORD, find_quotations

STEM = 6
"""Letters that a word is cut to, so that "deport" and "deportation" meet; a common stand-in for stemming."""
LEAST_WORDS = 4
"""A shorter sentence tells nothing that could be aligned; a shorter piece of a quotation is no quotation."""
# Marks, colons, dashes and sentence ends part a quotation into pieces; twisted marks part it anywhere.
_PIECE_END = re.compile(rf"[{DOUBLE}]|(?<!\w)['‘’]|['’](?!\w)|[:;?!…]+|\.(?=\s|$|[{DOUBLE}'’])|\s[–—-]\s|—|\n")

THESE_DAYS = frozenset((*WEEKDAYS, "this week", "today", "yesterday", "tomorrow", "tonight"))
_EARLIEST = re.compile(r"\bas (?:early|soon) as (?!possible)|\bno (?:earlier|sooner) than\b|\bat the earliest\b")


class Embedder(Protocol):
    """Turns sentences into vectors; `repair.lm.embed` has the real one."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape: (texts, width), each row of length 1."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a sentence between quotation marks, dashes and colons."""

    line: int
    """Counts in `Profile.lines`."""
    text: str
    quoted: bool
    """Whether it lies inside a quotation as the marks stand."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence that can be aligned. `index` is its index in the document."""

    index: int
    text: str
    facts: Facts
    terms: frozenset[str]
    """Beginnings of content words, and figures after a "#"."""
    figures: frozenset[str]
    """Normal forms of numbers and dates."""


@dataclass(frozen=True, eq=False, slots=True)
class Profile:
    """`vectors` has one row of length 1 per line. Shape: (lines, width)."""

    document: Document
    sentences: tuple[Sentence, ...]
    lines: tuple[Line, ...]
    vectors: NDArray[np.float32]
    pieces: tuple[Piece, ...]
    """Of everything said in a paragraph with quotation marks: broken marks do not tell where a quotation ends."""


def profile(document: Document, sentences: Sequence[Sentence], embedder: Embedder) -> Profile:
    """Read and embed `document` once; bylines, datelines, furniture and very short sentences are left out."""
    told = [
        sentence
        for sentence in sentences
        if sentence.kind.is_language and len(WORD.findall(sentence.span.of(document.text))) >= LEAST_WORDS
    ]
    lines = tuple(line(sentence.index, sentence.span.of(document.text)) for sentence in told)
    vectors = embedder.encode([one.text for one in lines])
    pieces = tuple(_pieces(document.text, [sentence.span for sentence in told]))
    return Profile(document, tuple(sentences), lines, vectors, pieces)


def line(index: int, text: str) -> Line:
    """One sentence with its facts and terms."""
    facts = extract(text)
    figures = frozenset(fact.value for kind in (FactKind.NUMBER, FactKind.DATE) for fact in facts.of(kind))
    return Line(index, text, facts, _stems(text) | _figure_terms(text, figures), figures)


def _stems(text: str) -> frozenset[str]:
    words = (word.lower().replace("’", "'").removesuffix("'s") for word in WORD.findall(text))
    return frozenset(word[:STEM] for word in words if word not in FUNCTION_WORDS and len(word) > 1)


def _figure_terms(text: str, figures: frozenset[str]) -> set[str]:
    """The figures as terms. A day of these days is one of "this week"; "as soon as" and "as early as" are one bound."""
    terms = {f"#{figure}" for figure in figures}
    if figures & THESE_DAYS:
        terms.add("#these days")
    if _EARLIEST.search(text):
        terms.add("#earliest")
    return terms


def _pieces(text: str, spans: Sequence[Span]) -> Iterator[Piece]:
    """The pieces of all sentences in paragraphs that hold a quotation."""
    quotations = [quotation.span for quotation in find_quotations(text)]
    paragraphs = [Span(*match.span()) for match in re.finditer(r"[^\n]+", text)]
    quoting = [paragraph for paragraph in paragraphs if any(paragraph.overlaps(span) for span in quotations)]
    for number, span in enumerate(spans):
        if not any(paragraph.overlaps(span) for paragraph in quoting):
            continue
        ends = [match.span() for match in _PIECE_END.finditer(text, span.start, span.end)]
        cuts = [(span.start, span.start), *ends, (span.end, span.end)]
        for (_, start), (end, _) in pairwise(cuts):
            if len(WORD.findall(text, start, end)) >= LEAST_WORDS:
                quoted = any(Span(start, end).overlaps(quotation) for quotation in quotations)
                yield Piece(number, text[start:end].strip(), quoted)
