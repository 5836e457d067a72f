"""Which documents tell the same, which of their sentences, and where they contradict each other."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from repair.parallel import SourceIndex
from repair.parallel.align import align
from repair.parallel.contradiction import contradiction
from repair.parallel.facts import extract
from repair.parallel.profile import Profile, profile
from repair.records import Document, Relation, SourceMatch
from repair.text.sentences import split

CASES = Path(__file__).parents[1] / "cases"
WIDTH = 384


@dataclass
class WordEmbedder:
    """Sentences with the same words have the same vector. Remembers what it was asked."""

    asked: list[str] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        vectors = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, zlib.crc32(word.strip('.,:;“”"').encode()) % WIDTH] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


STORY = [
    "The council of Brevik will mend the old bridge over the river Lona this spring.",
    "Mayor Ingrid Halvorsen said the work would cost $6 million and take eleven months.",
    "“We have waited for this bridge longer than any of us would like to admit,” she said.",
    "Engineers found cracks in two of the five stone pillars during an inspection in October.",
    "Lorries of more than 12 tonnes have had to take the northern road since then.",
    "Shopkeepers in the harbour street fear that fewer visitors will come while it is closed.",
]
DAMAGED = [
    "The council of Brevik becomes the old bridge over the river Lona mend this spring.",
    "Mayor Ingrid Halvorsen said that the work $6 million would cost and eleven months last.",
    "“We have waited on this bridge longer than one of us would like to give to,” said she.",
    "Engineers have cracks in two of the five stone pillars found during an inspection in October.",
    "Lorries from more than 12 tonnes must since then take the northern road.",
    "Shopkeepers in the harbour street are afraid that fewer visitors come while it is closed.",
]
OTHER = [
    "Farmers in the Ostby valley expect the worst apple harvest for ten years after a late frost.",
    "Prices in the shops could rise by a fifth before winter, the growers' union warned on Friday.",
    "Its chairman, Tomas Lindqvist, asked the ministry for loans without interest.",
    "The ministry answered that it would look at the figures first.",
]


def document(lines: Sequence[str], id: str = "text") -> Document:
    return Document.of_text("\n\n".join(lines), id)


def profiled(lines: Sequence[str]) -> Profile:
    one = document(lines)
    return profile(one, split(one.text), WordEmbedder())


def find(index: SourceIndex, one: Document, **options: Any) -> tuple[SourceMatch, ...]:
    return index.find(one, split(one.text), **options)


def load(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((CASES / name).read_text(encoding="utf-8"))
    return cases


def label(case: dict[str, Any]) -> str:
    return str(case["label"])


@pytest.mark.parametrize("case", load("contradictions.json"), ids=label)
def test_contradiction(case: dict[str, Any]) -> None:
    found = contradiction(extract(case["document"]), [extract(case["source"])])
    assert found is not None
    assert found.startswith(case["kind"])
    back = contradiction(extract(case["source"]), [extract(case["document"])])
    assert back is not None
    assert back.startswith(case["kind"])


@pytest.mark.parametrize("case", load("contradictions_negative.json"), ids=label)
def test_no_contradiction(case: dict[str, Any]) -> None:
    assert contradiction(extract(case["document"]), [extract(case["source"])]) is None
    assert contradiction(extract(case["source"]), [extract(case["document"])]) is None


def test_what_another_sentence_of_the_source_tells_is_no_contradiction() -> None:
    document = extract("The storm damaged 340 homes along the northern coast.")
    other = extract("The storm damaged 430 homes along the northern coast.")
    assert contradiction(document, [other]) is not None
    assert contradiction(document, [other, extract("At first the mayor had said 340.")]) is None


def test_a_copy_is_aligned_in_order() -> None:
    aligned = align(profiled(DAMAGED), profiled(STORY))
    assert [(a.sentence, a.sources) for a in aligned] == [(i, (i,)) for i in range(len(STORY))]
    assert [a.relation for a in aligned][2] is Relation.SAME_QUOTE
    assert {a.relation for a in aligned} <= {Relation.SAME_TEXT, Relation.SAME_QUOTE, Relation.SAME_FACT}


def test_omissions_and_insertions() -> None:
    told = [DAMAGED[0], OTHER[0], DAMAGED[3], DAMAGED[5]]
    assert [(a.sentence, a.sources) for a in align(profiled(told), profiled(STORY))] == [
        (0, (0,)),
        (2, (3,)),
        (3, (5,)),
    ]


def test_another_order_is_found_too() -> None:
    order = [4, 0, 5, 1, 3]
    aligned = align(profiled([DAMAGED[i] for i in order]), profiled(STORY))
    assert [a.sources for a in aligned] == [(i,) for i in order]


def test_one_sentence_tells_two_and_two_tell_one() -> None:
    joined = [STORY[0], f"{DAMAGED[3].rstrip('.')}, and {DAMAGED[4][0].lower()}{DAMAGED[4][1:]}", STORY[5]]
    assert align(profiled(joined), profiled(STORY))[1].sources == (3, 4)
    first, second = (
        "Engineers found cracks in two of the five stone pillars.",
        "They came in October for an inspection.",
    )
    parted = align(profiled([STORY[0], first, second, STORY[5]]), profiled(STORY))
    assert [a.sources for a in parted][:2] == [(0,), (3,)]


def test_a_quotation_split_by_twisted_marks() -> None:
    twisted = (
        "“We have waited for this: ” This bridge is what we all would have liked to admit “longer than any of us, "
        "and it is mended for our grandchildren,” said she."
    )
    source = (
        "“We have waited for this. This bridge is what we all would like to admit longer than any of us, "
        "and we mend it for our grandchildren,” she said."
    )
    aligned = align(profiled([*DAMAGED[:2], twisted]), profiled([*STORY[:2], source]))
    quoted = [a for a in aligned if a.relation is Relation.SAME_QUOTE]
    first = len(split(document(DAMAGED[:2]).text))
    assert {a.sentence for a in quoted} == {s.index for s in split(document([*DAMAGED[:2], twisted]).text)[first:]}


def test_a_longer_cut_of_a_quotation_is_no_copy_of_it() -> None:
    short = "She warned of “broken pillars, falling stones and high water.”"
    longer = "She warned of “broken pillars, rusty railings, loose planks, falling stones and high water.”"
    (aligned,) = align(profiled([longer]), profiled([short]))
    assert aligned.relation is not Relation.SAME_QUOTE
    (back,) = align(profiled([short]), profiled([longer]))
    assert back.relation is Relation.SAME_QUOTE


def test_a_contradicting_copy() -> None:
    changed = [STORY[0], STORY[1].replace("eleven", "seven"), *STORY[2:]]
    aligned = align(profiled(changed), profiled(STORY))
    assert aligned[1].relation is Relation.CONTRADICTED
    assert aligned[1].detail == "number: “seven” where the source has “eleven”"


@pytest.mark.parametrize("case", load("more_detail.json"), ids=label)
def test_which_of_two_names_more(case: dict[str, Any]) -> None:
    (aligned,) = align(profiled([case["document"]]), profiled([case["source"]]))
    assert (aligned.relation, aligned.detail) == (Relation(case["relation"]), case["detail"])
    assert aligned.relation.as_evidence is Relation.SAME_FACT


def test_stories_about_different_things_share_nothing() -> None:
    assert align(profiled(OTHER), profiled(STORY)) == ()


@settings(deadline=None)
@given(st.permutations(range(len(STORY))), st.integers(0, len(STORY)))
def test_a_text_tells_what_it_tells(order: list[int], count: int) -> None:
    mine = [STORY[i] for i in order[:count]]
    aligned = align(profiled(mine), profiled(STORY))
    assert [(a.sentence, a.sources) for a in aligned] == [(n, (i,)) for n, i in enumerate(order[:count])]
    assert all(0 <= a.score <= 1 for a in aligned)


def test_the_source_is_found_and_comes_first() -> None:
    partly = document([STORY[0], STORY[3], *OTHER], "partly")
    index = SourceIndex.build([document(OTHER, "other"), partly, document(STORY, "story")], WordEmbedder())
    matches = find(index, document(DAMAGED, "damaged"))
    assert [match.source.id for match in matches] == ["story", "partly"]
    assert matches[0].score > 0.8
    assert matches[0].sentences == split(matches[0].source.text)
    assert len(find(index, document(DAMAGED, "damaged"), limit=1)) == 1


def test_a_document_is_never_its_own_source() -> None:
    index = SourceIndex.build([document(STORY, "story"), document(STORY, "same bytes, other name")], WordEmbedder())
    assert find(index, document(STORY, "story")) == ()
    assert find(index, document(STORY, "a third name")) == ()
    assert find(index, document(DAMAGED, "story")) != ()


def test_excluded_documents_are_no_sources() -> None:
    index = SourceIndex.build([document(STORY, "story"), document(OTHER, "other")], WordEmbedder())
    assert find(index, document(DAMAGED, "damaged"), exclude={"story"}) == ()


def test_a_story_of_the_same_town_is_no_source() -> None:
    same_town = [
        "The football club of Brevik lost its third game against Ostby on Saturday.",
        "Mayor Ingrid Halvorsen watched the game from the stand beside the river Lona.",
        "Its trainer said that the young team needed time.",
    ]
    index = SourceIndex.build([document(same_town, "football"), document(OTHER, "other")], WordEmbedder())
    assert find(index, document(DAMAGED, "damaged")) == ()


@pytest.mark.parametrize("text", ["", "\n\n", "😀", "One. Two.", "…"])
def test_documents_without_sentences(text: str) -> None:
    index = SourceIndex.build([Document.of_text(text, "empty"), document(STORY, "story")], WordEmbedder())
    assert find(index, Document.of_text(text, "another")) == ()
    assert find(SourceIndex.build([Document.of_text(text, "empty")], WordEmbedder()), document(STORY)) == ()
    assert find(SourceIndex.build([], WordEmbedder()), document(STORY)) == ()


def test_each_sentence_is_embedded_once() -> None:
    embedder = WordEmbedder()
    documents = [document(STORY, "story"), document(DAMAGED, "damaged"), document(OTHER, "other")]
    index = SourceIndex.build(documents, embedder)
    assert embedder.asked == []
    for one in documents * 2:
        find(index, one)
    assert sorted(embedder.asked) == sorted(set(embedder.asked))
