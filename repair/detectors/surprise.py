"""`lm.surprise`: the words of a flagged or suspect sentence that the language model expected least.

A token counts where it is far more surprising than the model was unsure there (surprisal minus entropy, in nats), so
that an open choice, such as a name after “by”, is not marked for being open.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from repair.detectors.article import Article, Rule
from repair.records import Finding, SentenceScore, Span

ID = "lm.surprise"
MESSAGE = "unexpected here: {words}"

EXCESS = 4.0
"""Nats of surprisal over entropy from which a word is marked: e^4, some fifty times less likely than expected.

Against the spans that translators marked (400 segments of error_spans_train_news21_zh, SmolLM2-135M): word MCC .087,
flat from 2 to 5; the share of right marks .24 where .18 is chance. A hint where to look, no more.
"""
NAME_EXCESS = 8.0
"""The same for capitalised words and numbers: news is full of names that no model can expect, and how a sentence begins
is open. There .41 are right."""
MOST = 4
"""Spans a sentence, at most."""

_UNIT = re.compile(r"\S+")
_EDGE = "“”\"‘’'.,;:!?()[]…–—-"


@dataclass(frozen=True, slots=True)
class _Marked:
    span: Span
    excess: float


def find(article: Article) -> Iterator[Finding]:
    """At most MOST spans of whole words in each sentence worth a proposal, the most surprising first to be kept."""
    if article.tokens is None:
        return
    for scored in article.language:
        if scored.flagged or scored.suspect:
            marked = _joined(article.text, list(_marked(article, scored)))
            for one in sorted(sorted(marked, key=lambda m: -m.excess)[:MOST], key=lambda m: m.span):
                words = one.span.of(article.text)
                score = 1 - math.exp(-one.excess / EXCESS)
                yield Finding(ID, one.span, MESSAGE.format(words=words), "major", score=round(score, 4))


def _marked(article: Article, scored: SentenceScore) -> Iterator[_Marked]:
    """Words without the marks at their edges, whose most surprising token is over the line and the sentence's mean."""
    assert article.tokens is not None
    tokens, sentence = article.tokens, scored.sentence.span
    inside = tokens.within(sentence)
    excess = tokens.surprisal[inside] - tokens.entropy[inside]
    if not len(excess):
        return
    mean = float(excess.mean())
    starts, ends = tokens.starts[inside], tokens.ends[inside]
    for unit in _UNIT.finditer(article.text, sentence.start, sentence.end):
        word = unit.group().strip(_EDGE)
        start = unit.start() + unit.group().find(word)
        mine = excess[(starts < start + len(word)) & (ends > start)]
        if word and len(mine):
            peak = float(mine.max())
            named = word[0].isupper() or any(c.isdigit() for c in word)
            if peak >= (NAME_EXCESS if named else EXCESS) and peak > mean:
                stop = "." in word and article.text.startswith(".", start + len(word))  # U.S. keeps its last stop
                yield _Marked(Span(start, start + len(word) + stop), peak)


def _joined(text: str, marked: list[_Marked]) -> list[_Marked]:
    """Neighbouring words with only a space between them become one span."""
    joined: list[_Marked] = []
    for one in marked:
        last = joined[-1] if joined else None
        if last and text[last.span.end : one.span.start] == " ":
            joined[-1] = _Marked(Span(last.span.start, one.span.end), max(last.excess, one.excess))
        else:
            joined.append(one)
    return joined


RULE = Rule((ID,), find)
