"""Small words that decide what a sentence claims, and who did what to whom.

A rewrite may put a sense in other words of its row in `data/senses.tsv`. It may not exchange how many or on which
condition for another row of the kind, and not leave out or bring in how surely or within which bound; it may not put
a word's opposite in its place (WordNet, `data/opposites.tsv` of `repair.parallel`), nor swap two words around a third.
What is not covered: senses told in other words, passives ("was bitten by"), and swaps of whole clauses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import product

from repair.parallel import tables
from repair.records import Check
from repair.rewrite.differences import Changes, Pair, Word

NAMED = ("hedge", "bound")
"""Kinds of which none may be left out or brought in. The others are often told by the grammar alone."""
ANCHORS = frozenset(
    "to from than over against into is was are were before after between by has had will would under above".split()
)
"""Function words around which a swap turns a sentence round ("from Lyon to Porto")."""
TURNS = frozenset(
    map(frozenset, (("from", "to"), ("for", "against"), ("since", "until"), ("before", "after"), ("inside", "outside")))
)
"""Function words of which one in the other's place turns a sentence round; WordNet has none of them."""
_NUMBER_NEXT = re.compile(
    r"\s+(?:an?\s+|the\s+)?(?:[$€£]?\d|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half)\b)",
    re.IGNORECASE,
)


@cache
def senses() -> dict[str, tuple[re.Pattern[str], ...]]:
    """Each kind of sense, with one pattern for each row of the table."""
    text = files("repair.rewrite").joinpath("data", "senses.tsv").read_text(encoding="utf-8")
    found: dict[str, tuple[re.Pattern[str], ...]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            kind, words = line.split("\t")
            found[kind] = (*found.get(kind, ()), re.compile(rf"\b(?:{words})\b", re.IGNORECASE))
    return found


def senses_kept(before: str, after: str) -> Check:
    """Refuses other quantities, bounds, hedges and connections of clauses, and questions made of statements."""
    faults = []
    for kind, patterns in senses().items():
        told = [(_said(kind, pattern, before), _said(kind, pattern, after)) for pattern in patterns]
        lost = [one for one, other in told if one and not other]
        new = [other for one, other in told if other and not one]
        if lost and new:
            faults.append(f"{kind}: “{lost[0]}” became “{new[0]}”")
        elif kind in NAMED and (lost or new):
            faults.append(f"{kind} {'lost' if lost else 'added'}: “{(lost or new)[0]}”")
    if _asks(before) != _asks(after):
        faults.append("a question became a statement" if _asks(before) else "a statement became a question")
    return Check("senses", not faults, detail="; ".join(faults))


def _asks(text: str) -> bool:
    return text.rstrip("\"”’')]» ").endswith("?")


def _said(kind: str, pattern: re.Pattern[str], text: str) -> str | None:
    """The first words of a sense in `text`; a bound is one before a number alone."""
    found = (m.group() for m in pattern.finditer(text) if kind != "bound" or _NUMBER_NEXT.match(text, m.end()))
    return next(found, None)


def no_opposites(found: Changes) -> Check:
    """Refuses a word in whose place its opposite stands."""
    turned = [
        f"“{found.before[i].text}” became “{found.after[j].text}”"
        for i, j in _in_place(found)
        if _opposed(found.before[i].low, found.after[j].low)
    ]
    return Check("opposites", not turned, detail="; ".join(turned))


def _opposed(one: str, other: str) -> bool:
    return frozenset((one, other)) in TURNS or bool(tables.opposites(one) & tables.sides(other))


def _in_place(found: Changes) -> Iterator[Pair]:
    """Words that stand for one another: those exchanged, and lost and new ones between two words that stayed."""
    yield from (*found.exchanged, *found.respelt)
    after = dict(found.kept)
    for i, j in product(found.dropped, found.added):
        if after.get(i - 1) == j - 1 and (after.get(i + 1) == j + 1 or i + 1 == len(found.before)):
            yield i, j


def roles_kept(found: Changes) -> Check:
    """Refuses two words that have changed places around a third: "Ann paid Bob", "Bob paid Ann".

    Where "by" comes or goes, active has become passive, and the places tell nothing.
    """
    swap = next(_swaps(found), None) if _count(found, "by") == 0 else None
    told = ", ".join(f"“{found.before[i].text}”" for i in swap or ())
    return Check("roles", swap is None, detail=f"other order: {told}" if swap else "")


def _count(found: Changes, word: str) -> int:
    return sum(w.low == word for w in found.after) - sum(w.low == word for w in found.before)


def _swaps(found: Changes) -> Iterator[tuple[int, int, int]]:
    """Indices of three words of which the outer two have changed sides; the one between is in lower case."""
    content = [pair for pair in (*found.kept, *found.moved) if found.before[pair[0]].content]
    for one, other in product(found.moved, content):
        (i, m), (j, n) = sorted((one, other))
        if i < j and n < m:
            between = {word.low for word in found.after[n + 1 : m]}
            yield from (
                (i, k, j) for k in range(i + 1, j) if _turns(found.before[k]) and found.before[k].low in between
            )


def _turns(word: Word) -> bool:
    return word.text.islower() and (word.content or word.low in ANCHORS)
