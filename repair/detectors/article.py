"""What every rule looks at: one document, its judged sentences, and views of them that rules share."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from repair.records import Document, Finding, ScoreReport, SentenceScore, Span, TokenScores
from repair.text.quotes import Quotes, pair
from repair.text.wraps import blocks

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Word:
    """A run of letters, apostrophes inside it included: hyphens and digits end it."""

    text: str
    span: Span

    @property
    def is_lower(self) -> bool:
        """True for `word`, false for `Word`, `WORD` and `iPhone`."""
        return self.text.islower()

    @property
    def is_capitalised(self) -> bool:
        """True for `Word` and `It's`, false for `WORD`, `A` and `McCoy`."""
        return len(self.text) > 1 and self.text[0].isupper() and self.text[1:].islower()


# No slots: cached_property keeps its values in the instance's __dict__.
@dataclass(frozen=True, eq=False)
class Article:
    """A document as rules see it. Everything derived is computed once and never changes."""

    document: Document
    report: ScoreReport
    tokens: TokenScores | None = None

    @property
    def text(self) -> str:
        """The whole text."""
        return self.document.text

    @cached_property
    def language(self) -> tuple[SentenceScore, ...]:
        """Sentences that can be judged: prose, quotes, headings, captions."""
        return tuple(s for s in self.report.sentences if s.sentence.kind.is_language)

    @cached_property
    def running(self) -> tuple[SentenceScore, ...]:
        """Running text: prose and quotes."""
        return tuple(s for s in self.report.sentences if s.sentence.kind.counts)

    @cached_property
    def paragraphs(self) -> tuple[Span, ...]:
        """Paragraphs that hold running text."""
        starts = [s.sentence.span.start for s in self.running]
        spans = (block.span for block in blocks(self.text))
        return tuple(span for span in spans if bisect_left(starts, span.start) < bisect_left(starts, span.end))

    @cached_property
    def quotes(self) -> Quotes:
        """The double quotation marks of running text, paired."""
        return pair(self.text, self.paragraphs)

    @cached_property
    def lower_counts(self) -> Counter[str]:
        """How often each word stands in lower case."""
        return Counter(m.group() for m in _WORD.finditer(self.text) if m.group().islower())

    @cached_property
    def capital_counts(self) -> Counter[str]:
        """How often each word, given in lower case, stands with a capital."""
        return Counter(m.group().lower() for m in _WORD.finditer(self.text) if not m.group().islower())

    def words(self, sentence: SentenceScore) -> list[Word]:
        """The words of a sentence, in order."""
        return self._words[sentence.sentence.index]

    @cached_property
    def _words(self) -> dict[int, list[Word]]:
        spans = ((s.sentence.index, s.sentence.span) for s in self.report.sentences)
        return {
            index: [Word(m.group(), Span(*m.span())) for m in _WORD.finditer(self.text, span.start, span.end)]
            for index, span in spans
        }

    def is_quoted(self, span: Span) -> bool:
        """True where `span` lies inside a pair of quotation marks in one paragraph."""
        before = bisect_right(self.outermost, span.start, key=lambda quoted: quoted.start)
        return before > 0 and self.outermost[before - 1].contains(span)

    @cached_property
    def outermost(self) -> tuple[Span, ...]:
        """The quotations that stand in no other one: in order and apart, so that one look finds a word's."""
        found: list[Span] = []
        for span in sorted(self.quotes.quoted, key=lambda quoted: (quoted.start, -quoted.end)):
            if not found or not found[-1].contains(span):
                found.append(span)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Rule:
    """A stateless rule. `ids` are all the rule ids that `find` may give; they are public API."""

    ids: tuple[str, ...]
    find: Callable[[Article], Iterator[Finding]]


def run(rules: Iterable[Rule], article: Article) -> tuple[Finding, ...]:
    """What the rules find, in the order of the text."""
    found = [finding for rule in rules for finding in rule.find(article)]
    return tuple(sorted(found, key=lambda f: (f.span, f.rule)))
