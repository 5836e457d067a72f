"""What the gate lets through, what it refuses and by which check, which tier it gives, and what it keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repair.edits import apply, revert
from repair.records import Evidence, Origin, Proposal, Relation, SourceMatch, Suggestion
from repair.rewrite import from_source
from repair.rewrite.gate import judge
from repair.rewrite.policy import decide
from tests.rewriting import Judged, WordEmbedder, WordModel, WordScorer, always, finding, judged, replacing, source

CASES = Path(__file__).parent.parent / "cases" / "rewrite"


def load(name: str) -> list[dict[str, Any]]:
    return list(json.loads((CASES / name).read_text(encoding="utf-8")))


def gate(
    scored: Judged,
    proposals: Sequence[Proposal],
    *matches: SourceMatch,
    garbled: Sequence[str] = (),
    taken: float = 0.9,
) -> tuple[Suggestion, ...]:
    scorer: Any = WordScorer(frozenset(garbled))
    embedder: Any = WordEmbedder()
    stand_in: Any = scored
    return judge(stand_in, proposals, scorer=scorer, embedder=embedder, matches=matches, acceptance=always(taken))


def proposed(text: str, before: str, after: str, origin: Origin = "lm") -> Proposal:
    return Proposal(replacing(text, before, after), origin, "a test")


def judge_case(case: dict[str, Any]) -> Suggestion:
    text = case["text"]
    findings = [finding(text, case["rule"], case["before"], case["after"])] if "rule" in case else []
    proposal = proposed(text, case["before"], case["after"], case["origin"])
    (suggestion,) = gate(judged(text, *findings), [proposal], garbled=case["garbled"])
    return suggestion


@pytest.mark.parametrize("case", load("gate.json"), ids=lambda case: case["name"])
def test_passes(case: dict[str, Any]) -> None:
    suggestion = judge_case(case)
    assert suggestion.refused_by == ()
    assert suggestion.tier == "review"
    assert suggestion.score_before is not None
    assert suggestion.score_after is not None
    assert suggestion.score_after < suggestion.score_before


@pytest.mark.parametrize("case", load("gate_negative.json"), ids=lambda case: case["name"])
def test_refuses(case: dict[str, Any]) -> None:
    suggestion = judge_case(case)
    refused = {check.name for check in suggestion.refused_by}
    assert suggestion.tier == "review"
    if case.get("any"):  # other checks may refuse it as well
        assert refused & set(case["refused_by"])
    else:
        assert refused == set(case["refused_by"])


@pytest.mark.parametrize(
    "name", ["quote.doubled", "word.repeated", "spacing.hyphen", "text.mojibake", "leftover.german"]
)
def test_a_sure_rule_is_safe(name: str) -> None:
    text = "The harbour sold the the old fleet to the state."
    (suggestion,) = gate(
        judged(text, finding(text, name, "the the", "the")), [proposed(text, "the the", "the", "rule")]
    )
    assert (suggestion.tier, suggestion.refused_by) == ("safe", ())


@pytest.mark.parametrize("name", ["word.unknown", "caps.stray", "quote.unbalanced", "sentence.fused"])
def test_a_rule_that_guesses_is_for_a_person(name: str) -> None:
    text = "The harbour sold the olde fleet to the state."
    (suggestion,) = gate(judged(text, finding(text, name, "olde", "old")), [proposed(text, "olde", "old", "rule")])
    assert (suggestion.tier, suggestion.refused_by) == ("review", ())


def test_a_leftover_of_a_page_goes_whatever_it_says() -> None:
    text = "Share on Facebook 12\n\nThe harbour was sold."
    found = finding(text, "page.furniture", "Share on Facebook 12", "")
    (suggestion,) = gate(judged(text, found), [proposed(text, "Share on Facebook 12\n\n", "", "rule")])
    assert (suggestion.tier, [check.name for check in suggestion.checks]) == ("safe", ["change", "format"])


def test_a_rule_without_its_finding_is_not_sure() -> None:
    text = "The harbour sold the the old fleet to the state."
    (suggestion,) = gate(judged(text), [proposed(text, "the the", "the", "rule")])
    assert suggestion.tier == "review"


COPY = "Prices rose in May. “We will purchase 3 ships,” Elena Moreno sayed on Friday."
WIRE = "“We will buy 30 ships,” Elena Moreno said on Friday. It rained."


def from_wire(
    *, before: str = "purchase 3 ships,” Elena Moreno sayed", after: str = "buy 30 ships,” Elena Moreno said"
) -> Proposal:
    end = WIRE.index(" It rained")
    evidence = Evidence("wire.txt", 0, end, WIRE[:end], Relation.SAME_QUOTE)
    return Proposal(replacing(COPY, before, after), "parallel", "a test", (evidence,))


def test_a_source_may_change_facts_and_quotations_to_what_it_says() -> None:
    (suggestion,) = gate(judged(COPY), [from_wire()], source(WIRE), garbled=["sayed"])
    assert suggestion.refused_by == ()
    assert suggestion.tier == "safe"


@pytest.mark.parametrize(
    ("after", "check"),
    [
        ("buy 40 ships,” Elena Moreno said", "facts.number"),
        ("sell 30 ships,” Elena Moreno said", "quotation"),
        ("buy 30 ships,” Jon Berg said", "facts.name"),
    ],
)
def test_a_source_vouches_for_its_own_words_alone(after: str, check: str) -> None:
    (suggestion,) = gate(judged(COPY), [from_wire(after=after)], source(WIRE), garbled=["sayed"])
    assert check in {c.name for c in suggestion.refused_by}
    assert suggestion.tier == "review"


def test_a_date_outside_the_quotation_is_not_dropped() -> None:
    copy = "“We will purchase ships,” Elena Moreno sayed on Friday in Porto."
    wire = "“We will buy ships,” Elena Moreno said."
    match = source(wire, (0, (0,), Relation.SAME_QUOTE))
    scored = judged(copy)
    found = gate(scored, from_source.propose(scored.report, [match]), match, garbled=["sayed"])
    assert [apply(copy, [s.edit]) for s in found] == ["“We will buy ships,” Elena Moreno sayed on Friday in Porto."]


def test_evidence_must_stand_in_the_source() -> None:
    (suggestion,) = gate(judged(COPY), [from_wire()], source(WIRE.replace("30", "31")), garbled=["sayed"])
    assert "evidence" in {check.name for check in suggestion.refused_by}


def test_a_contradicted_sentence_is_for_a_person_even_where_nothing_refuses() -> None:
    copy = "“We never buy the harbour,” said Elena Moreno on Friday."
    wire = "“We will buy the harbour,” Minister Elena Moreno said."
    match = source(wire, (0, (0,), Relation.CONTRADICTED))
    scored = judged(copy)
    (suggestion,) = gate(scored, from_source.propose(scored.report, [match]), match)
    assert (suggestion.tier, suggestion.refused_by) == ("review", ())


def test_the_best_of_each_origin_is_kept() -> None:
    text = "The old fleet have been sold to to the state."
    found = finding(text, "word.repeated", "to to", "to")
    proposals = [
        proposed(text, "have been sold to to", "has been sold to to"),
        proposed(text, "have been sold to to", "has been sold to"),
        proposed(text, "have been sold to to", "had been sold to", "endpoint"),
        proposed(text, "to to", "to", "rule"),
    ]
    kept = gate(judged(text, found), proposals, garbled=["have"])
    assert sorted((s.origin, s.edit.after) for s in kept) == [
        ("endpoint", "had been sold to"),
        ("lm", "has been sold to to"),
        ("rule", "to"),
    ]


def test_where_none_passes_the_one_that_came_furthest_is_kept() -> None:
    text = "The old fleet of Lyon have been sold on Monday."
    proposals = [
        proposed(text, "of Lyon have been sold on Monday", "has not been sold on Tuesday"),
        proposed(text, "of Lyon have been sold on Monday", "of Lyon has been sold on Tuesday"),
    ]
    (kept,) = gate(judged(text), proposals, garbled=["have"])
    assert kept.edit.after == "of Lyon has been sold on Tuesday"


def test_two_mends_of_one_sentence_by_rules_are_both_kept() -> None:
    text = "The the old third -party fleet was sold."
    findings = (
        finding(text, "word.repeated", "The the", "The"),
        finding(text, "spacing.hyphen", "third -party", "third-party"),
    )
    proposals = [proposed(text, "The the", "The", "rule"), proposed(text, "third -party", "third-party", "rule")]
    assert [s.tier for s in gate(judged(text, *findings), proposals)] == ["safe", "safe"]


def test_what_the_words_refuse_is_not_read_by_a_model() -> None:
    text = "The harbour lost 12 ships."
    scorer: Any = WordScorer()
    embedder: Any = WordEmbedder()
    scored: Any = judged(text)
    judge(scored, [proposed(text, "12", "15")], scorer=scorer, embedder=embedder, matches=())
    assert scorer.read == 0


@pytest.mark.parametrize(("probability", "passes"), [(0.51, True), (0.49, False)])
def test_a_models_rewrite_must_be_one_that_an_editor_takes(probability: float, passes: bool) -> None:
    text = "The old fleet have been sold to the state."
    proposal = proposed(text, "have", "has")
    (suggestion,) = gate(judged(text), [proposal], garbled=["have"], taken=probability)
    accept = next(check for check in suggestion.checks if check.name == "accept")
    assert (accept.passed, accept.value) == (passes, probability)
    assert suggestion.refused_by == (() if passes else (accept,))


@pytest.mark.parametrize(("after", "passes"), [("distant", True), ("remote", False)])
def test_capitals_need_not_lower_the_score(after: str, passes: bool) -> None:
    text = "They sailed to a Distant harbour."
    scorer: Any = WordScorer()
    scorer.model = WordModel(frozenset({"Distant"}))
    embedder: Any = WordEmbedder()
    scored: Any = judged(text)
    proposals = [proposed(text, "Distant", after)]
    (suggestion,) = judge(scored, proposals, scorer=scorer, embedder=embedder, matches=(), acceptance=always(0.9))
    assert [check.passed for check in suggestion.checks if check.name == "score"] == [passes]


def test_no_proposals_no_suggestions() -> None:
    assert gate(judged("The harbour was sold."), []) == ()


@st.composite
def any_proposals(draw: st.DrawFn) -> list[Proposal]:
    words = COPY.split()
    made = []
    for _ in range(draw(st.integers(1, 6))):
        first = draw(st.integers(0, len(words) - 1))
        last = draw(st.integers(first, min(len(words) - 1, first + 4)))
        before = " ".join(words[first : last + 1])
        after = " ".join(
            draw(st.permutations([*words[first : last + 1], *draw(st.sampled_from([[], ["not"], ["30"], ["”"]]))]))
        )
        if COPY.count(before) != 1:
            continue
        origin: Origin = draw(st.sampled_from(["parallel", "rule", "grammar", "lm", "endpoint"]))
        one = proposed(COPY, before, after, origin)
        made.append(replace(one, evidence=from_wire().evidence) if origin == "parallel" else one)
    return made


@given(any_proposals())
def test_nothing_refused_is_safe_and_each_suggestion_ends_once_and_can_be_taken_back(proposals: list[Proposal]) -> None:
    suggestions = gate(judged(COPY), proposals, source(WIRE), garbled=["sayed"])
    for suggestion in suggestions:
        assert suggestion.tier == "review" or not suggestion.refused_by
        assert suggestion.tier == "review" or suggestion.origin in ("parallel", "rule")
        assert suggestion.checks
    assert len({s.id for s in suggestions}) == len(suggestions)
    for policy in ("none", "safe", "all"):
        choice = decide(suggestions, policy)
        assert len(choice.chosen) + len(choice.skipped) == len(suggestions)
        edits = [s.edit for s in choice.chosen]
        assert revert(apply(COPY, edits), edits) == COPY
