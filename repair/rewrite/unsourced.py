"""The checks of a rewrite that no source backs: a language model's, an endpoint's, a grammar tool's.

It may change no fact and no sense (`word_checks`), and an editor must be likely to take it (`accepted`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from repair.records import Check
from repair.rewrite import checks, senses
from repair.rewrite.acceptance import Acceptance
from repair.rewrite.differences import changes
from repair.rewrite.features import measure, word_surprisals

if TYPE_CHECKING:
    from repair.lm.embed import Embedder
    from repair.lm.model import LanguageModel


def word_checks(before: str, after: str, paragraphs: tuple[str, str]) -> list[Check]:
    """What the words alone tell of a sentence before and after; `paragraphs` are those around it, before and after."""
    found = changes(before, after)
    return [
        checks.changes_something(before, after),
        checks.format_kept(before, after),
        *checks.facts_kept(before, after, ()),
        checks.quotation_kept(*paragraphs, ()),
        checks.marks_paired(*paragraphs),
        checks.length_kept(before, after),
        senses.senses_kept(before, after),
        senses.no_opposites(found),
        senses.roles_kept(found),
    ]


def accepted(
    pairs: Sequence[tuple[str, str]], acceptance: Acceptance, *, model: LanguageModel, embedder: Embedder
) -> list[Check]:
    """For each (before, after), whether an editor is likely enough to take it, and if not, what weighed against it."""
    if not pairs:
        return []
    surprisals = word_surprisals(model, list(dict.fromkeys(text for pair in pairs for text in pair)))
    values = measure(pairs, surprisals, embedder)
    return [acceptance.check(row) for row in values]
