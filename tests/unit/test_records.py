"""The data types: spans, kinds, reports, and ids that stay when the text around them changes."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repair import records
from repair.records import (
    CleanedDocument,
    Document,
    Edit,
    Finding,
    Kind,
    Proposal,
    ScoreReport,
    Sentence,
    SentenceScore,
    Skipped,
    Span,
    TokenScores,
    suggestion_ids,
)
from tests.making import suggestion

SPANS = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted).map(lambda pair: Span(*pair))
TEXTS = st.text(st.sampled_from("ab é“😀\r\n"), max_size=60)


def proposal(text: str, words: str, after: str) -> Proposal:
    start = text.index(words)
    return Proposal(Edit(Span(start, start + len(words)), words, after), "rule", "a test")


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2)])
def test_a_span_that_is_none_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start, end)


@given(SPANS, SPANS)
def test_spans_overlap_where_they_share_a_character(one: Span, other: Span) -> None:
    shared = set(range(one.start, one.end)) & set(range(other.start, other.end))
    if len(one) and len(other):
        assert one.overlaps(other) is bool(shared)
    assert one.overlaps(other) is other.overlaps(one)


@given(SPANS, st.integers(0, 9))
def test_a_shifted_span_keeps_its_length(span: Span, by: int) -> None:
    assert len(span.shift(by)) == len(span)
    assert span.shift(by).shift(-by) == span


@given(SPANS, SPANS)
def test_a_span_that_contains_another_has_all_its_characters(one: Span, other: Span) -> None:
    if one.contains(other):
        assert set(range(other.start, other.end)) <= set(range(one.start, one.end))


def test_an_edit_must_say_what_stood_at_its_span() -> None:
    with pytest.raises(ValueError, match="before has 2 characters, its span 3"):
        Edit(Span(0, 3), "an", "the")


def test_only_prose_and_quotes_count() -> None:
    assert {kind for kind in Kind if kind.counts} == {Kind.PROSE, Kind.QUOTE}
    assert {kind for kind in Kind if kind.counts} < {kind for kind in Kind if kind.is_language}


def test_a_text_that_was_no_file_has_the_sha_of_its_bytes() -> None:
    document = Document.of_text("A café.")
    assert document.source.sha256 == hashlib.sha256("A café.".encode()).hexdigest()


def test_records_do_not_change() -> None:
    for name in ("Document", "Edit", "Suggestion", "ScoreReport", "Decision", "CleanedDocument"):
        assert getattr(records, name).__dataclass_params__.frozen
    with pytest.raises(dataclasses.FrozenInstanceError):
        Document.of_text("a").text = "b"  # type: ignore[misc]


def test_tokens_of_a_span_are_those_that_begin_in_it() -> None:
    import numpy as np

    starts, ends = np.array([0, 4, 4, 9]), np.array([3, 6, 8, 12])
    scores = TokenScores(starts, ends, np.zeros(4, np.float32), np.zeros(4, np.float32))
    assert scores.within(Span(4, 9)) == slice(1, 3)
    assert scores.within(Span(12, 20)) == slice(4, 4)


def test_a_report_gathers_findings_and_flagged_sentences() -> None:
    def judged(index: int, *, flagged: bool) -> SentenceScore:
        span = Span(index, index + 1)
        found = (Finding("a.rule", span, "why"),) if flagged else ()
        return SentenceScore(Sentence(index, span, Kind.PROSE), 0.5, flagged, 20.0, 1, found)

    sentences = (judged(0, flagged=True), judged(1, flagged=False), judged(2, flagged=True))
    report = ScoreReport(Document.of_text("abc"), sentences, 0.5, True, 20.0, 0.4, "sig")
    assert [f.span.start for f in report.findings] == [0, 2]
    assert report.flagged_sentences == (sentences[0], sentences[2])


def test_a_cleaned_document_lists_applied_and_skipped_in_the_order_of_the_text() -> None:
    text = "one two three"
    late, early = suggestion(text, 8, 13, "3", "late"), suggestion(text, 0, 3, "1", "early")
    report = ScoreReport(Document.of_text(text), (), None, False, None, 0.5, "sig")
    cleaned = CleanedDocument(report.document, "one two 3", (late,), (Skipped(early, "not wanted"),), report)
    assert [s.id for s in cleaned.suggestions] == ["early", "late"]


@given(before=TEXTS, after=TEXTS)
def test_ids_stay_when_the_text_elsewhere_changes(before: str, after: str) -> None:
    near = "x" * 40 + " he said on Monday " + "y" * 40
    alone = suggestion_ids(near, "a.txt", [proposal(near, "Monday", "Tuesday")])
    around = f"{before}{near}{after}"
    assert suggestion_ids(around, "a.txt", [proposal(around, "Monday", "Tuesday")]) == alone


def test_ids_differ_by_path_words_and_surroundings() -> None:
    text, moved = "he said on Monday at noon", "she said on Monday at noon"
    ids = [
        suggestion_ids(text, "a.txt", [proposal(text, "Monday", "Tuesday")]),
        suggestion_ids(text, "b.txt", [proposal(text, "Monday", "Tuesday")]),
        suggestion_ids(text, "a.txt", [proposal(text, "Monday", "Friday")]),
        suggestion_ids(moved, "a.txt", [proposal(moved, "Monday", "Tuesday")]),
    ]
    assert len({id for one in ids for id in one}) == len(ids)


def test_the_same_change_twice_in_the_same_surroundings_is_numbered() -> None:
    text = ("." * 40 + "Monday" + "." * 40) * 2
    spans = [Span(40, 46), Span(126, 132)]
    proposals = [Proposal(Edit(span, "Monday", "Tuesday"), "rule", "a test") for span in spans]
    first, second = suggestion_ids(text, "a.txt", proposals)
    assert second == f"{first}-2"


def test_ids_take_half_a_surrogate_pair() -> None:
    text = "a \ud83d b"
    assert suggestion_ids(text, "a.txt", [proposal(text, "\ud83d", "")])
