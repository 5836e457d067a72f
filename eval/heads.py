"""Which parts of the scorer earn their place: the same small training, one part changed at a time.

    python -m eval.heads --train .cache/train.parquet --dev .cache/dev.parquet --work .cache/scores

Reads the shards that `scripts/train_scorer.py` left. Each branch learns from the same sixth of the training split for
one epoch; figures are AUCs on the dev split, so that choices fall there, and word MCC on translators' marks. They are
lower than those of the shipped scorer, and only to be compared with each other. An hour on two cores with the default
share.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import train_branch
from scorer_data import Example, examples, read_documents, token_scores
from sklearn.metrics import matthews_corrcoef
from train_scorer import STRENGTH, fit_logistic, joined, load_reader, logistic

from eval.data import PAIRS
from eval.metrics import auc
from repair.scoring.head import READ_NAMES, Reading


@dataclass(frozen=True, slots=True)
class Variant:
    """A name, and what of `train_branch` is set otherwise."""

    name: str
    settings: Mapping[str, object]
    without: tuple[str, ...] = ()
    """Sources of the training set that are left out."""


def earlier_tokens(seen: torch.Tensor) -> torch.Tensor:
    """The mask of a causal model, in place of `train_branch.whole_sentence`."""
    return train_branch.whole_sentence(seen).tril()


WEIGHTS = train_branch.LOSS_WEIGHTS
VARIANTS = (
    Variant("as shipped: layers 17-24 again, rank 16", {}),
    Variant("four layers, 17-20", {"LAYERS": range(16, 20)}),
    Variant("twelve layers, 17-28", {"LAYERS": range(16, 28)}),
    Variant("no layers: heads on the states of layer 16", {"LAYERS": range(16, 16)}),
    Variant("each token sees only what stands before it", {"whole_sentence": earlier_tokens}),
    Variant("rank 4", {"RANK": 4}),
    Variant("no loss on words", {"LOSS_WEIGHTS": WEIGHTS | {"token": 0.0, "major": 0.0}}),
    Variant("no loss on who wrote it", {"LOSS_WEIGHTS": WEIGHTS | {"machine": 0.0}}),
    Variant("without our own corruptions", {}, ("corrupted",)),
    Variant("without people's English and slips", {}, ("people", "slips")),
)


def figures(dev: Sequence[Example], scores: Sequence[float]) -> Iterator[float]:
    """AUC of each pair of post-edits, of corrupted news, and of engines against references."""
    for pair in PAIRS:
        sides: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
        for e, score in zip(dev, scores, strict=True):
            if e.source == f"postedit_{pair}":
                name, _, side = e.document.rpartition("-")
                sides[name][side] = (e.damage, score)
        bad = [both for both in sides.values() if both["mt"][0] == 1]
        yield auc([both["mt"][1] for both in bad], [both["pe"][1] for both in bad])
    for kinds in (("corrupted", "news"), ("engine", "reference")):
        mine = [(e, s) for e, s in zip(dev, scores, strict=True) if e.source.startswith(kinds) and e.damage in (0, 1)]
        yield auc([s for e, s in mine if e.damage], [s for e, s in mine if not e.damage])


def origin(dev: Sequence[Example], read: Sequence[Reading]) -> float:
    """AUC of engines of all strengths against human references, by the output that says who wrote it."""
    known = [(e.machine, float(r.sentence[1])) for e, r in zip(dev, read, strict=True) if e.machine >= 0]
    return auc([s for machine, s in known if machine], [s for machine, s in known if not machine])


def word_agreement(dev: Sequence[Example], read: Sequence[Reading]) -> float:
    """The best MCC of wrong tokens on translators' marks."""
    marked = [(e, r) for e, r in zip(dev, read, strict=True) if e.source.startswith("spans")]
    wrong = np.concatenate([e.wrong >= 1 for e, _ in marked])
    score = np.concatenate([r.token[:, 0] for _, r in marked])
    return max(float(matthews_corrcoef(wrong, score >= np.quantile(score, q))) for q in np.linspace(0.5, 0.98, 25))


def line(name: str, dev: Sequence[Example], scores: Sequence[float], words: str, seconds: float) -> str:
    """One line of the table."""
    shown = " | ".join(f"{value:.3f}" for value in figures(dev, scores))
    return f"| {name} | {shown} | {words} | {seconds:.0f} |"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.heads", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", type=Path, default=Path(".cache/train.parquet"))
    parser.add_argument("--dev", type=Path, default=Path(".cache/dev.parquet"))
    parser.add_argument("--work", type=Path, default=Path(".cache/scores"))
    parser.add_argument("--share", type=int, default=6, help="learn from one sentence in so many (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    model, body = load_reader()
    splits = []
    for path in (args.train, args.dev):
        documents = read_documents(path)
        splits.append(examples(documents, token_scores(model, documents, args.work / path.stem)))
    every, dev = splits
    held_out = [e for e in every if e.fold == 0 and e.damage >= 0][::2]
    learnt = [e for e in every if e.fold][:: args.share]
    damage = np.array([e.damage for e in held_out], np.float32)
    print(f"| {len(learnt):,} sentences | {' | '.join(PAIRS)} | corrupted | mt | words, MCC | origin | seconds |")
    print("|---|" + "---|" * (len(PAIRS) + 5))
    statistics = np.stack([e.features for e in dev])
    print(line("mean surprisal", dev, statistics[:, 0].tolist(), "|", 0))
    print(line("mean of three highest surprisals", dev, statistics[:, 1].tolist(), "|", 0))
    head = fit_logistic("f", np.stack([e.features for e in held_out]), damage, STRENGTH)
    print(line("logistic on surprisal statistics", dev, logistic(head, "f", statistics).tolist(), "|", 0), flush=True)
    for variant in VARIANTS:
        started = time.perf_counter()
        with mock.patch.multiple(train_branch, **variant.settings), tempfile.TemporaryDirectory() as folder:
            chosen = [e for e in learnt if not e.source.startswith(variant.without or ("-",))]
            branch = train_branch.train(chosen, body, args.seed, Path(folder) / "branch.pt", 1)
            read = train_branch.readings([*held_out, *dev], body, branch)
        seconds = time.perf_counter() - started
        before, after = read[: len(held_out)], read[len(held_out) :]
        head = fit_logistic("f", joined(held_out, before), damage, STRENGTH)
        scores = logistic(head, "f", joined(dev, after))
        words = f"{word_agreement(dev, after):.3f} | {origin(dev, after):.3f}"
        print(line(variant.name, dev, scores.tolist(), words, seconds), flush=True)
        if variant is VARIANTS[0]:
            alone = [float(r.features[READ_NAMES.index("read_damage")]) for r in after]
            print(line("the same, without surprisal statistics", dev, alone, words, seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
