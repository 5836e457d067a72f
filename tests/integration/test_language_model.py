"""The real language model: what it says of tokens, however they are packed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from repair.config import Settings
from repair.lm.hub import HubModel
from repair.lm.llama import Llama
from repair.lm.model import HEAD_ROWS, LanguageModel, load_model
from repair.records import Kind, Sentence, Span, TokenScores
from repair.scoring.scorer import Scorer
from repair.text.sentences import split

TEXTS = (
    "The harbour office opened a second berth on Monday. Ferries from the islands will use it first.",
    "She said the bridge would stay closed.",
    "Nobody was hurt when the roof of the old market came down, the mayor said, but eleven stalls were lost.",
    "Prices rose.",
)
BF16_NATS = 0.25
"""Mean difference a token that bfloat16 may make: 8 bits of mantissa on logits of about 20 nats."""
EXACT_NATS = 1e-3
PACKED_NATS = 0.05
"""The same for rows of other lengths in the batch, which change the order of additions."""


@pytest.fixture(scope="module")
def model(scorer: Scorer) -> LanguageModel:
    return scorer.model


def _scores(model: LanguageModel, *texts: str) -> list[TokenScores]:
    return model.token_scores([(text, split(text)) for text in texts], context=128)


def test_packed_equals_one_by_one(model: LanguageModel) -> None:
    for together, alone in zip(_scores(model, *TEXTS), (_scores(model, text)[0] for text in TEXTS), strict=True):
        assert np.abs(together.surprisal - alone.surprisal).mean() < PACKED_NATS
        assert np.abs(together.entropy - alone.entropy).mean() < PACKED_NATS


def test_bfloat16_is_near_float32(model: LanguageModel) -> None:
    exact = load_model(Settings(device="cpu"), dtype=torch.float32)
    for rough, fine in zip(_scores(model, *TEXTS), _scores(exact, *TEXTS), strict=True):
        assert np.abs(rough.surprisal - fine.surprisal).mean() < BF16_NATS


def test_perplexity_is_that_of_the_models_own_loss(model: LanguageModel) -> None:
    for text, scores in zip(TEXTS, _scores(model, *TEXTS), strict=True):
        ids = torch.tensor([[model.prefix, *model.encode(text).ids]])
        with torch.inference_mode():
            loss = model.network(ids, labels=ids).loss
        assert math.exp(scores.surprisal.mean()) == pytest.approx(math.exp(float(loss)), rel=2 * PACKED_NATS)


def test_variants_of_a_sentence_score_as_they_do_alone(model: LanguageModel) -> None:
    context = model.encode(TEXTS[0]).ids
    variants = [model.encode(" " + text).ids for text in TEXTS[1:]]
    alone = [model.score_ids([(context, variant)])[0] for variant in variants]
    for together, single in zip(model.score_variants(context, variants), alone, strict=True):
        assert np.abs(together.surprisal - single.surprisal).mean() < PACKED_NATS


def test_context_makes_names_less_surprising(model: LanguageModel) -> None:
    name = "Thandiwe Mokgosi"
    text = f"{name} opened the new library in Francistown on Tuesday. {name} said it took nine years."
    sentences = split(text)
    (scores,) = model.token_scores([(text, sentences)], context=128)
    first, second = (scores.surprisal[scores.within(Span(at, at + len(name)))].sum() for at in (0, text.rindex(name)))
    assert second < first / 2


@pytest.mark.parametrize("text", ["", "a", "🙂", "👩‍👩‍👧 said so.", "東京で地震がありました。", "\n\n", "   "])
def test_any_text_gives_one_score_a_token(model: LanguageModel, text: str) -> None:
    (scores,) = _scores(model, text)
    assert len(scores.surprisal) == len(scores.starts) == len(model.encode(text).ids)
    assert np.isfinite(scores.surprisal).all()
    assert (scores.surprisal >= -1e-3).all()
    assert ((scores.starts >= 0) & (scores.ends <= len(text))).all()


def test_a_line_of_100_000_characters(model: LanguageModel) -> None:
    text = "word " * 20_000
    sentences = (Sentence(0, Span(0, len(text) - 1), Kind.PROSE),)
    (scores,) = model.token_scores([(text, sentences)], context=128)
    assert len(scores.surprisal) == len(model.encode(text).ids)
    assert np.isfinite(scores.surprisal).all()


def test_the_vocabulary_head_never_sees_all_tokens_at_once(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    logits = Llama.logits

    def counted(body: Llama, states: torch.Tensor) -> torch.Tensor:
        rows.append(len(states))
        return logits(body, states)

    monkeypatch.setattr(Llama, "logits", counted)
    _scores(model, " ".join(TEXTS * 4))
    assert max(rows) <= HEAD_ROWS < sum(rows)


def test_in_float32_our_forward_pass_is_that_of_the_library() -> None:
    model = load_model(Settings(device="cpu"), dtype=torch.float32)
    other = replace(model, body=HubModel(model.network))
    for own, theirs in zip(_scores(model, *TEXTS), _scores(other, *TEXTS), strict=True):
        assert own.surprisal == pytest.approx(theirs.surprisal, abs=EXACT_NATS)
    context, variants = model.encode(TEXTS[0]).ids, [model.encode(" " + text).ids for text in TEXTS[1:]]
    pairs = zip(model.score_variants(context, variants), other.score_variants(context, variants), strict=True)
    for own_piece, their_piece in pairs:
        assert own_piece.surprisal == pytest.approx(their_piece.surprisal, abs=EXACT_NATS)
