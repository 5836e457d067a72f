"""`quote.unbalanced`, `quote.doubled`, `quote.twisted`: double quotation marks lost, set twice, or turned round.

Where the mend leaves no choice it is given: the opening mark at the head of the paragraph, one mark of a doubled pair,
the marks of “…say:” We want … for us? “And …” the right way round.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from repair.detectors.article import Article, Rule
from repair.detectors.function_words import FUNCTION_WORDS
from repair.records import Finding, Span
from repair.text.quotes import Mark

UNBALANCED = "quote.unbalanced"
DOUBLED = "quote.doubled"
TWISTED = "quote.twisted"
MESSAGE_STRAY = "a closing quotation mark with no opening one before it"
MESSAGE_LOST = "the opening quotation mark of this paragraph is lost: only the closing one stands"
MESSAGE_APOSTROPHE = "a quotation mark where an apostrophe belongs"
MESSAGE_UNCLOSED = "an opening quotation mark that nothing closes"
MESSAGE_DOUBLED = "the quotation mark stands twice"
MESSAGE_TURNED = "the quotation mark looks the wrong way"
MESSAGE_TWISTED = "the quotation marks are turned round: speech stands outside them"

_VERBS = (
    r"(?:says?|said|told|tells|adds?|added|asks?|asked|writes?|wrote|argue[ds]?|claim(?:s|ed)|explain(?:s|ed)|"
    r"insist(?:s|ed)|warn(?:s|ed)|stated|noted|call(?:s|ed)|dubbed|known|termed)"
)
_SPEECH = re.compile(rf"\b(?:{_VERBS}|according to|so-called)\b", re.I)
_ATTRIBUTION = re.compile(rf"\s+(?:[\w’'.-]+\s+){{0,5}}{_VERBS}\b")
_EARLIER_MARK = re.compile('[“”"]')
_NEXT_WORD = re.compile(r" ([a-z]{3,})\b")
# A line right above or below, with no empty one between: in texts of one sentence a line, speech may begin in any.
_LINE_ABOVE = re.compile(r"\S[ \t]*\r?\n[ \t]*\Z")
_LINE_BELOW = re.compile(r"[ \t]*\r?\n[ \t]*\S")
_HEAD = re.compile(r"[ \t]*(\w[\w’'-]*)")


def find(article: Article) -> Iterator[Finding]:
    """Marks without a partner, marks set twice, and marks that look the wrong way."""
    twice = {second.at: first for first, second in _doubled(article)}
    yield from _twisted(article)
    for mark in (m for marks in article.quotes.marks for m in marks if m.turned):
        right = "“" if mark.opens else "”"
        yield Finding(TWISTED, mark.span, MESSAGE_TURNED, replacements=(right,))
    for second, first in twice.items():
        glyph = article.text[first.at]
        yield Finding(DOUBLED, Span(first.at, second + 1), MESSAGE_DOUBLED, replacements=(glyph,))
    for mark in article.quotes.stray:
        if mark.at not in twice:
            yield _stray(article, mark)
    doubled = {mark.at for pair in _doubled(article) for mark in pair}
    for mark in article.quotes.unclosed:
        if mark.at not in doubled:
            yield Finding(UNBALANCED, mark.span, MESSAGE_UNCLOSED)


def _doubled(article: Article) -> Iterator[tuple[Mark, Mark]]:
    """Two marks that do the same, with at most spaces between them, of which one is too many."""
    single = {mark.at for mark in (*article.quotes.stray, *article.quotes.unclosed)}
    for marks in article.quotes.marks:
        for first, second in pairwise(marks):
            near = not article.text[first.at + 1 : second.at].strip()
            if near and first.opens == second.opens and {first.at, second.at} & single:
                yield first, second


def _stray(article: Article, mark: Mark) -> Finding:
    """With the opening mark put before the paragraph's first word, where that is the only place for it."""
    paragraph = article.paragraphs[bisect_right(article.paragraphs, mark.at, key=lambda p: p.start) - 1]
    if _is_apostrophe(article.text, mark):
        apostrophe = "'" if article.text[mark.at] == '"' else "’"
        return Finding(UNBALANCED, mark.span, MESSAGE_APOSTROPHE, replacements=(apostrophe,))
    quoted = article.text[paragraph.start : mark.at]
    head = _HEAD.match(article.text, paragraph.start, paragraph.end)
    if head is None or not _ends_speech(article.text, paragraph, mark) or _EARLIER_MARK.search(quoted):
        return Finding(UNBALANCED, mark.span, MESSAGE_STRAY)
    if _SPEECH.search(quoted) and not _ATTRIBUTION.match(article.text, mark.at + 1):
        return Finding(UNBALANCED, mark.span, MESSAGE_STRAY)
    if _LINE_ABOVE.search(article.text, 0, paragraph.start) or _LINE_BELOW.match(article.text, paragraph.end):
        return Finding(UNBALANCED, mark.span, MESSAGE_STRAY)
    opening = '"' if article.text[mark.at] == '"' else "“"
    return Finding(UNBALANCED, Span(*head.span(1)), MESSAGE_LOST, replacements=(opening + head.group(1),))


def _ends_speech(text: str, paragraph: Span, mark: Mark) -> bool:
    """True where a comma or a sentence's end touches the mark: a quotation ends there, and no `victims” relatives`."""
    after = text[mark.at + 1 : paragraph.end].lstrip()
    return text[mark.at - 1] in ".,!?…" or after[:1] in (".", ",", "!", "?", "")


def _is_apostrophe(text: str, mark: Mark) -> bool:
    """True in “the victims” relatives”: some converters of marks take the apostrophe of a plural for a closing mark."""
    following = _NEXT_WORD.match(text, mark.at + 1)
    return text[mark.at - 1] == "s" and following is not None and following.group(1) not in FUNCTION_WORDS


def _twisted(article: Article) -> Iterator[Finding]:
    """“We say:” Will you help? “And the further …”: closed after the colon, opened after the speech."""
    for marks in article.quotes.marks:
        for closing, opening in pairwise(marks):
            if closing.opens or not opening.opens or article.text[closing.at - 1] != ":":
                continue
            speech = article.text[closing.at + 1 : opening.at]
            if speech[:1].isspace() and speech.strip()[:1].isupper() and speech.rstrip()[-1:] in ".?!":
                span = Span(closing.at, opening.at + 1)
                yield Finding(TWISTED, span, MESSAGE_TWISTED, "major", replacements=(f" ‘{speech.strip()}’ ",))


RULE = Rule((UNBALANCED, DOUBLED, TWISTED), find)
