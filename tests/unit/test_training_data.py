"""What the scorer learns from: slips of people's own, and the shards that keep what the model says of a text."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import scorer_data
import slips
from hypothesis import given
from hypothesis import strategies as st

from repair.records import TokenScores

TEXT = (
    "The ferry was late because of the fog, and nobody was told.",
    "Passengers said that they had waited for an hour.",
    "The company believes that its boats are going to run again on Monday.",
)


@given(st.integers(0, 2**16))
def test_a_hurried_writer_loses_no_sentence(seed: int) -> None:
    written = slips.hurried(TEXT, random.Random(seed))
    assert written == slips.hurried(TEXT, random.Random(seed))
    assert 1 <= len(written) <= len(TEXT)
    words = sum(len(sentence.split()) for sentence in TEXT)
    assert sum(len(sentence.split()) for sentence in written) >= words


def test_most_hurried_writers_make_slips_and_some_let_sentences_run_on() -> None:
    written = [slips.hurried(TEXT, random.Random(seed)) for seed in range(100)]
    assert sum(text != list(TEXT) for text in written) > 80
    assert 10 < sum(len(text) < len(TEXT) for text in written) < 90


class _Model:
    """Says of every text that it has one token, and counts the texts."""

    asked = 0

    def token_scores(self, texts: Sequence[object], context: int) -> list[TokenScores]:
        assert context > 0
        self.asked += len(texts)
        one = np.ones(1, np.float32)
        return [TokenScores(np.zeros(1, np.int64), np.ones(1, np.int64), one, one, np.ones((1, 2))) for _ in texts]


def test_a_text_is_read_once_and_again_when_it_changes(tmp_path: Path) -> None:
    def read(*texts: str) -> int:
        model = _Model()
        documents = [SimpleNamespace(text=text, sentences=()) for text in texts]
        assert len(list(scorer_data.token_scores(model, documents, tmp_path))) == len(texts)  # type: ignore[arg-type]
        return model.asked

    assert [read("one", "two"), read("one", "two"), read("one", "three"), read("one")] == [2, 0, 2, 1]
