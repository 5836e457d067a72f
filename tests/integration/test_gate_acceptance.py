"""What the gate's trees make of rewrites, with the real models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from repair.lm.embed import Embedder
from repair.rewrite.acceptance import load_acceptance
from repair.rewrite.unsourced import accepted
from repair.scoring.scorer import Scorer

CASES = json.loads((Path(__file__).parents[1] / "cases" / "gate_accept.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("side", ["taken", "refused"])
def test_mends_are_taken_and_harms_refused(side: str, scorer: Scorer, embedder: Embedder) -> None:
    pairs = [(case["before"], case["after"]) for case in CASES[side]]
    found = accepted(pairs, load_acceptance(), model=scorer.model, embedder=embedder)
    wrong = [case["label"] for case, check in zip(CASES[side], found, strict=True) if check.passed != (side == "taken")]
    assert wrong == []
    assert all(("against it" in check.detail) != check.passed for check in found)
