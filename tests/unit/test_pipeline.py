"""One document through the rooms: real rules, real gate, a fake model."""

from __future__ import annotations

import pytest

from repair.config import Settings
from repair.pipeline import Cleaner, finish
from repair.records import Document, Edit, Proposal, Source, SourceMatch, Span
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
    suggestions = cleaner.suggest(cleaner.score(document(text)), ())
    assert len(suggestions) == kept


@pytest.mark.parametrize(("start", "kept"), [(0, 1), (38, 0)])
def test_in_a_damaged_document_a_model_speaks_of_flagged_sentences_only(
    cleaner: Cleaner, monkeypatch: pytest.MonkeyPatch, start: int, kept: int
) -> None:
    edit = Edit(Span(start, start + 3), GARBLED[start : start + 3], "xxx")
    monkeypatch.setattr("repair.rewrite.propose", lambda *_, **__: (Proposal(edit, "lm", "why"),))
    monkeypatch.setattr("repair.rewrite.gate.judge", lambda _, proposals, **__: tuple(proposals))
    suggestions = cleaner.suggest(cleaner.score(document(GARBLED)), ())
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


def test_a_source_that_was_judged_is_not_scored_again() -> None:
    cleaner = FakeCleaner()
    source = document(CLEAN, "good")
    cleaner.know(source, flagged=False, score=0.01)
    cleaner.clean(document(GARBLED), FakeIndex([source]))  # type: ignore[arg-type]
    assert cleaner.parts.scorer.read == ["text"]  # type: ignore[attr-defined]


RETOLD = "The council said yes to the budget. Nobody was against it."


def held(cleaner: FakeCleaner, text: str, index: FakeIndex) -> tuple[list[str], list[str]]:
    """Ids of the sources, and the findings about other documents."""
    found = cleaner.hold(cleaner.score(document(text)), index)  # type: ignore[arg-type]
    again = cleaner.hold(found.report, index)  # type: ignore[arg-type]
    assert again.report.findings == found.report.findings
    rules = [f.rule for f in found.report.findings if f.rule.startswith("source.")]
    return [match.source.id for match in found.sources], rules


def test_what_reads_well_is_mended_by_the_text_that_the_user_vouches_for() -> None:
    cleaner = FakeCleaner()
    assert held(cleaner, RETOLD, cleaner.index((), trusted=[document(CLEAN, "wire")])) == (["wire"], [])


def test_which_of_two_clean_texts_is_the_copy_is_not_guessed() -> None:
    cleaner = FakeCleaner()
    assert held(cleaner, RETOLD, cleaner.index([document(CLEAN, "twin")])) == ([], ["source.retold"])


def test_a_garbled_text_is_no_original_of_one_that_reads_well() -> None:
    cleaner = FakeCleaner()
    assert held(cleaner, CLEAN, cleaner.index([document(GARBLED, "bad copy")])) == ([], [])


def test_the_word_of_the_user_is_doubted_where_the_source_reads_far_worse() -> None:
    cleaner = FakeCleaner()
    assert held(cleaner, CLEAN, cleaner.index((), trusted=[document(GARBLED, "bad wire")])) == ([], ["source.retold"])


def test_two_garbled_copies_of_one_story_are_told_so() -> None:
    cleaner = FakeCleaner()
    other = GARBLED.replace("zzz", "zzzz")
    index = cleaner.index([document(other, "twin"), document(CLEAN, "good")])
    assert held(cleaner, GARBLED, index) == (["good"], ["source.damaged"])


def test_a_source_may_speak_in_a_clean_document_only_where_one_was_found(
    cleaner: Cleaner, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = Proposal(Edit(Span(0, 3), "The", "A"), "parallel", "why")
    monkeypatch.setattr("repair.rewrite.propose", lambda *_, **__: (proposal,))
    monkeypatch.setattr("repair.rewrite.gate.judge", lambda _, proposals, **__: tuple(proposals))
    match = SourceMatch(document(CLEAN, "wire"), (), 0.9, (), retold=True)
    assert len(cleaner.suggest(cleaner.score(document(RETOLD)), [match])) == 1
    assert cleaner.suggest(cleaner.score(document(RETOLD)), ()) == ()


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
