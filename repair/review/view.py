"""What the report page is told: documents cut into paragraphs, sentences and pieces, as JSON.

The page counts in UTF-16 units, Python in code points. Texts are cut here, so that the page needs no
offsets but those of a change inside its sentence, which are converted in `_utf16` alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import get_args

from repair.archive.fields import Json
from repair.archive.ledger import Entry
from repair.archive.serial import DocumentLine
from repair.edits import collide
from repair.records import Evidence, Finding, ScoreReport, SentenceScore, Severity, Span, Suggestion
from repair.review.diff import changes

_MOST_PLAIN = 2_000
"""Documents with nothing to show that are listed by name; the rest is a number, to keep the page small."""
_SURE = 0.9
"""Probability from which a flagged sentence without a graver finding is marked as major."""
_SEVERITIES: tuple[Severity, ...] = get_args(Severity)
_NEWLINE = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")


def page(
    entries: Iterable[Entry], suggestions: Iterable[Suggestion], lines: Iterable[DocumentLine] = ()
) -> dict[str, Json]:
    """Everything that the page shows but the decisions: `summary`, `documents`, `unlisted`.

    Documents come with their text where something is flagged, suggested or remarked; of the others the
    page knows name and score alone.
    """
    by_id = {suggestion.id: suggestion for suggestion in suggestions}
    line_of = {line.id: line for line in lines}
    documents: list[dict[str, Json]] = []
    unlisted = plain = applied = failed = flagged = flagged_sentences = 0
    for entry in entries:
        document = _document(entry, by_id, line_of.get(entry.id))
        flagged_sentences += len(entry.report.flagged_sentences) if entry.report else 0
        flagged += bool(entry.report and entry.report.flagged)
        failed += entry.error is not None
        applied += len(entry.applied_ids)
        shown = document["work"] or document["paragraphs"]
        plain += not shown
        if shown or plain <= _MOST_PLAIN:
            documents.append(document)
        else:
            unlisted += 1
    return {
        "summary": {
            "documents": len(documents) + unlisted,
            "flagged": flagged,
            "failed": failed,
            "flagged_sentences": flagged_sentences,
            "suggestions": len(by_id),
            "safe": sum(each.tier == "safe" for each in by_id.values()),
            "applied": applied,
        },
        "documents": documents,
        "unlisted": unlisted,
    }


def _document(entry: Entry, by_id: Mapping[str, Suggestion], line: DocumentLine | None) -> dict[str, Json]:
    own = [by_id[id] for id in (*entry.applied_ids, *entry.skipped) if id in by_id]
    own.sort(key=lambda each: (each.edit.span, each.id))
    report = entry.report
    work = bool(own or entry.error or (report and (report.flagged or report.flagged_sentences)))
    return {
        "id": entry.id,
        "path": entry.path,
        "score": report.score if report else None,
        "after": line.score_after if line else None,
        "flagged": bool(report and report.flagged),
        "sentences": len(report.sentences) if report else 0,
        "error": entry.error,
        "work": work,
        "sources": [{"path": source.path, "score": source.score} for source in line.sources] if line else [],
        "paragraphs": _paragraphs(entry, report, own) if report and (work or report.findings) else [],
    }


def _paragraphs(entry: Entry, report: ScoreReport, own: Sequence[Suggestion]) -> list[Json]:
    """The sentences, cut where a newline stands between two; `wide` where an empty line does."""
    text = entry.original_text
    home = _homes(report.sentences, own)
    paragraphs: list[dict[str, Json]] = []
    current: list[Json] = []
    end = 0
    for scored in report.sentences:
        gap = text[end : scored.sentence.span.start]
        newlines = len(_NEWLINE.findall(gap))
        if newlines or not paragraphs:
            current = []
            paragraphs.append({"wide": newlines > 1, "sentences": current})
        shown = [_suggestion(each, text, entry, own, scored) for each in home.get(scored.sentence.index, ())]
        current.append(_sentence(scored, text, "" if newlines else gap, shown))
        end = scored.sentence.span.end
    return list(paragraphs)


def _homes(sentences: Sequence[SentenceScore], own: Sequence[Suggestion]) -> dict[int, list[Suggestion]]:
    """Each suggestion under the index of the sentence that it is shown at: the one that its own begins in."""
    homes: dict[int, list[Suggestion]] = {}
    starts = [scored.sentence.span.start for scored in sentences]
    for suggestion in own if sentences else ():
        at = max(0, bisect_right(starts, suggestion.sentence.start) - 1)
        homes.setdefault(sentences[at].sentence.index, []).append(suggestion)
    return homes


def _sentence(scored: SentenceScore, text: str, gap: str, suggestions: Sequence[Json]) -> dict[str, Json]:
    return {
        "index": scored.sentence.index,
        "gap": gap,
        "kind": scored.sentence.kind.value,
        "score": scored.score,
        "flagged": scored.flagged,
        "severity": _severity(scored),
        "pieces": _pieces(scored, text),
        "findings": [_finding(finding, text) for finding in scored.findings],
        "suggestions": suggestions,
    }


def _severity(scored: SentenceScore) -> Severity:
    ranks = [_SEVERITIES.index(finding.severity) for finding in scored.findings]
    if scored.flagged and (scored.score or 0) >= _SURE:
        ranks.append(_SEVERITIES.index("major"))
    return _SEVERITIES[max(ranks, default=0)]


def _pieces(scored: SentenceScore, text: str) -> list[Json]:
    """The sentence cut where a finding begins or ends: pairs of text and the findings that mark it."""
    span = scored.sentence.span
    marks = [(max(span.start, f.span.start), min(span.end, f.span.end)) for f in scored.findings]
    cuts = sorted({span.start, span.end, *(at for mark in marks if mark[0] < mark[1] for at in mark)})
    return [
        [text[start:end], [n for n, mark in enumerate(marks) if mark[0] <= start and end <= mark[1]]]
        for start, end in pairwise(cuts)
    ]


def _finding(finding: Finding, text: str) -> dict[str, Json]:
    return {
        "rule": finding.rule,
        "message": finding.message,
        "severity": finding.severity,
        "words": finding.span.of(text),
        "evidence": [_evidence(each) for each in finding.evidence],
    }


def _evidence(evidence: Evidence) -> dict[str, Json]:
    return {"path": evidence.path, "text": evidence.text, "relation": evidence.relation.value}


def _suggestion(
    suggestion: Suggestion, text: str, entry: Entry, own: Sequence[Suggestion], home: SentenceScore
) -> dict[str, Json]:
    edit, sentence = suggestion.edit, home.sentence.span
    around = Span(min(edit.span.start, suggestion.sentence.start), max(edit.span.end, suggestion.sentence.end))
    inside = sentence.contains(edit.span)
    return {
        "id": suggestion.id,
        "origin": suggestion.origin,
        "tier": suggestion.tier,
        "reason": suggestion.reason,
        "before": suggestion.score_before,
        "after": suggestion.score_after,
        "lead": text[around.start : edit.span.start],
        "tail": text[edit.span.end : around.end],
        "text": edit.after,
        "change": [list(change) for change in changes(edit.before, edit.after)],
        "at": [_utf16(text, sentence.start, at) for at in (edit.span.start, edit.span.end)] if inside else None,
        "evidence": [_evidence(each) for each in suggestion.evidence],
        "checks": [
            {"name": check.name, "passed": check.passed, "value": check.value, "detail": check.detail}
            for check in suggestion.checks
        ],
        "applied": suggestion.id in entry.applied_ids,
        "skipped": entry.skipped.get(suggestion.id),
        "rivals": [o.id for o in own if o is not suggestion and collide(o.edit.span, edit.span)],
    }


def _utf16(text: str, start: int, at: int) -> int:
    """UTF-16 units between two code points of a text."""
    return len(text[start:at].encode("utf-16-le", "surrogatepass")) // 2
