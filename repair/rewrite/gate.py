"""The gate: every proposal becomes a suggestion that carries what each check said of it.

Which checks are asked depends on what stands behind the proposal:

    backing      from                                   checks
    REMOVAL      page furniture                         change, format
    RULE         other rules                            + facts.*, quotation, quote_marks
    SOURCE       a clean source that tells the same     + evidence, meaning (FLOOR), score (may not rise)
    COPY         the text that the document tells again as SOURCE, less format and score, and FLOOR_COPY
    TERM         a clean source's word for a thing      as SOURCE, but the score may rise by SLACK
    CORRECTION   a clean source that contradicts        + evidence: that the meaning changes is the point
    MODEL        lm, endpoint, grammar                  as RULE, + length, senses, opposites, roles, meaning, score,
                                                        surprisal, accept

A model must lower score and surprisal, or surprisal alone where it changes but capitals (the score may rise by SLACK).
A rule's mend changes single characters in a known way, so it need not lower a score. Between a text and its copy by a
good machine the score does not tell (`eval/LOG.md`), so it is not asked there.
Checks go from cheap to dear: what the words already refuse is not read by a model.

Tier `safe` is for SOURCE, COPY in a document that is flagged, REMOVAL and the rules in SURE_RULES, where nothing was
refused and no source contradicts; all else is for a person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from repair.records import (
    Check,
    Origin,
    Proposal,
    Relation,
    ScoreReport,
    SentenceScore,
    SourceMatch,
    Span,
    Suggestion,
    Tier,
    suggestion_ids,
)
from repair.rewrite import checks, unsourced
from repair.rewrite.acceptance import Acceptance, load_acceptance
from repair.rewrite.places import reads, touched, whole
from repair.rewrite.quotes import paragraph, unpaired

if TYPE_CHECKING:
    from repair.lm.embed import Embedder
    from repair.scoring.scorer import Scored, Scorer

FLOOR = 0.45
"""Cosine of MiniLM embeddings, before and after, below which something else is said: on postedit_train 98 % of people's
corrections reach it, and no other sentence."""
FLOOR_COPY = 0.3
"""The same where the whole document is told again in order, and the place of a sentence vouches for it too."""
MARGIN = 0.02
"""By how much a model's rewrite must lower the probability that the sentence is garbled: twice what the same words
differ by when they are read in another batch (bf16)."""
SLACK = 0.1
"""By how much a source's term may raise it: the source stands for the word, and the score sees the words around."""
CONTEXT = 300
"""Characters before a sentence that surprisal is read in."""
SURE_RULES = ("page.furniture", "quote.doubled", "word.repeated", "spacing.hyphen", "spacing.before", "text.mojibake")
"""Rules whose mend leaves no choice, besides all `leftover.*` with a pattern that names its English."""
REMOVALS = ("page.furniture",)

_PREFERENCE: tuple[Origin, ...] = ("parallel", "rule", "grammar", "endpoint", "lm")


class Backing(Enum):
    """What stands behind a proposal."""

    REMOVAL = auto()
    RULE = auto()
    SOURCE = auto()
    COPY = auto()
    TERM = auto()
    CORRECTION = auto()
    MODEL = auto()


FALLS = {Backing.SOURCE: 0.0, Backing.TERM: -SLACK, Backing.MODEL: MARGIN}
"""By how much the probability that the sentence is garbled must fall at least."""
FLOORS = {Backing.MODEL: FLOOR, Backing.SOURCE: FLOOR, Backing.TERM: FLOOR, Backing.COPY: FLOOR_COPY}


@dataclass(eq=False, slots=True)
class _Trial:
    """One proposal on its way through the checks. `before` and `after` are the touched sentences as a whole."""

    proposal: Proposal
    backing: Backing
    flagged: bool
    """Whether the document is."""
    rule: str | None
    sentences: tuple[SentenceScore, ...]
    before: str
    after: str
    checks: list[Check] = field(default_factory=list)
    score_before: float | None = None
    score_after: float | None = None
    cosine: float = 0.0

    @property
    def refused(self) -> bool:
        return any(not check.passed for check in self.checks)

    @property
    def tier(self) -> Tier:
        sure = self.rule is not None and (self.rule in SURE_RULES or self.rule.startswith("leftover."))
        copied = self.backing is Backing.COPY and self.flagged and not _contradicts(self.proposal)
        sure |= copied or self.backing is Backing.SOURCE
        return "safe" if not self.refused and sure else "review"


