"""What facts a text holds, and what a rewrite loses or adds. No difference is ever seen where there is none."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repair.parallel.facts import FactKind, compare, extract, respelled
from repair.parallel.tables import aliases, antonyms, casing, denied, rows, units
from repair.text.quotes import find_quotations

CASES = Path(__file__).parents[1] / "cases"

WORDS = st.sampled_from(
    [
        *("The", "not", "“", "”", '"', "'", "two", "2", "20,000", "$5", "May", "Monday", "U.S.", "us", "Libya", "B."),
        *("al-Dabbagh", "5:30pm", "never", "%", "first", "don't", "was.", "said,", "\n", "😀", "half", "million"),
    ]
)
TEXTS = st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=60)


def load(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((CASES / name).read_text(encoding="utf-8"))
    return cases


def label(case: dict[str, Any]) -> str:
    return str(case["label"])


@pytest.mark.parametrize("case", load("facts.json"), ids=label)
def test_extract(case: dict[str, Any]) -> None:
    assert [fact.value for fact in extract(case["text"]).of(FactKind(case["kind"]))] == case["values"]


@pytest.mark.parametrize("case", load("facts_differences.json"), ids=label)
def test_compare_tells_what_differs(case: dict[str, Any]) -> None:
    found = compare(extract(case["before"]), extract(case["after"]))
    assert sorted(difference.kind.value for difference in found) == case["kinds"]


@pytest.mark.parametrize("case", load("facts_negative.json"), ids=label)
def test_compare_is_silent(case: dict[str, Any]) -> None:
    assert compare(extract(case["before"]), extract(case["after"])) == ()


def test_a_respelled_name_is_a_mild_difference() -> None:
    (difference,) = compare(extract("They met Ingrid Halvorsten."), extract("They met Ingrid Halvorsen."))
    assert difference.respelled
    assert str(difference) == "name spelled differently: “Ingrid Halvorsten” and “Ingrid Halvorsen”"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Austria", "Australia"), ("Niger", "Nigeria"), ("Eva", "Ava"), ("Ingrid Halvorsen", "Halvorsen"), ("A", "A")],
)
def test_different_names_are_never_one(one: str, other: str) -> None:
    assert not respelled(one, other)


def test_a_difference_in_words() -> None:
    (number,) = compare(extract("Two men left."), extract("Three men left."))
    assert str(number) == "number: “Two” became “Three”"
    (lost,) = compare(extract("They met in Nairobi."), extract("They met."))
    assert str(lost) == "name lost: “Nairobi”"


@given(TEXTS)
def test_every_fact_stands_where_it_says(text: str) -> None:
    facts = extract(text)
    for kind in FactKind:
        assert all(fact.kind is kind and fact.span.of(text) == fact.surface and fact.value for fact in facts.of(kind))


@given(TEXTS)
def test_a_text_differs_from_itself_in_nothing(text: str) -> None:
    assert compare(extract(text), extract(text)) == ()


@given(TEXTS, TEXTS)
def test_what_one_way_loses_the_other_way_adds(one: str, other: str) -> None:
    there = {(d.kind, d.respelled, d.lost, d.added) for d in compare(extract(one), extract(other))}
    back = {(d.kind, d.respelled, d.added, d.lost) for d in compare(extract(other), extract(one))}
    assert {kinds[:2] for kinds in there} == {kinds[:2] for kinds in back}


@given(st.text(alphabet="ab “”\"‘'’\n.,", max_size=60))
def test_quotations_never_overlap(text: str) -> None:
    spans = [quotation.span for quotation in find_quotations(text)]
    assert all(one.end <= other.start for one, other in pairwise(spans))


def test_the_tables_are_well_formed() -> None:
    assert all(len(row) == 3 and all(row) for row in rows("antonyms.tsv"))
    assert all(0 <= share <= 100 for share in casing().values())
    assert [row[0] for row in rows("casing.tsv")] == sorted(casing())
    assert set(aliases().values()) == {row[0] for row in rows("aliases.tsv")}
    assert sum(len(row[1].split("|")) for row in rows("aliases.tsv")) == len(aliases())
    assert sum(len(row[1].split("|")) for row in rows("units.tsv")) == len(units())
    assert all(word.endswith(bare) and word != bare for word, bare in denied().items())


def test_no_word_is_its_own_opposite() -> None:
    assert not [word for word, sides in antonyms().items() if any((row, 1 - side) in sides for row, side in sides)]
