"""Low-rank changes to a model's matrices (LoRA, Hu et al. 2022, arXiv:2106.09685), kept beside the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import torch

from repair.lm.llama import Llama

MATRICES = ("self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj")
"""The matrices of a layer that are changed: each by `<layer>.<matrix>.up` (rows, rank) @ `.down` (rank, columns)."""


def read_changes(file: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors of a safetensors file and its metadata, of which `layers` is a JSON pair: first, one after the last.

    Raises OSError or SafetensorError where it cannot be read.
    """
    from safetensors import safe_open

    with safe_open(file, framework="pt") as kept:
        return {name: kept.get_tensor(name) for name in kept.keys()}, kept.metadata() or {}  # noqa: SIM118


def merged(body: Llama, changes: Mapping[str, torch.Tensor], layers: Iterable[int]) -> Llama:
    """The model with the changes added to those layers; all other weights are shared with `body`.

    Raises KeyError where a change is missing, RuntimeError where one has another shape.
    """
    weights = dict(body.weights)
    for layer in layers:
        for name in MATRICES:
            key = f"model.layers.{layer}.{name}.weight"
            change = changes[f"{layer}.{name}.up"].float() @ changes[f"{layer}.{name}.down"].float()
            weights[key] = (weights[key].float() + change.to(body.device)).to(weights[key].dtype)
    return replace(body, weights=weights)
