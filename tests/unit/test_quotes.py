"""Quotation marks: in one paragraph, over wrapped lines. Marks without a partner: `tests/cases/rules/quotes.json`."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repair.records import Span
from repair.rewrite.quotes import paragraph
from repair.text.quotes import find_quotations, quoted

WRAPPED = """The minister told reporters on Monday that she would not go to the
meeting, “because nothing of what was said there last year has been
done, and nobody has told me why that is so or when the others are
going to begin with it,” and left the room after that to go home to
her family in the north.
Nobody else said “anything” to the reporters who waited outside.
"""


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("He said nothing.", []),
        ("“Go,” she said. “Now.”", ["Go,", "Now."]),
        ('"Go," she said. "Now."', ["Go,", "Now."]),
        ('A "big" day', ["big"]),
        ("„Geh“, sagte er.", ["Geh"]),
        ("«Va», dit-il.", ["Va"]),
        ("‘Go,’ she said; it’s the dogs’ day.", ["Go,"]),
        ("It’s the dogs’ day.", []),
        ("Go now,” she said.", ["Go now,"]),
        ("He said: “Go now. It is late.", ["Go now. It is late."]),
        ("“He told me ‘go’ twice.”", ["He told me ‘go’ twice."]),
        ("The “end.” ”", ["end."]),
        ("'They didn't care,' he said.", ["They didn't care,"]),
        ('"I said, "Go home," and went."', ["I said, ", "Go home,", " and went."]),
        ('A man of 6\'2" in a 2" hat.', []),
        ("‘Go,’ she said. “Now.”", ["Go,", "Now."]),
        ("“The first line\nruns on\nand on,” he said.", ["The first line\nruns on\nand on,"]),
        ("", []),
    ],
)
def test_quoted(text: str, inside: list[str]) -> None:
    assert [span.of(text) for span in quoted(text)] == inside


@settings(deadline=None)
@given(text=st.text(st.sampled_from('ab “”„«»"‘’.')))
def test_spans_are_in_order_and_apart(text: str) -> None:
    spans = quoted(text)
    assert all(one.end <= two.start for one, two in pairwise(spans))
    assert all(span.end <= len(text) for span in spans)


def test_a_quotation_runs_over_wrapped_lines() -> None:
    first, second = find_quotations(WRAPPED)
    assert first.whole
    assert first.span.of(WRAPPED).split()[0] == "because"
    assert first.span.of(WRAPPED).split()[-1] == "it,"
    assert second.span.of(WRAPPED) == "anything"


def test_the_paragraph_of_an_edit_is_all_of_its_wrapped_lines() -> None:
    at = WRAPPED.index("nobody")
    found = paragraph(WRAPPED, Span(at, at + 6)).of(WRAPPED)
    assert found.startswith("The minister")
    assert found.endswith("in the north.")


def test_the_paragraph_of_an_edit_is_its_line_elsewhere() -> None:
    text = "One stands here.\nTwo stands there.\n"
    assert paragraph(text, Span(20, 21)).of(text) == "Two stands there."
