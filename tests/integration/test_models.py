"""The real models: converted as they should be, and what they are known to say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tokenizers import Tokenizer

from repair.config import Settings
from repair.lm.catalog import fingerprint, load_card, resolve, verify
from repair.lm.generate import complete

if TYPE_CHECKING:
    from repair.lm.embed import Embedder
    from repair.lm.model import LanguageModel


@pytest.fixture(scope="module")
def folder(settings: Settings) -> Path:
    return resolve(settings.lm, offline=True)


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


@pytest.fixture(scope="module")
def model(settings: Settings) -> LanguageModel:
    from repair.lm.model import load_model

    return load_model(settings)


@pytest.mark.parametrize("name", ["smollm2-135m-instruct", "all-minilm-l6-v2"])
def test_the_cache_holds_what_was_stamped(settings: Settings, name: str) -> None:
    home = verify(name)
    assert fingerprint(home) == load_card(name).sha256


def test_the_weights_are_bf16_and_the_head_is_tied(folder: Path) -> None:
    from safetensors import safe_open

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["tie_word_embeddings"]
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        names = set(file.keys())
        assert file.get_slice("model.embed_tokens.weight").get_shape() == [49152, 576]
        assert file.get_slice("model.embed_tokens.weight").get_dtype() == "BF16"
    assert "lm_head.weight" not in names


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("In 2031 it rose.", ["In", "Ġ", "2", "0", "3", "1", "Ġit", "Ġrose", "."]),
        ("up  40,5", ["up", "ĠĠ", "4", "0", ",", "5"]),  # GPT-2's rule alone would part the two spaces
        ("<|im_start|>user\n", ["<|im_start|>", "user", "Ċ"]),
    ],
)
def test_text_is_split_as_smollm2_was_taught(tokenizer: Tokenizer, text: str, tokens: list[str]) -> None:
    assert tokenizer.encode(text).tokens == tokens


CHAT = "<|im_start|>system\n{}<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"


def test_answers_are_english_end_by_themselves_and_repeat(model: LanguageModel) -> None:
    prompts = [
        CHAT.format("You answer with one word.", "What is the capital of France?"),
        CHAT.format("You repeat what the user says, word for word.", "The harbour was closed on Friday."),
    ]
    answers = complete(model, prompts, samples=2, max_new_tokens=40, seed=3)
    assert "Paris" in answers[0][0]
    assert "harbour was closed on Friday" in answers[1][0]
    assert not any("<|" in answer for row in answers for answer in row)
    assert complete(model, prompts, samples=2, max_new_tokens=40, seed=3) == answers


def test_the_embedder_knows_paraphrases(embedder: Embedder) -> None:
    sentence, paraphrase, other, again = embedder.encode(
        [
            "The minister resigned on Monday after the vote.",
            "After Monday's vote, the minister stepped down.",
            "Cats sleep for most of the day.",
            "The minister resigned on Monday after the vote.",
        ]
    )
    assert sentence @ again == pytest.approx(1.0, abs=1e-6)
    assert sentence @ paraphrase > 0.7 > 0.3 > sentence @ other
