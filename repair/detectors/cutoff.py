"""`sentence.cutoff`: a paragraph that breaks off in the middle of its last sentence."""

from __future__ import annotations

from collections.abc import Iterator

from repair.detectors.article import Article, Rule
from repair.detectors.function_words import DANGLING
from repair.records import Finding, Span

ID = "sentence.cutoff"
MESSAGE = "the sentence breaks off after “{word}”"

SHORTEST = 5
"""Words that a paragraph needs to be taken for a sentence."""


def find(article: Article) -> Iterator[Finding]:
    """The last word of each paragraph of running text that ends in a word no sentence ends with."""
    ends = {paragraph.end for paragraph in article.paragraphs}
    for scored in article.running:
        span = scored.sentence.span
        words = article.words(scored)
        if span.end not in ends or len(words) < SHORTEST:
            continue
        last = words[-1]
        rest = article.text[last.span.end : span.end]
        if (not rest and last.text in DANGLING) or (rest == "-" and last.is_lower):
            yield Finding(ID, Span(last.span.start, span.end), MESSAGE.format(word=last.text + rest), "major")


RULE = Rule((ID,), find)
