"""The parallel check with the real embedder, on the five articles and on round-trip copies of news."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.data import stories
from repair.lm.embed import Embedder
from repair.parallel import SourceIndex
from repair.records import Aligned, Document, Relation, SourceMatch
from repair.text.sentences import split

LABELS = Path(__file__).parents[2] / "seeds" / "labels.jsonl"
SAME = {Relation.SAME_FACT, Relation.SAME_TEXT, Relation.MORE_DETAIL}
RELATIONS = {
    "contradicted": {Relation.CONTRADICTED},
    "same_quote": {Relation.SAME_QUOTE},
    "same_event": SAME,
    "same_fact": SAME,
    "same_fact_more_detail": {Relation.SAME_FACT, Relation.MORE_DETAIL},
}
"""What a label's word may be called: the labels know shades that the records do not."""


def labelled() -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row.get("parallel")]


@pytest.fixture(scope="module")
def index(seeds: dict[str, Document], embedder: Embedder) -> SourceIndex:
    return SourceIndex.build(seeds.values(), embedder)


@pytest.fixture(scope="module")
def found(seeds: dict[str, Document], index: SourceIndex) -> dict[str, dict[str, SourceMatch]]:
    """Per document, its sources by the first three digits of their names."""
    names = {document.id: name for name, document in seeds.items()}
    return {
        name: {names[match.source.id]: match for match in index.find(document, split(document.text), limit=4)}
        for name, document in seeds.items()
    }


@pytest.mark.parametrize("row", labelled(), ids=lambda row: f"{row['file'][:3]}-{row['index']}")
def test_a_labelled_parallel_is_found(
    row: dict[str, Any], seeds: dict[str, Document], found: dict[str, dict[str, SourceMatch]]
) -> None:
    document, parallel = seeds[row["file"][:3]], row["parallel"]
    (told,) = (s.index for s in split(document.text) if s.span.of(document.text) == row["text"])
    match = found[row["file"][:3]][parallel["file"][:3]]
    (aligned,) = (aligned for aligned in match.alignment if aligned.sentence == told)
    assert parallel["contains"] in shown(match, aligned)
    assert aligned.relation in RELATIONS[parallel["relation"]]


def shown(match: SourceMatch, aligned: Aligned) -> str:
    return " ".join(match.sentences[at].span.of(match.source.text) for at in aligned.sources)


def test_another_event_years_before_is_no_source(found: dict[str, dict[str, SourceMatch]]) -> None:
    assert found["004"] == {}
    assert not [name for name, sources in found.items() if "004" in sources]


def test_two_clean_stories_contradict_each_other_nowhere(found: dict[str, dict[str, SourceMatch]]) -> None:
    relations = [
        aligned.relation for one, other in (("000", "002"), ("002", "000")) for aligned in found[one][other].alignment
    ]
    assert len(relations) >= 10
    assert Relation.CONTRADICTED not in relations


def test_round_trip_copies_find_their_originals(data: Path, embedder: Embedder) -> None:
    told = stories(10, seed=1, sentences=10)
    originals = {"\n".join(story.original): story.id for story in told}  # two engines may have retold one story
    index = SourceIndex.build([Document.of_text(text, id) for text, id in originals.items()], embedder)
    for story in told:
        copy = Document.of_text("\n".join(story.damaged), "copy")
        (match,) = index.retellings(copy, split(copy.text))
        assert match.source.text == "\n".join(story.original)
        assert len(match.alignment) >= 0.95 * len(split(copy.text))


def test_two_outlets_do_not_retell_each_other(seeds: dict[str, Document], index: SourceIndex) -> None:
    assert [index.retellings(document, split(document.text)) for document in seeds.values()] == [()] * len(seeds)
