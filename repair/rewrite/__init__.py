"""Proposals, the gate that judges them, and the policy that chooses among them.

from_source.py  the clean source's quotation or sentence
terms.py        … or its words for offices and terms
from_rules.py   what detectors and grammar tools would write
from_model.py   a language model's rewrites, the small one's minimal edits
mend.py         the small model trained to mend, a change at a time
asking.py       how it is asked
minimal.py      one word left out, put in, swapped or respelt, by surprisal
words.py        which words may stand for which
rewriter.py     any model that the user has, behind one door
endpoint.py     … an OpenAI-compatible server
local.py        … a transformers model in memory
answers.py      what they answered, kept on disk
prompts.py      what a model is asked, and what of its answer counts
gate.py         every proposal judged: which checks, which tier
checks.py       the checks that need no model
unsourced.py    … those of a rewrite that no source backs
differences.py  what became of each word
names.py        names that are mended, not changed
senses.py       how many, how surely, who did it to whom
features.py     a rewrite in numbers
acceptance.py   the probability that an editor takes it
policy.py       what is applied
quotes.py       what stands between quotation marks
places.py       edits and the sentences they touch
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from repair.config import Settings
from repair.records import Proposal, SourceMatch
from repair.rewrite import from_rules, from_source, terms

if TYPE_CHECKING:
    from repair.lm.model import LanguageModel
    from repair.rewrite.mend import Mender
    from repair.rewrite.rewriter import Rewriter
    from repair.scoring.scorer import Scored

__all__ = ["propose"]


def propose(
    scored: Scored,
    matches: Sequence[SourceMatch],
    *,
    model: LanguageModel | None,
    mender: Mender | None = None,
    rewriter: Rewriter | None = None,
    settings: Settings,
) -> tuple[Proposal, ...]:
    """Everything that could be done about one document, unjudged; `scored.report` holds the findings.

    `rewriter` is the user's own model; where there is none, `model` and `mender`, the same trained to mend, write the
    rewrites; None of them leaves them out.
    Only sentences that are flagged in a document that is flagged are rewritten by a model.
    """
    report = scored.report
    found = [*from_source.propose(report, matches), *from_rules.propose(report)]
    if report.flagged:
        found += terms.propose(report, matches, model)
    if report.flagged and settings.rewriter != "none":
        from repair.rewrite import from_model

        found += from_model.propose(scored, matches, model=model, mender=mender, rewriter=rewriter)
    return tuple(from_source.with_evidence(report, matches, found))
