"""Proposals, the gate that judges them, and the policy that chooses among them.

from_source.py  the clean source's quotation or sentence
from_rules.py   what detectors and grammar tools would write
from_model.py   a small language model's rewrites and minimal edits
minimal.py      one word left out, put in, swapped or respelt, by surprisal
words.py        which words may stand for which
endpoint.py     an OpenAI-compatible server
prompts.py      what a model is asked, and what of its answer counts
gate.py         every proposal judged: which checks, which tier
checks.py       the checks that need no model
policy.py       what is applied
quotes.py       what stands between quotation marks
places.py       edits and the sentences they touch
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from repair.config import Settings
from repair.records import Proposal, SourceMatch
from repair.rewrite import from_rules, from_source

if TYPE_CHECKING:
    from repair.lm.model import LanguageModel
    from repair.scoring.scorer import Scored

__all__ = ["propose"]


def propose(
    scored: Scored, matches: Sequence[SourceMatch], *, model: LanguageModel | None, settings: Settings
) -> tuple[Proposal, ...]:
    """Everything that could be done about one document, unjudged; `scored.report` holds the findings.

    `model` writes the rewrites where `settings.rewriter` is no URL; None leaves them out. Only sentences that are
    flagged in a document that is flagged are rewritten by a model.

    Raises MissingPartError where an endpoint does not answer.
    """
    report = scored.report
    found = [*from_source.propose(report, matches), *from_rules.propose(report)]
    if report.flagged and settings.rewriter != "none":
        from repair.rewrite import from_model

        found += from_model.propose(scored, model=model, rewriter=settings.rewriter)
    return tuple(from_source.with_evidence(report, matches, found))
