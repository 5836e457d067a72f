"""Quotations, with whole marks and with broken ones.

A mark's role is read from its neighbours first ("say:” We": a closing mark, whatever its shape), from its shape where
the neighbours do not tell. Marks pair within a paragraph; one that has lost its partner reaches to the end of the
paragraph, or back to its start or the last quotation. A paragraph may open anew what the one before left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from repair.parallel.factkinds import Fact, FactKind, fact
from repair.records import Span

DOUBLE = "\N{QUOTATION MARK}“”„«»‟"
OPENING = "“„«‟"
CLOSING = "”»"
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
SINGLE = re.compile(r"(?<![\w])['‘](?=\w)(?P<inside>[^'‘’\n]*(?:\w['’]\w[^'‘’\n]*)*)['’](?!\w)")
PARAGRAPH = re.compile(r"[^\n]+")


@dataclass(frozen=True, slots=True)
class Quotation:
    """The characters between two marks. `whole` is False where one of the marks is missing."""

    span: Span
    whole: bool


def read_quotations(text: str) -> tuple[Fact, ...]:
    """The quotations of `text` as facts; the value is their words in lower case, without marks and punctuation."""
    found = []
    for quotation in find_quotations(text):
        value = quoted_words(quotation.span.of(text))
        if value:
            found.append(fact(FactKind.QUOTATION, value, text, quotation.span.start, quotation.span.end))
    return tuple(found)


def quoted_words(text: str) -> str:
    """The words of `text` in lower case with straight apostrophes, one space between."""
    return " ".join(word.group().lower().replace("’", "'") for word in WORD.finditer(text))


def find_quotations(text: str) -> tuple[Quotation, ...]:
    """All quotations of `text` in order, none inside another; single marks count only outside double ones."""
    found: list[Quotation] = []
    for paragraph in PARAGRAPH.finditer(text):
        found += _in_paragraph(text, Span(*paragraph.span()))
    return tuple(found)


def has_double_mark(text: str) -> bool:
    """True where `text` holds a double quotation mark of any shape."""
    return any(mark in text for mark in DOUBLE)


def _in_paragraph(text: str, paragraph: Span) -> list[Quotation]:
    doubles = list(_doubles(text, paragraph))
    singles = [
        Quotation(Span(*match.span("inside")), True)
        for match in SINGLE.finditer(text, paragraph.start, paragraph.end)
        if match["inside"].strip() and not any(q.span.overlaps(Span(*match.span())) for q in doubles)
    ]
    return sorted([*doubles, *singles], key=lambda quotation: quotation.span)


def _doubles(text: str, paragraph: Span) -> Iterator[Quotation]:
    opened: int | None = None
    free_from = paragraph.start
    for at in range(paragraph.start, paragraph.end):
        if text[at] not in DOUBLE:
            continue
        if _opens(text, at, opened is not None):
            if opened is not None:
                yield from _quotation(text, opened, at, whole=False)
            opened = at + 1
        else:
            whole = opened is not None
            yield from _quotation(text, opened if opened is not None else free_from, at, whole=whole)
            opened = None
        free_from = at + 1
    if opened is not None:
        yield from _quotation(text, opened, paragraph.end, whole=False)


def _opens(text: str, at: int, inside: bool) -> bool:
    """True where the mark at `at` opens a quotation."""
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    left_free = before.isspace() or before in "([—–-'‘"
    right_free = after.isspace() or after in ")].,;:!?—–-'’"
    if left_free != right_free:
        return left_free
    return not inside if text[at] not in OPENING + CLOSING else text[at] in OPENING


def _quotation(text: str, start: int, end: int, *, whole: bool) -> Iterator[Quotation]:
    if WORD.search(text, start, end):
        yield Quotation(Span(start, end), whole)
