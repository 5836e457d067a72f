"""Answers from a tiny network with random weights: right, repeatable, and no other prompt's business."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from repair.errors import ModelError
from repair.lm import generate
from repair.lm.generate import Plan, complete
from tests.tiny_models import TinyModel, tiny_causal

PROMPTS = ["the minister said", "police", "taxes rose on monday and prices fell on tuesday", "not a minister , police"]


@pytest.fixture(scope="module")
def model() -> TinyModel:
    return tiny_causal()


def ask(model: TinyModel, prompts: list[str], **changes: Any) -> list[list[str]]:
    return complete(model, prompts, **{"samples": 3, "max_new_tokens": 12, "seed": 7, "temperature": 1.5} | changes)


def test_the_first_answer_is_what_transformers_finds_greedily(model: TinyModel) -> None:
    for prompt, answers in zip(PROMPTS, ask(model, PROMPTS), strict=True):
        ids = torch.tensor([model.tokenizer.encode(prompt).ids])
        network: Any = model.network
        out = network.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=12)
        expected = model.tokenizer.decode(out[0, ids.shape[1] :].tolist(), skip_special_tokens=True)
        assert answers[0] == expected.strip()


def test_a_prompt_has_the_same_answers_alone_and_among_others(model: TinyModel) -> None:
    together = ask(model, PROMPTS)
    assert [ask(model, [prompt])[0] for prompt in PROMPTS] == together
    assert list(reversed(ask(model, PROMPTS[::-1]))) == together


def test_a_prompt_has_the_same_answers_in_small_batches(model: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    together = ask(model, PROMPTS)
    monkeypatch.setattr(generate, "BATCH_TOKENS", 50)
    assert ask(model, PROMPTS) == together


def test_answers_that_end_leave_the_others_alone(model: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ask(model, PROMPTS, samples=8, max_new_tokens=40)
    lengths = {len(answer.split()) for answers in kept for answer in answers}
    assert len(lengths) > 3, "the answers must end at different times, else this shows nothing"
    monkeypatch.setattr(generate, "KEEP", 0.0)  # no answer ever leaves the batch
    assert ask(model, PROMPTS, samples=8, max_new_tokens=40) == kept


def test_the_seed_decides_what_is_drawn(model: TinyModel) -> None:
    assert ask(model, PROMPTS) == ask(model, PROMPTS)
    other = ask(model, PROMPTS, seed=8)
    assert other != ask(model, PROMPTS)
    assert [answers[0] for answers in other] == [answers[0] for answers in ask(model, PROMPTS)]


def test_drawing_leaves_the_global_random_state_alone(model: TinyModel) -> None:
    before = torch.random.get_rng_state()
    ask(model, PROMPTS)
    assert torch.equal(before, torch.random.get_rng_state())


def test_an_answer_ends_before_the_stop(model: TinyModel) -> None:
    whole = ask(model, PROMPTS, max_new_tokens=30)
    stopped = ask(model, PROMPTS, max_new_tokens=30, stop="prices")
    assert any("prices" in answer for answers in whole for answer in answers)
    assert not any("prices" in answer for answers in stopped for answer in answers)
    for before, after in zip(whole, stopped, strict=True):
        assert [answer.split("prices")[0].rstrip() for answer in before] == after


def test_no_prompts_no_answers(model: TinyModel) -> None:
    assert ask(model, []) == []


@pytest.mark.parametrize("prompt", ["", "police " * 60])
def test_a_prompt_that_cannot_be_read_is_refused(model: TinyModel, prompt: str) -> None:
    with pytest.raises(ModelError, match="do not fit into 1 to 64"):
        ask(model, [prompt])


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"max_new_tokens": 0}, {"temperature": 0.0}, {"top_p": 0.0}])
def test_settings_that_make_no_sense_are_refused(model: TinyModel, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="samples and max_new_tokens"):
        ask(model, PROMPTS, **wrong)


def plan(temperature: float, top_p: float) -> Plan:
    return Plan(2, 1, 0, temperature, top_p, "", frozenset())


def test_draws_follow_the_nucleus() -> None:
    logits = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))
    draws = torch.linspace(0, 0.9999, 8000)
    chosen = generate._choose(logits.repeat(8000, 1), draws, torch.zeros(8000, dtype=torch.bool), plan(1.0, 0.9))
    shares = torch.bincount(chosen, minlength=4) / 8000
    assert torch.allclose(shares, torch.tensor([0.5, 0.3, 0.15, 0]) / 0.95, atol=1e-3)


@settings(max_examples=60)
@given(
    logits=st.lists(st.floats(-20, 20, width=32), min_size=2, max_size=200),
    draw=st.floats(0, 1, exclude_max=True, width=32),
    temperature=st.floats(0.1, 3),
    top_p=st.floats(0.01, 1),
)
def test_a_drawn_token_is_always_among_the_most_likely(
    logits: list[float], draw: float, temperature: float, top_p: float
) -> None:
    row = torch.tensor([logits, logits])
    chosen = generate._choose(row, torch.tensor([draw, draw]), torch.tensor([True, False]), plan(temperature, top_p))
    assert row[0, chosen[0]] == row[0].max()
    better = row[1] > row[1, chosen[1]]
    mass = (row[1] / temperature).softmax(0)[better].sum()
    assert mass < top_p + 1e-5
