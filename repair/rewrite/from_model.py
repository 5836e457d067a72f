"""Proposals from a language model: whole rewrites, and minimal edits where it is surprised."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from repair.edits import apply
from repair.records import Edit, Kind, Origin, Proposal, ScoreReport, SentenceScore, SourceMatch, Span
from repair.rewrite import minimal, prompts
from repair.rewrite.places import narrow
from repair.rewrite.prompts import Question
from repair.rewrite.rewriter import Rewriter

if TYPE_CHECKING:
    from repair.lm.model import LanguageModel
    from repair.scoring.scorer import Scored

logger = logging.getLogger(__name__)

SAMPLES = 2
"""Answers a sentence: the greedy one and one drawn at random."""
TEMPERATURE = 0.5
"""Low: what such a small model draws freely is no longer the sentence."""
SEED = 20250508
LONGEST = 120
"""Tokens of a sentence that the model is asked to rewrite; it loses the thread of longer ones."""
GROWTH = 1.3
"""Tokens that an answer may have for each of the sentence's; what grows more, the gate refuses anyway."""
CONTEXT = 400
"""Characters of the sentences before one that a rewriter sees."""
REPORT = 600
"""Characters of what clean sources say in a sentence's place that it sees."""


def propose(
    scored: Scored, matches: Sequence[SourceMatch], *, model: LanguageModel | None, rewriter: Rewriter | None
) -> Iterator[Proposal]:
    """Rewrites of the suspect sentences: by `rewriter`, the user's own model, or where there is none by `model`."""
    text = scored.report.document.text
    suspects = [s for s in scored.report.suspects if s.sentence.kind.counts]
    prose = [s for s in suspects if s.sentence.kind is Kind.PROSE]
    if rewriter is not None:
        yield from _asked(scored.report, matches, suspects, rewriter)
    elif model is not None:
        yield from _rewrites(model, text, prose)
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
    text, span = report.document.text, sentence.sentence.span
    before = [
        s.sentence.span.start
        for s in report.sentences[: sentence.sentence.index]
        if s.sentence.kind.counts and s.sentence.span.start >= span.start - CONTEXT
    ]
    aligned = [(a, match) for match in matches for a in match.alignment if a.sentence == sentence.sentence.index]
    best = max(aligned, key=lambda pair: pair[0].score, default=None)
    source = ""
    if best is not None:
        source = " ".join(best[1].sentences[i].span.of(best[1].source.text) for i in best[0].sources)
    return Question(span.of(text), text[before[0] : span.start].strip() if before else "", source[:REPORT])


def _rewrites(model: LanguageModel, text: str, sentences: Sequence[SentenceScore]) -> Iterator[Proposal]:
    from repair.lm.generate import complete

    lengths = {s.sentence.span: len(model.encode(s.sentence.span.of(text)).ids) for s in sentences}
    spans = [span for span, tokens in lengths.items() if tokens <= LONGEST]
    if not spans:
        return
    replies = complete(
        model,
        [prompts.completion(span.of(text)) for span in spans],
        samples=SAMPLES,
        max_new_tokens=int(GROWTH * max(lengths[span] for span in spans)) + 8,
        seed=SEED,
        temperature=TEMPERATURE,
        stop="\n",
    )
    for span, answers in zip(spans, replies, strict=True):
        for rewrite in dict.fromkeys(prompts.answer(reply, span.of(text)) for reply in answers):
            yield from _whole(text, span, rewrite, "lm", f"rewritten by {model.signature}")


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
