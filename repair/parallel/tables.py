"""The word tables in `data/`: how often a word is capitalised, other forms of a name, units, opposites."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

NAME_SHARE = 80
"""A word capitalised in at least this percentage of its uses inside sentences is a name, not a plain word.

"President" (56) and "Congress" (74) are plain words that are often part of names; "Pentagon" (100) is a name."""
PLAIN_SHARE = 4
"""A word capitalised more rarely is never part of a name: its capital is a sentence start or a mistake."""


def rows(name: str) -> list[list[str]]:
    """The rows of the table `name`, split at tabs, without comments and empty lines."""
    text = files("repair.parallel").joinpath("data", name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@cache
def casing() -> dict[str, int]:
    """Per word in lower case, the percentage of its uses inside sentences that are capitalised."""
    return {word: int(share) for word, share in rows("casing.tsv")}


@cache
def aliases() -> dict[str, str]:
    """Each written form of a name with several, to its normal form."""
    return {form: normal for normal, forms in rows("aliases.tsv") for form in forms.split("|")}


@cache
def units() -> dict[str, str]:
    """Each written form of a unit, to its normal form."""
    return {form: normal for normal, forms in rows("units.tsv") for form in forms.split("|")}


@cache
def number_words(role: str) -> dict[str, int]:
    """The words of one role in the table of numbers (cardinal, scale, abbreviation, ordinal), to their value."""
    return {word: int(value) for word, value, its_role in rows("numbers.tsv") if its_role == role}


@cache
def antonyms() -> dict[str, frozenset[tuple[int, int]]]:
    """Each word of the table of opposites, to its (row, side) pairs; a word may have several opposites."""
    found: dict[str, set[tuple[int, int]]] = {}
    for number, (left, right, _) in enumerate(rows("antonyms.tsv")):
        for side, words in enumerate((left, right)):
            for word in words.split("|"):
                found.setdefault(word, set()).add((number, side))
    return {word: frozenset(sides) for word, sides in found.items()}


@cache
def denied() -> dict[str, str]:
    """Words that a prefix denies ("illegal"), to the word without it."""
    return {denied_word: word for word, denied_word in rows("denied.tsv")}


SUFFIXES = (("ies", "y"), ("es", ""), ("es", "e"), ("s", ""), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"))
DERIVED = ("ly", "ness", "ment", "ments", "tion", "tions", "able", "ible", "ous", "ful", "less")


@cache
def capital_share(word: str) -> int | None:
    """How often `word` is a name, in percent; inflected forms of plain words too. None where it is unknown."""
    lower = word.lower().replace("’", "'")
    table = casing()
    if lower in table:
        return table[lower]
    for suffix, stem_end in SUFFIXES:
        stem = lower.removesuffix(suffix) + stem_end
        if lower.endswith(suffix) and table.get(stem, NAME_SHARE) < NAME_SHARE:
            return table[stem]
    if len(lower) > 7 and lower.endswith(DERIVED):
        return 0
    if "-" in lower:
        shares = [capital_share(part) for part in lower.split("-") if part]
        if shares and all(share is not None and share < NAME_SHARE for share in shares):
            return 0
    return None


def is_plain(word: str) -> bool:
    """True where `word` is known, and mostly written in lower case."""
    share = capital_share(word)
    return share is not None and share < NAME_SHARE


def is_known_name(word: str) -> bool:
    """True where `word` is known as a name: two different known names are never the same one misspelled."""
    share = casing().get(word.lower())
    return (share is not None and share >= NAME_SHARE) or word.title() in aliases()


@cache
def _oppositions() -> dict[str, frozenset[tuple[int, int]]]:
    """Each word of WordNet's opposites, to its (row, side) pairs."""
    found: dict[str, set[tuple[int, int]]] = {}
    for number, both in enumerate(rows("opposites.tsv")):
        for side, words in enumerate(both):
            for word in words.split("|"):
                found.setdefault(word, set()).add((number, side))
    return {word: frozenset(sides) for word, sides in found.items()}


def sides(word: str) -> frozenset[tuple[int, int]]:
    """The sides of WordNet's oppositions that a word in lower case stands on: (row, 0 or 1) each."""
    return _oppositions().get(word, frozenset())


def opposites(word: str) -> frozenset[tuple[int, int]]:
    """The sides that stand against a word in lower case."""
    return frozenset((row, 1 - side) for row, side in sides(word))
