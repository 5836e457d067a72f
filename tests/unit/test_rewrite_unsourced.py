"""What the words of an unsourced rewrite may change: facts, senses, roles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from repair.rewrite.senses import senses
from repair.rewrite.unsourced import word_checks

CASES = Path(__file__).parents[1] / "cases"


def load(name: str) -> list[dict[str, Any]]:
    return list(json.loads((CASES / name).read_text(encoding="utf-8")))


PASS = load("gate_pass.json")


def refusing(before: str, after: str) -> dict[str, str]:
    return {c.name: c.detail for c in word_checks(before, after, (before, after)) if not c.passed}


@pytest.mark.parametrize("case", load("gate_refuse.json"), ids=lambda case: case["label"])
def test_a_changed_claim_is_refused_by_its_check_and_told(case: dict[str, Any]) -> None:
    found = refusing(case["before"], case["after"])
    assert set(case["checks"]) <= found.keys()
    assert all(found[name] for name in case["checks"])


@pytest.mark.parametrize(
    "case", [c for c in load("gate_refuse.json") if not c.get("one_way")], ids=lambda case: case["label"]
)
def test_the_way_back_is_refused_too(case: dict[str, Any]) -> None:
    assert refusing(case["after"], case["before"])


def passing() -> list[Any]:
    marked = [(c, [pytest.mark.xfail(reason=c["known_failure"])] if "known_failure" in c else []) for c in PASS]
    return [pytest.param(case, marks=marks, id=case["label"]) for case, marks in marked]


@pytest.mark.parametrize("case", passing())
def test_other_words_for_the_same_claim_pass(case: dict[str, Any]) -> None:
    assert refusing(case["before"], case["after"]) == {}


def test_no_word_stands_in_two_rows_of_one_kind_of_sense() -> None:
    for kind, patterns in senses().items():
        words = [word for pattern in patterns for word in pattern.pattern[5:-3].split("|")]
        assert len(words) == len(set(words)), kind
