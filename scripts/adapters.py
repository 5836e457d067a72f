"""Low-rank adapters while they learn, beside the frozen matrices; and a checkpoint for long trainings."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from repair.lm.llama import Llama
from repair.lm.lora import MATRICES

KEEP_EVERY = 50

log = logging.getLogger(__name__)
Parameters = dict[str, torch.Tensor]


@dataclass(frozen=True, eq=False)
class Adapted(Llama):
    """The model with low-rank changes to the layers that `changes` names."""

    changes: Mapping[str, torch.Tensor]

    def linear(self, x: torch.Tensor, layer: int, name: str) -> torch.Tensor:
        """The frozen matrix, and its change where it has one."""
        whole = super().linear(x, layer, name)
        down = self.changes.get(f"{layer}.{name}.down")
        if down is None:
            return whole
        inner = functional.linear(x, down.to(x.dtype))
        return whole + functional.linear(inner, self.changes[f"{layer}.{name}.up"].to(x.dtype))


def adapted(body: Llama, changes: Parameters) -> Adapted:
    """`body` with changes that can learn."""
    return Adapted(**{field.name: getattr(body, field.name) for field in fields(Llama)}, changes=changes)


def fresh(body: Llama, layers: Iterable[int], rank: int, seed: int) -> Parameters:
    """Adapters of that rank that change nothing yet."""
    draw = torch.Generator().manual_seed(seed)
    found: Parameters = {}
    for layer in layers:
        for name in MATRICES:
            rows, columns = body.weights[f"model.layers.{layer}.{name}.weight"].shape
            found[f"{layer}.{name}.down"] = torch.randn(rank, columns, generator=draw) / columns**0.5
            found[f"{layer}.{name}.up"] = torch.zeros(rows, rank)
    return found


def shuffled_batches(lengths: Sequence[int], *, budget: int, pool: int, seed: int) -> list[list[int]]:
    """Indices of `lengths` in batches of like length, in random order; the same for the same seed.

    Likes are sought among `pool` at a time, so that an epoch is no walk from short to long; a batch's padded size stays
    within `budget` tokens, but for a length over it.
    """
    draw = random.Random(seed)
    order = list(range(len(lengths)))
    draw.shuffle(order)
    cut: list[list[int]] = []
    for at in range(0, len(order), pool):
        batch: list[int] = []
        for i in sorted(order[at : at + pool], key=lambda i: lengths[i]):
            if batch and (len(batch) + 1) * lengths[i] > budget:
                cut.append(batch)
                batch = []
            batch.append(i)
        cut.append(batch)
    draw.shuffle(cut)
    return cut


def learn(
    parameters: Parameters,
    plan: Sequence[Sequence[int]],
    loss_of: Callable[[Sequence[int]], torch.Tensor],
    kept: Path,
    *,
    rate: float,
    decay: float = 0.01,
) -> None:
    """AdamW with one cycle over the batches of `plan`, in place; goes on from the checkpoint `kept` if there is one."""
    for tensor in parameters.values():
        tensor.requires_grad_()
    optimizer = torch.optim.AdamW(parameters.values(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=len(plan), pct_start=0.1)
    done = 0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        for name, tensor in state["parameters"].items():
            parameters[name].data.copy_(tensor)
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        done = state["done"]
        log.info("going on at step %d of %d", done, len(plan))
    running: list[float] = []
    for step, chosen in enumerate(plan[done:], done + 1):
        loss = loss_of(chosen)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
        optimizer.step()
        schedule.step()
        running.append(float(loss.detach()))
        if step % KEEP_EVERY == 0 or step == len(plan):
            log.info("step %d of %d, loss %.4f", step, len(plan), np.mean(running[-KEEP_EVERY:]))
            state = {"parameters": {n: p.data for n, p in parameters.items()}, "optimizer": optimizer.state_dict()}
            state |= {"schedule": schedule.state_dict(), "done": step}
            torch.save(state, kept.with_suffix(".tmp"))
            kept.with_suffix(".tmp").rename(kept)
    for tensor in parameters.values():
        tensor.requires_grad_(False)
