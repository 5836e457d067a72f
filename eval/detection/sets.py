"""The files for measuring detection, as sets of texts whose state is known. Each is read once, whole or a sample."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from eval.data import BAD_HTER, ESSAYS, detokenise, rows

T = TypeVar("T")

DOCUMENT = 10
"""Sentences of one document where a file tells none."""


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence, or several in one document, that a set judges alike. `side` is what they are."""

    side: str
    sentences: tuple[str, ...]
    group: str = ""
    """The system or the engine that wrote it."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A sentence with its words, and which of them a translator called wrong."""

    text: str
    tokens: tuple[str, ...]
    bad: tuple[bool, ...]


def drawn(items: Sequence[T], limit: int | None, seed: int) -> list[T]:
    """All items, or as many as `limit`, in their order."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[i] for i in sorted(random.Random(seed).sample(range(len(items)), limit))]


def postedit_pairs(pair: str, limit: int | None, seed: int, split: str = "test") -> list[tuple[str, str]]:
    """Machine output of which a person changed at least 35 %, beside the person's correction."""
    purpose = "measure" if split == "test" else "choose"
    found = rows(f"postedit_{split}_{pair}", purpose, ["mt", "post_edit", "hter"])  # type: ignore[arg-type]
    bad = [(detokenise(mt), detokenise(edited)) for mt, edited, hter in found if hter >= BAD_HTER]
    return drawn(bad, limit, seed)


def clean_sets(limit: int | None, seed: int) -> Iterator[tuple[str, list[Text]]]:
    """What must not be flagged: news as it was written, people's round trips, essays; alone and in documents."""
    found = rows("roundtrip_test_wmt18", "measure", ["id", "original"])
    news = list(dict.fromkeys(text for _, text in sorted(found)))
    yield "roundtrip_test_wmt18, originals alone", [Text("clean", (t,)) for t in drawn(news, limit, seed)]
    cut = [tuple(news[at : at + DOCUMENT]) for at in range(0, len(news) - DOCUMENT + 1, DOCUMENT)]
    documents = drawn(cut, None if limit is None else max(1, limit // DOCUMENT), seed)
    yield "roundtrip_test_wmt18, originals in documents", [Text("clean", part) for part in documents]
    by_hand = [text for (text,) in rows("human_roundtrip_2014", "measure", ["human_roundtrip"])]
    yield "human_roundtrip_2014", [Text("clean", (text,)) for text in drawn(by_hand, limit, seed)]
    for name in ESSAYS:
        essays = [text for (text,) in rows(name, "measure", ["text"])]
        yield name, [Text("clean", (text,)) for text in essays]


def marked_words(limit: int | None, seed: int) -> list[Marked]:
    """error_spans_test_2023_zh: its own words, and OK or BAD of each."""
    found = rows("error_spans_test_2023_zh", "measure", ["mt", "tokens", "tags"])
    every = [Marked(mt, tuple(_list(tokens)), tuple(t == "BAD" for t in _list(tags))) for mt, tokens, tags in found]
    return drawn(every, limit, seed)


def _list(value: str | Sequence[str]) -> list[str]:
    return value.split() if isinstance(value, str) else list(value)


def human_or_machine(level: str, limit: int | None, seed: int) -> list[Text]:
    """WMT 2019, German-English: `limit` texts of each system."""
    found = rows("human_or_machine_test_wmt19", "measure", ["level", "label", "engine", "text"])
    groups: dict[str, list[Text]] = defaultdict(list)
    for kind, label, engine, text in found:
        if kind == level:
            groups[engine].append(Text(label, (text,), engine))
    return [text for _, group in sorted(groups.items()) for text in drawn(group, limit, seed)]


def engine_years(limit: int, seed: int) -> Iterator[tuple[int, str, list[str]]]:
    """Year, who wrote it, sentences: what machines and people wrote over the years; `limit` of each."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for name, purpose in (("mt_train", "choose"), ("mt_dev_wmt18", "choose"), ("mt_test_wmt21_22", "measure")):
        for testset, mt, reference in rows(name, purpose, ["testset", "mt", "reference"]):  # type: ignore[arg-type]
            year = 2000 + int("".join(c for c in testset if c.isdigit())[-2:])
            found[year, "machine"].append(mt)
            found[year, "people"].append(reference)
    for (year, who), texts in sorted(found.items()):
        yield year, who, drawn(sorted(set(texts)), limit, seed)
