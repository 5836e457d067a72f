"""Answers of a causal model to many prompts at once: the most likely one, then some drawn at random.

Our own loop over the network's forward pass, for `generate` of transformers sorts the whole vocabulary for each
token that it draws and keeps on computing answers that have ended. Not covered: beams, penalties, streaming.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Protocol

import torch

from repair.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import Cache, PreTrainedModel

BATCH_TOKENS = 12_288
"""Tokens, prompts and answers together, that one batch may hold: 280 MB of keys and values for SmolLM2-135M."""
CANDIDATES = 64
"""A token is drawn from so many at most. At temperature 0.7 they hold nearly all of the mass that top_p keeps."""
KEEP = 0.85
"""Answers that ended leave the batch once fewer than this share of its rows is still going on; a move costs a copy."""


class Generator(Protocol):
    """What `complete` needs of `repair.lm.model.LanguageModel`."""

    @property
    def network(self) -> PreTrainedModel:
        """A causal language model of transformers, in evaluation mode."""
        ...

    @property
    def tokenizer(self) -> Tokenizer:
        """Its tokenizer."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """How answers are made; the same for all prompts of a call."""

    answers: int
    max_new_tokens: int
    seed: int
    temperature: float
    top_p: float
    stop: str
    ends: frozenset[int]
    """The tokens that end an answer."""


def complete(
    model: Generator,
    prompts: Sequence[str],
    *,
    samples: int,
    max_new_tokens: int,
    seed: int,
    temperature: float = 0.7,
    top_p: float = 0.9,
    stop: str = "",
) -> list[list[str]]:
    """`samples` answers to each prompt, in the order of `prompts`: the greedy one first, the others drawn at random.

    An answer ends before the model's end token, before `stop` (looked for after the first visible character), or
    cut off after `max_new_tokens`. White space around it is taken away. What is drawn for a prompt hangs on `seed`
    and the prompt alone, up to rounding: bf16 sums differ a little with the batch around it.

    Drawing: softmax at `temperature`, the fewest tokens that hold `top_p` of it (nucleus sampling, Holtzman et al.
    2020, arXiv:1904.09751). Raises ModelError where a prompt is empty or longer than the model can read.
    """
    if samples < 1 or max_new_tokens < 1 or temperature <= 0 or not 0 < top_p <= 1:
        raise ValueError("samples and max_new_tokens start at 1, temperature over 0, top_p in (0, 1]")
    plan = Plan(samples, max_new_tokens, seed, temperature, top_p, stop, _end_tokens(model.network))
    encoded = [model.tokenizer.encode(prompt, add_special_tokens=False).ids for prompt in prompts]
    _check_lengths(model.network, encoded, max_new_tokens)
    answers: list[list[str]] = [[] for _ in prompts]
    for batch in _batches(encoded, plan):
        draws = torch.cat([_draws(prompts[i], plan) for i in batch])
        ids = _answer_ids(model, [encoded[i] for i in batch], draws, plan)
        texts = [_text(model.tokenizer, row, plan) for row in ids]
        for place, i in enumerate(batch):
            answers[i] = texts[place * samples : (place + 1) * samples]
    return answers


def _check_lengths(network: PreTrainedModel, encoded: Sequence[Sequence[int]], new: int) -> None:
    longest = int(getattr(network.config, "max_position_embeddings", 2048))
    for ids in encoded:
        if not ids or len(ids) + new > longest:
            cause = f"a prompt of {len(ids)} tokens and {new} for its answer do not fit into 1 to {longest}"
            raise ModelError(str(network.config.name_or_path or "the model"), cause, "Ask about a shorter sentence.")


def _batches(encoded: Sequence[Sequence[int]], plan: Plan) -> Iterator[list[int]]:
    """Indices of prompts that are answered together: of like length, and no more than fit `BATCH_TOKENS`."""
    batch: list[int] = []
    for i in sorted(range(len(encoded)), key=lambda i: len(encoded[i])):
        width = len(encoded[i]) + plan.max_new_tokens
        if batch and (len(batch) + 1) * plan.answers * width > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _draws(prompt: str, plan: Plan) -> torch.Tensor:
    """Numbers in 0..1, one for each token that may be drawn. Shape: (answers, max_new_tokens); the first row unused."""
    digest = hashlib.sha256(f"{plan.seed}\x1f{prompt}".encode("utf-8", "surrogatepass")).digest()
    source = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big", signed=True))
    return torch.rand(plan.answers, plan.max_new_tokens, generator=source)


@torch.inference_mode()
def _answer_ids(model: Generator, prompts: Sequence[Sequence[int]], draws: torch.Tensor, plan: Plan) -> list[list[int]]:
    """The tokens of all answers, prompt by prompt. `draws`: (rows, max_new_tokens), rows = prompts x answers."""
    network: Any = model.network
    answers: list[list[int]] = [[] for _ in range(len(draws))]
    logits, mask, cache = _read(network, prompts, plan.answers)
    rows = torch.arange(len(draws))  # which answer each row of the batch is
    for step in range(plan.max_new_tokens):
        chosen = _choose(logits, draws[rows, step], rows % plan.answers == 0, plan)
        going = torch.ones(len(rows), dtype=torch.bool)
        for place, (row, token) in enumerate(zip(rows.tolist(), chosen.tolist(), strict=True)):
            if not _ended(model.tokenizer, answers[row], plan):
                answers[row].append(token)
            going[place] = not _ended(model.tokenizer, answers[row], plan)
        if not going.any() or step + 1 == plan.max_new_tokens:
            break
        if going.float().mean() < KEEP:
            kept = going.nonzero().squeeze(1)
            rows, chosen, mask = rows[kept], chosen[kept], mask[kept.to(mask.device)]
            cache.batch_select_indices(kept.to(mask.device))
        mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
        out = network(
            input_ids=chosen.to(mask.device)[:, None],
            attention_mask=mask,
            position_ids=mask.sum(dim=1, keepdim=True) - 1,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits = out.logits[:, -1].float().cpu()
    return answers


def _read(network: Any, prompts: Sequence[Sequence[int]], copies: int) -> tuple[torch.Tensor, torch.Tensor, Cache]:
    """Read what all prompts begin with once, the rest of each once, then copy it for each of its answers.

    Padding stands between the two parts. Returns the logits of the next token (rows, vocabulary) float32, the
    attention mask (rows, width), the cache.
    """
    columns = zip(*(ids[:-1] for ids in prompts), strict=False)  # a token of each is left to ask for the next
    shared = [column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns)]
    rests = [list(ids[len(shared) :]) for ids in prompts]
    width = max(map(len, rests))
    ids = torch.tensor([[0] * (width - len(rest)) + rest for rest in rests], device=network.device)
    mask = torch.tensor(
        [[1] * len(shared) + [0] * (width - len(rest)) + [1] * len(rest) for rest in rests], device=network.device
    )
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, len(shared) :]
    cache = None
    if shared:
        cache = network(input_ids=ids.new_tensor([shared]), use_cache=True, logits_to_keep=1).past_key_values
        cache.batch_repeat_interleave(len(prompts))
    out = network(
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions,
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    out.past_key_values.batch_repeat_interleave(copies)
    logits = out.logits[:, -1].float().cpu()
    return logits.repeat_interleave(copies, dim=0), mask.repeat_interleave(copies, dim=0), out.past_key_values


def _choose(logits: torch.Tensor, draws: torch.Tensor, greedy: torch.Tensor, plan: Plan) -> torch.Tensor:
    """The next token of each row. Shapes: (rows, vocabulary), (rows,), (rows,) bool -> (rows,)."""
    best, tokens = logits.topk(min(CANDIDATES, logits.shape[1]), dim=1)
    shares = (best / plan.temperature).softmax(dim=1)
    before = shares.cumsum(dim=1) - shares
    shares = shares.masked_fill(before >= plan.top_p, 0)  # the token that crosses top_p stays
    below = shares.cumsum(dim=1) <= draws[:, None] * shares.sum(dim=1, keepdim=True)
    place = below.sum(dim=1).clamp(max=(shares > 0).sum(dim=1) - 1).masked_fill(greedy, 0)
    return tokens.gather(1, place[:, None]).squeeze(1)


def _ended(tokenizer: Tokenizer, ids: Sequence[int], plan: Plan) -> bool:
    if not ids:
        return False
    return ids[-1] in plan.ends or bool(plan.stop and plan.stop in tokenizer.decode(ids).lstrip())


def _text(tokenizer: Tokenizer, ids: Sequence[int], plan: Plan) -> str:
    text = tokenizer.decode([i for i in ids if i not in plan.ends], skip_special_tokens=True).strip()
    return text.split(plan.stop)[0].rstrip() if plan.stop else text


def _end_tokens(network: PreTrainedModel) -> frozenset[int]:
    settings: Any = network.generation_config
    end = settings.eos_token_id if settings is not None else network.config.eos_token_id
    return frozenset([end] if isinstance(end, int) else end or ())
