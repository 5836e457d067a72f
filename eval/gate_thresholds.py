"""What the gate's thresholds let through and refuse: `python -m eval.gate_thresholds`.

People's corrections of machine translation (postedit_train, postedit_dev) and originals beside their round trips
(roundtrip_train) are rewrites that should pass; the same sentences with a part left out, or with another sentence in
their place, should not. The constants of `repair.rewrite` were chosen by this table.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from eval.data import PAIRS, Purpose, detokenise, rows
from repair.config import Settings
from repair.lm.embed import Embedder, load_embedder
from repair.rewrite import checks
from repair.rewrite.gate import FLOOR, FLOOR_SOURCE, NEW_WORDS, WORDS_KEPT

SIZE = 400
SEED = 11
LIGHT = 0.4
"""Share of words changed up to which a correction is one that a small model could make; beyond, it is a new text."""


@dataclass(frozen=True, slots=True)
class Rewrites:
    """Sentences before and after; `good` says whether the gate should let them through."""

    name: str
    pairs: tuple[tuple[str, str], ...]
    good: bool


def corrections(pair: str, split: str) -> Rewrites:
    """Machine output and its correction by a person, where that changed something, but not all."""
    purpose: Purpose = "learn" if split == "train" else "choose"
    found = rows(f"postedit_{split}_{pair}", purpose, ["mt", "post_edit", "hter"])
    light = [(detokenise(mt), detokenise(edited)) for mt, edited, hter in found if 0 < hter <= LIGHT]
    return Rewrites(f"postedit_{split}_{pair}", _drawn([pair for pair in light if pair[0] != pair[1]]), good=True)


def round_trips() -> Rewrites:
    """News through German and back, and as it was written: what a clean source puts in place of its copy."""
    found = rows("roundtrip_train", "learn", ["damaged", "original"])
    return Rewrites("roundtrip_train", _drawn([(bad, good) for bad, good in found if bad != good]), good=True)


def harms(corrected: Rewrites) -> Iterator[Rewrites]:
    """What a gate must not let through, made of the same sentences."""
    befores = [before for before, _ in corrected.pairs]
    yield Rewrites(f"{corrected.name}, end left out", tuple((b, _cut(a)) for b, a in corrected.pairs), good=False)
    yield Rewrites(f"{corrected.name}, another sentence", tuple(pairwise(befores)), good=False)


def _cut(text: str) -> str:
    words = text.split()
    return " ".join(words[: max(1, len(words) * 3 // 5)]).rstrip(",;:") + "."


def _drawn(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(random.Random(SEED).sample(pairs, min(SIZE, len(pairs))))


Passes = Callable[[str, str], bool]

WORD_CHECKS: dict[str, Passes] = {
    "format": lambda before, after: checks.format_kept(before, after).passed,
    "length": lambda before, after: checks.length_kept(before, after).passed,
    "words": lambda before, after: checks.words_kept(before, after, least=WORDS_KEPT["endpoint"]).passed,
    "words of a small model": lambda before, after: checks.words_kept(before, after, least=WORDS_KEPT["lm"]).passed,
    "new words": lambda before, after: checks.words_founded(before, after, most=NEW_WORDS["endpoint"]).passed,
    "new words of a small model": lambda before, after: (
        checks.words_founded(before, after, most=NEW_WORDS["lm"]).passed
    ),
    "facts": lambda before, after: all(check.passed for check in checks.facts_kept(before, after, ())),
    "quotation": lambda before, after: checks.quotation_kept(before, after, ()).passed,
}


def shares(rewrites: Rewrites, embedder: Embedder) -> dict[str, float]:
    """The share of the rewrites that each check lets through, and that all of an endpoint's checks do."""
    passed = {name: np.array([check(*pair) for pair in rewrites.pairs]) for name, check in WORD_CHECKS.items()}
    cosines = similarity(rewrites.pairs, embedder)
    passed["meaning"] = cosines >= FLOOR
    together = np.logical_and.reduce([values for name, values in passed.items() if "small" not in name])
    passed["meaning of a source"] = cosines >= FLOOR_SOURCE
    return {name: float(values.mean()) for name, values in {**passed, "all": together}.items()}


def similarity(pairs: Sequence[tuple[str, str]], embedder: Embedder) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Cosine of each pair's embeddings."""
    before = embedder.encode([before for before, _ in pairs])
    after = embedder.encode([after for _, after in pairs])
    return np.asarray((before * after).sum(axis=1), np.float32)


def quantiles(rewrites: Rewrites, embedder: Embedder) -> dict[str, tuple[float, ...]]:
    """The 2nd, 5th, 50th, 95th and 98th percentile of what the thresholds cut."""
    measured = {
        "length": [len(after) / max(1, len(before)) for before, after in rewrites.pairs],
        "words": [checks.content_kept(before, after) for before, after in rewrites.pairs],
        "cosine": similarity(rewrites.pairs, embedder).tolist(),
    }
    return {name: tuple(np.percentile(values, [2, 5, 50, 95, 98]).round(3)) for name, values in measured.items()}


def main() -> None:
    """Print the table."""
    embedder = load_embedder(Settings())
    fitted = [*(corrections(pair, "train") for pair in PAIRS), round_trips()]
    chosen = [corrections(pair, "dev") for pair in PAIRS]
    for rewrites in [*fitted, *chosen, *(harm for group in fitted for harm in harms(group))]:
        wanted = "should pass" if rewrites.good else "should not pass"
        rates = "  ".join(f"{name} {share:.1%}" for name, share in shares(rewrites, embedder).items())
        print(f"{rewrites.name} ({len(rewrites.pairs)}, {wanted}): passed {rates}")
    for rewrites in fitted:
        print(f"{rewrites.name}: 2 5 50 95 98 % {quantiles(rewrites, embedder)}")


if __name__ == "__main__":
    main()
