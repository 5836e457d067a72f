"""Edits made narrow, read in place, and the sentences they touch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repair.edits import apply
from repair.records import Edit, Span
from repair.rewrite.places import narrow, reads, touched, whole
from tests.rewriting import judged

WORDS = st.lists(st.sampled_from(["the", "old", "ship", "sails", ",", "at", "dawn", "  ", "don't"]), max_size=8).map(
    " ".join
)


@given(WORDS, WORDS, WORDS, WORDS)
def test_a_narrow_edit_does_the_same(left: str, before: str, after: str, right: str) -> None:
    text = left + before + right
    edit = Edit(Span(len(left), len(left) + len(before)), before, after)
    small = narrow(edit)
    assert apply(text, [small]) == apply(text, [edit])
    assert edit.span.contains(small.span)
    assert narrow(small) == small


@pytest.mark.parametrize(
    ("before", "after", "old", "new"),
    [
        ("The ship have sailed.", "The ship has sailed.", "have", "has"),
        ("The ship sailed.", "The old ship sailed.", "", "old "),
        ("The the ship sailed.", "The ship sailed.", "the ", ""),
        ("It sailed at dawn.", "It sailed at dawn.", "", ""),
        ("He don't know.", "He doesn't know.", "don", "doesn"),
    ],
)
def test_only_changed_words_are_left(before: str, after: str, old: str, new: str) -> None:
    small = narrow(Edit(Span(0, len(before)), before, after))
    assert (small.before, small.after) == (old, new)


def test_an_edit_touches_every_sentence_it_reaches() -> None:
    text = "The ship sailed. It was late. Nobody saw it."
    report = judged(text).report
    found = touched(report, Span(text.index("late"), text.index("saw")))
    assert [s.sentence.span.of(text) for s in found] == ["It was late.", "Nobody saw it."]
    assert whole(found) == Span(text.index("It"), len(text))


@pytest.mark.parametrize(("at", "home"), [(0, 0), (4, 0), (16, 0), (17, 1), (30, 2), (44, 2)])
def test_an_insertion_touches_one_sentence(at: int, home: int) -> None:
    text = "The ship sailed. It was late. Nobody saw it."
    found = touched(judged(text).report, Span(at, at))
    assert [s.sentence.index for s in found] == [home]


def test_a_sentence_reads_with_its_edit() -> None:
    text = "The ship sailed. It were late. Nobody saw it."
    span = Span(17, 30)
    edit = Edit(Span(20, 24), "were", "was")
    assert reads(text, span, edit) == "It was late."
