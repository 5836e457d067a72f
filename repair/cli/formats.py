"""Score reports for programs: JSON, JSON lines, SARIF 2.1.0, and one HTML page. Each gives its text in pieces."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from urllib.parse import quote

from repair import __version__
from repair.archive.fields import Json, dump
from repair.archive.serial import report_to_json
from repair.cli.lines import Places, percent, verdict
from repair.records import Finding, ScoreReport, Severity, Span

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_GARBLED = "sentence.garbled"
_LEVEL: Mapping[Severity, str] = {"minor": "note", "major": "warning", "critical": "error"}


def to_json(reports: Iterable[ScoreReport]) -> Iterator[str]:
    """An array of score objects, piece by piece."""
    lead = "["
    for report in reports:
        yield f"{lead}\n{dump(report_to_json(report))}"
        lead = ","
    yield "[]\n" if lead == "[" else "\n]\n"


def to_json_one(reports: Iterable[ScoreReport]) -> Iterator[str]:
    """The score object of the one document there is."""
    for report in reports:
        yield json.dumps(json.loads(dump(report_to_json(report))), ensure_ascii=False, indent=1) + "\n"


def to_jsonl(reports: Iterable[ScoreReport]) -> Iterator[str]:
    """One score object a line."""
    for report in reports:
        yield f"{dump(report_to_json(report))}\n"


def to_sarif(reports: Iterable[ScoreReport]) -> Iterator[str]:
    """A SARIF log: a result for each flagged sentence and for each finding in one."""
    results: list[Json] = []
    rules: dict[str, None] = {_GARBLED: None}
    for report in reports:
        places = Places(report.document.text)
        for scored in report.flagged_sentences:
            message = (
                f"garbled with probability {percent(scored.score)}: {scored.sentence.span.of(report.document.text)}"
            )
            results.append(_result(report, places, scored.sentence.span, _GARBLED, "warning", message))
            for finding in scored.findings:
                rules[finding.rule] = None
                level = _LEVEL[finding.severity]
                results.append(_result(report, places, finding.span, finding.rule, level, finding.message))
    driver: Json = {
        "name": "repair",
        "version": __version__,
        "rules": [{"id": rule, "shortDescription": {"text": rule}} for rule in rules],
    }
    run: Json = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    yield dump({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _result(report: ScoreReport, places: Places, span: Span, rule: str, level: str, message: str) -> Json:
    (line, column), (end_line, end_column) = places(span.start), places(span.end)
    region: Json = {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
        "charOffset": span.start,
        "charLength": len(span),
    }
    artifact: Json = {"uri": quote(report.document.source.path)}
    location: Json = {"physicalLocation": {"artifactLocation": artifact, "region": region}}
    return {"ruleId": rule, "level": level, "message": {"text": message}, "locations": [location]}


def to_html(reports: Iterable[ScoreReport]) -> Iterator[str]:
    """One self-contained page: no script, nothing fetched."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("repair.cli"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("score.html")
    yield from page.generate(reports=reports, version=__version__, verdict=verdict, percent=percent, pieces=_pieces)


def _pieces(report: ScoreReport, index: int) -> list[tuple[str, tuple[Finding, ...]]]:
    """A sentence in pieces of text, each with the findings that lie on it."""
    scored = report.sentences[index]
    span, findings = scored.sentence.span, scored.findings
    edges = {span.start, span.end}
    for finding in findings:
        edges |= {min(max(edge, span.start), span.end) for edge in (finding.span.start, finding.span.end)}
    cuts = sorted(edges)
    return [
        (
            report.document.text[start:end],
            tuple(f for f in findings if f.span.start <= start and end <= f.span.end),
        )
        for start, end in pairwise(cuts)
    ]


FORMATS: Mapping[str, Callable[[Iterable[ScoreReport]], Iterator[str]]] = {
    "json": to_json,
    "jsonl": to_jsonl,
    "sarif": to_sarif,
    "html": to_html,
}
