"""Quotations as facts."""

from __future__ import annotations

from repair.parallel.factkinds import Fact, FactKind, fact
from repair.text.quotes import find_quotations, quoted_words


def read_quotations(text: str) -> tuple[Fact, ...]:
    """The quotations of `text` as facts; the value is their words in lower case, without marks and punctuation."""
    found = []
    for quotation in find_quotations(text):
        value = quoted_words(quotation.span.of(text))
        if value:
            found.append(fact(FactKind.QUOTATION, value, text, quotation.span.start, quotation.span.end))
    return tuple(found)
