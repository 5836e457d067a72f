"""Pairs of a sentence and its rewrite, and whether an editor would take it: what the gate is fitted to and measured on.

`perturbations` serves all three purposes: its sentences are dealt out by their digest, so that no sentence (nor any
copy of it) stands on two sides: half to learn from, a quarter to choose by, a quarter to measure.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from eval.data import PAIRS, Purpose, detokenise, digest, rows

LIGHT = 0.4
"""Share of words changed below which a correction counts as light; beyond, it is a new text."""
Severity = Literal["critical", "major", "minor"]
SEVERITIES: tuple[Severity, ...] = ("critical", "major", "minor")
_QUARTERS: dict[Purpose, tuple[int, ...]] = {"learn": (0, 1), "choose": (2,), "measure": (3,)}
_SPLITS: dict[Purpose, str] = {"learn": "train", "choose": "dev", "measure": "test"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence, what is proposed instead, and whether a gate should let it pass. `kind` names how it came about."""

    kind: str
    before: str
    after: str
    good: bool


def corrections(purpose: Purpose, *, languages: Sequence[str] = PAIRS) -> list[Pair]:
    """Machine output and its light correction by a person, where that changed more than white space."""
    found = []
    for language in languages:
        name = f"postedit_{_SPLITS[purpose]}_{language}"
        for mt, edited, hter in rows(name, purpose, ["mt", "post_edit", "hter"]):
            if 0 < hter < LIGHT:
                found.append(Pair(f"correction {language}", detokenise(mt), detokenise(edited), good=True))
    return _changing(found)


def perturbations(purpose: Purpose) -> list[Pair]:
    """Fluent machine output and a copy with one thing changed for the worse; `kind` is severity and kind.

    A third of the copies of some kinds changed nothing (no number, no pronoun to change): they are left out.
    """
    columns = ["reference", "mt", "perturbed", "severity", "kind"]
    found = [
        Pair(f"{severity} {kind.split('_', 2)[2]}", mt.strip(), perturbed.strip(), good=False)
        for reference, mt, perturbed, severity, kind in rows("perturbations", purpose, columns)
        if severity in SEVERITIES and quarter(reference) in _QUARTERS[purpose]
    ]
    return _changing(found)


def quarter(sentence: str) -> int:
    """0 to 3, the same for the same sentence always."""
    return int(digest([sentence.strip()])[:8], 16) % 4


def drawn(pairs: Sequence[Pair], each: int, seed: int) -> list[Pair]:
    """At most `each` pairs of every kind, kinds in their order."""
    by_kind: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_kind.setdefault(pair.kind, []).append(pair)
    return [
        pair
        for kind, group in sorted(by_kind.items())
        for pair in random.Random(f"{kind}/{seed}").sample(group, min(each, len(group)))
    ]


def _changing(pairs: Sequence[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair.before.split() != pair.after.split()]