def judge(
    scored: Scored,
    proposals: Sequence[Proposal],
    *,
    scorer: Scorer,
    embedder: Embedder,
    matches: Sequence[SourceMatch],
    acceptance: Acceptance | None = None,
) -> tuple[Suggestion, ...]:
    """Suggestions in the order of the text. `acceptance` is the one in `models/gate` where none is given.

    For a sentence only the best passing proposal of each origin is kept (of rules and grammar: of each place), and
    where none passes, the one that came furthest, so that a reviewer sees what was tried.
    """
    trials = [_trial(scored.report, proposal, matches) for proposal in _once(proposals)]
    for trial in trials:
        trial.checks += _word_checks(scored.report.document.text, trial, matches)
    _check_meaning([t for t in trials if not t.refused], embedder)
    _check_damage(scored, [t for t in trials if not t.refused], scorer)
    _check_surprisal(scored.report.document.text, [t for t in trials if not t.refused], scorer)
    _check_acceptance([t for t in trials if not t.refused], acceptance or load_acceptance(), scorer, embedder)
    kept = sorted(_best(trials), key=lambda t: (t.proposal.edit.span, _PREFERENCE.index(t.proposal.origin)))
    document = scored.report.document
    ids = suggestion_ids(document.text, document.source.path, [t.proposal for t in kept])
    return tuple(_suggestion(id, document.source.path, trial) for id, trial in zip(ids, kept, strict=True))


