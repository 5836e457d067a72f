"""What a clean source puts in place of a damaged sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from repair.edits import apply
from repair.records import Document, Proposal, Relation, SourceMatch
from repair.rewrite import from_source
from tests.rewriting import judged, replacing, source

QUOTE, TEXT, CONTRA, FACT = Relation.SAME_QUOTE, Relation.SAME_TEXT, Relation.CONTRADICTED, Relation.SAME_FACT
CASES = Path(__file__).parent.parent / "cases" / "rewrite"


def load(name: str) -> list[dict[str, object]]:
    return list(json.loads((CASES / name).read_text(encoding="utf-8")))


def match_of(case: dict[str, object]) -> SourceMatch:
    pairs = case["pairs"]
    assert isinstance(pairs, list)
    return source(str(case["source"]), *((ours, tuple(theirs), Relation(relation)) for ours, theirs, relation in pairs))


@pytest.mark.parametrize("case", load("from_source.json"), ids=lambda case: case["name"])
def test_the_source_mends(case: dict[str, object]) -> None:
    copy = str(case["copy"])
    (proposal,) = from_source.propose(judged(copy).report, [match_of(case)])
    assert apply(copy, [proposal.edit]) == case["mended"]
    assert proposal.origin == "parallel"


@pytest.mark.parametrize("case", load("from_source_negative.json"), ids=lambda case: case["name"])
def test_the_source_stays_silent(case: dict[str, object]) -> None:
    report = judged(str(case["copy"]), flagged=bool(case.get("flagged", True))).report
    assert from_source.propose(report, [match_of(case)]) == ()


def test_evidence_says_where_the_words_stand() -> None:
    case = load("from_source.json")[0]
    (proposal,) = from_source.propose(judged(str(case["copy"])).report, [match_of(case)])
    (evidence,) = proposal.evidence
    assert (evidence.path, evidence.relation) == ("wire.txt", QUOTE)
    assert str(case["source"])[evidence.start : evidence.end] == evidence.text == proposal.edit.after


def test_other_proposals_get_what_the_source_says_to_compare() -> None:
    copy = "The ship sailed at down. Nobody saw it."
    match = source("The ship left at dawn. It was cold.", (0, (0,), FACT))
    report = judged(copy).report
    both = [
        Proposal(replacing(copy, "down", "dawn"), "lm", "a test"),
        Proposal(replacing(copy, "saw", "seen"), "lm", "a test"),
    ]
    first, second = from_source.with_evidence(report, [match], both)
    assert [e.text for e in first.evidence] == ["The ship left at dawn."]
    assert second.evidence == ()


def test_the_seed_gets_its_quotation_back_in_order(seeds: dict[str, Document]) -> None:
    copy, wire = seeds["003"], seeds["002"]
    report = judged(copy.text).report
    match = source(wire.text)
    ours = next(s.sentence.index for s in report.sentences if "We work with other" in s.sentence.span.of(copy.text))
    theirs = next(s.index for s in match.sentences if "We are working with other" in s.span.of(wire.text))
    match = source(
        wire.text, (ours, (theirs,), QUOTE), (ours + 1, (theirs, theirs + 1), QUOTE), (ours + 2, (theirs + 1,), QUOTE)
    )
    (proposal,) = from_source.propose(report, [match])
    assert proposal.edit.before.startswith("“We work with")
    assert proposal.edit.before.endswith(",” he said.")
    assert proposal.edit.after in wire.text
    assert proposal.edit.after.startswith("“We are working with")
    assert proposal.edit.after.endswith("the border.”")
