"""The made-up articles of cases/report_sample.json, as records and as an OUT folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from repair.archive import tables
from repair.archive.ledger import Ledger
from repair.archive.out import OutFolder
from repair.records import (
    Check,
    CleanedDocument,
    Document,
    Edit,
    Evidence,
    Finding,
    Kind,
    Relation,
    ScoreReport,
    Sentence,
    SentenceScore,
    Skipped,
    Source,
    SourceMatch,
    Span,
    Suggestion,
)

Case = dict[str, Any]
SAMPLE: Case = json.loads((Path(__file__).parent / "cases" / "report_sample.json").read_text(encoding="utf-8"))


def report_of(case: Case) -> ScoreReport:
    """The score report of one sample document."""
    text = "".join(each["gap"] + each["text"] for each in case["sentences"])
    sentences = []
    end = 0
    for index, each in enumerate(case["sentences"]):
        start = end + len(each["gap"])
        end = start + len(each["text"])
        sentences.append(
            SentenceScore(
                sentence=Sentence(index, Span(start, end), Kind(each.get("kind", "prose"))),
                score=each.get("score"),
                flagged=each.get("flagged", False),
                perplexity=None,
                tokens=len(each["text"].split()),
                findings=tuple(finding_of(finding, text, start) for finding in each.get("findings", ())),
            )
        )
    source = Source(path=case["path"], sha256=hashlib.sha256(text.encode()).hexdigest())
    document = Document(case["id"], text, source)
    return ScoreReport(document, tuple(sentences), case["score"], case["flagged"], None, 0.5, "sample")


def finding_of(case: Case, text: str, start: int) -> Finding:
    """A finding on the first place after `start` that has its words."""
    at = text.index(case["words"], start)
    span = Span(at, at + len(case["words"]))
    evidence = tuple(evidence_of(each) for each in case.get("evidence", ()))
    return Finding(case["rule"], span, case["message"], case["severity"], None, evidence)


def evidence_of(case: Case) -> Evidence:
    return Evidence(case["path"], 0, len(case["text"]), case["text"], Relation(case["relation"]))


def suggestions_of(case: Case, report: ScoreReport) -> tuple[Suggestion, ...]:
    """The suggestions for one sample document."""
    return tuple(suggestion_of(each, report) for each in case["suggestions"])


def suggestion_of(case: Case, report: ScoreReport) -> Suggestion:
    sentence = report.sentences[case["sentence"]].sentence.span
    at = report.document.text.index(case["before"], sentence.start)
    before, after = case.get("scores", (None, None))
    return Suggestion(
        id=case["id"],
        path=report.document.source.path,
        sentence=sentence,
        edit=Edit(Span(at, at + len(case["before"])), case["before"], case["after"]),
        origin=case["origin"],
        tier=case["tier"],
        score_before=before,
        score_after=after,
        evidence=tuple(evidence_of(each) for each in case.get("evidence", ())),
        checks=tuple(Check(*check) for check in case["checks"]),
        reason=case["reason"],
    )


def write_out(out: Path, sample: Case = SAMPLE) -> Path:
    """An OUT folder as `repair clean` leaves it, but for the cleaned copies."""
    out.mkdir(parents=True, exist_ok=True)
    with Ledger.open(out, create=True) as ledger:
        for position, case in enumerate(sample["documents"]):
            write_document(ledger, position, case)
        for position, case in enumerate(sample["failed"], start=len(sample["documents"])):
            ledger.begin_file(case["path"], position, "00", "sample")
            ledger.fail_file(case["path"], case["error"])
        tables.write(OutFolder(out), ledger)
    return out


def write_document(ledger: Ledger, position: int, case: Case) -> None:
    report = report_of(case)
    suggestions = suggestions_of(case, report)
    applied = tuple(each for each in suggestions if each.id in case["applied"])
    skipped = tuple(Skipped(each, case["skipped"][each.id]) for each in suggestions if each.id in case["skipped"])
    sha256 = report.document.source.sha256
    ledger.begin_file(case["path"], position, sha256, "sample")
    ledger.put_scored(case["path"], 0, report)
    state = next(ledger.documents(case["path"]))
    sources = [
        SourceMatch(Document("source", "", Source(each["path"])), (), each["score"], ())
        for each in case.get("sources", ())
    ]
    ledger.put_repaired(state, "sample", suggestions, sources)
    cleaned = CleanedDocument(report.document, report.document.text, applied, skipped, report)
    ledger.put_cleaned(case["path"], cleaned, sha256, case["after"])
    ledger.end_file(case["path"])
