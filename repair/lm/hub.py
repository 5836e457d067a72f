"""Causal models of any architecture, read by transformers, behind the same few methods as `repair.lm.llama.Llama`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from repair.lm.llama import Read

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, eq=False)
class HubModel:
    """A transformers model."""

    network: PreTrainedModel

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.network.device

    @property
    def width(self) -> int:
        """Of a hidden state."""
        return int(self.network.config.hidden_size)

    @property
    def max_tokens(self) -> int:
        """The longest text that the model was made for."""
        return int(getattr(self.network.config, "max_position_embeddings", 2048))

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """Shape: (tokens, width) -> (tokens, vocabulary) float32."""
        network: Any = self.network
        logits: torch.Tensor = network.get_output_embeddings()(states)
        return logits.float()

    def read(self, ids: torch.Tensor, *, past: Any = None, keep: int | None = None) -> Read:  # noqa: ARG002
        """One pass over `ids` (rows, tokens), after `past`. No layer's output is kept: heads are trained on others."""
        body: Any = self.network.base_model
        out = body(ids, past_key_values=past, use_cache=True)
        return Read(out.last_hidden_state, None, out.past_key_values)

    def copies(self, past: Any, count: int) -> Any:
        """The same past for `count` rows."""
        past.batch_repeat_interleave(count)
        return past


def load_network(folder: Path, device: torch.device, dtype: torch.dtype) -> PreTrainedModel:
    """The transformers model in `folder`: safetensors only, no code from the folder.

    Raises OSError, ValueError or KeyError where it is none.
    """
    from transformers import AutoModelForCausalLM
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    network: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, use_safetensors=True, trust_remote_code=False, local_files_only=True
    )
    loaded: PreTrainedModel = network.to(device).eval()
    return loaded
