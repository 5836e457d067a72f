"""A second way through the upper layers of a causal model, in which a sentence is read as a whole.

A causal model sees of each word only what stands before it; whether a word is wrong is often told by what follows. So
the states of one layer, computed anyway, go once more through the next few layers, with low-rank changes to their
matrices (LoRA, Hu et al. 2022, arXiv:2106.09685), and there every token sees its whole sentence (as in LLM2Vec,
BehnamGhader et al. 2024, arXiv:2404.05961). Of the sentences around, it knows what the layers below saw of them. The
changes are merged when loaded: the branch costs what its layers cost, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from repair.errors import ModelError
from repair.lm.llama import Llama
from repair.lm.lora import merged, read_changes

MOST_SURPRISAL = 12.0
"""Nats; what is more surprising says no more."""


@dataclass(frozen=True, eq=False, slots=True)
class Branch:
    """Layers `layers` of `body`, read again. `told` (2, width) carries surprisal and entropy into the states."""

    body: Llama
    layers: range
    told: torch.Tensor

    @property
    def start(self) -> int:
        """The layer (1 = after the first) whose output the branch reads."""
        return self.layers.start

    def read(self, states: torch.Tensor, told: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What the branch makes of the states of layer `start`, normed.

        Shapes: states (rows, tokens, width), told (rows, tokens, 2) nats, mask (rows, tokens, tokens), true where the
        second token is seen by the first -> (rows, tokens, width).
        """
        told = told.clamp(max=MOST_SURPRISAL).to(states.dtype)
        x = states + functional.linear(told, self.told.T.to(states.dtype))
        x = self.body.through(x, mask, self.layers)
        return functional.rms_norm(x, (x.shape[-1],), None, self.body.epsilon)


def same_sentence(owners: Sequence[NDArray[np.int64]]) -> torch.Tensor:
    """The mask of tokens that belong to one sentence; padding sees itself alone.

    `owners`: of each row, which sentence each token belongs to. Shape: (rows, longest, longest).
    """
    longest = max(map(len, owners))
    padded = torch.full((len(owners), longest), -1, dtype=torch.long)
    for row, own in enumerate(owners):
        padded[row, : len(own)] = torch.from_numpy(own)
    same = padded[:, :, None] == padded[:, None, :]
    same &= padded[:, :, None] >= 0
    return same | torch.eye(longest, dtype=torch.bool)


def load_branch(file: Path, body: Llama) -> Branch:
    """The branch kept in `file` (safetensors; its metadata names the layers), merged into a copy of those layers.

    Raises ModelError where the file cannot be read or was made for a model of another shape.
    """
    from safetensors import SafetensorError

    try:
        changes, metadata = read_changes(file)
        layers = range(*json.loads(metadata["layers"]))
        changed = merged(body, changes, layers)
        told = changes["told"].to(body.device, changed.weights["model.norm.weight"].dtype)
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise ModelError(str(file), f"the branch cannot be read: {error}", "Install repair again.") from error
    return Branch(changed, layers, told)
