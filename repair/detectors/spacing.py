"""`spacing.hyphen`, `spacing.before`, `spacing.missing`: spaces where none belong, and none where one does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from repair.detectors.article import Article, Rule
from repair.detectors.function_words import FUNCTION_WORDS
from repair.detectors.lexicon import zipf
from repair.records import Finding, Span

HYPHEN = "spacing.hyphen"
BEFORE = "spacing.before"
MISSING = "spacing.missing"
MESSAGE_HYPHEN = "a space inside a hyphenated word: “{words}”"
MESSAGE_BEFORE = "a space before “{mark}”"
MESSAGE_MISSING = "no space after “{mark}”"

_SPLIT_HYPHEN = re.compile(r"(?<![\w-])([a-z]+)(?: -|- )([a-z]{2,})(?![\w-])")
_DASH = re.compile(r"(?:\s[-–—]\s|\s[–—-](?=\w)|(?<=\w)[-–—]\s)")
_SPACE_BEFORE = re.compile(r"(?<=[\w)”’\"]) +([,;:!?.])(?=\s|$|[”\"’])(?!\s?[.])")
_NO_SPACE = re.compile(
    r"(?<![\w./@#-])([A-Za-z]?[a-z]{2,})([.!?])([A-Z](?:[a-z]{2,}|(?:\.[A-Z])+\.|(?=\s)))(?![\w@/]|\.\w)"
)
_DOMAINS = frozenset("com org net gov edu info biz html asp".split())
KNOWN = 3.0
"""Zipf that both words need, so that `Yahoo.Inc` or a file's name is not taken for two sentences."""


def find(article: Article) -> Iterator[Finding]:
    """Broken hyphens, spaces before marks, and sentences that touch."""
    for scored in article.language:
        span = scored.sentence.span
        yield from _hyphens(article.text, span)
        yield from _before(article.text, span)
    for paragraph in article.paragraphs:
        yield from _missing(article.text, paragraph)


def _hyphens(text: str, span: Span) -> Iterator[Finding]:
    """“third -party”; but “third- and fourth-party” is right, and a second dash makes a pair of dashes."""
    if len(_DASH.findall(span.of(text))) > 1:
        return
    for match in _SPLIT_HYPHEN.finditer(text, span.start, span.end):
        first, second = match.groups()
        if not {first, second} & FUNCTION_WORDS:
            message = MESSAGE_HYPHEN.format(words=match.group())
            yield Finding(HYPHEN, Span(*match.span()), message, replacements=(f"{first}-{second}",))


def _before(text: str, span: Span) -> Iterator[Finding]:
    for match in _SPACE_BEFORE.finditer(text, span.start, span.end):
        mark = match.group(1)
        yield Finding(BEFORE, Span(*match.span()), MESSAGE_BEFORE.format(mark=mark), replacements=(mark,))


def _missing(text: str, paragraph: Span) -> Iterator[Finding]:
    for match in _NO_SPACE.finditer(text, paragraph.start, paragraph.end):
        first, mark, second = match.groups()
        lower = second.lower()
        if zipf(first) >= KNOWN and lower not in _DOMAINS and (zipf(lower) >= KNOWN or "." in second):
            message = MESSAGE_MISSING.format(mark=mark)
            yield Finding(MISSING, Span(*match.span()), message, replacements=(f"{first}{mark} {second}",))


RULE = Rule((HYPHEN, BEFORE, MISSING), find)
