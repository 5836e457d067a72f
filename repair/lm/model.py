"""A causal language model that says of each token how surprising it is, given its document.

Surprisal is -ln p(token | tokens before), entropy that of the distribution it was drawn from, both in nats. The
forward pass runs in bfloat16 where the processor has it; the vocabulary head is computed in blocks of rows, so that no
tokens x vocabulary tensor ever exists.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn.utils.rnn import pad_sequence

from repair.config import Settings
from repair.errors import ModelError
from repair.lm.branch import Branch, load_branch, same_sentence
from repair.lm.hub import HubModel
from repair.lm.llama import Llama, Read, load_llama
from repair.lm.windows import Window, cut, pack
from repair.records import Sentence, TokenScores

if TYPE_CHECKING:
    from transformers import PreTrainedModel

BATCH_TOKENS = 4096
"""Padded tokens in one forward pass: more gains nothing on a CPU and costs memory."""
BLOCK_TOKENS = 256
"""Tokens that one window scores; with 128 tokens of context a third of the pass is spent on context."""
HEAD_ROWS = 128
"""Rows of the vocabulary head at a time: 128 x 49,152 float32 are 25 MB."""


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """Token scores of one stretch of ids. Shapes: (tokens,), (tokens,), (tokens, width) or None."""

    surprisal: NDArray[np.float32]
    entropy: NDArray[np.float32]
    hidden: NDArray[np.float32] | None


@dataclass(frozen=True, eq=False, slots=True)
class Encoding:
    """A text in tokens. `starts` and `ends` are code points without the white space that tokens begin with."""

    ids: list[int]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A causal model, its tokenizer, and what names them in signatures."""

    body: Llama | HubModel
    tokenizer: Tokenizer
    signature: str
    """`name@sha8`"""
    prefix: int
    """The token that stands before every window, as in training between documents."""
    folder: Path
    dtype: torch.dtype
    branch: Branch | None = None
    """What reads sentences as a whole; None keeps no hidden states."""

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.body.device

    @property
    def max_tokens(self) -> int:
        """The longest window that the model was made for."""
        return self.body.max_tokens

    @cached_property
    def network(self) -> PreTrainedModel:
        """The same model as transformers reads it, for generation; loaded when first asked for."""
        if isinstance(self.body, HubModel):
            return self.body.network
        from repair.lm.hub import load_network

        return load_network(self.folder, self.device, self.dtype)

    def encode(self, text: str) -> Encoding:
        """The tokens of `text` with their spans in code points."""
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
        starts, ends = offsets[:, 0].copy(), offsets[:, 1]
        for i, (start, end) in enumerate(encoding.offsets):
            token = text[start:end]
            if token[:1].isspace() and not token.isspace():
                starts[i] = end - len(token.lstrip())
        return Encoding(list(encoding.ids), starts, ends)

    def token_scores(
        self, documents: Iterable[tuple[str, Sequence[Sentence]]], *, context: int, block: int = BLOCK_TOKENS
    ) -> list[TokenScores]:
        """Scores of every token of every document, each read with `context` tokens before its window."""
        encodings: list[Encoding] = []
        windows: list[tuple[int, Window]] = []
        owners: list[NDArray[np.int64]] = []
        for text, sentences in documents:
            encoding = self.encode(text)
            bounds = np.searchsorted(encoding.starts, [s.span.start for s in sentences])
            for window in cut(len(encoding.ids), bounds.tolist(), context=context, block=block):
                windows.append((len(encodings), window))
                owners.append(np.searchsorted(bounds, np.arange(window.start, window.end), side="right"))
            encodings.append(encoding)
        stretches = [(encodings[d].ids[w.context : w.start], encodings[d].ids[w.start : w.end]) for d, w in windows]
        pieces: list[list[Piece]] = [[] for _ in encodings]
        for (document, _), piece in zip(windows, self.score_ids(stretches, owners), strict=True):
            pieces[document].append(piece)
        return [self._join(e, p) for e, p in zip(encodings, pieces, strict=True)]

    def _join(self, encoding: Encoding, pieces: Sequence[Piece]) -> TokenScores:
        def joined(arrays: list[NDArray[np.float32]]) -> NDArray[np.float32]:
            return np.concatenate(arrays) if arrays else np.zeros(0, np.float32)

        hidden = None
        if self.branch is not None:
            kept = [p.hidden for p in pieces if p.hidden is not None]
            hidden = np.concatenate(kept) if kept else np.zeros((0, self.body.width), np.float32)
        return TokenScores(
            encoding.starts,
            encoding.ends,
            joined([p.surprisal for p in pieces]),
            joined([p.entropy for p in pieces]),
            hidden,
        )

    @torch.inference_mode()
    def score_ids(
        self,
        stretches: Sequence[tuple[Sequence[int], Sequence[int]]],
        owners: Sequence[NDArray[np.int64]] | None = None,
    ) -> list[Piece]:
        """Scores of the second part of each (context ids, target ids), in order, batched by length.

        Padding stands at the end, where a causal model's earlier tokens cannot see it, so no mask is needed. Hidden
        states come where `owners` says which sentence each target token belongs to.
        """
        rows = [[self.prefix, *context, *target] for context, target in stretches]
        done: list[Piece | None] = [None] * len(rows)
        for batch in pack([len(row) for row in rows], budget=BATCH_TOKENS):
            longest = len(rows[batch[0]])
            ids = torch.full((len(batch), longest), self.prefix, dtype=torch.long)
            for i, index in enumerate(batch):
                ids[i, : len(rows[index])] = torch.tensor(rows[index])
            ids = ids.to(self.device)
            read = self.body.read(ids, keep=self._kept_layer)
            where = [
                (i, len(rows[index]) - len(stretches[index][1]), len(rows[index])) for i, index in enumerate(batch)
            ]
            own = None if owners is None else [owners[index] for index in batch]
            for index, piece in zip(batch, self._pieces(ids, read, where, own), strict=True):
                done[index] = piece
        return [piece for piece in done if piece is not None]

    @torch.inference_mode()
    def score_variants(self, context: Sequence[int], variants: Sequence[Sequence[int]]) -> list[Piece]:
        """Scores of several continuations of one context, which is read once."""
        if not variants:
            return []
        head = torch.tensor([[self.prefix, *context]], device=self.device)
        longest = max(len(v) for v in variants)
        tail = torch.full((len(variants), max(1, longest)), self.prefix, dtype=torch.long)
        for i, variant in enumerate(variants):
            tail[i, : len(variant)] = torch.tensor(variant, dtype=torch.long)
        tail = tail.to(self.device)
        first = self.body.read(head, keep=self._kept_layer)
        read = self.body.read(tail, past=self.body.copies(first.past, len(variants)), keep=self._kept_layer)
        # The last state of the context predicts the first token of every variant.
        joined = Read(
            torch.cat([first.last[:, -1:].expand(len(variants), 1, -1), read.last], dim=1),
            _after(first.kept, read.kept),
            None,
        )
        ids = torch.cat([head[:, -1:].expand(len(variants), 1), tail], dim=1)
        where = [(i, 1, 1 + len(v)) for i, v in enumerate(variants)]
        return self._pieces(ids, joined, where, [np.zeros(len(v), np.int64) for v in variants])

    @property
    def _kept_layer(self) -> int | None:
        return None if self.branch is None else self.branch.start

    def _pieces(
        self,
        ids: torch.Tensor,
        read: Read,
        where: Sequence[tuple[int, int, int]],
        owners: Sequence[NDArray[np.int64]] | None,
    ) -> list[Piece]:
        """Cut (row, start, end) of a batch into pieces. Shapes: ids (rows, tokens), `read` (rows, tokens, width)."""
        states = torch.cat([read.last[row, start - 1 : end - 1] for row, start, end in where])
        targets = torch.cat([ids[row, start:end] for row, start, end in where])
        surprisal, entropy = self._head(states, targets)
        pieces = []
        at = 0
        for _, start, end in where:
            rows = slice(at, at + end - start)
            pieces.append(Piece(surprisal[rows], entropy[rows], None))
            at = rows.stop
        if self.branch is None or owners is None or read.kept is None:
            return pieces
        kept = [read.kept[row, start:end] for row, start, end in where]
        hidden = _whole_sentences(self.branch, kept, pieces, owners)
        return [replace(piece, hidden=states) for piece, states in zip(pieces, hidden, strict=True)]

    def _head(self, states: torch.Tensor, targets: torch.Tensor) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Surprisal and entropy. Shapes: states (tokens, width), targets (tokens,) -> two of (tokens,)."""
        surprisal = torch.empty(len(targets))
        entropy = torch.empty(len(targets))
        for at in range(0, len(targets), HEAD_ROWS):
            rows = slice(at, at + HEAD_ROWS)
            logits = self.body.logits(states[rows])
            log_z = torch.logsumexp(logits, dim=-1)
            chosen = logits.gather(1, targets[rows, None])[:, 0]
            expected = torch.einsum("tv,tv->t", torch.softmax(logits, dim=-1), logits)
            surprisal[rows] = (log_z - chosen).cpu()
            entropy[rows] = (log_z - expected).cpu()
        return surprisal.numpy(), entropy.numpy()


def _after(first: torch.Tensor | None, kept: torch.Tensor | None) -> torch.Tensor | None:
    """States of variants, behind the last state of the context that they share."""
    return None if first is None or kept is None else torch.cat([first[:, -1:].expand_as(kept[:, :1]), kept], dim=1)


def _whole_sentences(
    branch: Branch, kept: Sequence[torch.Tensor], pieces: Sequence[Piece], owners: Sequence[NDArray[np.int64]]
) -> list[NDArray[np.float32]]:
    """The branch's states of each piece. Shapes: kept and returned (tokens, width) each."""
    told = [torch.from_numpy(np.stack([p.surprisal, p.entropy], axis=1)).to(kept[0].device) for p in pieces]
    states = branch.read(
        pad_sequence(list(kept), batch_first=True),
        pad_sequence(told, batch_first=True),
        same_sentence(owners).to(kept[0].device),
    )
    return [row[: len(piece.surprisal)].float().cpu().numpy() for row, piece in zip(states, pieces, strict=True)]


