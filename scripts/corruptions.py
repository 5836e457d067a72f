"""Damage of our own making: what machines do to English, done to clean sentences, with the spans that were hit.

Each corruption takes the words of a sentence and returns the changed words with the indices of those that are
now wrong. They widen the training set beyond the engines that it was made from; none imitates a particular text.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

FUNCTION_WORDS = frozenset(
    """a an the of to in on at by for from with into over under about after before between against during without
    and or but nor so yet that which who whom whose where when while as if because than though since until
    is are was were be been being has have had do does did will would can could may might must shall should
    he she it they we you i him her them us me his its their our your my this these those there not no""".split()
)
PREPOSITIONS = tuple("of to in on at by for from with into over about after before between against".split())
LEFTOVERS = ("B.", "u.", "bzw.", "etc", "der", "und", "de", "le", "que", "para", "z.", "d.", "v.", "ca.")
"""Shards of the source language that stay behind: abbreviations and short function words."""

Confusions = Mapping[str, Sequence[str]]
Corruption = Callable[[list[str], random.Random, Confusions], tuple[list[str], set[int]] | None]


@dataclass(frozen=True, slots=True)
class Damaged:
    """A corrupted sentence; `spans` are its wrong characters, `operations` the names of what was done."""

    text: str
    spans: tuple[tuple[int, int], ...]
    operations: tuple[str, ...]


def learn_confusions(pairs: Iterable[tuple[str, str]], *, at_least: int = 1, most: int = 12) -> dict[str, list[str]]:
    """Which word stood where another should have, from (machine translation, reference) pairs.

    Only lower-case words that replace each other one to one between words that agree on both sides.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for machine, reference in pairs:
        wrong, right = machine.split(), reference.split()
        for tag, i, j, m, n in SequenceMatcher(None, right, wrong, autojunk=False).get_opcodes():
            if tag != "replace" or j - i != 1 or n - m != 1:
                continue
            one, other = right[i], wrong[m]
            ordinary = one.islower() and other.islower() and one.isalpha() and other.isalpha()
            if ordinary and one not in FUNCTION_WORDS and other not in FUNCTION_WORDS and one[:4] != other[:4]:
                counts[one][other] += 1
    return {
        word: [other for other, seen in wrong.most_common(most) if seen >= at_least] for word, wrong in counts.items()
    }


def _where(words: Sequence[str], good: Callable[[str], bool], rng: random.Random) -> int | None:
    places = [i for i, word in enumerate(words) if i > 0 and good(word)]
    return rng.choice(places) if places else None


def drop_function_word(words: list[str], rng: random.Random, _: Confusions) -> tuple[list[str], set[int]] | None:
    """A function word is lost; its neighbours are marked."""
    at = _where(words[:-1], lambda w: w in FUNCTION_WORDS, rng)
    if at is None:
        return None
    return words[:at] + words[at + 1 :], {at - 1, at}


def swap_preposition(words: list[str], rng: random.Random, _: Confusions) -> tuple[list[str], set[int]] | None:
    """A preposition becomes another."""
    at = _where(words, lambda w: w in PREPOSITIONS, rng)
    if at is None:
        return None
    return [*words[:at], rng.choice([p for p in PREPOSITIONS if p != words[at]]), *words[at + 1 :]], {at}


def wrong_sense(words: list[str], rng: random.Random, confusions: Confusions) -> tuple[list[str], set[int]] | None:
    """A word becomes one that machines were seen to write in its place."""
    at = _where(words, lambda w: w in confusions, rng)
    if at is None:
        return None
    return [*words[:at], rng.choice(confusions[words[at]]), *words[at + 1 :]], {at}


def move_chunk(words: list[str], rng: random.Random, _: Confusions) -> tuple[list[str], set[int]] | None:
    """Two to five words move elsewhere, as verbs and clauses do between languages."""
    if len(words) < 9:
        return None
    size = rng.randint(2, 5)
    at = rng.randrange(1, len(words) - size - 1)
    chunk, rest = words[at : at + size], words[:at] + words[at + size :]
    to = rng.choice([i for i in range(1, len(rest) - 1) if abs(i - at) >= 2] or [1])
    return rest[:to] + chunk + rest[to:], set(range(to, to + size))


