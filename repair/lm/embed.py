"""Sentence embeddings: what two sentences mean, as vectors whose dot product is their cosine.

all-MiniLM-L6-v2 as its makers use it: mean over the word pieces, then length 1 (Reimers and Gurevych 2019,
arXiv:1908.10084). Any other encoder that pools so works too. Not covered: languages other than English.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from repair.config import Settings
from repair.errors import ModelError
from repair.lm.catalog import resolve
from repair.lm.model import pick_device

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

MAX_PIECES = 256
"""Word pieces of a text that are read, as all-MiniLM-L6-v2 was trained; what comes after is ignored."""
BATCH_PIECES = 4096
"""Padded word pieces in one forward pass."""
REMEMBERED = 20_000
"""Texts whose vectors are kept, the latest used; 384 float32 each, 31 MB in all."""


class Embedder:
    """Turns texts into vectors of length 1, and remembers the last ones. Not for use by two threads at once."""

    def __init__(self, network: PreTrainedModel, tokenizer: Tokenizer, *, remembered: int = REMEMBERED) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._remembered = remembered
        self._vectors: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()

    @property
    def width(self) -> int:
        """Numbers in a vector; 384 for all-MiniLM-L6-v2."""
        return int(self._network.config.hidden_size)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of `texts`. Shape: (texts, width); the dot product of two rows is their cosine, -1 to 1.

        The same text has the same vector while it is remembered; another batch around it moves it by some 1e-7.
        A text without any word piece has the zero vector.
        """
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        known = {key: self._vectors[key] for key in keys if key in self._vectors}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        known |= dict(zip(new, self._embed(list(new.values())), strict=True))
        for key in dict.fromkeys(keys):
            self._vectors[key] = known[key]
            self._vectors.move_to_end(key)
        while len(self._vectors) > self._remembered:
            self._vectors.popitem(last=False)
        return np.stack([known[key] for key in keys]) if keys else np.empty((0, self.width), np.float32)

    @torch.inference_mode()
    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        pieces = [encoding.ids for encoding in self._tokenizer.encode_batch([_encodable(text) for text in texts])]
        vectors = np.zeros((len(texts), self.width), np.float32)
        for batch in _batches([len(ids) for ids in pieces]):
            vectors[batch] = self._forward([pieces[i] for i in batch]).cpu().numpy()
        return vectors

    def _forward(self, pieces: Sequence[Sequence[int]]) -> torch.Tensor:
        """Shape: (texts, width) float32, on the network's device."""
        width = max(map(len, pieces))
        device = self._network.device
        ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in pieces], device=device)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in pieces], device=device)
        states = self._network(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        weights = mask[:, :, None].float()
        mean = (states * weights).sum(dim=1) / weights.sum(dim=1)
        return torch.nn.functional.normalize(mean, dim=1)


def load_embedder(settings: Settings) -> Embedder:
    """The encoder that `settings.embedder` names. Raises ModelError where it is not fetched, or is none."""
    from tokenizers import Tokenizer
    from transformers import AutoModel
    from transformers.utils import logging

    folder = resolve(settings.embedder, offline=settings.offline)
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        network = AutoModel.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False, local_files_only=True
        )
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(str(folder), f"is no encoder that can be read: {error}", "Use the default one.") from error
    tokenizer.enable_truncation(MAX_PIECES)
    tokenizer.no_padding()  # the file pads each text to 128; we pad to the longest of a batch
    network.to(pick_device(settings.device)).eval()
    return Embedder(network, tokenizer)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of texts of like length, together no more than `BATCH_PIECES` once padded; none of length 0."""
    batch: list[int] = []
    for i in sorted((i for i, length in enumerate(lengths) if length), key=lambda i: lengths[i]):
        if batch and (len(batch) + 1) * lengths[i] > BATCH_PIECES:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _encodable(text: str) -> str:
    """The tokenizer takes no lone surrogates; they become U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
