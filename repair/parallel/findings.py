"""What the other documents say of one, as findings: a twin that is garbled too, a text told again, a contradiction.

They explain and never decide: no finding changes a text. `source.*` are their rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from repair.records import Aligned, Document, Evidence, Finding, Relation, Sentence, SourceMatch, Span

SAME_STORY = 0.5
"""The score of a match from which two texts are copies of one story (`index.COVERAGE`: true sources score .82 or more;
of the seeds, two clean stories of one event score .27)."""


def contradictions(sentences: Sequence[Sentence], matches: Iterable[SourceMatch]) -> Iterator[Finding]:
    """Each sentence that says otherwise than a clean source, with the source's words."""
    for match in matches:
        for aligned in match.alignment:
            if aligned.relation is Relation.CONTRADICTED:
                message = f"{match.source.source.path} says otherwise: {aligned.detail}"
                span = sentences[aligned.sentence].span
                yield Finding("source.contradicted", span, message, "major", evidence=tuple(_told(match, aligned)))


def damaged_twins(sentences: Sequence[Sentence], matches: Iterable[SourceMatch]) -> Iterator[Finding]:
    """Garbled documents that tell the story of this garbled one."""
    for match in matches:
        if match.retold or match.score >= SAME_STORY:
            message = f"{match.source.source.path} tells the same story and is garbled too: neither mends the other"
            yield Finding("source.damaged", _opening(sentences), message)


def doubtful_copies(sentences: Sequence[Sentence], matches: Iterable[SourceMatch]) -> Iterator[Finding]:
    """Documents that tell this one again, or are told again by it; neither reads as garbled."""
    for match in matches:
        message = (
            f"{match.source.source.path} has the same sentences in other words; one of the two is a copy, and which of "
            "them cannot be told from how they read"
        )
        yield Finding("source.retold", _opening(sentences), message)


def _opening(sentences: Sequence[Sentence]) -> Span:
    """The first sentence that tells anything."""
    return next((sentence.span for sentence in sentences if sentence.kind.is_language), Span(0, 0))


def _told(match: SourceMatch, aligned: Aligned) -> Iterator[Evidence]:
    source: Document = match.source
    for at in aligned.sources:
        span = match.sentences[at].span
        yield Evidence(source.source.path, span.start, span.end, span.of(source.text), aligned.relation)
