"""How much of the document before a sentence should the language model see? `python -m eval.context`

Stories are read as they were written and as a machine retold them; each sentence is scored by its mean surprisal after
exactly so many tokens of its own story. Printed are, for each length, the AUC of retold against written sentences and
the time. Development and training data alone; the scorer's head has no part in it, so no length is at an advantage.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eval import data, metrics
from repair.config import Settings

if TYPE_CHECKING:
    from repair.lm.model import LanguageModel

LENGTHS = (0, 64, 128, 256, 512)
Sides = tuple[list[float], list[float]]
"""Mean surprisals of retold and of written sentences."""
SHORTEST = 5
"""Tokens of a sentence that is judged at all."""


def stretches(model: LanguageModel, sentences: Sequence[str], context: int) -> list[tuple[list[int], list[int]]]:
    """For each sentence of a story (ids before it, its own ids), cut from the ids of the whole story."""
    text = " ".join(sentences)
    encoding = model.encode(text)
    ends = np.cumsum([len(sentence) + 1 for sentence in sentences])
    bounds = [0, *np.searchsorted(encoding.starts, ends).tolist()]
    return [
        (encoding.ids[max(0, start - context) : start], encoding.ids[start:end])
        for start, end in pairwise(bounds)
        if end - start >= SHORTEST
    ]


def mean_surprisals(model: LanguageModel, stories: Sequence[Sequence[str]], context: int) -> list[float]:
    """Mean surprisal, nats per token, of every sentence of every story."""
    parts = [part for sentences in stories for part in stretches(model, sentences, context)]
    return [float(piece.surprisal.mean()) for piece in model.score_ids(parts)]


def paired_gain(sides: Sides, base: Sides, *, resamples: int = 300, seed: int = 0) -> metrics.Interval:
    """How much higher the AUC is than at `base`, on the same sentences, with its percentile bootstrap interval."""
    draw = np.random.default_rng(seed)

    def gain(picks: Sequence[NDArray[np.int64]]) -> float:
        now, before = (
            [np.array(side)[pick].tolist() for side, pick in zip(s, picks, strict=True)] for s in (sides, base)
        )
        return metrics.auc(*now) - metrics.auc(*before)

    values = [gain([draw.integers(0, len(side), len(side)) for side in sides]) for _ in range(resamples)]
    low, high = np.quantile(values, [0.025, 0.975])
    return metrics.Interval(gain([np.arange(len(side)) for side in sides]), float(low), float(high))


def compare(model: LanguageModel, name: str, stories: Sequence[data.Story], lengths: Sequence[int]) -> None:
    """Print one line for each length; gains are over the first of them."""
    base: Sides | None = None
    for context in lengths:
        started = time.perf_counter()
        sides = (
            mean_surprisals(model, [story.damaged for story in stories], context),
            mean_surprisals(model, [story.original for story in stories], context),
        )
        seconds = time.perf_counter() - started
        base = base or sides
        gain = paired_gain(sides, base)
        sentences = sum(map(len, sides))
        shown = f"{gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"
        speed = f"{sentences / seconds:.1f}"
        print(f"| {name} | {context} | {metrics.auc(*sides):.3f} | {shown} | {sentences} | {speed} |", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table. Returns the exit code."""
    from repair.lm.model import load_model

    parser = argparse.ArgumentParser(prog="python -m eval.context", description=__doc__.splitlines()[0])
    parser.add_argument("--stories", type=int, default=6, help="of each kind (default: %(default)s)")
    parser.add_argument("--sentences", type=int, default=40, help="of each story (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS, metavar="TOKENS")
    args = parser.parse_args(argv)
    if data.data_folder() is None:
        print("No evaluation data: set REPAIR_DATA.", file=sys.stderr)
        return 2
    model = load_model(Settings(device="cpu"))
    print(
        "| stories | context, tokens | AUC of mean surprisal | sentences | sentences a second |\n|---|---|---|---|---|"
    )
    drawn = {"sentences": args.sentences}
    compare(model, "round trips 2017", data.stories(args.stories, args.seed, **drawn), args.lengths)
    compare(model, "weak engines 2017", data.engine_stories(args.stories, args.seed, **drawn), args.lengths)
    return 0


if __name__ == "__main__":
    sys.exit(main())
