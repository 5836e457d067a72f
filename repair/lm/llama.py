"""The forward pass of Llama-shaped models in plain torch, for scoring.

It loads in a second where the import of the general library takes five, and computes the same (Touvron et al. 2023,
arXiv:2302.13971: RMS norm, rotary positions, grouped queries, gated units); a test holds it to that library's loss.
Other architectures, and generation, go through the library: see `repair.lm.hub`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

Past = tuple[tuple[torch.Tensor, torch.Tensor], ...]
"""Keys and values of each layer. Shape: (rows, key heads, tokens, head width)."""


@dataclass(frozen=True, eq=False, slots=True)
class Read:
    """What a pass leaves. Shapes: last and kept (rows, tokens, width); `kept` is one layer's output, or None."""

    last: torch.Tensor
    kept: torch.Tensor | None
    past: Any


@dataclass(frozen=True, eq=False)
class Llama:
    """Weights by their names in the file, queries, keys and values joined, gate and input of the units too."""

    weights: Mapping[str, torch.Tensor]
    layers: int
    heads: int
    key_heads: int
    epsilon: float
    theta: float
    max_tokens: int

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.weights["model.embed_tokens.weight"].device

    @property
    def width(self) -> int:
        """Of a hidden state."""
        return self.weights["model.embed_tokens.weight"].shape[1]

    def _weight(self, layer: int, name: str) -> torch.Tensor:
        return self.weights[f"model.layers.{layer}.{name}.weight"]

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """Shape: (tokens, width) -> (tokens, vocabulary) float32. The head is the embedding where none is stored."""
        head = self.weights.get("lm_head.weight", self.weights["model.embed_tokens.weight"])
        return functional.linear(states, head).float()

    def read(self, ids: torch.Tensor, *, past: Past | None = None, keep: int | None = None) -> Read:
        """One pass over `ids` (rows, tokens), after `past`. `keep` names the layer whose output is kept (1 = first)."""
        seen = 0 if past is None else past[0][0].shape[2]
        turn = self._turn(seen, ids.shape[1])
        mask = None
        if past is not None:
            allowed = torch.ones(ids.shape[1], seen + ids.shape[1], dtype=torch.bool, device=ids.device)
            mask = allowed.tril(seen)
        x = functional.embedding(ids, self.weights["model.embed_tokens.weight"])
        kept = None
        after: list[tuple[torch.Tensor, torch.Tensor]] = []
        for layer in range(self.layers):
            x, keys_values = self._block(x, layer, turn, mask, None if past is None else past[layer])
            after.append(keys_values)
            if keep == layer + 1:
                kept = x
        return Read(self._norm(x, self.weights["model.norm.weight"]), kept, tuple(after))

    def through(self, x: torch.Tensor, mask: torch.Tensor, layers: range) -> torch.Tensor:
        """States after some of the layers, each token seeing those that `mask` allows, later ones too.

        Shapes: x (rows, tokens, width), mask (rows, tokens, tokens) -> (rows, tokens, width).
        """
        turn = self._turn(0, x.shape[1])
        for layer in layers:
            x, _ = self._block(x, layer, turn, mask[:, None], None)
        return x

    def _block(
        self,
        x: torch.Tensor,
        layer: int,
        turn: tuple[torch.Tensor, torch.Tensor],
        mask: torch.Tensor | None,
        past: tuple[torch.Tensor, torch.Tensor] | None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        normed = self._norm(x, self._weight(layer, "input_layernorm"))
        attended, keys_values = self._attend(normed, layer, turn, mask, past)
        x = x + attended
        normed = self._norm(x, self._weight(layer, "post_attention_layernorm"))
        gate, value = self.linear(normed, layer, "mlp.gate_up_proj").chunk(2, dim=-1)
        return x + self.linear(functional.silu(gate) * value, layer, "mlp.down_proj"), keys_values

    def linear(self, x: torch.Tensor, layer: int, name: str) -> torch.Tensor:
        """One of a layer's matrices applied; training adds its adapters here."""
        return functional.linear(x, self._weight(layer, name))

    def copies(self, past: Past, count: int) -> Past:
        """The same past for `count` rows."""
        return tuple((keys.expand(count, -1, -1, -1), values.expand(count, -1, -1, -1)) for keys, values in past)

    def _norm(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return functional.rms_norm(x, (x.shape[-1],), weight, self.epsilon)

    def _turn(self, seen: int, tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosine and sine of the rotary positions. Shapes: (tokens, head width)."""
        width = self.width // self.heads
        rates = 1 / self.theta ** (torch.arange(0, width, 2, device=self.device).float() / width)
        angles = torch.outer(torch.arange(seen, seen + tokens, device=self.device).float(), rates).repeat(1, 2)
        kind = self.weights["model.norm.weight"].dtype
        return angles.cos().to(kind), angles.sin().to(kind)

    def _attend(
        self,
        x: torch.Tensor,
        layer: int,
        turn: tuple[torch.Tensor, torch.Tensor],
        mask: torch.Tensor | None,
        past: tuple[torch.Tensor, torch.Tensor] | None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        rows, tokens, width = x.shape
        size = width // self.heads
        joined = self.linear(x, layer, "self_attn.qkv_proj").view(rows, tokens, -1, size).transpose(1, 2)
        queries, keys, values = torch.split(joined, [self.heads, self.key_heads, self.key_heads], dim=1)
        queries, keys = _rotate(queries, turn), _rotate(keys, turn)
        if past is not None:
            keys, values = torch.cat([past[0], keys], dim=2), torch.cat([past[1], values], dim=2)
        share = self.heads // self.key_heads
        mixed = functional.scaled_dot_product_attention(
            queries,
            keys.repeat_interleave(share, dim=1),
            values.repeat_interleave(share, dim=1),
            attn_mask=mask,
            is_causal=mask is None,
        )
        out = self.linear(mixed.transpose(1, 2).reshape(rows, tokens, width), layer, "self_attn.o_proj")
        return out, (keys, values)


def _rotate(x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Rotary positions as Llama stores them, half against half. Shape: (rows, heads, tokens, head width)."""
    first, second = x.chunk(2, dim=-1)
    return x * turn[0] + torch.cat([-second, first], dim=-1) * turn[1]


def load_llama(folder: Path, files: Sequence[Path], device: torch.device, dtype: torch.dtype) -> Llama | None:
    """The model in `folder`, or None where it is no plain Llama: then the general library has to read it.

    Raises OSError, ValueError or KeyError where files cannot be read.
    """
    from safetensors.torch import load_file

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    rope = config.get("rope_parameters") or {"rope_theta": config.get("rope_theta", 1e4)}
    plain = (
        config.get("model_type") == "llama"
        and config.get("hidden_act") == "silu"
        and not config.get("attention_bias")
        and not config.get("mlp_bias")
        and not config.get("rope_scaling")
        and rope.get("rope_type", "default") == "default"
        and config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])
        == config["hidden_size"] // config["num_attention_heads"]
    )
    if not plain:
        return None
    weights = {name: tensor.to(device, dtype) for file in files for name, tensor in load_file(file).items()}
    for layer in range(config["num_hidden_layers"]):
        _join(weights, f"model.layers.{layer}.self_attn", ("q_proj", "k_proj", "v_proj"), "qkv_proj")
        _join(weights, f"model.layers.{layer}.mlp", ("gate_proj", "up_proj"), "gate_up_proj")
    return Llama(
        weights=weights,
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        key_heads=config.get("num_key_value_heads", config["num_attention_heads"]),
        epsilon=config["rms_norm_eps"],
        theta=float(rope["rope_theta"]),
        max_tokens=config.get("max_position_embeddings", 2048),
    )


def _join(weights: dict[str, torch.Tensor], where: str, parts: Sequence[str], name: str) -> None:
    """Several matrices that read the same input as one: fewer, larger products. The parts are dropped."""
    weights[f"{where}.{name}.weight"] = torch.cat([weights.pop(f"{where}.{part}.weight") for part in parts])
