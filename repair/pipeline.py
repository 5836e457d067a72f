"""One document through all the rooms: sentences, scores, findings, sources, proposals, gate, edits.

Whatever shows or writes a cleaned text gets it from `finish`, so that preview and file cannot differ.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from math import log
from pathlib import Path
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
    from repair.rewrite.mend import Mender
    from repair.rewrite.rewriter import Rewriter
    from repair.scoring.scorer import Scored, Scorer

SOURCES = 3
"""Clean documents that are held against one damaged document."""
WORSE = 3.0
"""By how much a source's log-odds of being garbled may exceed the copy's before the user's word for it is doubted. Of
48 originals and copies of `roundtrip_train` 2017 the original was worse by 2.3 at most; a garbled document is worse
than a clean one by 4 and more."""
_KEPT = 32
"""Documents whose token scores are kept for the repair that follows; about 3 MB each."""


@dataclass(frozen=True, slots=True)
class Held:
    """A document held against an index: the sources that may mend it, and the report with what the index adds."""

    report: ScoreReport
    sources: tuple[SourceMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scorer said of a document as a whole."""

    flagged: bool
    score: float | None


class Parts:
    """The heavy parts, each loaded when it is first asked for, and once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open = ExitStack()

    @cached_property
    def scorer(self) -> Scorer:
        """The language model and the head that reads it."""
        _ = self.grammar  # Harper builds its dictionary while torch is imported and the model read
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
    def mender(self) -> Mender | None:
        """The same model trained to mend; None where it does not propose, or nobody trained it."""
        from repair.rewrite.mend import load_mender

        return None if self.rewriter is None else load_mender(self.rewriter)

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
        self._verdicts: dict[str, Verdict] = {}
        self._trusted: set[str] = set()

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
        held = self.hold(self.score(document), index)
        suggestions = self.suggest(held.report, held.sources)
        return finish(held.report, suggestions, held.sources, self.settings.apply, decisions)

    def stream(self, documents: Iterable[Document], index: SourceIndex | None = None) -> Iterator[CleanedDocument]:
        """Each document cleaned, in input order, one at a time: memory does not grow with their number."""
        for document in documents:
            yield self.clean(document, index)

    def index(
        self, documents: Iterable[Document], *, trusted: Iterable[Document] = (), folder: Path | None = None
    ) -> SourceIndex:
        """An index of documents that may serve as sources; `trusted` ones are clean by the user's word.

        `folder` keeps the index for the next run. Raises OutputError where it cannot be written.
        """
        from repair.parallel import SourceIndex

        return SourceIndex.build(chain(documents, self._trusting(trusted)), self.parts.embedder, folder)

    def hold(self, report: ScoreReport, index: SourceIndex | None) -> Held:
        """The document held against an index.

        A garbled one is mended by any document that is clean. One that reads well is mended only where it is told
        again, sentence by sentence, from a text that the user vouches for: which of two such texts is the copy cannot
        be told from how they read (see `eval/LOG.md`), and two outlets' stories are no copies.
        """
        from repair.detectors import attach
        from repair.parallel.findings import contradictions, damaged_twins, doubtful_copies

        if index is None:
            return Held(report)
        report = _without(report, "source.")
        sentences = [s.sentence for s in report.sentences]
        if not report.flagged:
            matches = self._retellings(report, index)
            sources = [match for match in matches if self._serves(report, match)]
            told = doubtful_copies(sentences, () if sources else matches)
        else:
            sources, damaged = self._nearest(report, index)
            told = damaged_twins(sentences, damaged)
        findings = [*told, *contradictions(sentences, sources)]
        return Held(attach(report, findings), tuple(sources))

    def suggest(self, report: ScoreReport, sources: Sequence[SourceMatch]) -> tuple[Suggestion, ...]:
        """What could be changed in a scored document, judged by the gate; `sources` are those that `hold` found.

        A model's rewrites are for damaged documents only; a rule may speak in any.
        """
        from repair.rewrite import propose
        from repair.rewrite.gate import judge

        if not report.flagged and not report.findings and not sources:
            return ()
        scored = self._scored(report)
        settings = self.settings if report.flagged else replace(self.settings, rewriter="none")
        model = self.parts.rewriter if report.flagged else None
        mender = self.parts.mender if report.flagged else None
        guest = self.parts.user_model if report.flagged else None
        proposals = propose(scored, sources, model=model, mender=mender, rewriter=guest, settings=settings)
        allowed = [proposal for proposal in proposals if _allowed(proposal, report, sources)]
        if not allowed:
            return ()
        return judge(scored, allowed, scorer=self.parts.scorer, embedder=self.parts.embedder, matches=sources)

    def know(self, document: Document, *, flagged: bool, score: float | None) -> None:
        """Remember how a document was judged, so that it is not scored when it is met as a source."""
        self._verdicts[_key(document)] = Verdict(flagged, score)

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
        self.know(document, flagged=report.flagged, score=report.score)
        self._recent[_key(document)] = scored
        if len(self._recent) > _KEPT:
            self._recent.popitem(last=False)
        return scored

    def _scored(self, report: ScoreReport) -> Scored:
        """The token scores behind a report: kept ones, or read again after a resumed run."""
        kept = self._recent.get(_key(report.document)) or self._judge(report.document)
        return replace(kept, report=report)

    def _trusting(self, documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            self._trusted.add(_key(document))
            yield document

    def _nearest(self, report: ScoreReport, index: SourceIndex) -> tuple[list[SourceMatch], list[SourceMatch]]:
        """The nearest documents that may serve a garbled one, and the nearer ones that may not."""
        sentences = [s.sentence for s in report.sentences]
        refused: dict[str, SourceMatch] = {}
        while True:
            excluded = {report.document.id, *refused}
            matches = index.find(report.document, sentences, limit=SOURCES, exclude=excluded)
            unfit = {match.source.id: match for match in matches if not self._serves(report, match)}
            if not unfit:
                return list(matches), list(refused.values())
            refused |= unfit

    def _retellings(self, report: ScoreReport, index: SourceIndex) -> list[SourceMatch]:
        """Texts that this one, which reads well, may be told again from; a garbled one is no original of it."""
        found = index.retellings(report.document, [s.sentence for s in report.sentences])
        return [match for match in found if _key(match.source) in self._trusted or not self._verdict(match).flagged]

    def _serves(self, report: ScoreReport, match: SourceMatch) -> bool:
        """True where the match may mend the document. The user's word for a source stands until it reads far worse."""
        trusted, verdict = _key(match.source) in self._trusted, self._verdict(match)
        if report.flagged and not verdict.flagged:
            return True
        return trusted and match.retold and not (verdict.flagged and _worse(verdict.score, report.score))

    def _verdict(self, match: SourceMatch) -> Verdict:
        if _key(match.source) not in self._verdicts:
            self.score(match.source)
        return self._verdicts[_key(match.source)]


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


def _without(report: ScoreReport, rules: str) -> ScoreReport:
    """The report without findings of the rules that begin so: an earlier run's, where it is read from a ledger."""
    kept = (tuple(f for f in s.findings if not f.rule.startswith(rules)) for s in report.sentences)
    return replace(report, sentences=tuple(replace(s, findings=f) for s, f in zip(report.sentences, kept, strict=True)))


def _worse(theirs: float | None, ours: float | None) -> bool:
    """True where the first of two probabilities exceeds the second by more than WORSE in log-odds."""
    if theirs is None or ours is None:
        return False
    odds = [log(max(p, 1e-9) / max(1 - p, 1e-9)) for p in (theirs, ours)]
    return odds[0] - odds[1] > WORSE


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _allowed(proposal: Proposal, report: ScoreReport, sources: Sequence[SourceMatch]) -> bool:
    """Rules and sources may speak of any place; a model and a grammar tool only of suspect sentences."""
    if proposal.origin == "rule":
        return True
    if proposal.origin == "parallel":
        return report.flagged or bool(sources)
    return report.flagged and any(s.sentence.span.contains(proposal.edit.span) for s in report.suspects)
