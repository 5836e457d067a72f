"""What the gate refuses and lets through where no source backs a rewrite: `python -m eval.gate_rates`.

    python -m eval.gate_rates                  what thresholds may be chosen by
    python -m eval.gate_rates --final          what is for measuring alone; look rarely, choose nothing by it
    python -m eval.gate_rates --scorer 20      besides, the whole gate with the scorer's checks, on so many of each kind

Perturbations, which change one thing in a fluent sentence for the worse, should be refused; light corrections by people
of machine output should pass. Those were made from the foreign source: where one changes a name or a number, a gate
that cannot see that source must refuse it, so those that keep every fact are counted apart. The do-nothing gate
refuses nothing; the always-refusing one lets nothing pass.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eval.data import Purpose
from eval.gate_pairs import LIGHT, SEVERITIES, Pair, corrections, drawn, perturbations
from eval.metrics import Interval
from eval.table import Row, markdown
from repair.config import Settings
from repair.lm.embed import Embedder, load_embedder
from repair.lm.model import LanguageModel, load_model
from repair.records import Check, Document, Edit, Proposal, Span
from repair.rewrite.acceptance import load_acceptance
from repair.rewrite.gate import FLOOR, judge
from repair.rewrite.unsourced import accepted, word_checks
from repair.scoring.scorer import Scorer, load_scorer

SEED = 7
RESAMPLES = 1000
FACTS = ("facts.", "quotation", "senses", "opposites", "roles")
"""Checks (their names begin so) that refuse what changes a fact or a claim."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair and its checks: of its words, of meaning, and of acceptance."""

    pair: Pair
    checks: tuple[Check, ...]

    @property
    def refused(self) -> bool:
        """True where any check refuses it."""
        return any(not check.passed for check in self.checks)

    @property
    def keeps_facts(self) -> bool:
        """True where no check says that a fact or a claim was changed."""
        return all(check.passed for check in self.checks if check.name.startswith(FACTS))

    @property
    def probability(self) -> float:
        """That an editor takes it."""
        return next(check.value or 0.0 for check in self.checks if check.name == "accept")


def pairs_of(purpose: Purpose, each: int) -> list[Pair]:
    """Corrections and perturbations, at most `each` of every kind; half as many of what is not critical."""
    harms = perturbations(purpose)
    critical = [pair for pair in harms if pair.kind.startswith("critical")]
    others = [pair for pair in harms if not pair.kind.startswith("critical")]
    good = drawn(corrections(purpose), 2 * each, SEED)
    return [*good, *drawn(critical, each, SEED), *drawn(others, each // 3, SEED)]


def judged(pairs: Sequence[Pair], model: LanguageModel, embedder: Embedder) -> list[Judged]:
    """Every check of the gate that a model's rewrite meets, but the scorer's."""
    texts = [(pair.before, pair.after) for pair in pairs]
    accept = accepted(texts, load_acceptance(), model=model, embedder=embedder)
    cosines = [float(one @ other) for one, other in (embedder.encode(list(both)) for both in texts)]
    meaning = [Check("meaning", cosine >= FLOOR, cosine) for cosine in cosines]
    return [
        Judged(pair, (*word_checks(*both, both), like, taken))
        for pair, both, like, taken in zip(pairs, texts, meaning, accept, strict=True)
    ]


def share(values: Sequence[bool]) -> Interval:
    """The share that is true, with its percentile bootstrap interval (Efron 1979)."""
    every = np.array(values, float)
    draw = np.random.default_rng(SEED)
    means = every[draw.integers(0, len(every), (RESAMPLES, len(every)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(every.mean()), float(low), float(high))


def rows(found: Sequence[Judged]) -> Iterator[Row]:
    """The table."""
    groups: dict[str, list[Judged]] = {}
    for one in found:
        groups.setdefault(one.pair.kind, []).append(one)
    for severity in SEVERITIES:
        kinds = {kind: group for kind, group in groups.items() if kind.startswith(severity)}
        yield _row("refused", f"{severity}, all kinds", [one.refused for group in kinds.values() for one in group])
        for kind, group in kinds.items():
            yield _row("refused", kind, [one.refused for one in group])
    good = [one for one in found if one.pair.good]
    yield from _passed("all corrections", good)
    for kind, group in groups.items():
        if group[0].pair.good:
            yield from _passed(kind, group)
    yield from _acceptance_alone(found)
    for name in dict.fromkeys(check.name for one in good for check in one.checks):
        refusing = [any(c.name == name and not c.passed for c in one.checks) for one in good]
        if any(refusing):
            yield _row("corrections refused", f"by {name}", refusing)


def _passed(name: str, group: Sequence[Judged]) -> Iterator[Row]:
    yield _row("passed", name, [not one.refused for one in group])
    keeping = [not one.refused for one in group if one.keeps_facts]
    yield _row("passed", f"{name}, of those that keep every fact", keeping)


def _acceptance_alone(found: Sequence[Judged]) -> Iterator[Row]:
    """What would pass were facts left to the fit too, at the threshold that refuses as many critical ones."""
    critical = [one for one in found if one.pair.kind.startswith("critical")]
    wanted = np.mean([one.refused for one in critical])
    bound = float(np.quantile([one.probability for one in critical], wanted, method="lower"))
    good = [one.probability > bound for one in found if one.pair.good]
    yield _row("passed", "all corrections, were acceptance the only check, at the same refusals", good)


def _row(metric: str, data: str, values: Sequence[bool]) -> Row:
    found = share(values)
    return Row("gate", data, metric, found.value, found.low, found.high, len(values))


def whole_gate(pairs: Sequence[Pair], scorer: Scorer, embedder: Embedder) -> Iterator[Row]:
    """The gate as it is, each sentence a document of its own: critical ones refused, corrections passed."""
    from repair.text.sentences import split

    outcomes: dict[str, list[bool]] = {}
    for pair in pairs:
        document = Document.of_text(pair.before, "sentence")
        scored = scorer.score(document, split(document.text))
        edit = Edit(Span(0, len(pair.before)), pair.before, pair.after)
        (suggestion,) = judge(scored, [Proposal(edit, "lm", "")], scorer=scorer, embedder=embedder, matches=())
        side = "all corrections" if pair.good else "critical, all kinds"
        outcomes.setdefault(side, []).append(pair.good != bool(suggestion.refused_by))
    for side, values in outcomes.items():
        yield _row("right, with the scorer's checks", side, values)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m eval.gate_rates", description="What the gate refuses and passes.")
    parser.add_argument("--each", type=int, default=60, help="of every kind (default: %(default)s)")
    parser.add_argument("--final", action="store_true", help="data for measuring alone")
    parser.add_argument("--scorer", type=int, default=0, metavar="N", help="the whole gate, on N of each kind")
    args = parser.parse_args()
    settings = Settings(device="cpu")
    embedder = load_embedder(settings)
    pairs = pairs_of("measure" if args.final else "choose", args.each)
    found = list(rows(judged(pairs, load_model(settings), embedder)))
    if args.scorer:
        told = [pair for pair in pairs if pair.good or pair.kind.startswith("critical")]
        found += whole_gate(drawn(told, args.scorer, SEED), load_scorer(settings), embedder)
    print(f"Corrections: 0 < HTER < {LIGHT}. Doing nothing refuses 0 and passes 1; always refusing, 1 and 0.\n")
    print(markdown(found), end="")


if __name__ == "__main__":
    main()
