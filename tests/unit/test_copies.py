"""A text told again sentence by sentence: recognised, aligned by place, mended where nothing contradicts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repair.edits import apply
from repair.parallel import SourceIndex
from repair.parallel.align import align
from repair.parallel.copies import blocks, realigned, retold
from repair.parallel.facts import extract
from repair.parallel.findings import contradictions, damaged_twins, doubtful_copies
from repair.parallel.names import names_nothing_new
from repair.parallel.profile import Profile, profile
from repair.records import Aligned, Document, Relation, SourceMatch
from repair.rewrite.from_source import propose
from repair.rewrite.gate import judge
from repair.text.sentences import split
from tests.rewriting import WordEmbedder as GateEmbedder
from tests.rewriting import WordScorer, judged
from tests.unit.test_parallel import WordEmbedder

CASES = Path(__file__).parents[1] / "cases"


def load(name: str) -> list[dict[str, Any]]:
    return list(json.loads((CASES / name).read_text(encoding="utf-8")))


def label(case: dict[str, Any]) -> str:
    return str(case["label"])


def profiled(lines: list[str]) -> Profile:
    document = Document.of_text("\n".join(lines), "text")
    return profile(document, split(document.text), WordEmbedder())


@pytest.mark.parametrize("case", load("copies.json"), ids=label)
def test_a_retold_text_is_known_and_aligned_by_place(case: dict[str, Any]) -> None:
    document, source = profiled(case["document"]), profiled(case["source"])
    alignment = align(document, source)
    assert retold(document, source, alignment)
    found = realigned(document, source, alignment)
    assert [[pair.sentence, list(pair.sources)] for pair in found] == case["steps"]
    assert all(0 <= pair.score <= 1 for pair in found)


@pytest.mark.parametrize("case", load("copies_negative.json"), ids=label)
def test_no_retold_text(case: dict[str, Any]) -> None:
    document, source = profiled(case["document"]), profiled(case["source"])
    assert not retold(document, source, align(document, source))


@pytest.mark.parametrize("case", load("copies.json"), ids=label)
def test_the_index_knows_a_retelling_among_others(case: dict[str, Any]) -> None:
    others = [
        Document.of_text("\n".join(other["document"]), other["label"]) for other in load("copies_negative.json")[2:4]
    ]
    index = SourceIndex.build([*others, Document.of_text("\n".join(case["source"]), "source")], WordEmbedder())
    document = Document.of_text("\n".join(case["document"]), "copy")
    assert [match.source.id for match in index.retellings(document, split(document.text))] == ["source"]


def test_a_contradiction_is_marked_in_its_block() -> None:
    case = load("copies.json")[0]
    changed = [line.replace("eleven", "seven") for line in case["document"]]
    document, source = profiled(changed), profiled(case["source"])
    marked = [block.contradicted for block in blocks(realigned(document, source, align(document, source)))]
    assert marked == [False, True, False, False, False, False, False]


@settings(deadline=None)
@given(st.sets(st.integers(0, 6), min_size=1))
def test_steps_never_cross(kept: set[int]) -> None:
    case = load("copies.json")[0]
    document, source = profiled([case["document"][at] for at in sorted(kept)]), profiled(case["source"])
    found = realigned(document, source, align(document, source))
    places = [place for pair in found for place in pair.sources]
    assert places == sorted(places)
    assert {pair.sentence for pair in found} <= {sentence.index for sentence in document.sentences}


def test_stretches_that_are_broken_are_no_blocks() -> None:
    pairs = [Aligned(0, (0, 2), Relation.SAME_FACT, 0.9), Aligned(1, (3,), Relation.SAME_FACT, 0.9)]
    assert [(block.sentences, block.sources) for block in blocks(pairs)] == [((1,), (3,))]


def told_again(copy: str, source: str) -> SourceMatch:
    wire = Document.of_text(source, "wire.txt")
    sentences = split(source)
    stretch = tuple(sentence.index for sentence in sentences)
    return SourceMatch(wire, sentences, 0.9, (Aligned(0, stretch, Relation.SAME_FACT, 0.9),), retold=True)


@pytest.mark.parametrize("case", load("rewrite/copies.json"), ids=lambda case: case["name"])
def test_the_source_stands_for_its_copy_where_nothing_is_lost(case: dict[str, Any]) -> None:
    scored: Any = judged(case["copy"], flagged=False)
    scorer: Any = WordScorer()
    match = told_again(case["copy"], case["source"])
    (proposal,) = propose(scored.report, [match])
    assert apply(case["copy"], [proposal.edit]) == case["source"]
    (suggestion,) = judge(scored, [proposal], scorer=scorer, embedder=GateEmbedder(), matches=[match])
    assert [check.name for check in suggestion.refused_by] == case["refused"]
    assert suggestion.tier == "review"


@pytest.mark.parametrize("case", load("rewrite/copies_negative.json"), ids=lambda case: case["name"])
def test_the_source_is_silent(case: dict[str, Any]) -> None:
    report = judged(case["copy"], flagged=False).report
    assert propose(report, [told_again(case["copy"], case["source"])]) == ()


def test_in_a_flagged_document_what_nothing_contradicts_is_safe() -> None:
    case = load("rewrite/copies.json")[0]
    scored: Any = judged(case["copy"])
    scorer: Any = WordScorer()
    match = told_again(case["copy"], case["source"])
    (pair,) = match.alignment
    clash = replace(match, alignment=(replace(pair, relation=Relation.CONTRADICTED),))
    tiers = []
    for one in (match, clash):
        proposals = propose(scored.report, [one])
        (suggestion,) = judge(scored, proposals, scorer=scorer, embedder=GateEmbedder(), matches=[one])
        tiers.append(suggestion.tier)
    assert tiers == ["safe", "review"]


@pytest.mark.parametrize(("file", "told"), [("names_told.json", True), ("names_told_negative.json", False)])
def test_names_that_the_source_has_too(file: str, told: bool) -> None:
    for case in load(file):
        (name,) = extract(case["text"]).names
        assert names_nothing_new(name, case["told"]) is told, case["label"]


def match(relation: Relation = Relation.SAME_FACT, *, score: float = 0.9, again: bool = False) -> SourceMatch:
    source = Document.of_text("It cost two crowns.", "wire.txt")
    return SourceMatch(source, split(source.text), score, (Aligned(0, (0,), relation, 0.9, "two, not three"),), again)


def test_findings_name_the_other_document() -> None:
    sentences = split("It cost three crowns.")
    (clash,) = contradictions(sentences, [match(), match(Relation.CONTRADICTED)])
    assert (clash.rule, clash.message) == ("source.contradicted", "wire.txt says otherwise: two, not three")
    assert [evidence.text for evidence in clash.evidence] == ["It cost two crowns."]
    (twin,) = damaged_twins(sentences, [match(score=0.2), match()])
    assert (twin.rule, twin.span) == ("source.damaged", sentences[0].span)
    assert "wire.txt" in twin.message
    (doubt,) = doubtful_copies(sentences, [match(again=True)])
    assert doubt.rule == "source.retold"
