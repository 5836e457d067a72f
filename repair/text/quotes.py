"""Quotation marks: which way each looks, how they pair, and what stands between them.

Which way a mark looks is read from its shape (“ or ”) and from its surroundings: an opening mark touches what follows,
a closing one what goes before. Marks are paired in two ways. `find_quotations` finds what is quoted, also where marks
were lost: a mark without a partner reaches to its paragraph's edge or to the mark before. `pair` finds the marks that
lack a partner, over all paragraphs, for news reopens a long quotation in each paragraph without closing it before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from repair.records import Span
from repair.text.wraps import blocks

DOUBLE = "\N{QUOTATION MARK}“”„«»‟"
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

_MARK = re.compile(f"[{DOUBLE}]")
# A single mark is no apostrophe: no letter before the first, none after the last; inside, letters stand on both sides.
_SINGLE = re.compile(r"(?<![\w])['‘](?=\w)(?P<inside>[^'‘’\n]*(?:\w['’]\w[^'‘’\n]*)*)['’](?!\w)")
_HEIGHT = re.compile(r"\d['’′]\s?\d{1,2}$")
_OPENING = frozenset("“„«‟")
_UNPAIRED = frozenset("«»‟")
"""Marks that `pair` leaves alone: French sets spaces inside them, and some languages turn them round."""
_OPENS_AFTER = frozenset("([{—–-/‘'’“\"…")
_OPENS_BEFORE = frozenset("‘'’“\"($£€[…@#¿¡")
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
class Quotation:
    """The characters between two marks. `whole` is False where one of the marks is missing."""

    span: Span
    whole: bool


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


def quoted_words(text: str) -> str:
    """The words of `text` in lower case with straight apostrophes, one space between."""
    return " ".join(word.group().lower().replace("’", "'") for word in WORD.finditer(text))


def find_quotations(text: str) -> tuple[Quotation, ...]:
    """All quotations of `text` in order, none inside another; single marks count only outside double ones."""
    return tuple(quotation for block in blocks(text) for quotation in _in_paragraph(text, block.span))


def quoted(paragraph: str) -> tuple[Span, ...]:
    """The spans between the quotation marks of one paragraph, marks left out; line breaks in it only wrap it."""
    return tuple(quotation.span for quotation in _in_paragraph(paragraph, Span(0, len(paragraph))))


def pair(text: str, paragraphs: Sequence[Span]) -> Quotes:
    """Pair the double marks of `text`, one paragraph after the other; a quotation may run on over several of them."""
    quoted: list[Span] = []
    stray: list[Mark] = []
    unclosed: list[Mark] = []
    every: list[tuple[Mark, ...]] = []
    pending: Mark | None = None
    for paragraph in paragraphs:
        marks = tuple(mark for mark in read_marks(text, paragraph) if text[mark.at] not in _UNPAIRED)
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


def read_marks(text: str, paragraph: Span) -> Iterator[Mark]:
    """The double marks of a paragraph, and what each of them does. Marks of inches are none."""
    depth = 0
    german = False
    for match in _MARK.finditer(text, paragraph.start, paragraph.end):
        at, glyph = match.start(), match.group()
        opening, closing = _looks(text, paragraph, at)
        if glyph == '"':
            if _is_measure(text, at, depth):
                continue
            mark = Mark(at, opening if opening != closing else depth == 0)
        elif glyph == "„" or (glyph == "“" and german):
            mark = Mark(at, glyph == "„")
            german = mark.opens
        else:
            points = glyph in _OPENING
            turned = closing and not opening if points else opening and not closing
            mark = Mark(at, points != turned, turned)
        depth = depth + 1 if mark.opens else max(0, depth - 1)
        yield mark


def _looks(text: str, paragraph: Span, at: int) -> tuple[bool, bool]:
    """Whether the surroundings are those of an opening mark, and those of a closing one."""
    before = text[at - 1] if at > paragraph.start else " "
    after = text[at + 1] if at + 1 < paragraph.end else " "
    opening = (before.isspace() or before in _OPENS_AFTER) and (after.isalnum() or after in _OPENS_BEFORE)
    closing = not before.isspace() and (after.isspace() or after in _CLOSES_BEFORE)
    return opening, closing


def _is_measure(text: str, at: int, depth: int) -> bool:
    """True for the mark of inches: 6'2\", and a digit's where nothing is open."""
    before = text[max(0, at - 6) : at]
    return bool(_HEIGHT.search(before)) or (depth == 0 and before[-1:].isdigit())


def _in_paragraph(text: str, paragraph: Span) -> list[Quotation]:
    doubles = list(_doubles(text, paragraph))
    singles = [
        Quotation(Span(*match.span("inside")), True)
        for match in _SINGLE.finditer(text, paragraph.start, paragraph.end)
        if match["inside"].strip() and not any(q.span.overlaps(Span(*match.span())) for q in doubles)
    ]
    return sorted([*doubles, *singles], key=lambda quotation: quotation.span)


def _doubles(text: str, paragraph: Span) -> Iterator[Quotation]:
    opened: int | None = None
    free_from = paragraph.start
    for mark in read_marks(text, paragraph):
        if mark.opens:
            if opened is not None:
                yield from _quotation(text, opened, mark.at, whole=False)
            opened = mark.at + 1
        else:
            yield from _quotation(text, free_from if opened is None else opened, mark.at, whole=opened is not None)
            opened = None
        free_from = mark.at + 1
    if opened is not None:
        yield from _quotation(text, opened, paragraph.end, whole=False)


def _quotation(text: str, start: int, end: int, *, whole: bool) -> Iterator[Quotation]:
    if WORD.search(text, start, end):
        yield Quotation(Span(start, end), whole)
