"""Records and their JSON: exact round trips, and errors that name the place."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repair.archive import serial
from repair.archive.fields import dump, parse
from repair.errors import FormatError
from repair.records import (
    Check,
    Decision,
    Document,
    Edit,
    Evidence,
    Finding,
    Kind,
    Relation,
    ScoreReport,
    Sentence,
    SentenceScore,
    Source,
    Span,
    Suggestion,
)

BAD_LINES = json.loads((Path(__file__).parents[1] / "cases" / "jsonl_negative.json").read_text(encoding="utf-8"))

words = st.text(max_size=30)
scores = st.none() | st.floats(0, 1)
spans = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(lambda ends: Span(min(ends), max(ends)))
evidences = st.builds(
    lambda path, span, text, relation: Evidence(path, span.start, span.end, text, relation),
    words,
    spans,
    words,
    st.sampled_from(Relation),
)
findings = st.builds(
    Finding,
    rule=words,
    span=spans,
    message=words,
    severity=st.sampled_from(["minor", "major", "critical"]),
    score=scores,
    evidence=st.lists(evidences, max_size=2).map(tuple),
    replacements=st.lists(words, max_size=2).map(tuple),
)
edits = st.builds(
    lambda start, before, after: Edit(Span(start, start + len(before)), before, after),
    st.integers(0, 500),
    words,
    words,
)
suggestions = st.builds(
    Suggestion,
    id=words,
    path=words,
    sentence=spans,
    edit=edits,
    origin=st.sampled_from(["parallel", "rule", "grammar", "lm", "endpoint"]),
    tier=st.sampled_from(["safe", "review"]),
    score_before=scores,
    score_after=scores,
    evidence=st.lists(evidences, max_size=2).map(tuple),
    checks=st.lists(
        st.builds(Check, words, st.booleans(), st.none() | st.floats(allow_nan=False, allow_infinity=False), words),
        max_size=3,
    ).map(tuple),
    reason=words,
)
times = st.datetimes(timezones=st.just(UTC)).map(lambda time: time.isoformat())
decisions = st.builds(Decision, words, st.sampled_from(["accept", "reject"]), words, times, st.none()) | st.builds(
    Decision, words, st.just("edit"), words, times, words
)
document_lines = st.builds(
    serial.DocumentLine,
    id=words,
    path=words,
    sha256_in=words,
    sha256_out=st.none() | words,
    score_before=scores,
    score_after=scores,
    flagged=st.booleans(),
    sources=st.lists(st.builds(serial.SourceFound, words, st.floats(0, 1)), max_size=2).map(tuple),
    status=st.sampled_from(["cleaned", "unchanged", "failed"]),
    error=st.none() | words,
)


@st.composite
def reports(draw: st.DrawFn) -> ScoreReport:
    text = draw(st.text(min_size=1, max_size=60))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    sentences = tuple(
        SentenceScore(
            sentence=Sentence(index, Span(start, end), draw(st.sampled_from(Kind))),
            score=draw(scores),
            flagged=draw(st.booleans()),
            perplexity=draw(st.none() | st.floats(1, 1e9)),
            tokens=draw(st.integers(0, 10_000)),
            findings=tuple(draw(st.lists(findings, max_size=2))),
            suspect=draw(st.booleans()),
        )
        for index, (start, end) in enumerate(zip(cuts[::2], cuts[1::2], strict=False))
    )
    return ScoreReport(
        document=Document(draw(words), text, Source(path=draw(words), sha256="00")),
        sentences=sentences,
        score=draw(scores),
        flagged=draw(st.booleans()),
        perplexity=draw(st.none() | st.floats(1, 1e9)),
        threshold=draw(st.floats(0, 1)),
        signature=draw(words),
    )


def through_a_line(value: object) -> object:
    """What a reader gets of a value that was written as one line of a UTF-8 file."""
    line = dump(value).encode("utf-8")  # type: ignore[arg-type]
    assert b"\n" not in line
    return parse(line.decode("utf-8"), "line")


@settings(deadline=None)
@given(suggestions)
def test_suggestion_round_trip(suggestion: Suggestion) -> None:
    assert serial.suggestion_from_json(through_a_line(serial.suggestion_to_json(suggestion))) == suggestion


@settings(deadline=None)
@given(decisions)
def test_decision_round_trip(decision: Decision) -> None:
    assert serial.decision_from_json(through_a_line(serial.decision_to_json(decision))) == decision


@settings(deadline=None)
@given(document_lines)
def test_document_line_round_trip(line: serial.DocumentLine) -> None:
    assert serial.document_from_json(through_a_line(serial.document_to_json(line))) == line


@settings(deadline=None)
@given(reports())
def test_report_round_trip_through_its_state(report: ScoreReport) -> None:
    state = through_a_line(serial.report_to_state(report))
    assert serial.report_from_state(state, report.document) == report


@settings(deadline=None)
@given(st.text(alphabet=st.characters(categories=["Cs"]), min_size=1, max_size=1))
def test_a_lone_surrogate_survives(text: str) -> None:
    assert parse(dump({"text": f"a{text}b"}).encode("utf-8").decode("utf-8"), "line").text("text") == f"a{text}b"


def test_report_has_the_shape_of_the_contract() -> None:
    text = "Rain fell. It was sayed by of the mayor."
    finding = Finding("lm.surprise", Span(18, 26), "unexpected here: sayed by", "major", 0.91)
    report = ScoreReport(
        document=Document("a.txt", text, Source(path="in/a.txt", sha256="ab")),
        sentences=(
            SentenceScore(Sentence(0, Span(0, 10), Kind.PROSE), 0.02, False, 12.5, 3),
            SentenceScore(Sentence(1, Span(11, 40), Kind.PROSE), 0.98, True, 141.25, 9, (finding,)),
        ),
        score=0.97,
        flagged=True,
        perplexity=93.5,
        threshold=0.5,
        signature="lm:tiny@00000000",
    )
    value = json.loads(dump(serial.report_to_json(report)))
    assert value["schema"] == "repair.score/1"
    assert value["tool"].startswith("repair ")
    assert value["document"] == {
        "id": "a.txt",
        "path": "in/a.txt",
        "sha256": "ab",
        "score": 0.97,
        "flagged": True,
        "perplexity": 93.5,
        "sentences": 2,
        "flagged_sentences": 1,
    }
    assert value["sentences"][1] == {
        "index": 1,
        "start": 11,
        "end": 40,
        "text": "It was sayed by of the mayor.",
        "kind": "prose",
        "score": 0.98,
        "flagged": True,
        "perplexity": 141.25,
        "tokens": 9,
        "findings": [
            {
                "rule": "lm.surprise",
                "start": 18,
                "end": 26,
                "message": "unexpected here: sayed by",
                "severity": "major",
                "score": 0.91,
            }
        ],
    }


def test_a_report_of_another_text_is_refused() -> None:
    text = "One sentence."
    sentence = SentenceScore(Sentence(0, Span(0, 13), Kind.PROSE), None, False, None, 3)
    report = ScoreReport(Document.of_text(text), (sentence,), None, False, None, 0.5, "s")
    state = parse(dump(serial.report_to_state(report)), "state")
    with pytest.raises(FormatError, match=r"sentences\[0\].*other words at 0\.\.13"):
        serial.report_from_state(state, Document.of_text("Two sentences."))


def test_a_number_that_json_lacks_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump({"score": float("nan")})


READERS = {
    "suggestion": serial.suggestion_from_json,
    "document": serial.document_from_json,
    "decision": serial.decision_from_json,
}


@pytest.mark.parametrize("case", BAD_LINES, ids=lambda case: case["label"])
def test_a_bad_line_names_place_and_cause(case: dict[str, str]) -> None:
    with pytest.raises(FormatError) as error:
        READERS[case["of"]](parse(case["line"], "out/x.jsonl line 7"))
    assert str(error.value).startswith("out/x.jsonl line 7")
    assert case["cause"] in str(error.value)
