"""Which suggestions are applied: the policy, a person's decision, and that none is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repair.config import ApplyPolicy
from repair.edits import apply, revert
from repair.errors import EditError
from repair.records import Check, Decision, Origin, Suggestion, Tier
from repair.rewrite.policy import decide
from tests.making import suggestion

TEXT = "The mayor opened the new harbour on Friday, and boats came in from all over the coast."


def made(
    start: int, end: int, id: str, *, origin: Origin = "lm", tier: Tier = "review", passed: bool = True
) -> Suggestion:
    checks = (Check("meaning", True), Check("facts.number", passed))
    return replace(suggestion(TEXT, start, end, "X", id), origin=origin, tier=tier, checks=checks)


def reasons(suggestions: list[Suggestion], policy: ApplyPolicy, *decisions: Decision) -> dict[str, str]:
    choice = decide(suggestions, policy, {d.id: d for d in decisions})
    return {s.suggestion.id: s.reason for s in choice.skipped}


def test_none_applies_nothing() -> None:
    assert reasons([made(0, 3, "a", tier="safe")], "none") == {"a": "nothing is applied under --apply none"}


def test_safe_leaves_reviews_and_says_so() -> None:
    both = [made(0, 3, "a", tier="safe"), made(4, 9, "b")]
    choice = decide(both, "safe")
    assert [s.id for s in choice.chosen] == ["a"]
    assert [s.reason for s in choice.skipped] == ["tier review under --apply safe"]


def test_all_never_applies_what_a_check_refused() -> None:
    assert reasons([made(0, 3, "a", passed=False)], "all") == {"a": "refused by facts.number"}


def test_accept_applies_even_what_was_refused_and_under_none() -> None:
    choice = decide(
        [made(0, 3, "a", passed=False)], "none", {"a": Decision("a", "accept", "Ann", "2025-01-01T00:00:00Z")}
    )
    assert [s.id for s in choice.chosen] == ["a"]
    assert not choice.skipped


def test_reject_names_who_rejected() -> None:
    rejected = reasons([made(0, 3, "a", tier="safe")], "all", Decision("a", "reject", "Ann", "2025-01-01T00:00:00Z"))
    assert rejected == {"a": "rejected by Ann"}


def test_an_edited_suggestion_carries_the_persons_words() -> None:
    decision = Decision("a", "edit", "Ann", "2025-01-01T00:00:00Z", "Our")
    choice = decide([made(0, 3, "a")], "safe", {"a": decision})
    assert apply(TEXT, [s.edit for s in choice.chosen]).startswith("Our mayor")


def test_an_edit_without_words_is_an_error() -> None:
    with pytest.raises(EditError, match="no text"):
        decide([made(0, 3, "a")], "safe", {"a": Decision("a", "edit", "Ann", "2025-01-01T00:00:00Z")})


def test_a_clean_source_goes_before_a_rule_and_a_rule_before_a_model() -> None:
    every = [made(0, 9, "m"), made(4, 9, "r", origin="rule"), made(0, 20, "s", origin="parallel", tier="safe")]
    choice = decide(every, "all")
    assert [s.id for s in choice.chosen] == ["s"]
    assert {s.reason for s in choice.skipped} == {"overlaps suggestion s, which was preferred"}
    assert [s.id for s in decide(every[:2], "all").chosen] == ["r"]


def test_a_clean_source_goes_before_a_rule_that_is_sure() -> None:
    every = [made(4, 9, "r", origin="rule", tier="safe"), made(0, 20, "s", origin="parallel", tier="review")]
    assert [s.id for s in decide(every, "all").chosen] == ["s"]
    assert [s.id for s in decide(every, "safe").chosen] == ["r"]


def test_what_a_person_accepts_goes_before_all() -> None:
    every = [made(0, 20, "s", origin="parallel", tier="safe"), made(4, 9, "m")]
    choice = decide(every, "safe", {"m": Decision("m", "accept", "Ann", "2025-01-01T00:00:00Z")})
    assert [s.id for s in choice.chosen] == ["m"]


@st.composite
def suggestions(draw: st.DrawFn) -> list[Suggestion]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, len(TEXT)))
        end = min(len(TEXT), start + draw(st.integers(0, 12)))
        origin: Origin = draw(st.sampled_from(["parallel", "rule", "grammar", "lm", "endpoint"]))
        tier: Tier = draw(st.sampled_from(["safe", "review"]))
        one = made(start, end, f"s{number}", origin=origin, tier=tier, passed=draw(st.booleans()))
        score = draw(st.none() | st.floats(0, 1))
        found.append(replace(one, edit=replace(one.edit, after=draw(st.text(max_size=5))), score_after=score))
    return found


@st.composite
def persons(draw: st.DrawFn) -> dict[str, Decision]:
    chosen = draw(st.dictionaries(st.integers(0, 7), st.sampled_from(["accept", "reject", "edit"])))
    return {f"s{n}": Decision(f"s{n}", verdict, "Ann", "2025-01-01T00:00:00Z", "Y") for n, verdict in chosen.items()}


@given(suggestions(), st.sampled_from(["none", "safe", "all"]), persons())
def test_each_suggestion_ends_once_and_all_can_be_taken_back(
    every: list[Suggestion], policy: ApplyPolicy, decisions: dict[str, Decision]
) -> None:
    choice = decide(every, policy, decisions)
    ended = [s.id for s in choice.chosen] + [s.suggestion.id for s in choice.skipped]
    assert sorted(ended) == sorted(s.id for s in every)
    assert all(s.reason for s in choice.skipped)
    edits = [s.edit for s in choice.chosen]
    assert revert(apply(TEXT, edits), edits) == TEXT


@given(suggestions())
def test_without_a_person_nothing_refused_is_applied_and_safe_applies_no_review(every: list[Suggestion]) -> None:
    assert not any(s.refused_by for s in decide(every, "all").chosen)
    assert all(s.tier == "safe" and not s.refused_by for s in decide(every, "safe").chosen)
    assert not decide(every, "none").chosen
