"""What became of the words of a sentence in a rewrite: kept, moved, respelt, exchanged, left out, put in.

Words are aligned in order (Ratcliff and Obershelp, `difflib`), then those that are left over are matched: the same word
elsewhere has moved; one written much alike in the same place is the same word in another form; two content words in
the same place were exchanged. What is not covered: one word that became two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from rapidfuzz import fuzz

from repair.detectors.function_words import FUNCTION_WORDS

ALIKE = 70.0
"""Similarity (0..100, rapidfuzz `ratio`) from which two words are forms or spellings of one."""
_TOKEN = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*|[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a mark. `start` and `end` count code points of its sentence."""

    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        """Without capitals, and with a straight apostrophe."""
        return self.text.casefold().replace("’", "'")

    @property
    def content(self) -> bool:
        """True for a word that says something by itself."""
        return self.text[0].isalnum() and self.low not in FUNCTION_WORDS


Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Changes:
    """Indices into the words of both sides; pairs are (before, after). Every word is in exactly one field.

    Function words and marks are never exchanged: one that is lost is in `dropped`, one that is new in `added`.
    """

    before: tuple[Word, ...]
    after: tuple[Word, ...]
    kept: tuple[Pair, ...]
    moved: tuple[Pair, ...]
    respelt: tuple[Pair, ...]
    exchanged: tuple[Pair, ...]
    dropped: tuple[int, ...]
    added: tuple[int, ...]


def read_words(text: str) -> tuple[Word, ...]:
    """The words and marks of `text`, in order."""
    return tuple(Word(match.group(), *match.span()) for match in _TOKEN.finditer(text))


def changes(before: str, after: str) -> Changes:
    """What became of each word."""
    old, new = read_words(before), read_words(after)
    steps = SequenceMatcher(None, [w.low for w in old], [w.low for w in new], autojunk=False).get_opcodes()
    kept = [(i + k, m + k) for tag, i, j, m, _ in steps if tag == "equal" for k in range(j - i)]
    places = [(list(range(i, j)), list(range(m, n))) for tag, i, j, m, n in steps if tag != "equal"]
    moved = _moved(old, new, places)
    respelt = [pair for place in places for pair in _respelt(old, new, *place)]
    exchanged = [pair for place in places for pair in _exchanged(old, new, *place)]
    return Changes(
        before=old,
        after=new,
        kept=tuple(kept),
        moved=tuple(moved),
        respelt=tuple(respelt),
        exchanged=tuple(exchanged),
        dropped=tuple(i for lost, _ in places for i in lost),
        added=tuple(j for _, found in places for j in found),
    )


def _moved(old: tuple[Word, ...], new: tuple[Word, ...], places: list[tuple[list[int], list[int]]]) -> list[Pair]:
    """The content words that are lost in one place and new in another; they are taken out of `places`."""
    moved = []
    for lost, _ in places:
        for i in [i for i in lost if old[i].content]:
            twin = next(((j, found) for _, found in places for j in found if new[j].low == old[i].low), None)
            if twin is not None:
                moved.append((i, twin[0]))
                lost.remove(i)
                twin[1].remove(twin[0])
    return moved


def _respelt(old: tuple[Word, ...], new: tuple[Word, ...], lost: list[int], found: list[int]) -> list[Pair]:
    """The words of one place that are written much alike, the most alike first; they are taken out."""
    likeness = [(fuzz.ratio(old[i].low, new[j].low), i, j) for i in lost for j in found if old[i].content]
    pairs = []
    for ratio, i, j in sorted(likeness, key=lambda each: (-each[0], each[1], each[2])):
        if ratio >= ALIKE and i in lost and j in found:
            pairs.append((i, j))
            lost.remove(i)
            found.remove(j)
    return pairs


def _exchanged(old: tuple[Word, ...], new: tuple[Word, ...], lost: list[int], found: list[int]) -> list[Pair]:
    """The content words of one place that are left on both sides, in order; they are taken out."""
    pairs = list(zip([i for i in lost if old[i].content], [j for j in found if new[j].content], strict=False))
    for i, j in pairs:
        lost.remove(i)
        found.remove(j)
    return pairs
