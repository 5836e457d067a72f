"""A clean source's words for offices and terms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from repair.edits import apply
from repair.records import Relation
from repair.rewrite import terms
from tests.rewriting import WordModel, judged, source

CASES = Path(__file__).parent.parent / "cases" / "rewrite"


def load(name: str) -> list[dict[str, Any]]:
    return list(json.loads((CASES / name).read_text(encoding="utf-8")))


def found(case: dict[str, Any], model: Any) -> list[Any]:
    report = judged(case["copy"], flagged=case.get("flagged", True)).report
    return list(terms.propose(report, [source(case["source"])], model))


@pytest.mark.parametrize("case", load("terms.json"), ids=lambda case: case["name"])
def test_the_sources_term_is_proposed(case: dict[str, Any]) -> None:
    (proposal,) = found(case, WordModel(frozenset({case.get("garbled", "")})))
    assert apply(case["copy"], [proposal.edit]) == case["mended"]
    (evidence,) = proposal.evidence
    assert (proposal.origin, evidence.relation) == ("parallel", Relation.SAME_FACT)
    assert case["source"][evidence.start : evidence.end] == evidence.text


@pytest.mark.parametrize("case", load("terms_negative.json"), ids=lambda case: case["name"])
def test_nothing_is_proposed(case: dict[str, Any]) -> None:
    assert found(case, WordModel(frozenset({case.get("garbled", "")}))) == []


def test_without_a_model_there_are_offices_alone() -> None:
    office, *_, term, belonging = load("terms.json")
    assert len(found(office, None)) == 1
    assert found(term, None) == []
    assert found(belonging, None) == []


class SureLate(WordModel):
    """Tells words apart only after a long context."""

    def score_variants(self, context: Any, variants: Any) -> Any:
        read = super().score_variants(context, variants)
        return read if len(context) > 3 else [read[0]] * len(read)


def test_a_term_is_the_same_all_through_a_document() -> None:
    copy = "The Lindqvist government has garbled. The Lindqvist government has the harbor garbled closed."
    proposals = found(
        {"copy": copy, "source": "The Lindqvist administration closed it."}, SureLate(frozenset({"government"}))
    )
    assert apply(copy, [p.edit for p in proposals]) == copy.replace("government", "administration")
