"""Windows score each token once, within their bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from repair.lm.windows import Window, cut, pack


@given(
    tokens=st.integers(0, 2000),
    lengths=st.lists(st.integers(1, 300), max_size=40),
    context=st.integers(0, 200),
    block=st.integers(1, 400),
)
def test_windows_score_every_token_once(tokens: int, lengths: list[int], context: int, block: int) -> None:
    boundaries = [b for b in (sum(lengths[:i]) for i in range(len(lengths))) if b < tokens]
    windows = list(cut(tokens, boundaries, context=context, block=block))
    assert [i for w in windows for i in range(w.start, w.end)] == list(range(tokens))
    assert all(w.end - w.start <= block and w.start - w.context == min(context, w.start) for w in windows)


def test_a_window_ends_where_a_sentence_does() -> None:
    windows = list(cut(100, [0, 30, 55, 90], context=10, block=60))
    assert windows == [Window(0, 0, 55), Window(45, 55, 100)]


def test_a_sentence_longer_than_a_window_is_cut() -> None:
    assert [w.end for w in cut(100, [0], context=5, block=40)] == [40, 80, 100]


@given(st.lists(st.integers(1, 500), max_size=60), st.integers(1, 2000))
def test_batches_hold_every_row_once_and_keep_to_the_budget(lengths: list[int], budget: int) -> None:
    batches = list(pack(lengths, budget=budget))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[i] for i in batch) <= budget or len(batch) == 1 for batch in batches)
