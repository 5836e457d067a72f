"""Quotation marks in one paragraph."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repair.text.quotes import quoted


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("He said nothing.", []),
        ("“Go,” she said. “Now.”", ["Go,", "Now."]),
        ('"Go," she said. "Now."', ["Go,", "Now."]),
        ('A "big" day', ["big"]),
        ("„Geh“, sagte er.", ["Geh"]),
        ("«Va», dit-il.", ["Va"]),
        ("‘Go,’ she said; it’s the dogs’ day.", ["Go,"]),
        ("It’s the dogs’ day.", []),
        ("Go now,” she said.", ["Go now,"]),
        ("He said: “Go now. It is late.", ["Go now. It is late."]),
        ("“He told me ‘go’ twice.”", ["He told me ‘go’ twice."]),
        ("The “end.” ”", ["end."]),
        ("", []),
    ],
)
def test_quoted(text: str, inside: list[str]) -> None:
    assert [span.of(text) for span in quoted(text)] == inside


@settings(deadline=None)
@given(text=st.text(st.sampled_from('ab “”„«»"‘’.')))
def test_spans_are_in_order_and_apart(text: str) -> None:
    spans = quoted(text)
    assert all(one.end <= two.start for one, two in pairwise(spans))
    assert all(span.end <= len(text) for span in spans)
