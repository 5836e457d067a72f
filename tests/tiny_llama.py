"""A Llama of a few layers with random weights, as the scorer reads it: fast enough for properties."""

from __future__ import annotations

import torch

from repair.lm.llama import Llama

WIDTH, INNER, VOCABULARY, LAYERS = 16, 32, 40, 4


def tiny_llama(seed: int = 0) -> Llama:
    """Float32, four layers, two heads that share one pair of keys and values."""
    draw = torch.Generator().manual_seed(seed)

    def matrix(rows: int, columns: int) -> torch.Tensor:
        return torch.randn(rows, columns, generator=draw) / columns**0.5

    weights = {"model.embed_tokens.weight": matrix(VOCABULARY, WIDTH), "model.norm.weight": torch.ones(WIDTH)}
    for layer in range(LAYERS):
        shapes = {
            "self_attn.qkv_proj": (2 * WIDTH, WIDTH),
            "self_attn.o_proj": (WIDTH, WIDTH),
            "mlp.gate_up_proj": (2 * INNER, WIDTH),
            "mlp.down_proj": (WIDTH, INNER),
        }
        weights |= {f"model.layers.{layer}.{name}.weight": matrix(*shape) for name, shape in shapes.items()}
        for name in ("input_layernorm", "post_attention_layernorm"):
            weights[f"model.layers.{layer}.{name}.weight"] = torch.ones(WIDTH)
    return Llama(weights, LAYERS, 2, 1, 1e-5, 1e4, 64)


def changes(layers: range, rank: int = 2, seed: int = 1) -> dict[str, torch.Tensor]:
    """Random low-rank changes to all matrices of some layers."""
    from repair.lm.lora import MATRICES

    draw = torch.Generator().manual_seed(seed)
    body = tiny_llama()
    found: dict[str, torch.Tensor] = {}
    for layer in layers:
        for name in MATRICES:
            rows, columns = body.weights[f"model.layers.{layer}.{name}.weight"].shape
            found[f"{layer}.{name}.up"] = torch.randn(rows, rank, generator=draw) / 4
            found[f"{layer}.{name}.down"] = torch.randn(rank, columns, generator=draw) / 4
    return found
