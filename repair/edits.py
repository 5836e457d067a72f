"""The pure algebra of edits: check, choose, apply, revert. Standard library alone.

Every change of a text goes through `apply`; preview and written file come from the same call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from repair.errors import EditError
from repair.records import Edit, Skipped, Span, Suggestion


@dataclass(frozen=True, slots=True)
class Choice:
    """Suggestions that can be applied together, in the order of the text, and those left out."""

    chosen: tuple[Suggestion, ...]
    skipped: tuple[Skipped, ...]


def collide(one: Span, other: Span) -> bool:
    """True where two edits cannot both be made: they share a character, or insert at the same place."""
    if one.start == one.end or other.start == other.end:
        return one.start <= other.end and other.start <= one.end
    return one.overlaps(other)


def check(text: str, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits in the order of the text.

    Raises EditError where one does not find its `before` in the text, or where two collide.
    """
    ordered = tuple(sorted(edits, key=lambda e: e.span))
    for edit in ordered:
        if edit.span.of(text) != edit.before:
            raise EditError(
                f"edit at {edit.span.start}..{edit.span.end}",
                f"the text has {edit.span.of(text)!r} where the edit expects {edit.before!r}",
                "The text changed since the edit was made: score it again.",
            )
    for one, other in pairwise(ordered):
        if collide(one.span, other.span):
            raise EditError(
                f"edits at {one.span.start}..{one.span.end} and {other.span.start}..{other.span.end}",
                "they change the same characters",
                "Choose one of them.",
            )
    return ordered


def choose(ranked: Sequence[Suggestion]) -> Choice:
    """Take suggestions in the order given, best first, skipping each that collides with one taken."""
    taken: list[Suggestion] = []
    skipped: list[Skipped] = []
    for suggestion in ranked:
        rival = next((t for t in taken if collide(t.edit.span, suggestion.edit.span)), None)
        if rival is None:
            taken.append(suggestion)
        else:
            skipped.append(Skipped(suggestion, f"overlaps suggestion {rival.id}, which was preferred"))
    return Choice(tuple(sorted(taken, key=lambda s: s.edit.span)), tuple(skipped))


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made at once. Raises EditError as `check` does."""
    return _replay(text, check(text, edits))


def _replay(text: str, ordered: Iterable[Edit]) -> str:
    pieces: list[str] = []
    at = 0
    for edit in ordered:
        pieces += (text[at : edit.span.start], edit.after)
        at = edit.span.end
    return "".join((*pieces, text[at:]))


def inverse(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits that take `apply(text, edits)` back to `text`, with spans in the edited text."""
    back: list[Edit] = []
    moved = 0
    for edit in sorted(edits, key=lambda e: e.span):
        start = edit.span.start + moved
        back.append(Edit(Span(start, start + len(edit.after)), edit.after, edit.before))
        moved += len(edit.after) - len(edit.before)
    return tuple(back)


def revert(text: str, edits: Iterable[Edit]) -> str:
    """The text that `edits` were applied to.

    Raises EditError where `text` is not what they left. Neighbouring deletions come back in order, which
    is why this does not go through `check`: two insertions at one place are no collision here.
    """
    back = inverse(edits)
    for edit in back:
        if edit.span.of(text) != edit.before:
            raise EditError(
                f"edit at {edit.span.start}..{edit.span.end}",
                f"the text has {edit.span.of(text)!r} where the edit left {edit.before!r}",
                "The cleaned copy was changed by hand: restore it, or clean the original again.",
            )
    return _replay(text, back)