def _once(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Each edit once, from the origin that weighs most."""
    ordered = sorted(proposals, key=lambda p: _PREFERENCE.index(p.origin), reverse=True)
    return list({p.edit: p for p in ordered}.values())


def _trial(report: ScoreReport, proposal: Proposal, matches: Sequence[SourceMatch]) -> _Trial:
    text = report.document.text
    sentences = touched(report, proposal.edit.span)
    rule = _rule_of(sentences, proposal)
    span = whole(sentences)
    before = text[span.start : max(span.end, proposal.edit.span.end)]
    backing = _backing(proposal, rule, {match.source.source.path for match in matches if match.retold})
    return _Trial(proposal, backing, report.flagged, rule, sentences, before, reads(text, span, proposal.edit))


def _rule_of(sentences: Sequence[SentenceScore], proposal: Proposal) -> str | None:
    """The rule whose finding asked for this edit."""
    edit = proposal.edit
    for finding in (f for s in sentences for f in s.findings):
        if proposal.origin == "rule" and edit.span.contains(finding.span) and edit.after in finding.replacements:
            return finding.rule
    return None


def _backing(proposal: Proposal, rule: str | None, retold: Collection[str]) -> Backing:
    if rule in REMOVALS and not proposal.edit.after:
        return Backing.REMOVAL
    if proposal.origin == "parallel" and proposal.evidence:
        if all(e.path in retold for e in proposal.evidence):
            return Backing.COPY
        if all(e.relation is Relation.SAME_FACT for e in proposal.evidence):
            return Backing.TERM
        return Backing.CORRECTION if _contradicts(proposal) else Backing.SOURCE
    return Backing.RULE if proposal.origin == "rule" else Backing.MODEL


def _contradicts(proposal: Proposal) -> bool:
    return any(e.relation is Relation.CONTRADICTED for e in proposal.evidence)


def _word_checks(text: str, trial: _Trial, matches: Sequence[SourceMatch]) -> list[Check]:
    edit, before, after = trial.proposal.edit, trial.before, trial.after
    done = [checks.changes_something(before, after), checks.format_kept(before, after)]
    if trial.backing is Backing.REMOVAL:
        return done
    if trial.backing is Backing.COPY:
        return _copy_checks(text, trial, matches)
    lines = paragraph(text, edit.span)
    old, new = lines.of(text), reads(text, lines, edit)
    if trial.backing is Backing.MODEL:
        return unsourced.word_checks(before, after, (old, new))
    sourced = trial.backing in (Backing.SOURCE, Backing.TERM, Backing.CORRECTION)
    evidence = trial.proposal.evidence if sourced else ()
    done += checks.facts_kept(before, after, evidence, renamed=edit.before if trial.backing is Backing.TERM else "")
    done += [checks.quotation_kept(old, new, evidence), checks.marks_paired(old, new)]
    if sourced:
        done.append(_evidence_stands(trial.proposal, matches))
    return done


def _copy_checks(text: str, trial: _Trial, matches: Sequence[SourceMatch]) -> list[Check]:
    """The source's own sentence may be formed as it is: without a full stop, with a quotation that goes on."""
    edit, evidence = trial.proposal.edit, trial.proposal.evidence
    told = " ".join(match.source.text for match in matches if match.source.source.path in {e.path for e in evidence})
    lines = paragraph(text, edit.span)
    old, new = lines.of(text), reads(text, lines, edit)
    open_marks = sum(unpaired(e.text) for e in evidence)
    return [
        checks.changes_something(trial.before, trial.after),
        *checks.facts_kept(trial.before, trial.after, evidence, told_again=told),
        checks.quotation_kept(old, new, evidence),
        checks.marks_paired(old, new, allowed=open_marks),
        _evidence_stands(trial.proposal, matches),
    ]


def _evidence_stands(proposal: Proposal, matches: Sequence[SourceMatch]) -> Check:
    """Refuses evidence that the source does not hold at the place named."""
    texts = {match.source.source.path: match.source.text for match in matches}
    wrong = [e.path for e in proposal.evidence if Span(e.start, e.end).of(texts.get(e.path, "")) != e.text]
    return Check("evidence", not wrong, detail=", ".join(wrong))


def _check_meaning(trials: Sequence[_Trial], embedder: Embedder) -> None:
    asked = [t for t in trials if t.backing in FLOORS]
    if not asked:
        return
    texts = list(dict.fromkeys(text for t in asked for text in (t.before, t.after)))
    vectors = dict(zip(texts, embedder.encode(texts), strict=True))
    for trial in asked:
        floor = FLOORS[trial.backing]
        trial.cosine = float(vectors[trial.before] @ vectors[trial.after])
        trial.checks.append(Check("meaning", trial.cosine >= floor, round(trial.cosine, 3), f"at least {floor}"))


def _check_damage(scored: Scored, trials: Sequence[_Trial], scorer: Scorer) -> None:
    """Scores before and after are both read anew, so that they compare; rules get them for the reader only."""
    asked = [t for t in trials if t.backing is not Backing.REMOVAL]
    changes = list(dict.fromkeys((t.sentences[0].sentence.index, x) for t in asked for x in (t.before, t.after)))
    scores = dict(zip(changes, scorer.rescore(scored, changes), strict=True))
    for trial in asked:
        index = trial.sentences[0].sentence.index
        trial.score_before, trial.score_after = scores[index, trial.before], scores[index, trial.after]
        if (least := FALLS.get(trial.backing)) is not None:
            # Capitals move the score and say nothing of the sense: surprisal judges them.
            in_case_alone = trial.backing is Backing.MODEL and trial.before.casefold() == trial.after.casefold()
            trial.checks.append(_damage_falls(trial, -SLACK if in_case_alone else least))


def _damage_falls(trial: _Trial, margin: float) -> Check:
    before, after = trial.score_before, trial.score_after
    if before is None or after is None:
        return Check("score", False, detail="it cannot be scored")
    return Check("score", before - after >= margin, round(after - before, 4), f"must change by {-margin:g} or less")


def _check_surprisal(text: str, trials: Sequence[_Trial], scorer: Scorer) -> None:
    """Surprisal of the whole sentence in nats, read after CONTEXT characters of the document, before and after."""
    asked = [t for t in trials if t.backing is Backing.MODEL]
    encode = scorer.model.encode
    stretches = []
    for trial in asked:
        start = trial.sentences[0].sentence.span.start
        context = encode(text[max(0, start - CONTEXT) : start].rstrip()).ids
        stretches += [(context, encode(f" {version}").ids) for version in (trial.before, trial.after)]
    totals = [float(piece.surprisal.sum()) for piece in scorer.model.score_ids(stretches)]
    for trial, before, after in zip(asked, totals[::2], totals[1::2], strict=True):
        detail = f"{before:.1f} nats before, {after:.1f} after"
        trial.checks.append(Check("surprisal", after < before, round(after - before, 2), detail))


def _check_acceptance(trials: Sequence[_Trial], acceptance: Acceptance, scorer: Scorer, embedder: Embedder) -> None:
    asked = [t for t in trials if t.backing is Backing.MODEL]
    pairs = [(trial.before, trial.after) for trial in asked]
    found = unsourced.accepted(pairs, acceptance, model=scorer.model, embedder=embedder)
    for trial, check in zip(asked, found, strict=True):
        trial.checks.append(check)


def _best(trials: Sequence[_Trial]) -> list[_Trial]:
    kept: list[_Trial] = []
    by_sentence: dict[Span, list[_Trial]] = {}
    for trial in trials:
        by_sentence.setdefault(whole(trial.sentences), []).append(trial)
    for group in by_sentence.values():
        places: dict[tuple[Origin, Span | None], _Trial] = {}
        for trial in sorted((t for t in group if not t.refused), key=_loss):
            local = trial.proposal.origin in ("rule", "grammar") or trial.backing is Backing.TERM
            places.setdefault((trial.proposal.origin, trial.proposal.edit.span if local else None), trial)
        kept += places.values() or [min(group, key=lambda t: (-_passed(t), _loss(t)))]
    return kept


def _loss(trial: _Trial) -> float:
    """Of two that pass, the better leaves less damage and stays closer to what was said."""
    return (1.0 if trial.score_after is None else trial.score_after) - trial.cosine


def _passed(trial: _Trial) -> int:
    return sum(check.passed for check in trial.checks)


def _suggestion(id: str, path: str, trial: _Trial) -> Suggestion:
    return Suggestion(
        id=id,
        path=path,
        sentence=whole(trial.sentences),
        edit=trial.proposal.edit,
        origin=trial.proposal.origin,
        tier=trial.tier,
        score_before=trial.score_before,
        score_after=trial.score_after,
        evidence=trial.proposal.evidence,
        checks=tuple(trial.checks),
        reason=trial.proposal.reason,
    )
