"""The algebra of edits: what holds for any text and any edits, and the cases at the edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repair import edits
from repair.errors import EditError
from repair.records import Edit, Span, Suggestion
from tests.making import suggestion

TEXTS = st.text(st.sampled_from("ab é“😀\r\n"), max_size=40)


@st.composite
def text_and_edits(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A text and edits of it that do not collide, in any order."""
    text = draw(TEXTS)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = [Span(start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=False)]
    made = [Edit(span, span.of(text), draw(TEXTS)) for span in spans]
    return text, draw(st.permutations(made))


@st.composite
def text_and_suggestions(draw: st.DrawFn) -> tuple[str, list[Suggestion]]:
    """A text and suggestions for it, which may collide."""
    text = draw(TEXTS)
    place = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted)
    places = draw(st.lists(place, max_size=8))
    return text, [suggestion(text, start, end, draw(TEXTS), str(n)) for n, (start, end) in enumerate(places)]


@given(TEXTS)
def test_no_edits_change_nothing(text: str) -> None:
    assert edits.apply(text, []) == text
    assert edits.revert(text, []) == text


@given(text_and_edits())
def test_revert_gives_back_what_apply_took(case: tuple[str, list[Edit]]) -> None:
    text, made = case
    assert edits.revert(edits.apply(text, made), made) == text


@given(text_and_edits())
def test_the_length_changes_by_what_the_edits_add(case: tuple[str, list[Edit]]) -> None:
    text, made = case
    assert len(edits.apply(text, made)) == len(text) + sum(len(e.after) - len(e.before) for e in made)


@given(text_and_edits())
def test_all_at_once_equals_one_by_one_from_the_end(case: tuple[str, list[Edit]]) -> None:
    text, made = case
    stepwise = text
    for edit in sorted(made, key=lambda e: e.span, reverse=True):
        stepwise = edits.apply(stepwise, [edit])
    assert stepwise == edits.apply(text, made)


@given(text_and_suggestions())
def test_choose_takes_no_two_that_collide_and_loses_none(case: tuple[str, list[Suggestion]]) -> None:
    text, ranked = case
    choice = edits.choose(ranked)
    assert edits.check(text, [s.edit for s in choice.chosen]) == tuple(s.edit for s in choice.chosen)
    assert sorted(s.id for s in (*choice.chosen, *(k.suggestion for k in choice.skipped))) == sorted(
        s.id for s in ranked
    )


@given(text_and_suggestions())
def test_choose_skips_only_what_collides_with_something_chosen(case: tuple[str, list[Suggestion]]) -> None:
    _, ranked = case
    choice = edits.choose(ranked)
    for skipped in choice.skipped:
        rivals = [s.id for s in choice.chosen if edits.collide(s.edit.span, skipped.suggestion.edit.span)]
        assert any(f"suggestion {rival}," in skipped.reason for rival in rivals)


def test_choose_prefers_what_comes_first() -> None:
    text = "one two three"
    wide, narrow = suggestion(text, 0, 7, "1 2", "wide"), suggestion(text, 4, 7, "2", "narrow")
    assert edits.choose([narrow, wide]).chosen == (narrow,)
    assert edits.choose([wide, narrow]).chosen == (wide,)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Span(0, 3), Span(3, 5), False),  # neighbours
        (Span(0, 3), Span(2, 5), True),
        (Span(2, 2), Span(2, 2), True),  # two insertions at one place: which comes first?
        (Span(2, 2), Span(3, 3), False),
        (Span(2, 2), Span(0, 5), True),  # an insertion inside a replacement
        (Span(3, 3), Span(0, 3), True),  # an insertion at its edge
        (Span(3, 3), Span(3, 5), True),
        (Span(6, 6), Span(3, 5), False),
    ],
)
def test_collide(one: Span, other: Span, expected: bool) -> None:
    assert edits.collide(one, other) is expected
    assert edits.collide(other, one) is expected


def test_an_edit_that_expects_other_words_is_refused() -> None:
    with pytest.raises(EditError, match="has 'the' where the edit expects 'The'"):
        edits.apply("the dog", [Edit(Span(0, 3), "The", "A")])


def test_an_edit_beyond_the_end_is_refused() -> None:
    with pytest.raises(EditError, match="expects 'g!'"):
        edits.apply("a dog", [Edit(Span(4, 6), "g!", "g.")])


def test_edits_that_collide_are_refused() -> None:
    with pytest.raises(EditError, match="change the same characters"):
        edits.apply("a big dog", [Edit(Span(2, 9), "big dog", "cat"), Edit(Span(6, 9), "dog", "cat")])


def test_a_copy_changed_by_hand_is_not_reverted() -> None:
    made = [Edit(Span(2, 5), "big", "small")]
    with pytest.raises(EditError, match="changed by hand"):
        edits.revert("a large dog", made)


def test_neighbouring_deletions_come_back_in_order() -> None:
    made = [Edit(Span(0, 4), "one ", ""), Edit(Span(4, 8), "two ", "")]
    assert edits.revert(edits.apply("one two three", made), made) == "one two three"
