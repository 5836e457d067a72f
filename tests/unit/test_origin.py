"""Who wrote a text: the terms that are counted, and what the shipped weights make of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repair.errors import ModelError
from repair.lm.catalog import MODELS_DIR
from repair.scoring.origin import Origin, load_origin, terms, witnesses

ORIGIN = load_origin(MODELS_DIR / "scorer")
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=80)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mayor Lind spoke on 3 May.", "Mayor Berg spoke on 21 June."),
        ("He said “no”.", 'He said "no".'),
        ("It’s late – again.", "It's late - again."),
    ],
)
def test_names_numbers_and_typographic_marks_make_no_difference(one: str, other: str) -> None:
    assert list(terms(one)) == list(terms(other))


def test_the_order_of_words_makes_a_difference() -> None:
    assert sorted(terms("the old bridge")) != sorted(terms("old the bridge"))


@given(st.lists(TEXTS, max_size=4))
def test_every_text_has_a_probability_and_none_has_none(sentences: list[str]) -> None:
    found = ORIGIN.probability(sentences)
    assert found is None if not sentences else found is not None and 0 <= found <= 1


def test_a_sentence_said_again_adds_less_than_the_first_time() -> None:
    sentence = "The company announced on Tuesday that it would close the plant."
    once, twice = (abs(np.log(p / (1 - p))) for n in (1, 2) if (p := ORIGIN.probability([sentence] * n)))
    assert once < twice < 2 * once


@given(st.integers(1, 200), st.floats(0, 1))
def test_witnesses_weigh_no_more_than_they_are_many(count: int, alike: float) -> None:
    assert 1 - 1e-9 <= witnesses(count, alike) <= count + 1e-9


def test_the_log_odds_are_those_of_normed_tf_idf() -> None:
    first, second = sorted(set(terms("bridge")))[:2]
    keys = np.array([first, second], np.uint32)
    one = np.ones(1, np.float32)
    tiny = Origin(keys, np.array([3, 4], np.float32), np.array([1, 2], np.float32), 0.5 * one, np.ones(3, np.float32))
    assert tiny.log_odds("bridge") == pytest.approx((3 * 1 + 4 * 2) / 5 + 0.5)
    assert tiny.log_odds("") == pytest.approx(0.5)


def test_weights_that_are_missing_or_damaged_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load_origin(tmp_path)
    (tmp_path / "origin.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="cannot be read"):
        load_origin(tmp_path)
