"""`python -m eval.detection`: every file for measuring detection, once; the table as Markdown and JSON, and figures.

    python -m eval.detection --out eval/results                  everything, about an hour on two cores
    python -m eval.detection --out DIR --sentences 200           200 of each set: minutes
    python -m eval.detection --out DIR --only clean              one part of it, no figures

Baselines are measured in the same run on the same sentences. Choose nothing by what it prints.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from eval import data, detection
from eval.detection.figures import draw
from eval.detection.measures import PARTS, Bench
from eval.table import Row, markdown, to_json
from repair.config import Settings
from repair.detectors.checker import GrammarChecker
from repair.detectors.grammar import open_checker
from repair.scoring.scorer import load_scorer

FIGURE_SENTENCES = 100
"""Of each line and year of a figure."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.detection", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for detection.md, detection.json and figures")
    parser.add_argument("--sentences", type=int, help="of each set (default: all)")
    parser.add_argument("--baseline-sentences", type=int, default=200, help="for the dear baselines (%(default)s)")
    parser.add_argument("--grammar", nargs="*", default=["harper", "languagetool"], help="checkers, as baselines")
    parser.add_argument("--only", choices=PARTS, help="a part of the table")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    if data.data_folder() is None:
        print("no evaluation data: set REPAIR_DATA to the folder that holds the parquet files", file=sys.stderr)
        return 2
    settings = Settings(device="cpu")
    scorer = load_scorer(settings)
    rows: list[Row] = [] if args.only else list(detection.seed_rows(scorer))
    with ExitStack() as stack:
        checkers: dict[str, GrammarChecker] = {}
        for name in args.grammar:
            checker = stack.enter_context(open_checker(replace(settings, grammar=name)))
            if checker is not None:
                checkers[checker.signature] = checker
        bench = Bench(scorer, checkers, args.sentences, args.baseline_sentences, args.seed)
        for part in [args.only] if args.only else PARTS:
            for row in PARTS[part](bench):
                rows.append(row)
                print(markdown([row]).splitlines()[-1], file=sys.stderr, flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    signature = f"{scorer.signature}|seed:{args.seed}|sentences:{args.sentences or 'all'}"
    name = f"detection-{args.only}" if args.only else "detection"
    (args.out / f"{name}.md").write_text(f"`{signature}`\n\n{markdown(rows)}", encoding="utf-8")
    (args.out / f"{name}.json").write_text(to_json(rows, signature), encoding="utf-8")
    if args.only:
        return 0
    for path in draw(bench, args.out, sentences=min(args.sentences or FIGURE_SENTENCES, FIGURE_SENTENCES)):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
