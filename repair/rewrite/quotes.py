"""What stands between quotation marks, and whether an edit changes it."""

from __future__ import annotations

import html
import re
from collections import Counter
from functools import lru_cache

from repair.records import Span
from repair.text.quotes import DOUBLE, find_quotations, quoted_words
from repair.text.wraps import blocks

_LINE = re.compile(r"[^\r\n]*")
_MARKS = re.compile(f"[{DOUBLE}]")


def paragraph(text: str, span: Span) -> Span:
    """The span widened to the line ends on both sides, and in hard-wrapped text to those of its paragraph."""
    start = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
    rest = _LINE.match(text, span.end)
    lines = Span(start, rest.end() if rest else span.end)
    touched = [lines, *(block for block in _paragraphs(text) if block.overlaps(lines))]
    return Span(min(one.start for one in touched), max(one.end for one in touched))


@lru_cache(maxsize=4)
def _paragraphs(text: str) -> tuple[Span, ...]:
    """Kept, for every proposal for a document asks."""
    return tuple(block.span for block in blocks(text))


def unpaired(text: str) -> int:
    """How many quotations have lost one of their marks."""
    return sum(not quotation.whole for quotation in find_quotations(text))


def words(text: str) -> str:
    """The words of `text` for comparison: lower case, no marks, wrongly decoded letters mended."""
    import ftfy

    return quoted_words(html.unescape(ftfy.fix_encoding(text)))


def changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Quotations lost from `before` and quotations new in `after`, as `words`.

    Where all words stay and only marks move, none is changed: a mark put right is no other quotation.
    """
    if words(before) == words(after):
        return [], []
    old, new = (Counter(words(q.span.of(text)) for q in find_quotations(text)) for text in (before, after))
    return list((old - new).elements()), list((new - old).elements())


def within(text: str, span: Span) -> bool:
    """True where `span` lies between the first and the last double quotation mark of `text`.

    Wider than `quoted`: damaged copies turn marks round, and the speech then stands outside them.
    """
    marks = [match.start() for match in _MARKS.finditer(text)]
    return len(marks) > 1 and marks[0] < span.start and span.end <= marks[-1]
