"""Edits and the sentences they touch."""

from __future__ import annotations

import re
from collections.abc import Sequence

from repair.records import Edit, ScoreReport, SentenceScore, Span

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


def touched(report: ScoreReport, span: Span) -> tuple[SentenceScore, ...]:
    """The sentences that `span` reaches into; for an insertion, the one that it lies in or follows."""
    reach = tuple(s for s in report.sentences if s.sentence.span.overlaps(span))
    if reach:
        return reach
    inside = [s for s in report.sentences if s.sentence.span.start <= span.start]
    return tuple(inside[-1:] or report.sentences[:1])


def whole(sentences: Sequence[SentenceScore]) -> Span:
    """From the first sentence's start to the last one's end."""
    return Span(sentences[0].sentence.span.start, sentences[-1].sentence.span.end)


def reads(text: str, span: Span, edit: Edit) -> str:
    """The characters under `span` once `edit` is made; what the edit changes beyond `span` is included."""
    return text[span.start : edit.span.start] + edit.after + text[edit.span.end : max(span.end, edit.span.end)]


def narrow(edit: Edit) -> Edit:
    """The same change without the whole words that stay, left and right.

    Narrow edits read well and do not stand in each other's way.
    """
    before, after = _WORDS.findall(edit.before), _WORDS.findall(edit.after)
    left = 0
    while left < min(len(before), len(after)) and before[left] == after[left]:
        left += 1
    right = 0
    while right < min(len(before), len(after)) - left and before[-1 - right] == after[-1 - right]:
        right += 1
    start = edit.span.start + len("".join(before[:left]))
    old = "".join(before[left : len(before) - right])
    new = "".join(after[left : len(after) - right])
    return Edit(Span(start, start + len(old)), old, new)
