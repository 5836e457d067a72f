"""Names that a rewrite spells better, and garbled words that only looked like names.

Without a source nobody knows which name was meant, so a name may neither go, come, nor become another. What may: a
word that English does not know becomes one much alike and no rarer ("Kaloian", "Kaloyan"); a word with a capital
that English does not know becomes ordinary words ("Muzeul", "museum").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rapidfuzz import fuzz
from wordfreq import zipf_frequency

from repair.parallel.facts import Difference, Fact, FactKind
from repair.rewrite.differences import Changes, Word, read_words
from repair.rewrite.words import exists

ALIKE = 60.0
"""Similarity (0..100, rapidfuzz `ratio`) of two spellings of a name: two letters in five may differ."""


def without_mends(difference: Difference, found: Changes) -> Difference:
    """`difference` without the names that are mended; others than of names as they are."""
    if difference.kind is not FactKind.NAME:
        return difference
    if difference.respelled:
        mended = all(_respells(one, other) for one, other in zip(difference.lost, difference.added, strict=True))
        return replace(difference, lost=(), added=()) if mended else difference
    became = dict((*found.exchanged, *found.respelt))
    was = {j: i for i, j in became.items()}
    lost = tuple(name for name in difference.lost if not _goes_well(name, found, became))
    added = tuple(name for name in difference.added if not _comes_well(name, found, was))
    return replace(difference, lost=lost, added=added)


def _respells(name: Fact, other: Fact) -> bool:
    """True where each word of a name stays or is mended."""
    pairs = zip(read_words(name.surface), read_words(other.surface), strict=False)
    return all(old.low == new.low or _mends(old, new) for old, new in pairs)


def _goes_well(name: Fact, found: Changes, became: Mapping[int, int]) -> bool:
    changed = [i for i, word in enumerate(found.before) if _within(word, name) and (i in found.dropped or i in became)]
    return all(i in became and _mends(found.before[i], found.after[became[i]]) for i in changed)


def _comes_well(name: Fact, found: Changes, was: Mapping[int, int]) -> bool:
    changed = [j for j, word in enumerate(found.after) if _within(word, name) and (j in found.added or j in was)]
    return all(j in was and _mends(found.before[was[j]], found.after[j]) for j in changed)


def _within(word: Word, name: Fact) -> bool:
    return name.span.start <= word.start < name.span.end


def _mends(old: Word, new: Word) -> bool:
    """True where `old` is no English word, and `new` is another spelling of it, or an ordinary word."""
    if any(exists(part) for part in old.low.removesuffix("'s").split("-")):
        return False
    if fuzz.ratio(old.low, new.low) >= ALIKE:
        return zipf_frequency(new.low, "en") >= zipf_frequency(old.low, "en")
    return not (old.text[0].isupper() and new.text[0].isupper()) and exists(new.low)
