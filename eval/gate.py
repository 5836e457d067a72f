"""`python -m eval.gate`: figures may not fall below the floors pinned in eval/floors.json.

    python -m eval.gate                       exit 1 where a figure fell
    python -m eval.gate --update              raise the floors to what is measured now, never lower one
    python -m eval.gate --update --allow-regression
                                              pin what is measured now, lower or not; say why in eval/LOG.md

Each part is pinned together with the sha256 of the sentences that it is measured on: figures of other sentences are
no comparison, and fail. All figures are shares or areas from 0 to 1, higher is better. Where the evaluation files are
absent, the five articles alone are measured, and the gate says so.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from eval import data, detection, metrics, seeds
from eval.data import Sample
from eval.detection import Judged

FLOORS = Path(__file__).with_name("floors.json")
SENTENCES = 60
"""Of each side of each sample: a minute and a half on two cores."""
SEED = 0
TOLERANCE = 0.005
ONE_SENTENCE = {"garbled sentences flagged": 0.035, "recall with no clean sentence flagged": 0.035}
"""What another processor's bfloat16 may move: an area by little, a count by the one sentence of thirty that lies at the
threshold. Floors themselves never give way: they are raised to the best figure, so small steps down do not add up."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures by name, all higher is better, and the sha256 of what they were measured on."""

    corpus: str
    values: Mapping[str, float]


Parts = Mapping[str, Figures]


class RegressionError(Exception):
    """An update that would lower a floor."""


def measure() -> dict[str, Figures]:
    """All parts that can be measured here."""
    from repair.config import Settings
    from repair.scoring.scorer import load_scorer

    scorer = load_scorer(Settings(device="cpu"))
    right, found = detection.judge_seeds(scorer)
    parts = {
        "seeds": Figures(
            seeds.sha256(),
            {
                "documents judged rightly": right / len(seeds.paths()),
                "recall with no clean sentence flagged": metrics.recall_at(*found.scores, 0.0),
                **shares(found),
            },
        )
    }
    for sample in samples():
        parts[sample.name] = Figures(sample.sha256, shares(detection.judge_sample(scorer, sample)))
    return parts


def shares(found: Judged) -> dict[str, float]:
    """The figures of a part; where it has no garbled side, only how much of the clean is left alone."""
    left_alone = {"clean sentences left alone": 1 - found.false_alarms / len(found.clean)}
    if not found.garbled:
        return left_alone
    return left_alone | {
        "sentence AUC": metrics.auc(*found.scores),
        "garbled sentences flagged": found.hits / len(found.garbled),
    }


def samples() -> list[Sample]:
    """The development samples that the gate measures; none where the evaluation files are absent."""
    if data.data_folder() is None:
        return []
    as_written = replace(data.round_trips(3 * SENTENCES, SEED), garbled=())  # what comes back is mostly fluent English
    return [data.postedits("ne", SENTENCES, SEED), data.engines(SENTENCES, SEED), as_written]


def compare(floors: Parts, found: Parts) -> list[str]:
    """What is wrong with what was found, a line each. Parts that could not be measured here are passed over."""
    problems = [f"{name}: not pinned yet; run --update" for name in found.keys() - floors.keys()]
    for name in sorted(floors.keys() & found.keys()):
        floor, now = floors[name], found[name]
        if floor.corpus != now.corpus:
            problems.append(f"{name}: the sentences are not those that the floors were pinned on; nothing is compared")
            continue
        for figure, least in floor.values.items():
            value = now.values.get(figure)
            if value is None:
                problems.append(f"{name}: {figure} is no longer measured")
            elif value < least - ONE_SENTENCE.get(figure, TOLERANCE):
                problems.append(f"{name}: {figure} fell to {value:.4f}, its floor is {least:.4f}")
    return problems


def raise_floors(floors: Parts, found: Parts, *, allow_regression: bool) -> dict[str, Figures]:
    """The floors to pin: the higher of old and new, figure by figure; parts not measured here stay.

    With `allow_regression`, what was found, as it is. Raises RegressionError where sentences changed or a figure is
    gone without it: both would let a floor slip.
    """
    if allow_regression:
        return {**floors, **found}
    pinned = dict(floors)
    for name, now in found.items():
        old = floors.get(name, Figures(now.corpus, {}))
        if old.corpus != now.corpus:
            raise RegressionError(f"{name}: other sentences than the floors were pinned on")
        if gone := sorted(old.values.keys() - now.values.keys()):
            raise RegressionError(f"{name}: no longer measured: {', '.join(gone)}")
        pinned[name] = Figures(now.corpus, {k: max(v, old.values.get(k, v)) for k, v in now.values.items()})
    return pinned


def read_floors(path: Path = FLOORS) -> dict[str, Figures]:
    """The pinned floors; none where there is no file."""
    if not path.is_file():
        return {}
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {name: Figures(part["corpus"], part["values"]) for name, part in stored.items()}


def write_floors(floors: Parts, path: Path = FLOORS) -> None:
    """Pin the floors, rounded down to four digits, so that a figure is never below its own floor."""
    rounded = {
        name: Figures(part.corpus, {k: int(v * 10_000 + 1e-9) / 10_000 for k, v in part.values.items()})
        for name, part in floors.items()
    }
    text = json.dumps({name: asdict(part) for name, part in rounded.items()}, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def report(floors: Parts, found: Parts) -> str:
    """Floor and figure side by side."""
    lines = [f"{'part':32} {'figure':42} {'floor':>7} {'now':>7}"]
    for name, part in found.items():
        pinned = floors.get(name, Figures("", {})).values
        for figure, value in part.values.items():
            floor = f"{pinned[figure]:.4f}" if figure in pinned else "-"
            lines.append(f"{name:32} {figure:42} {floor:>7} {value:7.4f}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None, path: Path = FLOORS) -> int:
    """Compare, or pin. Exit code: 0 fine, 1 a figure fell, 2 an update that was refused."""
    parser = argparse.ArgumentParser(prog="python -m eval.gate", description="Holds the pinned floors.")
    parser.add_argument("--update", action="store_true", help="raise the floors to what is measured now")
    parser.add_argument("--allow-regression", action="store_true", help="with --update: also lower them")
    args = parser.parse_args(argv)
    if args.allow_regression and not args.update:
        parser.error("--allow-regression is for --update")
    if data.data_folder() is None:
        print("No evaluation data (REPAIR_DATA): the gate holds the five articles alone.")
    floors, found = read_floors(path), measure()
    print(report(floors, found))
    if args.update:
        try:
            write_floors(raise_floors(floors, found, allow_regression=args.allow_regression), path)
        except RegressionError as error:
            print(f"refused: {error}. Pin it with --allow-regression, and say why in eval/LOG.md.", file=sys.stderr)
            return 2
        return 0
    problems = compare(floors, found)
    for problem in problems:
        print(f"gate: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
