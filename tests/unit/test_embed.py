"""The embedder around a tiny encoder with random weights: the pooling, the batches, the memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertModel

from repair.config import Settings
from repair.errors import ModelError
from repair.lm import embed
from repair.lm.embed import Embedder, load_embedder
from tests.tiny_models import WORDS, word_tokenizer, write_encoder, write_folder

TEXTS = ["the minister said", "police", "taxes rose on monday and prices fell on tuesday", "not a minister"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def tiny(folder: Path) -> Embedder:
    return load_embedder(Settings(embedder=str(folder), device="cpu"))


def test_a_vector_is_the_mean_of_the_word_pieces_at_length_one(tiny: Embedder, folder: Path) -> None:
    network: Any = BertModel.from_pretrained(folder).eval()
    for text, vector in zip(TEXTS, tiny.encode(TEXTS), strict=True):
        with torch.inference_mode():
            states = network(torch.tensor([word_tokenizer(ends=("[CLS]", "[SEP]")).encode(text).ids]))[0][0]
        mean = states.mean(dim=0).numpy()
        assert np.allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)


def test_shape_and_type(tiny: Embedder) -> None:
    vectors = tiny.encode(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((4, 16), np.float32)
    assert tiny.encode([]).shape == (0, 16)


def test_batches_change_only_the_last_digits(tiny: Embedder, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embed, "BATCH_PIECES", 1)
    alone = load_embedder(Settings(embedder=str(folder), device="cpu")).encode(TEXTS)
    assert np.allclose(alone, tiny.encode(TEXTS), atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(st.lists(st.sampled_from(WORDS[:-1]), min_size=1, max_size=8).map(" ".join), max_size=12))
def test_rows_stand_in_the_order_of_the_texts(texts: list[str]) -> None:
    tiny = _shared()
    vectors = tiny.encode(texts)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        assert np.array_equal(tiny.encode([text])[0], vector)


_SHARED: list[Embedder] = []


def _shared() -> Embedder:
    """One embedder for all examples; hypothesis takes no fixture that lives shorter than the test."""
    if not _SHARED:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            _SHARED.append(load_embedder(Settings(embedder=str(write_encoder(Path(folder))), device="cpu")))
    return _SHARED[0]


def test_a_text_is_embedded_once(tiny: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tiny.encode([TEXTS[0], TEXTS[0], TEXTS[1]])
    monkeypatch.setattr(tiny, "_forward", lambda pieces: pytest.fail(f"embedded again: {pieces}"))
    assert np.array_equal(tiny.encode([TEXTS[1], TEXTS[0]]), first[[2, 0]])


def test_the_memory_is_bounded_and_forgets_the_oldest(tiny: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny, "_remembered", 2)
    tiny.encode(TEXTS[:2])
    tiny.encode([TEXTS[0]])
    tiny.encode([TEXTS[2]])
    read: list[int] = []
    forward = tiny._forward
    monkeypatch.setattr(tiny, "_forward", lambda pieces: (read.append(len(pieces)), forward(pieces))[1])
    tiny.encode([TEXTS[0], TEXTS[2]])
    assert read == []
    assert tiny.encode(TEXTS).shape == (4, 16)
    assert read == [2]


@pytest.mark.parametrize("text", ["", "\ud800", "🙂", "日本語", "word " * 5000])
def test_any_text_has_a_vector(tiny: Embedder, text: str) -> None:
    assert np.isfinite(tiny.encode(["police", text])).all()


def test_another_model_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "none")
    with pytest.raises(ModelError, match="is no encoder that can be read"):
        load_embedder(Settings(embedder=str(folder), device="cpu"))
