"""Sentences: they tile the text, run across hard wraps, and end where a reader ends them."""

from __future__ import annotations

import json
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from repair.records import Sentence
from repair.text.sentences import WINDOW, split

CASES = Path(__file__).parents[1] / "cases"


def load(name: str) -> list[dict[str, object]]:
    cases: list[dict[str, object]] = json.loads((CASES / name).read_text(encoding="utf-8"))
    return cases


def texts_of(text: str) -> list[str]:
    return [sentence.span.of(text) for sentence in split(text)]


def assert_tiles(text: str, sentences: tuple[Sentence, ...]) -> None:
    """Spans and gaps give the text; gaps are white space; sentences are trimmed, and numbered from 0."""
    at = 0
    for index, sentence in enumerate(sentences):
        assert sentence.index == index
        assert not text[at : sentence.span.start].strip()
        inside = sentence.span.of(text)
        assert inside
        assert inside == inside.strip()
        at = sentence.span.end
    assert not text[at:].strip()


@pytest.mark.parametrize("case", load("sentences.json"), ids=lambda case: str(case["label"]))
def test_cases(case: dict[str, object]) -> None:
    sentences = case["sentences"]
    assert isinstance(sentences, list)
    assert texts_of(str(case.get("text", " ".join(sentences)))) == sentences


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=pytest.mark.xfail(strict=True, reason=str(case["reason"])), id=str(case["label"]))
        for case in load("sentences_known_failures.json")
    ],
)
def test_known_failures(case: dict[str, object]) -> None:
    sentences = case["sentences"]
    assert isinstance(sentences, list)
    assert texts_of(" ".join(sentences)) == sentences


@settings(deadline=None)
@given(text=st.text())
@example(text="")
@example(text=" \r\n\t\u3000")
@example(text="A. \U0001f600 B.\r\nC\x0bD\x85E\u2028F\x1cG")
@example(text="“”")
@example(text="\ud83d half a pair.")
def test_any_text_is_tiled(text: str) -> None:
    assert_tiles(text, split(text))


@settings(deadline=None)
@given(text=st.text(st.sampled_from("aB1 .!?:,“”\"'()\n\r\t-’今。\U0001f600")))
def test_text_of_awkward_characters_is_tiled(text: str) -> None:
    assert_tiles(text, split(text))


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a ",
        "A b. ",
        "“",
        "“A.” ",
        '" ',
        "?!",
        "Mr. ",
        "(“",
        "\U0001f600",
        "今天天气很好。",
        ". . ",
        "\x01",
        "1. ",
    ],
)
def test_a_line_of_100_000_characters(unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    began = time.perf_counter()
    sentences = split(text)
    assert time.perf_counter() - began < 10  # alone under .5 s
    assert_tiles(text, sentences)
    assert all(len(s.span) <= WINDOW for s in sentences if unit in ("a", "a "))


def test_a_window_does_not_cut_a_sentence() -> None:
    sentence = "The council met again on Monday to speak of the bridge over the river."
    text = " ".join([sentence] * 1000)
    assert texts_of(text) == [sentence] * 1000


PARAGRAPH = (
    "The council met again on Monday to speak of the bridge, which has been closed since the storm in March. "
    "Mayor Jane Doe said the work would take two years and cost $3.5 million, more than the town has. "
    "“We will ask the state for help,” she said. Residents of the west bank must drive 20 miles to reach a school."
)


@pytest.mark.parametrize("width", [50, 60, 72, 80, 90])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_sentences_run_across_hard_wraps(width: int, newline: str) -> None:
    blank = newline * 2
    lines = textwrap.wrap(PARAGRAPH, width)
    text = newline.join(lines) + blank + newline.join(lines)
    assert [" ".join(s.split()) for s in texts_of(text)] == texts_of(PARAGRAPH) * 2


def test_a_short_line_in_wrapped_text_stands_alone() -> None:
    body = textwrap.fill(PARAGRAPH, 72)
    text = f"Bridge to stay closed\nBy Jane Roe\n{body}\n\nNo money\n{body}\n"
    found = texts_of(text)
    assert found[:2] == ["Bridge to stay closed", "By Jane Roe"]
    assert "No money" in found


def test_lines_of_unwrapped_text_stand_alone() -> None:
    lines = [
        "The council met again on Monday to speak of the bridge",
        "Mayor Jane Doe said the work would take two years",
        "Residents of the west bank must drive 20 miles to school",
        "The state has not said whether it will help the town",
    ]
    assert texts_of("\n".join(lines)) == lines


def test_the_seeds_as_labelled(root: Path) -> None:
    """All labelled texts but two: the labels cut ““… countries,’” Rubio said.” before its attribution."""
    found = {path.name: set(texts_of(path.read_text(encoding="utf-8"))) for path in (root / "seeds").glob("*.txt")}
    labels = [json.loads(line) for line in (root / "seeds" / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
    missed = [label["text"] for label in labels if label["text"] not in found[label["file"]]]
    assert len(labels) == 128
    assert len(missed) <= 2
    assert all(" Rubio said. “" in f" {text} “" or text.endswith("countries,'”") for text in missed)
