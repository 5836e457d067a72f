"""What findings propose, and that a removed line takes the right newlines along."""

from __future__ import annotations

import pytest

from repair.edits import apply
from repair.records import Finding, Span
from repair.rewrite import from_rules
from tests.rewriting import finding, judged

FURNITURE = "page.furniture"


def removal(text: str, *lines: str, newline: str = "\n") -> str:
    """`text` without the lines, each removed by a finding of its own."""
    findings = []
    at = 0
    for line in lines:
        start = text.index(line, at)
        at = start + len(line)
        findings.append(Finding(FURNITURE, Span(start, at), "a test", replacements=("",)))
    text = text.replace("\n", newline) if newline != "\n" else text
    return apply(text, [p.edit for p in from_rules.propose(judged(text, *findings).report)])


@pytest.mark.parametrize(
    ("text", "lines", "left"),
    [
        ("Menu\nMenu\n\nThe ship sailed at dawn.\n", ["Menu", "Menu"], "The ship sailed at dawn.\n"),
        ("The ship sailed at dawn.\n\nShare", ["Share"], "The ship sailed at dawn."),
        ("The ship sailed at dawn.\n\nShare\nPrint\n", ["Share", "Print"], "The ship sailed at dawn.\n"),
        ("It sailed at dawn.\n\nShare\n\nNobody saw it go.", ["Share"], "It sailed at dawn.\n\nNobody saw it go."),
        ("Share\n\nPrint", ["Share", "Print"], ""),
        ("\n\nMenu\r\n\r\n  It sailed.", ["Menu"], "\n\n  It sailed."),
    ],
)
def test_a_removed_line_takes_its_newlines(text: str, lines: list[str], left: str) -> None:
    assert removal(text, *lines) == left


def test_words_removed_inside_a_line_leave_the_newlines() -> None:
    text = "The ship sailed [photo].\nNobody saw it.\n"
    report = judged(text, finding(text, "leftover.test", " [photo]", "")).report
    (proposal,) = from_rules.propose(report)
    assert apply(text, [proposal.edit]) == "The ship sailed.\nNobody saw it.\n"


def test_a_rule_proposes_its_first_replacement_and_says_why() -> None:
    text = "The twenty -year-old ship sailed."
    report = judged(text, finding(text, "spacing.hyphen", "twenty -year", "twenty-year", "twenty year")).report
    (proposal,) = from_rules.propose(report)
    assert (proposal.origin, proposal.edit.after) == ("rule", "twenty-year")
    assert proposal.reason == "spacing.hyphen: a test"


@pytest.mark.parametrize(
    ("word", "meant", "proposed"),
    [("hous", "house", 1), ("kabol", "kabul", 0), ("Kabol", "Kabul", 1), ("march march", "march", 1)],
)
def test_a_name_in_lower_case_is_no_mend_of_a_foreign_word(word: str, meant: str, proposed: int) -> None:
    text = f"They saw the {word} of the ship."
    assert len(from_rules.propose(judged(text, finding(text, "word.unknown", word, meant)).report)) == proposed


def test_a_grammar_tool_proposes_three_at_most() -> None:
    text = "The ship have sailed."
    report = judged(text, finding(text, "grammar.harper.Agreement", "have", "has", "had", "having", "halve")).report
    assert [(p.origin, p.edit.after) for p in from_rules.propose(report)] == [
        ("grammar", "has"),
        ("grammar", "had"),
        ("grammar", "having"),
    ]


def test_grammar_is_silent_in_a_clean_document_but_rules_are_not() -> None:
    text = "The ship have have sailed."
    findings = (
        finding(text, "grammar.harper.Agreement", "ship have", "ship has"),
        finding(text, "word.repeated", "have have", "have"),
    )
    report = judged(text, *findings, flagged=False).report
    assert [p.origin for p in from_rules.propose(report)] == ["rule"]


def test_a_finding_without_a_replacement_proposes_nothing() -> None:
    text = "The ship sailed sideways up."
    assert not from_rules.propose(judged(text, finding(text, "lm.surprise", "sideways up")).report)
