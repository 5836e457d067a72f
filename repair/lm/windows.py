"""How a document is cut into the windows that one forward pass reads. Knows nothing of models."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FULL = 256
"""Tokens in a batch that keep all cores of a processor busy."""
PADDED = 0.1
"""Share of a length that padding may add to it in a full batch."""


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens `context`..`start` are only read, tokens `start`..`end` are scored."""

    context: int
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.context


def cut(tokens: int, boundaries: Sequence[int], *, context: int, block: int) -> Iterator[Window]:
    """Windows that score each of `tokens` tokens once, in order.

    A window scores up to `block` tokens and ends at a sentence boundary (`boundaries`: token indices, ascending)
    where there is one; a longer sentence is cut. `context` tokens before it are read with it.
    """
    start = 0
    while start < tokens:
        limit = start + block
        end = tokens
        if limit < tokens:
            at = bisect_right(boundaries, limit)
            end = boundaries[at - 1] if at and boundaries[at - 1] > start else limit
        yield Window(max(0, start - context), start, end)
        start = end


def pack(lengths: Sequence[int], *, budget: int) -> Iterator[list[int]]:
    """Indices of `lengths` in batches of like length whose padded size stays within `budget` tokens.

    A length over the budget gets a batch of its own. A batch of `FULL` tokens takes no length that would be padded by
    more than `PADDED` of it: a processor gains nothing from a larger one.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        size = len(batch) * lengths[batch[0]] if batch else 0
        unlike = size >= FULL and lengths[index] * (1 + PADDED) < lengths[batch[0]]
        if batch and (unlike or size + lengths[batch[0]] > budget):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
