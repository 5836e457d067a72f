"""Train the rewriter: low-rank adapters that make the language model mend sentences, or leave them alone.

    python scripts/build_rewriting_set.py --out .cache/rewriting.parquet
    python scripts/train_rewriter.py

Cross-entropy on the mended sentence alone, words that differ from the damaged one weighing `CHANGED` times (after
Junczys-Dowmunt et al. 2018, arXiv:1804.05940): else copying is learned first and mending last. Seeded, checkpointed
under --work: killed and started again, it goes on. Writes models/rewriter/.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import pyarrow.parquet as pq
import torch
from adapters import Parameters, adapted, fresh, learn, shuffled_batches
from safetensors.torch import save_file
from torch.nn import functional

from repair.config import Settings
from repair.lm.llama import Llama
from repair.lm.model import LanguageModel, load_model
from repair.rewrite.asking import answered, asked

LAYERS = range(10, 30)
RANK, RATE, CHANGED = 16, 1e-3, 3.0
BATCH_TOKENS = 1536
LONGEST = 220

log = logging.getLogger("train_rewriter")


@dataclass(frozen=True, eq=False, slots=True)
class Lesson:
    """Token ids of one pair; `weights` has one number for each id that is to be predicted: those after `asked`."""

    ids: list[int]
    asked: int
    weights: list[float]


def lesson(model: LanguageModel, row: dict[str, str]) -> Lesson | None:
    """A pair as ids; None where it is too long."""
    prompt = model.encode(asked(row["damaged"], before=row["before"], source=row["source"])).ids
    target = [*model.encode(answered(row["clean"])).ids, model.prefix]
    given = [*model.encode(answered(row["damaged"])).ids, model.prefix]
    weights = [CHANGED] * len(target)
    for block in SequenceMatcher(None, given, target, autojunk=False).get_matching_blocks():
        weights[block.b : block.b + block.size] = [1.0] * block.size
    ids = [model.prefix, *prompt, *target]
    return Lesson(ids, 1 + len(prompt), weights) if len(ids) <= LONGEST else None


def loss_of(body: Llama, chosen: Sequence[Lesson]) -> torch.Tensor:
    """Weighted cross-entropy of the answers' tokens."""
    longest = max(len(one.ids) for one in chosen)
    ids = torch.zeros(len(chosen), longest, dtype=torch.long)
    for i, one in enumerate(chosen):
        ids[i, : len(one.ids)] = torch.tensor(one.ids)
    last = body.read(ids).last
    states = torch.cat([last[i, one.asked - 1 : len(one.ids) - 1] for i, one in enumerate(chosen)])
    targets = torch.cat([ids[i, one.asked : len(one.ids)] for i, one in enumerate(chosen)])
    weights = torch.tensor([w for one in chosen for w in one.weights])
    losses = functional.cross_entropy(body.logits(states), targets, reduction="none")
    return (losses * weights).sum() / weights.sum()


def write(folder: Path, parameters: Parameters) -> None:
    """rewriter.safetensors, half precision; its metadata names the layers."""
    folder.mkdir(parents=True, exist_ok=True)
    layers = f"[{LAYERS.start}, {LAYERS.stop}]"
    save_file(
        {name: tensor.half().contiguous() for name, tensor in parameters.items()},
        folder / "rewriter.safetensors",
        metadata={"layers": layers, "lm": Settings().lm},
    )


def main() -> None:
    """Train and write the rewriter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(".cache/rewriting.parquet"))
    parser.add_argument("--work", type=Path, default=Path(".cache"))
    parser.add_argument("--out", type=Path, default=Path("models/rewriter"))
    parser.add_argument("--pairs", type=int, help="learn from this many (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    model = load_model(Settings())
    assert isinstance(model.body, Llama)
    rows = pq.read_table(arguments.data).to_pylist()[: arguments.pairs]
    lessons = [one for row in rows if (one := lesson(model, row)) is not None]
    log.info("%d pairs, %d tokens", len(lessons), sum(len(one.ids) for one in lessons))
    parameters = fresh(model.body, LAYERS, RANK, arguments.seed)
    body = adapted(model.body, parameters)
    learn(
        parameters,
        shuffled_batches([len(one.ids) for one in lessons], budget=BATCH_TOKENS, pool=800, seed=arguments.seed),
        lambda chosen: loss_of(body, [lessons[i] for i in chosen]),
        arguments.work / f"rewriter-{arguments.seed}.pt",
        rate=RATE,
    )
    write(arguments.out, parameters)
    log.info("written to %s", arguments.out)


if __name__ == "__main__":
    main()
