"""Score reports as lines for people: `path:line:column: score sentence`, with the reasons below."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from rich.text import Text

from repair.records import Finding, ScoreReport, SentenceScore

_NEWLINE = re.compile(r"\r\n|\n|\r")
_WIDTH = 160
"""Characters of a sentence that are shown; the rest is an ellipsis."""


class Places:
    """Line and column, from 1, of code points in a text."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]

    def __call__(self, offset: int) -> tuple[int, int]:
        """Line and column of the character at `offset`."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def percent(score: float | None) -> str:
    """A probability with two digits; `–` where there is none."""
    return "–" if score is None else f"{score:.2f}"


def verdict(report: ScoreReport) -> str:
    """One word for a document."""
    if report.score is None:
        return "not scored"
    return "garbled" if report.flagged else "clean"


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def report_lines(report: ScoreReport, *, quiet: bool = False) -> Iterator[Text]:
    """A line for the document, one for each flagged sentence, one for each finding in it."""
    document = report.document
    path = document.source.path if document.id in document.source.path else f"{document.source.path} {document.id}"
    if quiet and not report.flagged_sentences:
        return
    style = "bold red" if report.flagged else "bold green"
    flagged = f"{len(report.flagged_sentences)} of {counted(len(report.sentences), 'sentence')} flagged"
    yield Text.assemble((path, "bold"), ": ", (verdict(report), style), f", score {percent(report.score)}, {flagged}")
    places = Places(document.text)
    for scored in report.flagged_sentences:
        line, column = places(scored.sentence.span.start)
        place = Text(f"{document.source.path}:{line}:{column}: {percent(scored.score)} ")
        yield place + marked(scored, document.text, width=_WIDTH)
        for finding in scored.findings:
            yield finding_line(finding, document.text)


def finding_line(finding: Finding, text: str) -> Text:
    """Rule and reason, indented."""
    words = one_line(finding.span.of(text))
    shown = f" “{words}”" if words and words not in finding.message else ""
    return Text.assemble("    ", (finding.rule, "cyan"), f": {finding.message}{shown}")


def marked(scored: SentenceScore, text: str, *, width: int | None = None) -> Text:
    """A sentence on one line, the words of its findings underlined."""
    span = scored.sentence.span
    shown = Text(one_line(span.of(text), keep_length=True))
    for finding in scored.findings:
        start, end = finding.span.start - span.start, finding.span.end - span.start
        if start < end:
            shown.stylize("underline red", max(0, start), max(0, min(end, len(span))))
    if width is not None:
        shown.truncate(width, overflow="ellipsis")
    return shown


def one_line(text: str, *, keep_length: bool = False) -> str:
    """The text without line breaks and control characters, which could play with the terminal."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return clean if keep_length else " ".join(clean.split())
