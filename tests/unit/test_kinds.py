"""What kind of line a sentence stands in. First, do no harm: prose is never called anything else."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repair.records import Document, Kind
from repair.text.line_rules import MAX_BUTTON_LENGTH, find_rule, is_name, rules
from repair.text.sentences import split

CASES = Path(__file__).parents[1] / "cases"


def load(name: str) -> list[Any]:
    cases: list[Any] = json.loads((CASES / name).read_text(encoding="utf-8"))
    return cases


def label(case: dict[str, Any]) -> str:
    return str(case.get("label", case.get("reason")))


def kinds_of(text: str) -> list[str]:
    return [sentence.kind.value for sentence in split(text)]


@pytest.mark.parametrize("case", load("kinds.json"), ids=label)
def test_cases(case: dict[str, Any]) -> None:
    text = "\n".join(str(line[1]) if line else "" for line in case["lines"])
    expected = [
        kind for line in case["lines"] if line for kind in (line[0] if isinstance(line[0], list) else [line[0]])
    ]
    assert list(zip(kinds_of(text), (s.span.of(text) for s in split(text)), strict=True)) == [
        (kind, sentence.span.of(text)) for kind, sentence in zip(expected, split(text), strict=True)
    ]


@pytest.mark.parametrize("case", load("kinds_negative.json"), ids=label)
def test_prose_stays_prose(case: dict[str, Any]) -> None:
    assert set(kinds_of("\n".join(case["lines"]))) == {"prose"}


@pytest.mark.parametrize("case", load("line_rules.json"), ids=label)
def test_patterns_catch_and_keep_silent(case: dict[str, Any]) -> None:
    for line in case["match"]:
        rule = find_rule(line)
        assert rule is not None, line
        assert rule.reason == case["reason"], line
    for line in case["silent"]:
        silent = find_rule(line)
        assert silent is None or silent.reason != case["reason"], line


def test_every_pattern_has_a_case() -> None:
    assert {str(case["reason"]) for case in load("line_rules.json")} == {r.reason for r in rules() if r.pattern}


def test_the_table_is_in_order() -> None:
    texts = Counter(text for rule in rules() for text in rule.texts)
    assert [text for text, count in texts.items() if count > 1] == []
    assert max(map(len, texts)) < MAX_BUTTON_LENGTH
    for rule in rules():
        assert rule.reason
        assert bool(rule.texts) != (rule.pattern is not None), rule.reason
        assert rule.kind not in (Kind.PROSE, Kind.QUOTE)
        for text in rule.texts:
            found = find_rule(text)
            assert found is not None, text
            assert found.kind is rule.kind, text


@pytest.mark.parametrize("line", ["Jane Doe", "Fayez al-Sayed", "Camille Doe-Roe", "Ursula von der Doe", "J. K. Roe"])
def test_names(line: str) -> None:
    assert is_name(line)


@pytest.mark.parametrize("line", ["Rome", "Jane Doe said", "jane doe", "One Two Three Four Five Six", "May 7"])
def test_no_names(line: str) -> None:
    assert not is_name(line)


BUTTONS = ["Close", "Leave a Comment", "Share this", "Advertisement", "Menu", "Facebook Twitter Email"]
SENTENCES = ["The bridge is closed.", "Close the bridge, she said.", "Share this bread. Leave a comment.", "Read more"]


@settings(deadline=None)
@given(lines=st.lists(st.sampled_from([*BUTTONS, *SENTENCES, *(f"{b} now" for b in BUTTONS), ""]), max_size=12))
def test_furniture_is_always_a_whole_line_of_the_table(lines: list[str]) -> None:
    text = "\n".join(lines)
    furniture = [sentence.span.of(text) for sentence in split(text) if sentence.kind is Kind.FURNITURE]
    assert set(furniture) <= {*BUTTONS, "Read more"}
    assert furniture.count("Advertisement") == lines.count("Advertisement")


def test_the_seeds(seeds: dict[str, Document]) -> None:
    found = {
        name: [(s.kind.value, s.span.of(d.text)) for s in split(d.text) if not s.kind.counts]
        for name, d in seeds.items()
    }
    assert found == {
        "000": [("heading", '"LIFE-THREATENING PRISON CONDITIONS"')],
        "001": [
            ("caption", "Libya"),
            ("caption", "Libyans walked around in Martyrs Square in Tripoli on April 28, 2025."),
            ("byline", "Mahmud Turkia/AFP via Getty Images"),
            ("byline", "Camilo Montoya-Galvez"),
        ],
        "002": [
            ("caption", "People gather in Tripoli’s Martyrs square on May 22, 2024."),
            ("byline", "Mahmud Turkia | Afp | Getty Images"),
        ],
        "003": [
            ("furniture", "close"),
            ("furniture", "close"),
            ("heading", "The Trump administration weighs migrants to Libya and Rwanda, say sources"),
            ("dateline", "Cnn"),
            ("furniture", "Leave a Comment"),
        ],
        "004": [
            ("byline", "By Missy Ryan"),
            ("byline", "Sudarsan Raghavan contributed to this report."),
            ("furniture", "Related Articles"),
        ],
    }
