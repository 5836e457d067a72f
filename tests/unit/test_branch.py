"""The branch that reads sentences as a whole, and the adapters that it learns by."""

from __future__ import annotations

from pathlib import Path

import adapters
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from repair.errors import ModelError
from repair.lm.branch import Branch, load_branch, same_sentence
from repair.lm.lora import merged
from tests.tiny_llama import WIDTH, changes, tiny_llama

LAYERS = range(1, 3)


def _branch() -> Branch:
    return Branch(merged(tiny_llama(), changes(LAYERS), LAYERS), LAYERS, torch.randn(2, WIDTH) / 4)


def _read(branch: Branch, states: torch.Tensor, owners: list[list[int]]) -> torch.Tensor:
    told = torch.ones(*states.shape[:2], 2)
    return branch.read(states, told, same_sentence([np.array(own) for own in owners]))


def test_merged_changes_read_as_changes_beside_the_matrices() -> None:
    body, low_rank = tiny_llama(), changes(LAYERS)
    states, mask = torch.randn(2, 5, WIDTH), torch.ones(2, 5, 5, dtype=torch.bool)
    beside = adapters.adapted(body, low_rank).through(states, mask, LAYERS)
    torch.testing.assert_close(merged(body, low_rank, LAYERS).through(states, mask, LAYERS), beside)


def test_layers_without_changes_are_shared() -> None:
    body = tiny_llama()
    other = merged(body, changes(LAYERS), LAYERS)
    same = [name for name in body.weights if other.weights[name] is body.weights[name]]
    assert len(body.weights) - len(same) == 4 * len(LAYERS)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=4), st.integers(0, 2**16))
def test_a_sentence_reads_the_same_whatever_stands_beside_it(lengths: list[int], seed: int) -> None:
    branch = _branch()
    owners = [number for number, length in enumerate(lengths) for _ in range(length)]
    draw = torch.Generator().manual_seed(seed)
    states = torch.randn(1, len(owners), WIDTH, generator=draw)
    other = states.clone()
    other[:, lengths[0] :] = torch.randn(1, len(owners) - lengths[0], WIDTH, generator=draw)
    first, second = (_read(branch, s, [owners])[:, : lengths[0]] for s in (states, other))
    torch.testing.assert_close(first, second)


def test_a_token_sees_what_follows_in_its_sentence() -> None:
    branch, states = _branch(), torch.randn(1, 4, WIDTH)
    other = states.clone()
    other[:, 3] += 1
    first, second = (_read(branch, s, [[0, 0, 0, 0]])[:, 0] for s in (states, other))
    assert (first - second).abs().max() > 1e-3


def test_padding_changes_nothing() -> None:
    branch, states = _branch(), torch.randn(2, 6, WIDTH)
    together = _read(branch, states, [[0] * 6, [0] * 3])[1, :3]
    alone = _read(branch, states[1:, :3], [[0] * 3])[0]
    torch.testing.assert_close(together, alone)


def test_a_file_for_another_model_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "scorer.safetensors"
    tensors = {**changes(LAYERS), "told": torch.zeros(2, WIDTH), "1.self_attn.o_proj.up": torch.zeros(3, 2)}
    save_file(tensors, file, metadata={"layers": "[1, 3]"})
    with pytest.raises(ModelError, match=r"scorer\.safetensors"):
        load_branch(file, tiny_llama())


def _learn(kept: Path, steps: int, plan: list[list[int]]) -> dict[str, torch.Tensor]:
    parameters = {"weight": torch.ones(3)}
    data = torch.arange(12.0).view(4, 3)

    def loss(chosen: list[int]) -> torch.Tensor:
        if len(chosen) > steps:
            raise KeyboardInterrupt
        return (data[chosen[0]] @ parameters["weight"] - 1).square()

    adapters.learn(parameters, plan, loss, kept, rate=0.1)
    return parameters


def test_a_killed_training_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "KEEP_EVERY", 2)
    plan = [[i % 4] for i in range(8)]
    whole = _learn(tmp_path / "whole.pt", 9, plan)
    killed = [*plan[:5], [0, 0], *plan[6:]]
    with pytest.raises(KeyboardInterrupt):
        _learn(tmp_path / "cut.pt", 1, killed)
    assert torch.load(tmp_path / "cut.pt", weights_only=True)["done"] == 4
    torch.testing.assert_close(_learn(tmp_path / "cut.pt", 9, plan), whole)
