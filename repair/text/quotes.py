"""Where quotation marks open and close in one paragraph.

Double marks (“ ” „ « » and the straight ") and, where a paragraph has none of them, British single ones (‘ ’).
"""

from __future__ import annotations

import re

from repair.records import Span

_DOUBLE = re.compile(r"[“”„«»\"]")
# A closing single mark is no apostrophe: no letter follows it.
_SINGLE = re.compile(r"(?<!\w)‘|’(?!\w)")
_OPENING = "“„«‘"
_BEFORE_OPENING = "([{—–-/"


def quoted(paragraph: str) -> tuple[Span, ...]:
    """The spans between quotation marks, marks left out.

    A double mark without a partner counts to the paragraph's edge: news re-opens a quotation in each paragraph and
    closes it in the last, and damaged copies lose marks. A single one without a partner counts for nothing: it may be
    an apostrophe.
    """
    marks = list(_DOUBLE.finditer(paragraph))
    if marks:
        return _pair(paragraph, marks, to_edge=True)
    return _pair(paragraph, list(_SINGLE.finditer(paragraph)), to_edge=False)


def _pair(text: str, marks: list[re.Match[str]], *, to_edge: bool) -> tuple[Span, ...]:
    spans: list[Span] = []
    opened: re.Match[str] | None = None
    for mark in marks:
        if _opens(text, mark, opened):
            opened = opened or mark
        elif opened is not None:
            spans.append(Span(opened.end(), mark.start()))
            opened = None
        elif to_edge and not spans:
            spans.append(Span(0, mark.start()))
    if opened is not None and to_edge:
        spans.append(Span(opened.end(), len(text)))
    return tuple(spans)


def _opens(text: str, mark: re.Match[str], opened: re.Match[str] | None) -> bool:
    """True where `mark` opens a quotation; the straight mark and the German “ depend on what stands around them."""
    char = mark.group()
    if char == "“" and opened is not None and opened.group() == "„":
        return False
    if char != '"':
        return char in _OPENING
    if opened is not None:
        return False
    before = text[mark.start() - 1 : mark.start()]
    after = text[mark.end() : mark.end() + 1]
    return (not before or before.isspace() or before in _BEFORE_OPENING) and bool(after) and not after.isspace()
