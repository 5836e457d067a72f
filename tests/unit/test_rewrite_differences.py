"""What became of each word of a sentence, and the features that are read off it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from repair.rewrite.differences import Changes, changes, read_words
from repair.rewrite.features import MOST_NATS, Features, features, per_word

WORDS = st.lists(
    st.sampled_from("the of Porto porters ship ships sank sunk not 12 , . xqzzt old new".split()),
    min_size=1,
    max_size=12,
)


def words(found: Changes, side: str, indices: tuple[int, ...]) -> list[str]:
    return [getattr(found, side)[i].text for i in indices]


def read(before: str, after: str) -> Features:
    found = changes(before, after)
    nats = [np.array([len(w.text) for w in side], np.float32) for side in (found.before, found.after)]
    return features(found, *nats, 0.9)


def test_every_change_has_its_field() -> None:
    found = changes(
        "The big ships with the grain sank in the deep harbour.", "The ship sank with grain in a harbour near Porto."
    )
    assert words(found, "before", found.dropped) == ["big", "the", "the", "deep"]
    assert words(found, "after", found.added) == ["a", "near", "Porto"]
    assert [(found.before[i].text, found.after[j].text) for i, j in found.respelt] == [("ships", "ship")]
    assert [found.before[i].text for i, _ in found.moved] == ["sank"]


def test_a_word_in_anothers_place_is_exchanged() -> None:
    found = changes("The boars came back to the throne.", "The kings came back to the throne.")
    assert [(found.before[i].text, found.after[j].text) for i, j in found.exchanged] == [("boars", "kings")]
    assert (found.dropped, found.added) == ((), ())


@settings(deadline=None)  # the first call loads the table of words
@given(WORDS, WORDS)
def test_every_word_is_in_exactly_one_field(one: list[str], other: list[str]) -> None:
    found = changes(" ".join(one), " ".join(other))
    pairs = [*found.kept, *found.moved, *found.respelt, *found.exchanged]
    assert sorted([*(i for i, _ in pairs), *found.dropped]) == list(range(len(found.before)))
    assert sorted([*(j for _, j in pairs), *found.added]) == list(range(len(found.after)))


@settings(deadline=None)  # the first call loads the table of words
@given(WORDS)
def test_a_text_is_no_change_of_itself(one: list[str]) -> None:
    text = " ".join(one)
    found = changes(text, text)
    assert len(found.kept) == len(read_words(text))
    told = read(text, text)
    assert (told.total, told.dropped, told.added, told.moved, told.inversions, told.log_length) == (0,) * 6


def test_what_is_left_out_and_put_in_is_counted() -> None:
    told = read("The old bridge of the town fell.", "The bridge of the town lately fell.")
    assert (told.dropped, told.dropped_nats, told.dropped_least) == (1, 3, 3)
    assert (told.added, told.new_max, told.unknown_added) == (1, 6, 0)


def test_a_word_that_english_does_not_have_is_unknown() -> None:
    assert read("The bridge fell.", "The xqzzt fell.").unknown_added == 1
    assert read("The xqzzt fell.", "The bridge fell.").unknown_lost == 1


def test_tokens_are_summed_to_words_and_capped() -> None:
    text = "A dreadful, dreadful end."
    starts = np.array([0, 2, 7, 10, 12, 21, 24])
    nats = per_word(read_words(text), starts, np.array([1, 2, 3, 0.5, 20, 4, 0.25], np.float32))
    assert nats.tolist() == [1, 5, 0.5, MOST_NATS, 4, 0.25]
