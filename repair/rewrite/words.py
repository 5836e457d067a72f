"""Small changes of one word that keep what a sentence says: function words, endings, capitals, repeats."""

from __future__ import annotations

import functools

from rapidfuzz.distance import Levenshtein

FUNCTION_WORDS: tuple[frozenset[str], ...] = (
    frozenset({"a", "an", "the"}),
    frozenset({"in", "on", "at", "to", "of", "for", "from", "by", "with", "into", "about", "as", "over", "during"}),
    frozenset({"is", "are", "was", "were", "be", "been", "being"}),
    frozenset({"has", "have", "had", "having"}),
    frozenset({"do", "does", "did"}),
    frozenset({"who", "which", "that", "whom"}),
)
"""Words that stand for one another within a class without a change of fact. Left out on purpose: negations,
modals (may, must, will), pronouns (whose deed it was) and words of place or order (before, after, above, against)."""

INSERTABLE = frozenset({"a", "an", "the", "of", "to", "in", "on", "for", "that", "is", "are", "was", "were"})
"""Function words that machine translation drops."""

_COMMON = 2.5
"""Zipf frequency (log10 uses a billion words, wordfreq) from which a word form is taken to exist."""
_ENDINGS = (
    ("ies", "y"),
    ("es", ""),
    ("s", ""),
    ("ied", "y"),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
)
"""Endings of English inflection, and what stood there without them."""
_NEAR = 8
"""Letters for each edit that a misspelling may be away from what was meant, rounded up."""


def swaps(word: str) -> frozenset[str]:
    """The function words that may stand for `word`, itself left out; empty for a content word."""
    low = word.casefold()
    return frozenset().union(*(group - {low} for group in FUNCTION_WORDS if low in group))


def is_function_word(word: str) -> bool:
    """True for the words of FUNCTION_WORDS."""
    return any(word.casefold() in group for group in FUNCTION_WORDS)


def related(word: str, other: str) -> bool:
    """True where `other` is `word` in another form, or `word`, unknown to English, misspells `other`."""
    one, two = word.casefold(), other.casefold()
    if len(one) > 4 and not exists(one) and other.islower() and exists(two):
        return Levenshtein.distance(one, two) <= -(-len(one) // _NEAR)
    return two in forms(one)


@functools.cache
def forms(word: str) -> frozenset[str]:
    """Other forms of an English content word by tense and participle, where people write them.

    Not covered: irregular forms (take, took), doubled letters (plan, planned), and, on purpose, the s of a plural:
    it tells how many there were, and on postedit_train more of such changes were wrong than right.
    """
    low = word.casefold()
    made = frozenset(form for stem in _stems(low) for form in _inflected(stem) if form != low and exists(form))
    return frozenset(form for form in made if form not in _numbers(low) and low not in _numbers(form))


def _stems(word: str) -> set[str]:
    """What `word` may be a form of, itself included; at least three letters."""
    stems = {word}
    for ending, put_back in _ENDINGS:
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            stems.add(word.removesuffix(ending) + put_back)
    return {stem for stem in stems if exists(stem)}


def _numbers(word: str) -> tuple[str, ...]:
    """`word` with the s of a plural, or of the third person, which looks the same."""
    return (word + "s", word + "es", word.removesuffix("y") + "ies")


def _inflected(stem: str) -> tuple[str, ...]:
    if stem.endswith("e"):
        return (stem, stem + "s", stem + "d", stem[:-1] + "ing")
    if stem.endswith("y") and stem[-2:-1] not in "aeiou":
        return (stem, stem[:-1] + "ies", stem[:-1] + "ied", stem + "ing")
    plural = "es" if stem.endswith(("s", "x", "z", "ch", "sh")) else "s"
    return (stem, stem + plural, stem + "ed", stem + "ing")


@functools.cache
def exists(word: str) -> bool:
    """True where people write `word` now and then."""
    from wordfreq import zipf_frequency

    return bool(zipf_frequency(word, "en") >= _COMMON)
