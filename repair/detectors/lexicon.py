"""Which words English has, and how common they are, by the word lists of wordfreq.

Zipf values are log10 of occurrences per billion words: 6 `that`, 4 `muffin`, 0 for what the list lacks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import OSA


@cache
def _zipfs() -> dict[str, float]:
    import wordfreq

    return {word: math.log10(freq) + 9 for word, freq in wordfreq.get_frequency_dict("en", "large").items()}


def zipf(word: str) -> float:
    """How common `word` is, in any case and with either apostrophe; 0 for a word that the list lacks."""
    return _zipfs().get(word.lower().replace("’", "'"), 0.0)


@cache
def _candidates(initial: str) -> tuple[str, ...]:
    return tuple(w for w, z in _zipfs().items() if z >= 2.5 and w.startswith(initial) and w.isalpha() and len(w) > 3)


def nearest(word: str, limit: int = 3) -> tuple[str, ...]:
    """Known words with the same first letter, one letter added, dropped, changed or swapped away, most common first.

    Further away lie other words: `karl` for `knarls`, `mouthing` for `monthong`, two mends that clean news was offered.
    """
    close = process.extract(word, _candidates(word[0]), scorer=OSA.distance, score_cutoff=1, limit=20)
    return tuple(sorted((hit[0] for hit in close), key=zipf, reverse=True)[:limit])


_PREFIXES = (
    "anti auto bio co counter cyber de dis eco extra hyper inter macro mega meta micro mid mini mis multi nano neo non "
    "out over para photo post pre pro pseudo psycho re self semi sub super tele trans ultra un under uni up"
).split()
_SUFFIXES = (
    "s es d ed r er ers or ors ing ings ly ness nesses ish like less ful fuls able ability ible ism isms ist ists ise "
    "ises ised ising iser ize izes ized izing izer isation ization ify ified y ies ier iest est hood ship dom ward "
    "wards wise gate fest fests esque ette ity ment ments ation ations athon holic ville worthy proof maker makers man "
    "men woman women ster sters eer eers ically ian ians ean"
).split()
_LEARNED = tuple(
    "genetics meter meters metric metry ology ologist ologists ological itis ectomy oscopy graphy graphic genic phobia "
    "phobic philia phile cide ase ide ides ite ites ine ines omics emia aemia osis oid oids zoa saur".split()
)
"""Endings of learned words, which science goes on making: none of them is guessed to be an error."""
_AFFIXES = 2
"""Suffixes taken off one after the other: wag-ish-ly."""
_STEM = 2.5
_LONG_STEM = 1.0
_PART = 3.5


def is_misspelt(word: str) -> bool:
    """True for a word in small letters that the list lacks: what is left of spelling errors without the names."""
    return word.islower() and word.isalpha() and zipf(word) == 0


def is_word(word: str) -> bool:
    """True for a listed word, one that common affixes make of one, and two listed words written together."""
    return zipf(word) > 0 or word.endswith(_LEARNED) or _is_derived(word) or _is_compound(word)


def _is_derived(word: str) -> bool:
    stems = {word, *(word.removeprefix(prefix) for prefix in _PREFIXES)}
    for _ in range(_AFFIXES):
        stems |= {base for stem in stems for base in _bases(stem)}
    return any(zipf(stem) >= (_STEM if len(stem) < 5 else _LONG_STEM) for stem in stems if len(stem) >= 3)


def _bases(stem: str) -> Iterator[str]:
    """What is left of `stem` without one suffix, with the spelling changes that suffixes bring."""
    for suffix in _SUFFIXES:
        base = stem.removesuffix(suffix)
        if base != stem and len(base) >= 3:
            yield from (base, base + "e", base + "y")
            if base[-1] == base[-2]:
                yield base[:-1]
            if base[-1] == "i":
                yield base[:-1] + "y"


def _is_compound(word: str) -> bool:
    return any(
        zipf(word[:cut]) >= _PART and (zipf(word[cut:]) >= _PART or _is_derived(word[cut:]))
        for cut in range(4, len(word) - 3)
    )
