"""Word-level differences: they give back both texts, and read well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repair.review.diff import changes, words

CASES = json.loads((Path(__file__).parents[1] / "cases" / "word_diff.json").read_text(encoding="utf-8"))
texts = (
    st.lists(st.sampled_from(["the", "old", "harbour", " ", ", ", "’s", "👩‍👩‍👧", "\n", "שלום"])).map("".join)
    | st.text()
)


@settings(deadline=None)
@given(texts, texts)
def test_both_texts_come_back(before: str, after: str) -> None:
    found = changes(before, after)
    assert "".join(text for op, text in found if op != "+") == before
    assert "".join(text for op, text in found if op != "-") == after
    assert all(text for _, text in found)


@settings(deadline=None)
@given(texts)
def test_equal_texts_have_no_change(text: str) -> None:
    assert changes(text, text) == ([("=", text)] if text else [])


@settings(deadline=None)
@given(texts)
def test_words_tile_the_text(text: str) -> None:
    assert "".join(words(text)) == text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_cases(case: dict[str, str]) -> None:
    found = changes(case["before"], case["after"])
    assert "".join(text if op == "=" else f"[{op}{text}]" for op, text in found) == case["shown"]


def test_a_very_long_sentence_is_replaced_whole() -> None:
    before, after = "a b " * 2_000, "c d " * 2_000
    assert changes(f"x {before}", f"x {after}")[0] == ("=", "x ")
