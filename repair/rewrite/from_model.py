"""Proposals from a language model: whole rewrites, and minimal edits where it is surprised."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from repair.edits import apply
from repair.records import Edit, Kind, Origin, Proposal, ScoreReport, SentenceScore, SourceMatch, Span
from repair.rewrite import minimal
from repair.rewrite.places import narrow
from repair.rewrite.prompts import Question
from repair.rewrite.rewriter import Rewriter

if TYPE_CHECKING:
    from repair.lm.model import LanguageModel
    from repair.rewrite.mend import Mender
    from repair.scoring.scorer import Scored

logger = logging.getLogger(__name__)

LONGEST = 120
"""Tokens of a sentence that the trained rewriter is asked to mend; it loses the thread of longer ones."""
CONTEXT = 400
"""Characters of the sentences before one that a rewriter sees."""
REPORT = 600
"""Characters of what clean sources say in a sentence's place that it sees."""


def propose(
    scored: Scored,
    matches: Sequence[SourceMatch],
    *,
    model: LanguageModel | None,
    mender: Mender | None,
    rewriter: Rewriter | None,
) -> Iterator[Proposal]:
    """Rewrites of the suspect sentences: by `rewriter`, the user's own model, or where there is none by ours.

    `mender` is `model` trained to mend; None where nobody trained that model.
    """
    text = scored.report.document.text
    suspects = [s for s in scored.report.suspects if s.sentence.kind.counts]
    prose = [s for s in suspects if s.sentence.kind is Kind.PROSE]
    if rewriter is not None:
        yield from _asked(scored.report, matches, suspects, rewriter)
    elif model is not None:
        if mender is not None:
            yield from _rewrites(mender, scored.report, prose)
        for sentence, changes in minimal.changes(model, text, scored.tokens, suspects):
            yield from _minimal(text, sentence.sentence.span, changes)


def _asked(
    report: ScoreReport, matches: Sequence[SourceMatch], sentences: Sequence[SentenceScore], rewriter: Rewriter
) -> Iterator[Proposal]:
    text = report.document.text
    replies = rewriter.ask([_question(report, matches, s) for s in sentences])
    if problems := Counter(reply.problem for reply in replies if reply.problem):
        told = "; ".join(problems)
        path = report.document.source.path
        unanswered = f"{problems.total()} of {len(replies)} sentences"
        logger.warning("%s: %s got no rewrite from %s: %s", path, unanswered, rewriter.name, told)
    for sentence, reply in zip(sentences, replies, strict=True):
        yield from _whole(text, sentence.sentence.span, reply.text, "endpoint", f"rewritten by {rewriter.name}")


def _question(report: ScoreReport, matches: Sequence[SourceMatch], sentence: SentenceScore) -> Question:
    aligned = [(a, match) for match in matches for a in match.alignment if a.sentence == sentence.sentence.index]
    best = max(aligned, key=lambda pair: pair[0].score, default=None)
    source = ""
    if best is not None:
        source = " ".join(best[1].sentences[i].span.of(best[1].source.text) for i in best[0].sources)
    return Question(sentence.sentence.span.of(report.document.text), _before(report, sentence), source[:REPORT])


def _before(report: ScoreReport, sentence: SentenceScore) -> str:
    """The whole sentences before one, as far back as CONTEXT characters."""
    text, start = report.document.text, sentence.sentence.span.start
    near = [
        s.sentence.span.start
        for s in report.sentences[: sentence.sentence.index]
        if s.sentence.kind.counts and s.sentence.span.start >= start - CONTEXT
    ]
    return text[near[0] : start].strip() if near else ""


def _rewrites(mender: Mender, report: ScoreReport, sentences: Sequence[SentenceScore]) -> Iterator[Proposal]:
    """What the trained rewriter would write, and the same with some of its changes alone: the gate chooses."""
    from repair.rewrite.mend import parts

    text = report.document.text
    for sentence in sentences:
        span = sentence.sentence.span
        own = span.of(text)
        if len(mender.model.encode(own).ids) > LONGEST:
            continue
        mended = mender.mend(own, before=_before(report, sentence))
        for rewrite in parts(own, mended):
            yield from _whole(text, span, rewrite, "lm", f"rewritten by {mender.signature}")


def _whole(text: str, span: Span, rewrite: str, origin: Origin, reason: str) -> Iterator[Proposal]:
    if rewrite and rewrite != span.of(text):
        yield Proposal(narrow(Edit(span, span.of(text), rewrite)), origin, reason)


def _minimal(text: str, span: Span, changes: Sequence[minimal.Change]) -> Iterator[Proposal]:
    """The best change alone, and all of the sentence's changes together."""
    for together in {1, len(changes)} if changes else ():
        edits = [change.edit for change in changes[:together]]
        gain = sum(change.gain for change in changes[:together])
        after = apply(text, edits)[span.start : span.end + sum(len(e.after) - len(e.before) for e in edits)]
        reason = f"{gain:.1f} nats less surprising: " + ", ".join(map(_describe, edits))
        yield Proposal(narrow(Edit(span, span.of(text), after)), "lm", reason)


def _describe(edit: Edit) -> str:
    before, after = edit.before.strip(), edit.after.strip()
    if before and after:
        return f"“{before}” → “{after}”"
    return f"“{before}” left out" if before else f"“{after}” put in"
