"""`caps.stray`: capitals inside a sentence on words that are no names.

A capital is stray where the word belongs to a closed class that names hardly ever begin with, and where nothing near
it looks like a name or a title. Not covered: nouns, verbs and adjectives (“the east Controlled by”), for the Year, the
North and the House of every paper look the same; that a document writes the word small elsewhere proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from repair.detectors import fused
from repair.detectors.article import Article, Rule, Word
from repair.detectors.function_words import DETERMINERS, NEVER_NAMES, TIME_ADVERBS
from repair.records import Finding, SentenceScore

ID = "caps.stray"
MESSAGE = "capital inside a sentence on a word that is no name: {word}"

TITLE_CASE = 0.4
"""Share of capitalised words from which a sentence is taken for a headline: prose of names stays below."""

_INSIDE = re.compile(r"[\w,] $")


def find(article: Article) -> Iterator[Finding]:
    """Capitalised ordinary words of running text, in lower case as replacement."""
    for scored in article.running:
        words = article.words(scored)
        if _is_headline(words):
            continue
        stray_before = False
        for i, word in enumerate(words):
            stray_before = _is_inside(article, words, i) and (
                _is_stray(article, scored, words, i) or (stray_before and article.lower_counts[word.text.lower()] > 0)
            )
            if stray_before:
                message = MESSAGE.format(word=word.text)
                yield Finding(ID, word.span, message, replacements=(word.text.lower(),))


def _is_headline(words: Sequence[Word]) -> bool:
    long = [w for w in words if len(w.text) > 3]
    return len(long) > 3 and sum(not w.is_lower for w in long) > TITLE_CASE * len(long) + 1


def _is_inside(article: Article, words: Sequence[Word], i: int) -> bool:
    """True for a capitalised word after another word or a comma: not after a colon, a quote, a dash or a bracket.

    Nor after itself in lower case: “as As” is one word too many, which `word.repeated` says.
    """
    start = words[i].span.start
    return (
        i > 0
        and words[i].is_capitalised
        and words[i].text.lower() != words[i - 1].text
        and bool(_INSIDE.search(article.text, max(0, start - 2), start))
    )


def _is_stray(article: Article, scored: SentenceScore, words: Sequence[Word], i: int) -> bool:
    word = words[i]
    if fused.begins(words, i, article.text) or (article.is_quoted(word.span) and _starts_speech(article, words, i)):
        return False
    lower = word.text.lower().replace("’", "'")
    alone = words[i - 1].is_lower and (i + 1 == len(words) or words[i + 1].is_lower)
    if alone and lower in NEVER_NAMES:
        return lower in TIME_ADVERBS | DETERMINERS or not (_asks(article, scored, word) or _begins_title(words, i))
    return _is_wedged(words, i, lower)


def _starts_speech(article: Article, words: Sequence[Word], i: int) -> bool:
    return article.text[words[i].span.start - 2] == ","


def _asks(article: Article, scored: SentenceScore, word: Word) -> bool:
    """True after a comma in a question: `The question is, What now?`."""
    return article.text[word.span.start - 2] == "," and scored.sentence.span.of(article.text).rstrip().endswith("?")


def _begins_title(words: Sequence[Word], i: int) -> bool:
    """`How to Train Your Dragon`: another capital follows soon."""
    return any(not w.is_lower and len(w.text) > 1 for w in words[i + 1 : i + 4])


def _is_wedged(words: Sequence[Word], i: int, lower: str) -> bool:
    """`convinced Several Latin American countries`, `Libya Always Armed conflict`: a word that links, beside names."""
    before, after = words[i - 1], words[i + 1] if i + 1 < len(words) else None
    if after is None:
        return False
    run = next((j for j in range(i + 1, len(words)) if words[j].is_lower), len(words)) - i
    if before.is_lower:
        return lower in DETERMINERS and run >= 2
    return lower in TIME_ADVERBS


RULE = Rule((ID,), find)
