"""Train the branch that reads sentences as a whole (`repair.lm.branch`): low-rank adapters and two heads.

Of each token: is it wrong, is it badly wrong; of each sentence: is it damaged. One loss, the layers below frozen and
read from the shards, so a step costs eight layers forward and back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from adapters import Parameters, adapted, fresh, learn, shuffled_batches
from scorer_data import Example
from torch.nn import functional

from repair.lm.branch import Branch
from repair.lm.llama import Llama
from repair.scoring.head import Reading

RANK = 16
LAYERS = range(16, 24)
EPOCHS, RATE = 2, 1e-3
BATCH_TOKENS = 2048
LOSS_WEIGHTS = {"token": 1.0, "major": 0.5, "damage": 1.0}


def untrained(body: Llama, seed: int) -> Parameters:
    """Adapters that change nothing yet, and heads near zero."""
    draw = torch.Generator().manual_seed(seed)
    width = body.width
    found = {"told": torch.zeros(2, width)} | fresh(body, LAYERS, RANK, seed)
    found |= {"token.weight": torch.zeros(2, width), "token.bias": torch.tensor([-2.0, -2.0])}
    found |= {"pool.query": torch.randn(width, generator=draw) / width, "pool.value": torch.zeros(width)}
    return found | {"pool.bias": torch.zeros(1)}


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """Sentences padded to one length. Shapes: (rows, tokens, ...) and (rows,)."""

    states: torch.Tensor
    told: torch.Tensor
    seen: torch.Tensor
    wrong: torch.Tensor
    damage: torch.Tensor


def collate(found: Sequence[Example]) -> Batch:
    """Examples as one batch."""
    longest = max(len(e.states) for e in found)
    width = found[0].states.shape[1]
    states = torch.zeros(len(found), longest, width, dtype=torch.bfloat16)
    told = torch.zeros(len(found), longest, 2)
    wrong = torch.full((len(found), longest), -1, dtype=torch.long)
    seen = torch.zeros(len(found), longest, dtype=torch.bool)
    for i, e in enumerate(found):
        n = len(e.states)
        states[i, :n] = torch.from_numpy(e.states).to(torch.bfloat16)
        told[i, :n], wrong[i, :n], seen[i, :n] = torch.from_numpy(e.told), torch.from_numpy(e.wrong.astype(int)), True
    return Batch(states, told, seen, wrong, torch.tensor([e.damage for e in found]))


def batches(found: Sequence[Example], seed: int) -> list[list[int]]:
    """Indices in batches of like length, in random order; the same for the same seed."""
    return shuffled_batches([len(e.states) for e in found], budget=BATCH_TOKENS, pool=1500, seed=seed)


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """Log-odds. Shapes: token (rows, tokens, 2) wrong and badly wrong; damage (rows,)."""

    token: torch.Tensor
    damage: torch.Tensor


def whole_sentence(seen: torch.Tensor) -> torch.Tensor:
    """The mask of sentences that are read as a whole. Shapes: (rows, tokens) -> (rows, tokens, tokens)."""
    return (seen[:, None, :] & seen[:, :, None]) | torch.eye(seen.shape[1], dtype=torch.bool)


def judge(branch: Branch, parameters: Mapping[str, torch.Tensor], batch: Batch) -> Judged:
    """The heads over the branch's states: linear for tokens, attention pooling for sentences."""
    states = branch.read(batch.states, batch.told, whole_sentence(batch.seen)).float()
    token = functional.linear(states, parameters["token.weight"], parameters["token.bias"])
    attention = (states @ parameters["pool.query"]).masked_fill(~batch.seen, -1e9).softmax(dim=1)
    pooled = (attention[..., None] * states).sum(dim=1)
    return Judged(token, pooled @ parameters["pool.value"] + parameters["pool.bias"])


def loss_of(judged: Judged, batch: Batch) -> torch.Tensor:
    """Binary cross-entropy of each head where its answer is known, weighted and summed."""
    loss = functional.binary_cross_entropy_with_logits
    parts = []
    known = batch.wrong >= 0
    graded = known & (batch.wrong >= 1)
    for name, where, logits, target in (
        ("token", known, judged.token[..., 0], (batch.wrong >= 1).float()),
        ("major", graded, judged.token[..., 1], (batch.wrong == 2).float()),
        ("damage", batch.damage >= 0, judged.damage, batch.damage),
    ):
        if where.any():
            parts.append(LOSS_WEIGHTS[name] * loss(logits[where], target[where]))
    return torch.stack(parts).sum()


def train(found: Sequence[Example], body: Llama, seed: int, kept: Path, epochs: int = EPOCHS) -> Parameters:
    """The branch's parameters, from what is labelled. Goes on from the checkpoint `kept` where there is one."""
    found = [e for e in found if e.damage >= 0 or (e.wrong >= 0).any()]
    parameters = untrained(body, seed)
    branch = Branch(adapted(body, parameters), LAYERS, parameters["told"])

    def loss(chosen: Sequence[int]) -> torch.Tensor:
        batch = collate([found[i] for i in chosen])
        return loss_of(judge(branch, parameters, batch), batch)

    learn(parameters, [b for e in range(epochs) for b in batches(found, seed + e)], loss, kept, rate=RATE)
    return parameters


@torch.inference_mode()
def readings(found: Sequence[Example], body: Llama, parameters: Parameters) -> list[Reading]:
    """The branch on examples that it did not learn from, in order."""
    branch = Branch(adapted(body, parameters), LAYERS, parameters["told"])
    done: list[Reading | None] = [None] * len(found)
    for chosen in batches(found, 0):
        judged = judge(branch, parameters, collate([found[i] for i in chosen]))
        for row, i in enumerate(chosen):
            token = judged.token[row, : len(found[i].states)].numpy()
            done[i] = Reading(token, float(judged.damage[row]))
    return [reading for reading in done if reading is not None]
