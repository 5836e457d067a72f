"""`lm.surprise`: the words of a flagged or suspect sentence that are wrong by what the language model read.

Where the scorer judges words (`TokenScores.damage`), these judgements are shown. With another language model a token
counts where it is far more surprising than the model was unsure there (surprisal minus entropy, in nats), so that an
open choice, such as a name after “by”, is not marked for being open.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repair.detectors.article import Article, Rule
from repair.records import Finding, Severity, Span, TokenScores

ID = "lm.surprise"
MESSAGES: dict[Severity, str] = {"major": "hard to make sense of: {words}", "minor": "unexpected here: {words}"}

EXCESS = 4.0
"""Nats of surprisal over entropy from which a word is marked: e^4, some fifty times less likely than expected.

Against the spans that translators marked (400 segments of error_spans_train_news21_zh, SmolLM2-135M): word MCC .087,
flat from 2 to 5. A hint where to look, for language models that the scorer was not trained on.
"""
NAME_EXCESS = 8.0
"""The same for capitalised words and numbers: news is full of names that no model can expect, and how a sentence begins
is open. There .41 are right."""
MOST = 4
"""Spans a sentence, at most."""

_UNIT = re.compile(r"\S+")
_EDGE = "“”\"‘’'.,;:!?()[]…–—-"


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of whole words that is wrong. `weight` from 0 to 1, higher is worse."""

    span: Span
    weight: float
    severity: Severity


def find(article: Article) -> Iterator[Finding]:
    """At most MOST spans of whole words in each sentence worth a proposal, the worst first to be kept."""
    if article.tokens is None:
        return
    for scored in article.language:
        if scored.flagged or scored.suspect:
            found = marks(article.text, article.tokens, scored.sentence.span)
            for one in sorted(sorted(found, key=lambda m: -m.weight)[:MOST], key=lambda m: m.span):
                words = one.span.of(article.text)
                message = MESSAGES[one.severity].format(words=words)
                yield Finding(ID, one.span, message, one.severity, score=round(one.weight, 4))


def marks(text: str, tokens: TokenScores, sentence: Span) -> list[Mark]:
    """The wrong words of a sentence, without the marks at their edges; neighbours joined."""
    inside = tokens.within(sentence)
    if inside.start == inside.stop:
        return []
    starts, ends = tokens.starts[inside], tokens.ends[inside]
    judge = _by_excess(tokens, inside) if tokens.damage is None else _by_damage(tokens.damage[inside])
    found = []
    for unit in _UNIT.finditer(text, sentence.start, sentence.end):
        word = unit.group().strip(_EDGE)
        start = unit.start() + unit.group().find(word)
        mine = (starts < start + len(word)) & (ends > start)
        judged = judge(word, mine) if word and mine.any() else None
        if judged is not None:
            stop = "." in word and text.startswith(".", start + len(word))  # U.S. keeps its last stop
            found.append(Mark(Span(start, start + len(word) + stop), *judged))
    return _joined(text, found)


_Judge = Callable[[str, NDArray[np.bool_]], tuple[float, Severity] | None]


def _by_damage(damage: NDArray[np.float32]) -> _Judge:
    def judge(_: str, mine: NDArray[np.bool_]) -> tuple[float, Severity] | None:
        wrong, major = damage[mine].max(axis=0).tolist()
        return None if wrong < 0.5 else (wrong, "major" if major >= 0.5 else "minor")

    return judge


def _by_excess(tokens: TokenScores, inside: slice) -> _Judge:
    excess = tokens.surprisal[inside] - tokens.entropy[inside]
    mean = float(excess.mean())

    def judge(word: str, mine: NDArray[np.bool_]) -> tuple[float, Severity] | None:
        peak = float(excess[mine].max())
        named = word[0].isupper() or any(c.isdigit() for c in word)
        over = peak >= (NAME_EXCESS if named else EXCESS) and peak > mean
        return (1 - math.exp(-peak / EXCESS), "minor") if over else None

    return judge


def _joined(text: str, found: list[Mark]) -> list[Mark]:
    """Neighbouring words with only a space between them become one span, as bad as the worse of them."""
    joined: list[Mark] = []
    for one in found:
        last = joined[-1] if joined else None
        if last and text[last.span.end : one.span.start] == " ":
            severity: Severity = "major" if "major" in (last.severity, one.severity) else "minor"
            joined[-1] = Mark(Span(last.span.start, one.span.end), max(last.weight, one.weight), severity)
        else:
            joined.append(one)
    return joined


RULE = Rule((ID,), find)
