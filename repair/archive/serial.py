"""Records <-> JSON objects: score report, suggestion, document line, decision.

The `…_to_json` forms are the public contract. A score report's public form leaves out the threshold, the
evidence of findings and what they would write instead; `report_to_state` keeps them, for the ledger, and
only that form is read back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from repair import __version__
from repair.archive.fields import Fields, Json, JsonObject
from repair.records import (
    SCORE_SCHEMA,
    SUGGESTION_SCHEMA,
    Check,
    Decision,
    Document,
    Edit,
    Evidence,
    Finding,
    Kind,
    Origin,
    Relation,
    ScoreReport,
    Sentence,
    SentenceScore,
    Severity,
    Span,
    Suggestion,
    Tier,
    Verdict,
)

DOCUMENT_SCHEMA = "repair.document/1"
Status = Literal["cleaned", "unchanged", "failed"]


@dataclass(frozen=True, slots=True)
class SourceFound:
    """A clean source of a document, and how sure the alignment is: 0..1, higher is surer."""

    path: str
    score: float


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """What became of one document, as documents.jsonl tells it. `error` only with the status `failed`."""

    id: str
    path: str
    sha256_in: str
    sha256_out: str | None
    score_before: float | None
    score_after: float | None
    flagged: bool
    sources: tuple[SourceFound, ...]
    status: Status
    error: str | None = None


# --- score report


def report_to_json(report: ScoreReport) -> JsonObject:
    """The object that `repair score --format json` prints."""
    document = report.document
    return {
        "schema": SCORE_SCHEMA,
        "tool": f"repair {__version__}",
        "signature": report.signature,
        "document": {
            "id": document.id,
            "path": document.source.path,
            "sha256": document.source.sha256,
            "score": report.score,
            "flagged": report.flagged,
            "perplexity": report.perplexity,
            "sentences": len(report.sentences),
            "flagged_sentences": len(report.flagged_sentences),
        },
        "sentences": [_sentence_to_json(scored, document.text) for scored in report.sentences],
    }


def _sentence_to_json(scored: SentenceScore, text: str) -> dict[str, Json]:
    span = scored.sentence.span
    return {
        "index": scored.sentence.index,
        "start": span.start,
        "end": span.end,
        "text": span.of(text),
        "kind": scored.sentence.kind.value,
        "score": scored.score,
        "flagged": scored.flagged,
        "perplexity": scored.perplexity,
        "tokens": scored.tokens,
        "findings": [_finding_to_json(finding) for finding in scored.findings],
    }


def _finding_to_json(finding: Finding) -> dict[str, Json]:
    return {
        "rule": finding.rule,
        "start": finding.span.start,
        "end": finding.span.end,
        "message": finding.message,
        "severity": finding.severity,
        "score": finding.score,
    }


def report_to_state(report: ScoreReport) -> JsonObject:
    """The whole of a score report but for its document, which is kept beside it."""
    return {
        "schema": SCORE_SCHEMA,
        "signature": report.signature,
        "threshold": report.threshold,
        "score": report.score,
        "flagged": report.flagged,
        "perplexity": report.perplexity,
        "sentences": [
            {
                **_sentence_to_json(s, report.document.text),
                "suspect": s.suspect,
                "findings": [_finding_to_state(f) for f in s.findings],
            }
            for s in report.sentences
        ],
    }


def _finding_to_state(finding: Finding) -> JsonObject:
    return {
        **_finding_to_json(finding),
        "evidence": [_evidence_to_json(evidence) for evidence in finding.evidence],
        "replacements": list(finding.replacements),
    }


def report_from_state(fields: Fields, document: Document) -> ScoreReport:
    """The report that `report_to_state` wrote. Raises FormatError, also where `document` is another text."""
    _check_schema(fields, SCORE_SCHEMA)
    return ScoreReport(
        document=document,
        sentences=tuple(_sentence_from_state(each, document.text) for each in fields.objects("sentences")),
        score=fields.maybe_number("score"),
        flagged=fields.flag("flagged"),
        perplexity=fields.maybe_number("perplexity"),
        threshold=fields.number("threshold"),
        signature=fields.text("signature"),
    )


def _sentence_from_state(fields: Fields, text: str) -> SentenceScore:
    span = fields.span()
    if span.of(text) != fields.text("text"):
        fields.refuse(f"the document has other words at {span.start}..{span.end}")
    return SentenceScore(
        sentence=Sentence(fields.integer("index"), span, fields.one_of("kind", tuple(Kind))),
        score=fields.maybe_number("score"),
        flagged=fields.flag("flagged"),
        perplexity=fields.maybe_number("perplexity"),
        tokens=fields.integer("tokens"),
        findings=tuple(_finding_from_state(each) for each in fields.objects("findings")),
        suspect=fields.flag("suspect"),
    )


def _finding_from_state(fields: Fields) -> Finding:
    severities: tuple[Severity, ...] = get_args(Severity)
    return Finding(
        rule=fields.text("rule"),
        span=fields.span(),
        message=fields.text("message"),
        severity=fields.one_of("severity", severities),
        score=fields.maybe_number("score"),
        evidence=tuple(_evidence_from_json(each) for each in fields.objects("evidence")),
        replacements=fields.texts("replacements"),
    )


# --- suggestion


def suggestion_to_json(suggestion: Suggestion) -> JsonObject:
    """One line of suggestions.jsonl."""
    edit = suggestion.edit
    return {
        "schema": SUGGESTION_SCHEMA,
        "id": suggestion.id,
        "path": suggestion.path,
        "sentence": {"start": suggestion.sentence.start, "end": suggestion.sentence.end},
        "edit": {"start": edit.span.start, "end": edit.span.end, "before": edit.before, "after": edit.after},
        "origin": suggestion.origin,
        "tier": suggestion.tier,
        "score_before": suggestion.score_before,
        "score_after": suggestion.score_after,
        "evidence": [_evidence_to_json(evidence) for evidence in suggestion.evidence],
        "checks": [
            {"name": check.name, "passed": check.passed, "value": check.value, "detail": check.detail}
            for check in suggestion.checks
        ],
        "reason": suggestion.reason,
    }


def suggestion_from_json(fields: Fields) -> Suggestion:
    """The suggestion of one line. Raises FormatError."""
    _check_schema(fields, SUGGESTION_SCHEMA)
    origins: tuple[Origin, ...] = get_args(Origin)
    tiers: tuple[Tier, ...] = get_args(Tier)
    return Suggestion(
        id=fields.text("id"),
        path=fields.text("path"),
        sentence=fields.object("sentence").span(),
        edit=_edit_from_json(fields.object("edit")),
        origin=fields.one_of("origin", origins),
        tier=fields.one_of("tier", tiers),
        score_before=fields.maybe_number("score_before"),
        score_after=fields.maybe_number("score_after"),
        evidence=tuple(_evidence_from_json(each) for each in fields.objects("evidence")),
        checks=tuple(_check_from_json(each) for each in fields.objects("checks")),
        reason=fields.text("reason"),
    )


def _edit_from_json(fields: Fields) -> Edit:
    span, before = fields.span(), fields.text("before")
    if len(before) != len(span):
        fields.refuse(f'"before" has {len(before)} characters, its span {len(span)}')
    return Edit(span, before, fields.text("after"))


def _check_from_json(fields: Fields) -> Check:
    value = fields.maybe_number("value")
    return Check(fields.text("name"), fields.flag("passed"), value, fields.text("detail"))


def _evidence_to_json(evidence: Evidence) -> dict[str, Json]:
    return {
        "path": evidence.path,
        "start": evidence.start,
        "end": evidence.end,
        "text": evidence.text,
        "relation": evidence.relation.value,
    }


def _evidence_from_json(fields: Fields) -> Evidence:
    span: Span = fields.span()
    relation = fields.one_of("relation", tuple(Relation))
    return Evidence(fields.text("path"), span.start, span.end, fields.text("text"), relation)


# --- document line


def document_to_json(line: DocumentLine) -> JsonObject:
    """One line of documents.jsonl."""
    return {
        "schema": DOCUMENT_SCHEMA,
        "id": line.id,
        "path": line.path,
        "sha256_in": line.sha256_in,
        "sha256_out": line.sha256_out,
        "score_before": line.score_before,
        "score_after": line.score_after,
        "flagged": line.flagged,
        "sources": [{"path": source.path, "score": source.score} for source in line.sources],
        "status": line.status,
        "error": line.error,
    }


def document_from_json(fields: Fields) -> DocumentLine:
    """What one line of documents.jsonl says. Raises FormatError."""
    _check_schema(fields, DOCUMENT_SCHEMA)
    statuses: tuple[Status, ...] = get_args(Status)
    return DocumentLine(
        id=fields.text("id"),
        path=fields.text("path"),
        sha256_in=fields.text("sha256_in"),
        sha256_out=fields.maybe_text("sha256_out"),
        score_before=fields.maybe_number("score_before"),
        score_after=fields.maybe_number("score_after"),
        flagged=fields.flag("flagged"),
        sources=tuple(SourceFound(each.text("path"), each.number("score")) for each in fields.objects("sources")),
        status=fields.one_of("status", statuses),
        error=fields.maybe_text("error"),
    )


# --- decision


def decision_to_json(decision: Decision) -> JsonObject:
    """One line of decisions.jsonl; `text` is there only with the verdict `edit`."""
    edited: dict[str, Json] = {} if decision.text is None else {"text": decision.text}
    return {"id": decision.id, "verdict": decision.verdict, **edited, "by": decision.by, "at": decision.at}


def decision_from_json(fields: Fields) -> Decision:
    """The decision of one line. Raises FormatError."""
    verdicts: tuple[Verdict, ...] = get_args(Verdict)
    verdict, text, at = fields.one_of("verdict", verdicts), fields.maybe_text("text"), fields.text("at")
    if verdict == "edit" and text is None:
        fields.refuse('the verdict "edit" needs a "text"')
    if verdict != "edit" and text is not None:
        fields.refuse(f'"text" belongs to the verdict "edit", not to "{verdict}"')
    try:
        datetime.fromisoformat(at)
    except ValueError:
        fields.refuse(f'"at" is {at!r}, no ISO 8601 date and time')
    return Decision(fields.text("id"), verdict, fields.text("by"), at, text)


def _check_schema(fields: Fields, schema: str) -> None:
    found = fields.text("schema")
    if found != schema:
        fields.refuse(f'"schema" is {found!r}, this version reads {schema!r}')
