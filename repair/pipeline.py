"""One document through all the rooms: sentences, scores, findings, sources, proposals, gate, edits.

Whatever shows or writes a cleaned text gets it from `finish`, so that preview and file cannot differ.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from repair import edits
from repair.config import ApplyPolicy, Settings
from repair.records import (
    CleanedDocument,
    Decision,
    Document,
    Proposal,
    ScoreReport,
    Skipped,
    SourceMatch,
    Suggestion,
)

if TYPE_CHECKING:
    from repair.detectors.grammar import GrammarChecker
    from repair.lm.embed import Embedder
    from repair.lm.model import LanguageModel
    from repair.parallel import SourceIndex
    from repair.rewrite.rewriter import Rewriter
    from repair.scoring.scorer import Scored, Scorer

SOURCES = 3
"""Clean documents that are held against one damaged document."""
_KEPT = 32
"""Damaged documents whose token scores are kept for the repair that follows; about 3 MB each."""


class Parts:
    """The heavy parts, each loaded when it is first asked for, and once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open = ExitStack()

    @cached_property
    def scorer(self) -> Scorer:
        """The language model and the head that reads it."""
        from repair.scoring.scorer import load_scorer

        return load_scorer(self._settings)

    @cached_property
    def embedder(self) -> Embedder:
        """The sentence embedder."""
        from repair.lm.embed import load_embedder

        return load_embedder(self._settings)

    @cached_property
    def rewriter(self) -> LanguageModel | None:
        """The small model, where it proposes rewrites."""
        return self.scorer.model if self._settings.rewriter == "lm" else None

    @cached_property
    def user_model(self) -> Rewriter | None:
        """The model of the user's that proposes rewrites, on a server or in memory; None where none does."""
        from repair.rewrite.rewriter import is_small_model, open_rewriter

        if is_small_model(self._settings.rewriter):
            return None
        opened = open_rewriter(self._settings)
        self._open.callback(opened.close)
        return opened

    @cached_property
    def grammar(self) -> GrammarChecker | None:
        """The grammar checker; None where none is wanted or none is there."""
        from repair.detectors.grammar import open_checker

        return self._open.enter_context(open_checker(self._settings))

    def close(self) -> None:
        """Stop what was started."""
        self._open.close()