def stray_capital(words: list[str], rng: random.Random, _: Confusions) -> tuple[list[str], set[int]] | None:
    """One or two ordinary words get a capital, as link texts do."""
    at = _where(words, lambda w: w.isalpha() and w.islower(), rng)
    if at is None:
        return None
    changed = list(words)
    hit = {at} | ({at + 1} if at + 2 < len(words) and words[at + 1].islower() and rng.random() < 0.5 else set())
    for i in hit:
        changed[i] = changed[i].capitalize()
    return changed, hit


def repeat_chunk(words: list[str], rng: random.Random, _: Confusions) -> tuple[list[str], set[int]] | None:
    """One to four words are said again a little later."""
    if len(words) < 8:
        return None
    size = rng.randint(1, 4)
    at = rng.randrange(0, len(words) - size - 2)
    to = at + size + rng.randint(0, 2)
    return words[:to] + [w.lower() for w in words[at : at + size]] + words[to:], set(range(to, to + size))


def leave_source(words: list[str], rng: random.Random, _: Confusions) -> tuple[list[str], set[int]] | None:
    """A shard of the source language stays behind."""
    at = rng.randrange(1, len(words))
    return [*words[:at], rng.choice(LEFTOVERS), *words[at:]], {at}


def break_agreement(words: list[str], rng: random.Random, _: Confusions) -> tuple[list[str], set[int]] | None:
    """A verb loses its number or tense."""
    forms = {"is": "are", "are": "is", "was": "were", "were": "was", "has": "have", "have": "has", "had": "has"}
    at = _where(words, lambda w: w in forms, rng)
    if at is None:
        return None
    return [*words[:at], forms[words[at]], *words[at + 1 :]], {at}


def lose_tail(words: list[str], rng: random.Random, _: Confusions) -> tuple[list[str], set[int]] | None:
    """A clause is cut out of the middle, so that two halves are fused."""
    if len(words) < 14:
        return None
    size = rng.randint(3, 6)
    at = rng.randrange(3, len(words) - size - 3)
    return words[:at] + words[at + size :], {at - 1, at}


CORRUPTIONS: Mapping[str, tuple[Corruption, float]] = {
    "drop_function_word": (drop_function_word, 1.5),
    "swap_preposition": (swap_preposition, 1.0),
    "wrong_sense": (wrong_sense, 3.0),
    "move_chunk": (move_chunk, 1.5),
    "stray_capital": (stray_capital, 0.5),
    "repeat_chunk": (repeat_chunk, 0.5),
    "leave_source": (leave_source, 0.4),
    "break_agreement": (break_agreement, 0.7),
    "lose_tail": (lose_tail, 1.0),
}
"""Each with how often it is drawn."""


def corrupt(sentence: str, rng: random.Random, confusions: Confusions, *, operations: int) -> Damaged | None:
    """The sentence after up to `operations` corruptions, or None where none applies. Spans are merged words."""
    words = sentence.split()
    wrong: list[bool] = [False] * len(words)
    done: list[str] = []
    names = list(CORRUPTIONS)
    for name in rng.choices(names, [CORRUPTIONS[n][1] for n in names], k=operations):
        if len(words) < 5:
            break
        marks = [f"{int(w)}{word}" for w, word in zip(wrong, words, strict=True)]
        result = CORRUPTIONS[name][0](words, rng, confusions)
        if result is None or result[0] == words:
            continue
        before = Counter(mark for mark in marks if mark[0] == "1")
        words, hit = result
        wrong = [i in hit or before[f"1{word}"] > 0 for i, word in enumerate(words)]
        done.append(name)
    if not done:
        return None
    spans, at = [], 0
    for word, bad in zip(words, wrong, strict=True):
        if bad:
            spans.append((at, at + len(word)))
        at += len(word) + 1
    return Damaged(" ".join(words), tuple(spans), tuple(done))
