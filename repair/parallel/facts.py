"""Facts of a text, and how two texts differ in them: what the gate refuses and what alignment calls contradicted.

`extract` reads, `compare` tells what was lost and what was added. Both are general and conservative: a difference in
spelling only, in the form of a number ("two-hundred", "200") or of a known name ("U.S.", "United States") is none.
What is not covered: who did what to whom ("A sued B", "B sued A"), and opposites that are not in the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from repair.parallel.factkinds import Difference, Fact, FactKind, Facts, fact
from repair.parallel.names import initials, normal_form, read_names, respelled
from repair.parallel.quantities import is_relative, read_quantities
from repair.parallel.quotations import read_quotations
from repair.parallel.tables import aliases, antonyms, is_plain
from repair.parallel.wording import WORD, near_moods, opposite, read_antonyms, read_modality, read_negations, undenied

__all__ = ["Difference", "Fact", "FactKind", "Facts", "absolute_figures", "compare", "extract", "respelled"]


@lru_cache(maxsize=4096)
def extract(text: str) -> Facts:
    """The facts of `text`; spans count from its start."""
    quantities = read_quantities(text)
    units = tuple(found for found in quantities if found.kind is FactKind.UNIT)
    names = tuple(name for name in read_names(text) if not any(name.span.overlaps(unit.span) for unit in units))
    return Facts(
        text=text,
        names=names,
        numbers=tuple(
            found
            for found in quantities
            if found.kind is FactKind.NUMBER and not any(found.span.overlaps(name.span) for name in names)
        ),
        dates=tuple(found for found in quantities if found.kind is FactKind.DATE),
        units=units,
        negations=read_negations(text),
        modality=read_modality(text),
        quotations=read_quotations(text),
        antonyms=read_antonyms(text),
    )


def absolute_figures(text: str) -> frozenset[str]:
    """The values of the numbers, weekdays, months and years of `text`; not of "yesterday" or "two days ago"."""
    facts = extract(text)
    dates = {date.value for date in facts.dates if not is_relative(date.value)}
    return frozenset({number.value for number in facts.numbers} | dates)


def compare(before: Facts, after: Facts) -> tuple[Difference, ...]:
    """What `after` lost and added against `before`, at most one difference a kind, but one for each respelled name.

    A fact told twice in one text and once in the other is not lost; a negation is, since two can cancel out.
    """
    found = [*_names(before, after)]
    for kind in (FactKind.NUMBER, FactKind.DATE, FactKind.UNIT, FactKind.MODALITY):
        lost, added = _missing(before.of(kind), _told(after, kind)), _missing(after.of(kind), _told(before, kind))
        found.append(Difference(kind, lost, added))
    found[-1] = _modality(found[-1])
    found += [_negations(before, after), _quotations(before, after), _antonyms(before, after)]
    return tuple(difference for difference in found if difference.lost or difference.added)


def _told(facts: Facts, kind: FactKind) -> list[Fact]:
    """The facts of `kind`; of numbers and dates both: "1100" alone may be either, and so may the 15 of "15/16 May"."""
    figures = (FactKind.NUMBER, FactKind.DATE)
    if kind not in figures:
        return list(facts.of(kind))
    both = [fact for one in figures for fact in facts.of(one)]
    return [replace(fact, value=value) for fact in both for value in _readings(fact.value)]


def _readings(value: str) -> tuple[str, ...]:
    """What digits can mean besides: a day, or a plain number."""
    return (value, f"day {value}") if value.isdigit() else (value, value.removeprefix("day "))


def _modality(difference: Difference) -> Difference:
    """`difference` less a mood that only moved in time or politeness: "will" in reported speech is "would"."""
    lost, added = list(difference.lost), list(difference.added)
    for one in difference.lost:
        twin = next((other for other in added if near_moods(one.value, other.value)), None)
        if twin is not None:
            lost.remove(one)
            added.remove(twin)
    return Difference(difference.kind, tuple(lost), tuple(added))


def _missing(these: Sequence[Fact], others: Sequence[Fact]) -> tuple[Fact, ...]:
    """The facts of `these` whose value none of `others` has, each value once."""
    seen = {other.value for other in others}
    missing = []
    for one in these:
        if one.value not in seen:
            missing.append(one)
            seen.add(one.value)
    return tuple(missing)


def _names(before: Facts, after: Facts) -> list[Difference]:
    lost = [name for name in _missing(before.names, after.names) if not _names_word_for_word(name, after)]
    added = [name for name in _missing(after.names, before.names) if not _names_word_for_word(name, before)]
    found = []
    for one in tuple(lost):
        twin = next((other for other in added if respelled(one.surface, other.surface)), None)
        if twin is not None:
            lost.remove(one)
            added.remove(twin)
            found.append(Difference(FactKind.NAME, (one,), (twin,), respelled=True))
    return [*found, Difference(FactKind.NAME, tuple(lost), tuple(added))]


def _names_word_for_word(name: Fact, facts: Facts) -> bool:
    """True where all words of `name` stand in the other text, capitals aside, or make an acronym there.

    A known form that is another word in lower case ("US", "Turkey") is looked for by its value alone.
    """
    if name.surface in aliases() and (name.surface.isupper() or is_plain(name.surface)):
        return False
    if name.surface.replace(".", "").isupper() and " " not in name.surface:
        return _acronym_of(name.surface.replace(".", ""), facts.text)
    if set(name.value.split()) <= _words(facts.text):
        return True
    return any(other.surface.isupper() and initials(name.surface) == other.surface for other in facts.names)


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(normal_form(part) for word in WORD.findall(text) for part in (word, *word.split("-")))


def _acronym_of(acronym: str, text: str) -> bool:
    """True where `text` has capitalised words in a row, small words aside, with these initials."""
    capitals = "".join(word[0] if word[0].isupper() else " " * (len(word) > 3) for word in WORD.findall(text))
    return len(acronym) > 1 and acronym in capitals


def _negations(before: Facts, after: Facts) -> Difference:
    lost = len(before.negations) - len(after.negations)
    return Difference(
        FactKind.NEGATION,
        lost=before.negations[len(after.negations) :] if lost > 0 else (),
        added=after.negations[len(before.negations) :] if lost < 0 else (),
    )


def _quotations(before: Facts, after: Facts) -> Difference:
    """Quotations are the same where their words in a row are: a repaired or moved mark changes none."""
    if _all_words(before.quotations) == _all_words(after.quotations):
        return Difference(FactKind.QUOTATION)
    lost = Counter(quote.value for quote in before.quotations) - Counter(quote.value for quote in after.quotations)
    added = Counter(quote.value for quote in after.quotations) - Counter(quote.value for quote in before.quotations)
    return Difference(
        FactKind.QUOTATION,
        tuple(quote for quote in before.quotations if quote.value in lost),
        tuple(quote for quote in after.quotations if quote.value in added),
    )


def _all_words(quotations: Sequence[Fact]) -> str:
    return " ".join(quote.value for quote in quotations)


def _antonyms(before: Facts, after: Facts) -> Difference:
    """Words lost whose opposite was added; a word exchanged for one that means the same is no difference."""
    lost, added = _lost_words(before, after), _lost_words(after, before)
    pairs = [(one, other) for one in lost for other in added if opposite(one.value, other.value)]
    return Difference(
        FactKind.ANTONYM,
        tuple(dict.fromkeys(one for one, _ in pairs)),
        tuple(dict.fromkeys(other for _, other in pairs)),
    )


def _lost_words(these: Facts, others: Facts) -> list[Fact]:
    """The words of `these` that have an opposite, in the table or by a prefix, and are not said in `others` at all.

    "East" is said where "eastwards" is: both stand on one side of one row of the table.
    """
    kept = _lower_words(others.text)
    sides = {side for other in others.antonyms for side in antonyms()[other.value]}
    in_table = [one for one in these.antonyms if not antonyms()[one.value] & sides]
    bare = {stem for word in kept if (stem := undenied(word))}
    prefixed = [
        fact(FactKind.ANTONYM, match.group().lower(), these.text, *match.span())
        for match in WORD.finditer(these.text)
        if (word := match.group().lower()) not in kept and (word in bare or undenied(word) in kept)
    ]
    return in_table + [one for one in prefixed if one not in in_table]


@lru_cache(maxsize=4096)
def _lower_words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in WORD.findall(text))
