"""Changes of meaning of our own making: kinds of which no data set has enough, for a gate to refuse.

Each leaves a sentence about as fluent or as garbled as it was, and says something else with it. `corruptions` makes
clean sentences worse; these make them wrong.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from wordfreq import top_n_list, zipf_frequency

from repair.detectors.function_words import FUNCTION_WORDS

LANGUAGES = ("de", "es", "fr", "it", "pl", "cs", "ru", "ja", "zh", "hi", "pt", "nl", "tr", "fi")
_CONTENT = re.compile(r"[A-Za-z’'-]{3,}[,.;:]?")


@dataclass(frozen=True, slots=True)
class Stock:
    """Words to put in: English content words in lower case, and words of other languages."""

    english: tuple[str, ...]
    foreign: tuple[str, ...]


Distortion = Callable[[list[str], random.Random, Stock], list[str] | None]


def stock(sentences: Sequence[str]) -> Stock:
    """English words out of `sentences`, as often as they stand there, and common words of other languages."""
    words = [word.strip(",.;:") for text in sentences for word in text.split() if is_content(word) and word.islower()]
    foreign = {
        word
        for language in LANGUAGES
        for word in top_n_list(language, 3000)[300:]
        if word.isalpha() and zipf_frequency(word, "en") < 3.2
    }
    return Stock(tuple(words), tuple(sorted(foreign)))


def is_content(word: str) -> bool:
    """True for a word that says something by itself, with at most one mark behind it."""
    return _CONTENT.fullmatch(word) is not None and word.strip(",.;:").lower() not in FUNCTION_WORDS


def _places(words: Sequence[str]) -> list[int]:
    return [i for i, word in enumerate(words) if is_content(word)]


def _mark(word: str) -> str:
    return word[len(word.rstrip(",.;:")) :]


def _instead(old: str, new: str) -> str:
    """`new` with the capital and the mark of `old`."""
    return (new.capitalize() if old[0].isupper() else new) + _mark(old)


def leave_out(words: list[str], rng: random.Random, _: Stock) -> list[str]:
    """A content word is left out; a mark behind it stays."""
    at = rng.choice(_places(words))
    mark = _mark(words[at])
    before = [*words[: at - 1], words[at - 1].rstrip(",.;:") + mark] if mark and at else words[:at]
    return before + words[at + 1 :]


def leave_out_phrase(words: list[str], rng: random.Random, _: Stock) -> list[str] | None:
    """Two to four words are left out."""
    size = rng.randint(2, 4)
    if len(words) < size + 6:
        return None
    at = rng.randrange(1, len(words) - size)
    return words[:at] + words[at + size :]


def leave_out_function_word(words: list[str], rng: random.Random, _: Stock) -> list[str] | None:
    """A function word is left out."""
    places = [i for i, word in enumerate(words) if i and word.lower() in FUNCTION_WORDS]
    if not places:
        return None
    at = rng.choice(places)
    return words[:at] + words[at + 1 :]


def exchange(words: list[str], rng: random.Random, stock: Stock) -> list[str]:
    """A content word becomes another."""
    at = rng.choice(_places(words))
    return [*words[:at], _instead(words[at], rng.choice(stock.english)), *words[at + 1 :]]


def put_in(words: list[str], rng: random.Random, stock: Stock) -> list[str]:
    """A content word is put in before another."""
    at = rng.choice(_places(words))
    return [*words[:at], rng.choice(stock.english), *words[at:]]


def change_places(words: list[str], rng: random.Random, _: Stock) -> list[str]:
    """Two content words change places."""
    one, other = rng.sample(_places(words), 2)
    changed = list(words)
    changed[one], changed[other] = _instead(words[one], words[other]), _instead(words[other], words[one])
    return changed


def shuffle_neighbours(words: list[str], rng: random.Random, _: Stock) -> list[str]:
    """Two words side by side change places."""
    at = rng.randrange(0, len(words) - 2)
    return [*words[:at], words[at + 1], words[at], *words[at + 2 :]]


def say_in_another_language(words: list[str], rng: random.Random, stock: Stock) -> list[str]:
    """A content word is said in another language (or, for what it means, a word of it)."""
    at = rng.choice(_places(words))
    return [*words[:at], _instead(words[at], rng.choice(stock.foreign)), *words[at + 1 :]]


DISTORTIONS: Mapping[str, tuple[Distortion, float]] = {
    "left out": (leave_out, 4.0),
    "phrase left out": (leave_out_phrase, 1.0),
    "function word left out": (leave_out_function_word, 1.0),
    "exchanged": (exchange, 2.0),
    "put in": (put_in, 1.5),
    "places changed": (change_places, 1.0),
    "neighbours changed": (shuffle_neighbours, 1.0),
    "another language": (say_in_another_language, 1.5),
}
"""Each with how often it is drawn."""


def distort(sentence: str, rng: random.Random, stock: Stock) -> str | None:
    """The sentence after one distortion; None where it is too short for one."""
    words = sentence.split()
    if len(words) < 6 or len(_places(words)) < 3:
        return None
    (name,) = rng.choices(list(DISTORTIONS), [weight for _, weight in DISTORTIONS.values()])
    changed = DISTORTIONS[name][0](words, rng, stock)
    return None if changed is None or changed == words else " ".join(changed)
