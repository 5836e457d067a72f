"""One document through the rooms: real rules, real gate, a fake model."""

from __future__ import annotations

import pytest

from repair.config import Settings
from repair.pipeline import Cleaner, finish
from repair.records import Document, Edit, Proposal, Source, Span
from tests.fakes import FakeCleaner, FakeIndex, FakeParts
from tests.making import suggestion

GARBLED = "The council zzz the budget on Monday. Nobody objected to it."
CLEAN = "The council approved the budget on Monday. Nobody objected to it."


@pytest.fixture
def cleaner() -> Cleaner:
    return Cleaner(Settings(rewriter="none"), parts=FakeParts())


def document(text: str, id: str = "text", encoding: str = "utf-8") -> Document:
    return Document(id, text, Source(id, encoding))


def test_the_signature_names_model_head_grammar_and_settings(cleaner: Cleaner) -> None:
    report = cleaner.score(document(CLEAN))
    assert report.signature == f"lm:fake@00000000|head:00000000|grammar:none|cfg:{report.signature[-8:]}"
    other = Cleaner(Settings(threshold=0.3), parts=FakeParts())
    assert other.signature != cleaner.signature


def test_findings_hang_on_their_sentences(cleaner: Cleaner) -> None:
    report = cleaner.score(document("The council met on the the first Monday. Nobody objected to it."))
    assert [f.rule for f in report.sentences[0].findings] == ["word.repeated"]
    assert report.sentences[1].findings == ()


def test_a_clean_document_without_findings_gets_nothing(cleaner: Cleaner) -> None:
    cleaned = cleaner.clean(document(CLEAN))
    assert (cleaned.text, cleaned.suggestions) == (CLEAN, ())


def test_a_rule_may_mend_a_clean_document(cleaner: Cleaner) -> None:
    cleaned = cleaner.clean(document("The council met on the the first Monday. Nobody objected to it."))
    assert not cleaned.report.flagged
    assert cleaned.text == "The council met on the first Monday. Nobody objected to it."


@pytest.mark.parametrize(("origin", "kept"), [("rule", 1), ("parallel", 0), ("lm", 0), ("grammar", 0), ("endpoint", 0)])
def test_in_a_clean_document_only_rules_speak(
    cleaner: Cleaner, monkeypatch: pytest.MonkeyPatch, origin: str, kept: int
) -> None:
    text = "The council met on the the first Monday. Nobody objected to it."
    edit = Edit(Span(18, 22), " the", "")
    monkeypatch.setattr("repair.rewrite.propose", lambda *_, **__: (Proposal(edit, origin, "why"),))  # type: ignore[arg-type]
    monkeypatch.setattr("repair.rewrite.gate.judge", lambda _, proposals, **__: tuple(proposals))
    suggestions, _ = cleaner.suggest(cleaner.score(document(text)), None)
    assert len(suggestions) == kept


@pytest.mark.parametrize(("start", "kept"), [(0, 1), (38, 0)])
def test_in_a_damaged_document_a_model_speaks_of_flagged_sentences_only(
    cleaner: Cleaner, monkeypatch: pytest.MonkeyPatch, start: int, kept: int
) -> None:
    edit = Edit(Span(start, start + 3), GARBLED[start : start + 3], "xxx")
    monkeypatch.setattr("repair.rewrite.propose", lambda *_, **__: (Proposal(edit, "lm", "why"),))
    monkeypatch.setattr("repair.rewrite.gate.judge", lambda _, proposals, **__: tuple(proposals))
    suggestions, _ = cleaner.suggest(cleaner.score(document(GARBLED)), None)
    assert len(suggestions) == kept


def test_damaged_sources_are_passed_over_for_clean_ones() -> None:
    cleaner = FakeCleaner()
    index = FakeIndex([document(GARBLED, f"bad {n}") for n in range(4)] + [document(CLEAN, "good")])
    cleaned = cleaner.clean(document(GARBLED), index)  # type: ignore[arg-type]
    assert [match.source.id for match in cleaned.sources] == ["good"]


def test_a_document_is_never_its_own_source() -> None:
    cleaner = FakeCleaner()
    index = FakeIndex([document(CLEAN, "text")])
    assert cleaner.clean(document(GARBLED), index).sources == ()  # type: ignore[arg-type]


def test_a_vouched_source_is_not_scored() -> None:
    cleaner = FakeCleaner()
    source = document(CLEAN, "good")
    cleaner.vouch(source)
    cleaner.clean(document(GARBLED), FakeIndex([source]))  # type: ignore[arg-type]
    assert cleaner.parts.scorer.read == ["text"]  # type: ignore[attr-defined]


def test_what_the_encoding_cannot_write_is_skipped(cleaner: Cleaner) -> None:
    report = cleaner.score(document("He met them.", encoding="cp1252"))
    wide, plain = suggestion("He met them.", 3, 6, "λ", "a"), suggestion("He met them.", 7, 11, "us", "b")
    cleaned = finish(report, [wide, plain], (), "safe")
    assert cleaned.text == "He met us."
    assert [(s.suggestion.id, s.reason) for s in cleaned.skipped] == [("a", "it cannot be written in cp1252")]


def test_an_empty_document_is_scored_and_left_alone(cleaner: Cleaner) -> None:
    cleaned = cleaner.clean(document(""))
    assert (cleaned.text, cleaned.report.score, cleaned.report.flagged) == ("", None, False)


def test_closing_a_cleaner_stops_what_it_started() -> None:
    parts = FakeParts()
    with Cleaner(Settings(), parts=parts):
        pass
    assert parts.closed
