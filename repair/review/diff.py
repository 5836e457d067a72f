"""What changes between two texts, word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from operator import itemgetter
from typing import Literal

import regex

Op = Literal["=", "-", "+"]
Change = tuple[Op, str]

_TOKEN = regex.compile(r"\w+(?:['’]\w+)*|\s+|\X")
_MOST_PAIRS = 4_000_000
"""Pairs of tokens that are compared; beyond, the middle counts as replaced whole (a second of work)."""

_SHORTEST_STAY = 3
"""Characters up to which words that stay between two changes are shown as changed: "the", "was", "of"."""


def words(text: str) -> list[str]:
    """Words, white space and single signs, in order; joined they give the text."""
    return [match[0] for match in _TOKEN.finditer(text)]


def changes(before: str, after: str) -> list[Change]:
    """What stays (=), goes (-) and comes (+), in reading order.

    The = and - parts joined give `before`, the = and + parts `after`. What is too short to stand alone
    between two changes belongs to the change: "red and small" -> "big and old" is one replacement.
    """
    runs: list[Change] = []
    gone = come = ""
    for op, text in _with_gaps_closed(list(_raw(words(before), words(after)))):
        if op == "=":
            runs += [("-", gone), ("+", come), ("=", text)]
            gone = come = ""
        elif op == "-":
            gone += text
        else:
            come += text
    return [(op, text) for op, text in (*runs, ("-", gone), ("+", come)) if text]


def _raw(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    shortest = min(len(old), len(new))
    head = next((n for n in range(shortest) if old[n] != new[n]), shortest)
    tail = next((n for n in range(shortest - head) if old[-1 - n] != new[-1 - n]), shortest - head)
    yield "=", "".join(old[:head])
    yield from _middle(old[head : len(old) - tail], new[head : len(new) - tail])
    yield "=", "".join(old[len(old) - tail :])


def _middle(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    if len(old) * len(new) > _MOST_PAIRS:
        yield "-", "".join(old)
        yield "+", "".join(new)
        return
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield "=", "".join(old[i:j])
        else:
            yield "-", "".join(old[i:j])
            yield "+", "".join(new[k:m])


def _with_gaps_closed(raw: Sequence[Change]) -> Iterator[Change]:
    merged = [(op, "".join(text for _, text in group)) for op, group in groupby(raw, key=itemgetter(0))]
    filled = [change for change in merged if change[1]]
    for n, (op, text) in enumerate(filled):
        if op == "=" and len(text.strip()) <= _SHORTEST_STAY and 0 < n < len(filled) - 1:
            yield "-", text
            yield "+", text
        else:
            yield op, text
