"""Mending a change at a time: what the trained rewriter keeps, exchanges, puts in and leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repair.errors import ModelError
from repair.lm.llama import Read
from repair.rewrite.mend import Mender, load_mender, parts

WORDS = "<end> Damaged: Mended: The ship ships left leaved port the at in dawn".split()
LIKELY, SURE = 2.0, 8.0


class Bigrams:
    """A model that expects after each word the one that its table names, and else what it has no opinion of."""

    device = torch.device("cpu")

    def __init__(self, expected: dict[str, str]) -> None:
        self.table = torch.zeros(len(WORDS), len(WORDS))
        for word, following in expected.items():
            self.table[WORDS.index(word), WORDS.index(following)] = SURE
        self.passes = 0

    def read(self, ids: torch.Tensor, *, past: Any = None) -> Read:
        self.passes += 1
        return Read(ids[:, :, None].float(), None, past)

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        return self.table[states[:, 0].long()].clone()


def mender(expected: dict[str, str]) -> Mender:
    """A rewriter that reads whole words."""
    model: Any = SimpleNamespace(
        prefix=0,
        encode=lambda text: SimpleNamespace(ids=[WORDS.index(word) for word in text.split()]),
        tokenizer=SimpleNamespace(decode=lambda ids: " ".join(WORDS[i] for i in ids if i)),
    )
    body: Any = Bigrams(expected)
    return Mender(model, body, "test")


@pytest.mark.parametrize(
    ("expected", "sentence", "mended"),
    [
        ({}, "The ship left port", "The ship left port"),
        ({"ship": "left", "left": "port"}, "The ship leaved port", "The ship left port"),
        ({"left": "the", "the": "port"}, "The ship left port", "The ship left the port"),
        ({"left": "port"}, "The ship left at port", "The ship left port"),
        ({"ship": "left", "left": "the", "the": "ship"}, "The ship leaved port", "The ship leaved port"),
        ({"port": "at"}, "The ship left port", "The ship left port"),
    ],
    ids=["no opinion", "exchanged", "put in", "left out", "never back in the sentence", "nothing after the end"],
)
def test_a_change_is_made_where_the_rewriter_is_sure(expected: dict[str, str], sentence: str, mended: str) -> None:
    assert mender(expected).mend(sentence, margin=LIKELY) == mended


def test_a_margin_holds_it_back() -> None:
    assert mender({"ship": "left", "left": "port"}).mend("The ship leaved port", margin=SURE) == "The ship leaved port"


def test_a_sentence_that_is_right_costs_three_passes() -> None:
    one = mender({"ship": "left"})
    assert one.mend("The ship left port", margin=LIKELY) == "The ship left port"
    assert isinstance(one.body, Bigrams)
    assert one.body.passes == 3  # the question, the draft, the draft kept


@given(
    st.dictionaries(st.sampled_from(WORDS), st.sampled_from(WORDS)), st.lists(st.sampled_from(WORDS[3:]), min_size=1)
)
def test_it_comes_to_an_end_and_never_empties_a_sentence(expected: dict[str, str], words: Sequence[str]) -> None:
    assert mender(expected).mend(" ".join(words), margin=LIKELY).split()


def test_changes_are_also_offered_alone() -> None:
    before = "The ships has left port and its crew have been in the town at dawn."
    after = "The ships have left port and its crew has been in the town since dawn."
    offered = list(parts(before, after))
    assert offered[0] == after
    assert len(offered) == 7
    assert set(offered[1:]) == {
        "The ships have left port and its crew has been in the town at dawn.",
        "The ships have left port and its crew have been in the town since dawn.",
        "The ships has left port and its crew has been in the town since dawn.",
        "The ships have left port and its crew have been in the town at dawn.",
        "The ships has left port and its crew has been in the town at dawn.",
        "The ships has left port and its crew have been in the town since dawn.",
    }


@pytest.mark.parametrize("after", ["The ship left.", "The ship has left."])
def test_one_change_is_one_proposal(after: str) -> None:
    assert list(parts("The ship left.", after)) == [after]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "rewriter.safetensors").write_bytes(b"nothing")
    model: Any = SimpleNamespace(body=None, signature="any@0")
    with pytest.raises(ModelError, match=r"rewriter\.safetensors"):
        load_mender(model, tmp_path)
