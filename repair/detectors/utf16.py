"""Offsets of tools that count UTF-16 units (Java, JavaScript, browsers), in code points."""

from __future__ import annotations

from itertools import accumulate

from repair.records import Span


def span_of(text: str, offset: int, length: int) -> Span:
    """The code points of `text` under `length` UTF-16 units from `offset`; half an emoji counts as the whole one.

    Raises ValueError where the units reach beyond the text.
    """
    if offset < 0 or length < 0 or offset + length > units(text):
        raise ValueError(f"{length} units from {offset} do not lie in a text of {units(text)}")
    if not (length or offset) or text.isascii():
        return Span(offset, offset + length)
    ends = list(accumulate(units(c) for c in text))
    start = next((i for i, end in enumerate(ends) if end > offset), len(text))
    end = start if not length else next(i + 1 for i, end in enumerate(ends) if end >= offset + length)
    return Span(start, end)


def units(text: str) -> int:
    """How many UTF-16 units `text` has."""
    return len(text) + sum(c > "\uffff" for c in text)
