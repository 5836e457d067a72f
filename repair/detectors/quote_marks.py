"""Pairs of double quotation marks, straight and curly, over the paragraphs of a text.

Which way a mark looks is read from its shape (“ or ”) and from its surroundings (an opening mark touches what
follows, a closing one what goes before). News reopens a long quotation at each paragraph without closing the one
before: that is no error here. Not covered: single marks (an apostrophe looks the same) and « ».
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from repair.records import Span

_MARK = re.compile('[“”„"]')
_HEIGHT = re.compile(r"\d['’′]\s?\d{1,2}$")
_OPENS_AFTER = frozenset("([{—–-/‘'’“\"…")
_CLOSES_BEFORE = frozenset(".,;:!?)]}—–-/’'”\"…")


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark. `opens` is what it does; `turned` that its shape says the opposite."""

    at: int
    opens: bool
    turned: bool = False

    @property
    def span(self) -> Span:
        """The one character."""
        return Span(self.at, self.at + 1)


@dataclass(frozen=True, slots=True)
class Quotes:
    """How the marks of a text pair. Each mark in `stray` and `unclosed` has no partner."""

    marks: tuple[tuple[Mark, ...], ...]
    """All marks, paragraph by paragraph."""
    quoted: tuple[Span, ...]
    """From each opening to its closing mark; a quotation that began earlier, from the head of the paragraph."""
    stray: tuple[Mark, ...]
    """Closing marks that nothing opened."""
    unclosed: tuple[Mark, ...]
    """Opening marks that nothing closes."""


def pair(text: str, paragraphs: Sequence[Span]) -> Quotes:
    """Pair the marks of `text`, one paragraph after the other; a quotation may run on over several of them."""
    quoted: list[Span] = []
    stray: list[Mark] = []
    unclosed: list[Mark] = []
    every: list[tuple[Mark, ...]] = []
    pending: Mark | None = None
    for paragraph in paragraphs:
        marks = tuple(_marks(text, paragraph))
        every.append(marks)
        opened: list[Mark] = []
        if pending is not None and not marks:
            continue
        if pending is not None and not marks[0].opens:
            opened.append(pending)
        elif pending is not None and text[paragraph.start : marks[0].at].strip():
            unclosed.append(pending)
        for mark in marks:
            if mark.opens:
                opened.append(mark)
            elif opened:
                start = opened.pop()
                quoted.append(Span(max(start.at, paragraph.start), mark.at + 1))
            else:
                stray.append(mark)
        unclosed += opened[:-1]
        pending = opened[-1] if opened else None
    if pending is not None:
        unclosed.append(pending)
    return Quotes(tuple(every), tuple(quoted), tuple(stray), tuple(unclosed))


def _marks(text: str, paragraph: Span) -> Iterator[Mark]:
    depth = 0
    german = False
    for match in _MARK.finditer(text, paragraph.start, paragraph.end):
        at, glyph = match.start(), match.group()
        opening, closing = _looks(text, paragraph, at)
        if glyph == '"':
            if _is_measure(text, at, depth):
                continue
            opens = opening if opening != closing else depth == 0
            mark = Mark(at, opens)
        elif glyph == "„" or (glyph == "“" and german):
            mark = Mark(at, glyph == "„")
            german = mark.opens
        else:
            points = glyph == "“"
            turned = closing and not opening if points else opening and not closing
            mark = Mark(at, points != turned, turned)
        depth = depth + 1 if mark.opens else max(0, depth - 1)
        yield mark


def _looks(text: str, paragraph: Span, at: int) -> tuple[bool, bool]:
    """Whether the surroundings are those of an opening mark, and those of a closing one."""
    before = text[at - 1] if at > paragraph.start else " "
    after = text[at + 1] if at + 1 < paragraph.end else " "
    opening = (before.isspace() or before in _OPENS_AFTER) and (after.isalnum() or after in "‘'’“\"($£€[…@#¿¡")
    closing = not before.isspace() and (after.isspace() or after in _CLOSES_BEFORE)
    return opening, closing


def _is_measure(text: str, at: int, depth: int) -> bool:
    """True for the mark of inches: 6'2\", and a digit's where nothing is open."""
    before = text[max(0, at - 6) : at]
    return bool(_HEIGHT.search(before)) or (depth == 0 and before[-1:].isdigit())
