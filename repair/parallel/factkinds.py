"""What a fact is: the types that the readers of names, quantities, quotations and wording share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from repair.records import Span


class FactKind(StrEnum):
    """The kinds of fact that a rewrite may neither lose nor add, and that two tellings can differ in."""

    NAME = "name"
    NUMBER = "number"
    DATE = "date"
    UNIT = "unit"
    NEGATION = "negation"
    MODALITY = "modality"
    QUOTATION = "quotation"
    ANTONYM = "antonym"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact and where it stands. `value` is its normal form: equal values mean the same."""

    kind: FactKind
    value: str
    span: Span
    surface: str
    """The characters under the span, as written."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of one text, each kind in the order of the text. Spans count from the start of `text`."""

    text: str
    names: tuple[Fact, ...] = ()
    numbers: tuple[Fact, ...] = ()
    dates: tuple[Fact, ...] = ()
    units: tuple[Fact, ...] = ()
    negations: tuple[Fact, ...] = ()
    modality: tuple[Fact, ...] = ()
    quotations: tuple[Fact, ...] = ()
    antonyms: tuple[Fact, ...] = ()
    """Words that have an opposite in `data/antonyms.tsv`."""

    def of(self, kind: FactKind) -> tuple[Fact, ...]:
        """The facts of one kind."""
        by_kind = {
            FactKind.NAME: self.names,
            FactKind.NUMBER: self.numbers,
            FactKind.DATE: self.dates,
            FactKind.UNIT: self.units,
            FactKind.NEGATION: self.negations,
            FactKind.MODALITY: self.modality,
            FactKind.QUOTATION: self.quotations,
            FactKind.ANTONYM: self.antonyms,
        }
        return by_kind[kind]


@dataclass(frozen=True, slots=True)
class Difference:
    """What one text says and another does not, of one kind.

    `respelled` marks the same name written in two ways ("Eswatini", "Esvatini"): still a difference, a mild one.
    """

    kind: FactKind
    lost: tuple[Fact, ...] = ()
    added: tuple[Fact, ...] = ()
    respelled: bool = False

    def __str__(self) -> str:
        lost = ", ".join(f"“{fact.surface}”" for fact in self.lost)
        added = ", ".join(f"“{fact.surface}”" for fact in self.added)
        if self.respelled:
            return f"{self.kind} spelled differently: {lost} and {added}"
        if lost and added:
            return f"{self.kind}: {lost} became {added}"
        return f"{self.kind} lost: {lost}" if lost else f"{self.kind} added: {added}"


def fact(kind: FactKind, value: str, text: str, start: int, end: int) -> Fact:
    """The fact of `kind` that stands at `start` to `end` of `text`."""
    return Fact(kind, value, Span(start, end), text[start:end])
