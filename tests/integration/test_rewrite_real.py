"""Proposals and the gate with the real models: what is mended, and that clean articles stay as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from repair.config import Settings
from repair.detectors import attach, find
from repair.edits import apply, revert
from repair.lm.embed import Embedder
from repair.parallel import SourceIndex
from repair.records import Document, Suggestion
from repair.rewrite import minimal, propose
from repair.rewrite.gate import judge
from repair.rewrite.policy import decide
from repair.scoring.scorer import Scored, Scorer
from repair.text.sentences import split

DAMAGED, CLEAN = ("001", "003"), ("000", "002")


def score(document: Document, scorer: Scorer) -> Scored:
    scored = scorer.score(document, split(document.text))
    return replace(scored, report=attach(scored.report, find(document, scored.report, scored.tokens)))


@pytest.fixture(scope="module")
def suggested(
    seeds: dict[str, Document], scorer: Scorer, embedder: Embedder, settings: Settings
) -> dict[str, tuple[Suggestion, ...]]:
    index = SourceIndex.build([seeds[name] for name in (*CLEAN, "004")], embedder)
    found = {}
    for name, document in seeds.items():
        scored = score(document, scorer)
        matches = index.find(document, split(document.text)) if scored.report.flagged else ()
        proposals = propose(scored, matches, model=scorer.model, settings=settings)
        found[name] = judge(scored, proposals, scorer=scorer, embedder=embedder, matches=matches)
    return found


def test_clean_articles_get_no_suggestion(suggested: dict[str, tuple[Suggestion, ...]]) -> None:
    assert [suggested[name] for name in CLEAN] == [(), ()]


def test_the_quotation_comes_back_word_for_word(
    suggested: dict[str, tuple[Suggestion, ...]], seeds: dict[str, Document]
) -> None:
    mended = apply(seeds["003"].text, [s.edit for s in decide(suggested["003"], "safe").chosen])
    wire = seeds["002"].text
    start = wire.index("“We are working with other countries")
    assert wire[start : wire.index("the border.”") + len("the border.”")] in mended
    assert "loathous" not in mended


def test_what_is_contradicted_is_for_a_person(suggested: dict[str, tuple[Suggestion, ...]]) -> None:
    (turned,) = [s for s in suggested["003"] if s.origin == "parallel" and "not looking" in s.edit.before]
    assert "actively searching for other countries" in turned.edit.after
    assert turned.tier == "review"


@pytest.mark.parametrize("name", DAMAGED)
def test_safe_rests_on_a_source_or_a_rule(suggested: dict[str, tuple[Suggestion, ...]], name: str) -> None:
    safe = [s for s in suggested[name] if s.tier == "safe"]
    assert safe
    for suggestion in safe:
        assert not suggestion.refused_by
        assert suggestion.origin == "rule" or suggestion.evidence


@pytest.mark.parametrize("name", DAMAGED)
def test_a_model_proposes_and_the_text_comes_back(
    suggested: dict[str, tuple[Suggestion, ...]], seeds: dict[str, Document], name: str
) -> None:
    assert any(s.origin == "lm" for s in suggested[name])
    edits = [s.edit for s in decide(suggested[name], "all").chosen]
    text = seeds[name].text
    assert revert(apply(text, edits), edits) == text


def test_some_of_what_a_model_proposes_passes(suggested: dict[str, tuple[Suggestion, ...]]) -> None:
    assert any(s.origin == "lm" for name in DAMAGED for s in decide(suggested[name], "all").chosen)


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("The mayor said on Monday that the two ships has left the harbour of Lisbon.", "has", "have"),
        ("The minister went to to Paris on Monday in order to meet her colleagues.", " to", ""),
        ("She told reporters on Tuesday that the Company would close two of its plants.", "Company", "company"),
        (
            "Libya how many are far countries, CBS News report Earlier this week with Anna Lindqvist.",
            "Earlier",
            "earlier",
        ),
    ],
)
def test_minimal_edits(scorer: Scorer, text: str, before: str, after: str) -> None:
    scored = scorer.score(Document.of_text(text), split(text))
    ((_, changes),) = minimal.changes(scorer.model, text, scored.tokens, scored.report.sentences)
    assert (before, after) in [(c.edit.before, c.edit.after) for c in changes]


@pytest.mark.parametrize(
    "text",
    [
        "The mayor of Lisbon said on Monday that the two ships had left the harbour.",
        "Prices rose by 3 percent in May, the statistics office said, more than economists had expected.",
        "The company, which employs 200 people, will close its plant in Turin next year.",
    ],
)
def test_minimal_edits_leave_good_sentences_alone(scorer: Scorer, text: str) -> None:
    scored = scorer.score(Document.of_text(text), split(text))
    ((_, changes),) = minimal.changes(scorer.model, text, scored.tokens, scored.report.sentences)
    assert changes == []


def test_nothing_to_change(scorer: Scorer) -> None:
    scored = scorer.score(Document.of_text(""), ())
    assert minimal.changes(scorer.model, "", scored.tokens, ()) == []
