"""A text told again sentence by sentence: recognised, aligned by place, mended where nothing contradicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repair.parallel import SourceIndex
from repair.parallel.align import align
from repair.parallel.copies import blocks, realigned, retold
from repair.parallel.findings import contradictions, damaged_twins, doubtful_copies
from repair.parallel.profile import Profile, profile
from repair.records import Aligned, Document, Relation, SourceMatch
from repair.text.sentences import split
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
