"""`python -m eval`: a quick table of figures: detection, the five articles' repair, speed.

    python -m eval                      development data and the five articles
    python -m eval --only detection     one part: detection, repair or speed
    python -m eval --final              also what is for measuring alone; look rarely, choose nothing by it
    python -m eval --json FILE          the same figures as JSON

Without the evaluation files it measures the five articles alone, and says so.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from eval import data, detection, seeds
from eval.repair import seed_rows
from eval.table import Row, publish, timed
from repair.config import Settings
from repair.pipeline import Cleaner

PARTS = ("detection", "repair", "speed")


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m eval", description="Prints the table of figures.")
    parser.add_argument("--only", choices=PARTS, help="one part of the table")
    parser.add_argument("--sentences", type=int, default=100, help="of each side of each sample (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the samples")
    parser.add_argument("--final", action="store_true", help="also data for measuring alone")
    parser.add_argument("--grammar", default="none", help="grammar checker (default: none, the same everywhere)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    return parser.parse_args(argv)


def detection_rows(cleaner: Cleaner, args: argparse.Namespace) -> Iterator[Row]:
    """How well garbled sentences are found."""
    yield from detection.seed_rows(cleaner.parts.scorer)
    if data.data_folder() is not None:
        yield from detection.sample_rows(cleaner.parts.scorer, data.development_samples(args.sentences, args.seed))
        if args.final:
            yield from detection.sample_rows(cleaner.parts.scorer, data.final_samples(args.sentences, args.seed))


def speed_rows(cleaner: Cleaner, _: argparse.Namespace) -> Iterator[Row]:
    """How fast the five articles are scored once the model is there, and the most memory that this process took."""
    from repair.text.sentences import split

    scorer = cleaner.parts.scorer
    documents = [(document, split(document.text)) for document in seeds.documents()]
    scorer.score(*documents[0])  # the first call pays for what later ones find ready
    started = time.perf_counter()
    reports = [scorer.score(document, sentences).report for document, sentences in documents]
    seconds = time.perf_counter() - started
    row = partial(Row, "speed", "seeds")
    yield row("tokens scored a second", sum(s.tokens for report in reports for s in report.sentences) / seconds)
    yield row("sentences scored a second", sum(len(report.sentences) for report in reports) / seconds)
    yield row("peak memory, MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measure(args: argparse.Namespace) -> tuple[list[Row], str]:
    """All lines asked for, and the signature of what was measured."""
    makers = {"speed": speed_rows, "detection": detection_rows, "repair": seed_rows}
    wanted = [args.only] if args.only else list(makers)
    rows: list[Row] = []
    with Cleaner(Settings(device="cpu", grammar=args.grammar, apply="all")) as cleaner:
        for part in wanted:
            rows += timed(part, makers[part](cleaner, args))
        return rows, cleaner.signature


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table. Returns the exit code."""
    args = arguments(argv)
    if data.data_folder() is None:
        print("No evaluation data (REPAIR_DATA): measuring the five articles alone.", file=sys.stderr)
    rows, signature = measure(args)
    publish(rows, signature, args.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
