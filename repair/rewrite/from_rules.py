"""Proposals from the findings that say what should stand instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from repair.parallel.tables import is_known_name
from repair.records import Edit, Finding, Origin, Proposal, ScoreReport, Span

GRAMMAR_CHOICES = 3
"""A grammar tool's replacements are guesses in order of likelihood; beyond the third they are noise."""

_NEWLINES_AFTER = re.compile(r"(?:[^\S\r\n]*(?:\r\n|\r|\n))+")
_NEWLINES_BEFORE = re.compile(r"(?:(?:\r\n|\r|\n)[^\S\r\n]*)+\Z")


def propose(report: ScoreReport) -> tuple[Proposal, ...]:
    """One proposal a rule's finding, up to GRAMMAR_CHOICES a grammar tool's; a line removed takes its newline along.

    Grammar tools are heard only in documents that are flagged: in clean news they err more than they mend.
    """
    text = report.document.text
    findings = [f for f in report.findings if f.replacements and (report.flagged or origin_of(f.rule) == "rule")]
    return tuple(_proposals(text, findings, _removed_lines(text, findings)))


def origin_of(rule: str) -> Origin:
    """`grammar` for what a grammar tool says, else `rule`."""
    return "grammar" if rule.startswith("grammar.") else "rule"


def _proposals(text: str, findings: Sequence[Finding], lines: dict[Span, Span]) -> Iterator[Proposal]:
    for finding in findings:
        origin = origin_of(finding.rule)
        for after in finding.replacements[: GRAMMAR_CHOICES if origin == "grammar" else 1]:
            span = finding.span if after else lines.get(finding.span, finding.span)
            if _is_name_written_small(span.of(text), after):
                continue
            reason = f"{finding.rule}: {finding.message}"
            yield Proposal(Edit(span, span.of(text), after), origin, reason, finding.evidence)


def _is_name_written_small(before: str, after: str) -> bool:
    """True where an unknown word would become a name in lower case: a word of another language ("kabol", "kabul")."""
    return before.islower() and after.islower() and after not in before.split() and is_known_name(after)


def _removed_lines(text: str, findings: Sequence[Finding]) -> dict[Span, Span]:
    """For findings that remove a whole line, the span with the newlines that go with it.

    Lines at the head of the text take the newlines after them, all others those before: so the text
    neither begins nor ends with a gap, and two neighbouring removals never claim the same newline.
    """
    spans = sorted({f.span for f in findings if f.replacements[:1] == ("",) and _is_line(text, f.span)})
    widened: dict[Span, Span] = {}
    head = 0
    for span in spans:
        if not text[head : span.start].strip():
            after = _NEWLINES_AFTER.match(text, span.end)
            head = after.end() if after else span.end
            widened[span] = Span(span.start, head)
        else:
            before = _NEWLINES_BEFORE.search(text[: span.start])
            widened[span] = Span(before.start() if before else span.start, span.end)
    return widened


def _is_line(text: str, span: Span) -> bool:
    left = re.split(r"[\r\n]", text[: span.start])[-1]
    right = re.split(r"[\r\n]", text[span.end :], maxsplit=1)[0]
    return not left.strip() and not right.strip()