class Cleaner:
    """Scores and mends documents one by one. Models are loaded at the first document, once.

    Use it as a context manager, or call `close`, where a grammar server may have been started.
    """

    def __init__(self, settings: Settings | None = None, *, parts: Parts | None = None) -> None:
        self.settings = settings or Settings()
        self.parts = parts or Parts(self.settings)
        self._recent: OrderedDict[str, Scored] = OrderedDict()
        self._damaged: dict[str, bool] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the grammar server, where one was started."""
        self.parts.close()

    @cached_property
    def signature(self) -> str:
        """Names all that a score hangs on: model, head, grammar checker, settings."""
        grammar = self.parts.grammar
        cfg = self.settings.fingerprint("context_tokens", "threshold")
        return f"{self.parts.scorer.signature}|grammar:{grammar.signature if grammar else 'none'}|cfg:{cfg}"

    def prepare(self) -> None:
        """Open the user's own rewriter, where there is one, before any work is done that would wait for it.

        Raises MissingPartError where a server does not answer, ModelError where a model cannot be read.
        """
        _ = self.parts.user_model

    @property
    def unanswered(self) -> Mapping[str, int]:
        """How many sentences the user's own rewriter gave no answer to so far, by cause."""
        return {} if self.parts.user_model is None else dict(self.parts.user_model.problems)

    def score(self, document: Document) -> ScoreReport:
        """Which sentences are garbled, how surely, and why.

        Raises ModelError where the model is missing or damaged.
        """
        return self._judge(document).report

    def clean(
        self, document: Document, index: SourceIndex | None = None, *, decisions: Mapping[str, Decision] | None = None
    ) -> CleanedDocument:
        """The document with what the policy, or a person's decision, lets through.

        `index` holds the documents that may be its source; one that is garbled itself is not used.
        """
        report = self.score(document)
        suggestions, sources = self.suggest(report, index)
        return finish(report, suggestions, sources, self.settings.apply, decisions)

    def stream(self, documents: Iterable[Document], index: SourceIndex | None = None) -> Iterator[CleanedDocument]:
        """Each document cleaned, in input order, one at a time: memory does not grow with their number."""
        for document in documents:
            yield self.clean(document, index)

    def index(self, documents: Iterable[Document]) -> SourceIndex:
        """An index of documents that may serve as clean sources."""
        from repair.parallel import SourceIndex

        return SourceIndex.build(documents, self.parts.embedder)

    def suggest(
        self, report: ScoreReport, index: SourceIndex | None
    ) -> tuple[tuple[Suggestion, ...], tuple[SourceMatch, ...]]:
        """What could be changed in a scored document, judged by the gate, and the sources it rests on.

        Sources and a model's rewrites are for damaged documents only; a rule may speak in any.
        """
        from repair.rewrite import propose
        from repair.rewrite.gate import judge

        if not report.flagged and not report.findings:
            return (), ()
        scored = self._scored(report)
        sources = self._find_sources(report, index) if report.flagged and index is not None else ()
        settings = self.settings if report.flagged else replace(self.settings, rewriter="none")
        model = self.parts.rewriter if report.flagged else None
        guest = self.parts.user_model if report.flagged else None
        proposals = propose(scored, sources, model=model, rewriter=guest, settings=settings)
        allowed = [proposal for proposal in proposals if _allowed(proposal, report)]
        if not allowed:
            return (), sources
        suggestions = judge(scored, allowed, scorer=self.parts.scorer, embedder=self.parts.embedder, matches=sources)
        return suggestions, sources

    def vouch(self, document: Document) -> None:
        """Remember that a document is known to be clean, so that it may serve as a source unscored."""
        self._damaged[_key(document)] = False

    def _judge(self, document: Document) -> Scored:
        from repair.detectors import attach, find
        from repair.text.sentences import split

        scored = self.parts.scorer.score(document, split(document.text))
        findings = list(find(document, scored.report, scored.tokens))
        flagged = [s.sentence for s in scored.report.flagged_sentences]
        if flagged and (checker := self.parts.grammar) is not None:
            findings += checker.check(document, flagged)
        report = replace(attach(scored.report, findings), signature=self.signature)
        scored = replace(scored, report=report)
        self._damaged[_key(document)] = report.flagged
        if report.flagged or report.findings:
            self._recent[_key(document)] = scored
            if len(self._recent) > _KEPT:
                self._recent.popitem(last=False)
        return scored

    def _scored(self, report: ScoreReport) -> Scored:
        """The token scores behind a report: kept ones, or read again after a resumed run."""
        kept = self._recent.get(_key(report.document)) or self._judge(report.document)
        return replace(kept, report=report)

    def _find_sources(self, report: ScoreReport, index: SourceIndex) -> tuple[SourceMatch, ...]:
        """The nearest sources that are clean themselves."""
        sentences = [s.sentence for s in report.sentences]
        excluded = {report.document.id}
        while True:
            matches = index.find(report.document, sentences, limit=SOURCES, exclude=excluded)
            damaged = {match.source.id for match in matches if self._is_damaged(match.source)}
            if not damaged:
                return tuple(matches)
            excluded |= damaged

    def _is_damaged(self, document: Document) -> bool:
        known = self._damaged.get(_key(document))
        return self.score(document).flagged if known is None else known


def finish(
    report: ScoreReport,
    suggestions: Sequence[Suggestion],
    sources: Sequence[SourceMatch],
    policy: ApplyPolicy,
    decisions: Mapping[str, Decision] | None = None,
) -> CleanedDocument:
    """The cleaned document: what the policy and the decisions choose, applied. Pure.

    What the file's encoding cannot write is skipped, with that as the reason.
    """
    from repair.rewrite.policy import decide

    document = report.document
    choice = decide(suggestions, policy, decisions or {})
    encoding = document.source.encoding
    applied = tuple(s for s in choice.chosen if _can_write(s.edit.after, encoding))
    unwritable = [Skipped(s, f"it cannot be written in {encoding}") for s in choice.chosen if s not in applied]
    text = edits.apply(document.text, [s.edit for s in applied])
    return CleanedDocument(document, text, applied, (*choice.skipped, *unwritable), report, tuple(sources))


def _key(document: Document) -> str:
    return hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _allowed(proposal: Proposal, report: ScoreReport) -> bool:
    """Rules and sources may speak of any place; a model and a grammar tool only of suspect sentences."""
    if proposal.origin == "rule":
        return True
    if proposal.origin == "parallel":
        return report.flagged
    return report.flagged and any(s.sentence.span.contains(proposal.edit.span) for s in report.suspects)
