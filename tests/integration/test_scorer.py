"""The real scorer: what it flags, what it never flags, and that asking again gives the same answer."""

from __future__ import annotations

import pytest

from repair.records import Document, Kind
from repair.scoring.scorer import Scorer
from repair.text.sentences import split

CLEAN = (
    "The council voted on Tuesday to keep the night bus running through the winter. Drivers had threatened to strike "
    "over longer shifts. A spokeswoman said the new timetable would be published next week. The line carries about "
    "900 passengers a night, most of them hospital staff."
)
GARBLED = (
    "The council on Tuesday has decided the night bus over winter further to be let run. Drivers had with strike "
    "because longer of layers threatened. One speakress said that new driving plan next week becomes published. The "
    "line bears around 900 passenger the night, the most from them hospital personal."
)


def _score(scorer: Scorer, text: str) -> tuple[float | None, list[float | None]]:
    document = Document.of_text(text)
    report = scorer.score(document, split(text)).report
    return report.score, [s.score for s in report.sentences]


def test_garbled_text_scores_higher_than_the_same_news_told_well(scorer: Scorer) -> None:
    clean, clean_sentences = _score(scorer, CLEAN)
    garbled, garbled_sentences = _score(scorer, GARBLED)
    assert clean is not None
    assert garbled is not None
    assert garbled > 0.5 > clean
    assert min(s for s in garbled_sentences if s is not None) > max(s for s in clean_sentences if s is not None)


def test_the_garbled_text_is_flagged_and_the_clean_one_is_not(scorer: Scorer) -> None:
    for text, expected in ((CLEAN, False), (GARBLED, True)):
        report = scorer.score(Document.of_text(text), split(text)).report
        assert report.flagged is expected
        assert bool(report.flagged_sentences) is expected


@pytest.mark.parametrize("text", ["", "\n\n", "close\nclose"])
def test_nothing_to_score_is_null_not_zero(scorer: Scorer, text: str) -> None:
    report = scorer.score(Document.of_text(text), split(text)).report
    assert report.score is None
    assert report.perplexity is None
    assert not report.flagged


def test_short_sentences_are_never_flagged(scorer: Scorer) -> None:
    text = "Of the by at. Hang people bus. Was were been on."
    report = scorer.score(Document.of_text(text), split(text)).report
    assert not report.flagged_sentences


def test_rescoring_a_sentence_with_its_own_text_agrees_with_itself_and_tells_better_from_worse(scorer: Scorer) -> None:
    text = CLEAN.replace(
        "Drivers had threatened to strike over longer shifts.", "Drivers had with strike because threatened."
    )
    document = Document.of_text(text)
    scored = scorer.score(document, split(text))
    own = scored.report.sentences[1].sentence.span.of(text)
    results = scorer.rescore(
        scored, [(1, own), (1, "Drivers had threatened to strike."), (1, own), (0, "So it is said.")]
    )
    assert len(results) == 4
    assert all(r is not None for r in results)
    assert results[0] == pytest.approx(results[2], abs=0.02)
    assert results[1] < results[0]


def test_furniture_has_no_score(scorer: Scorer) -> None:
    text = CLEAN + "\n\nLeave a Comment"
    report = scorer.score(Document.of_text(text), split(text)).report
    assert report.sentences[-1].sentence.kind is Kind.FURNITURE
    assert report.sentences[-1].score is None


def test_many_documents_at_once_score_as_they_do_alone(scorer: Scorer) -> None:
    documents = [Document.of_text(CLEAN, "a"), Document.of_text(GARBLED, "b")]
    together = scorer.score_many([(d, split(d.text)) for d in documents])
    for scored, document in zip(together, documents, strict=True):
        alone = scorer.score(document, split(document.text)).report
        assert scored.report.score == pytest.approx(alone.score, abs=0.03)
