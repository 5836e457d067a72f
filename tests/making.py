"""Records for tests, with what does not matter filled in."""

from __future__ import annotations

from repair.records import Edit, Span, Suggestion


def suggestion(text: str, start: int, end: int, after: str, id: str = "s") -> Suggestion:
    """A suggestion to write `after` at `start` to `end` of `text`."""
    span = Span(start, end)
    return Suggestion(
        id=id,
        path="a.txt",
        sentence=Span(0, len(text)),
        edit=Edit(span, span.of(text), after),
        origin="rule",
        tier="safe",
        score_before=None,
        score_after=None,
        evidence=(),
        checks=(),
        reason="a test",
    )