def pick_device(wanted: str) -> torch.device:
    """`auto` takes CUDA where there is one. Raises ModelError where CUDA is asked for and missing."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ModelError("--device cuda", "no CUDA device is available", "Use --device cpu or auto.")
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(wanted)


def pick_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on GPUs and on processors that multiply in it, else float32."""
    native = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return torch.bfloat16 if device.type == "cuda" or native() else torch.float32


def load_model(settings: Settings, *, branch: Path | None = None, dtype: torch.dtype | None = None) -> LanguageModel:
    """The model that `settings.lm` names, ready to score; with the branch kept in that file, where one is named.

    Raises ModelError where it is not fetched, is no causal model, or holds anything but safetensors.
    """
    from repair.lm.catalog import fingerprint, resolve

    folder = resolve(settings.lm, offline=settings.offline)
    device = pick_device(settings.device)
    dtype = dtype or pick_dtype(device)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        body: Llama | HubModel | None = load_llama(folder, sorted(folder.glob("*.safetensors")), device, dtype)
        if body is None:
            from repair.lm.hub import load_network

            body = HubModel(load_network(folder, device, dtype))
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            str(folder), f"not a causal language model that can be read: {error}", "Give --lm another model."
        ) from error
    return LanguageModel(
        body=body,
        tokenizer=tokenizer,
        signature=f"{settings.lm if '/' not in settings.lm else Path(settings.lm).name}@{fingerprint(folder)[:8]}",
        prefix=_prefix(tokenizer, config),
        folder=folder,
        dtype=dtype,
        branch=load_branch(branch, body) if branch is not None and isinstance(body, Llama) else None,
    )


def _prefix(tokenizer: Tokenizer, config: Mapping[str, object]) -> int:
    """The token between documents: `<|endoftext|>` where there is one, else the model's first or last token."""
    for candidate in (tokenizer.token_to_id("<|endoftext|>"), config.get("bos_token_id"), config.get("eos_token_id")):
        if isinstance(candidate, int):
            return candidate
    raise ModelError("tokenizer", "it names no token to begin a text with", "Give --lm another model.")
