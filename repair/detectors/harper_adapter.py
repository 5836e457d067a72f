"""`grammar.harper.<kind>`: what Harper says. It runs in this process, offline, with no server and no Java."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from repair.detectors.checker import Status
from repair.detectors.lexicon import is_misspelt
from repair.records import Document, Finding, Sentence, Span

if TYPE_CHECKING:
    from harper import Lint, Suggestion

QUIET_KINDS = frozenset("Style Readability Enhancement Formatting Redundancy Regionalism Capitalization".split())
"""Matters of taste and of layout; capitals, because Harper takes every name it does not know for an error."""


def harper_status() -> Status:
    """Whether Harper is installed."""
    if find_spec("harper") is None:
        return Status(False, "", "harper-py is not installed", "Install it: pip install harper-py")
    version = importlib.metadata.version("harper-py")
    return Status(True, version, f"Harper by harper-py {version}")


class HarperChecker:
    """Asks Harper. Building it takes about a second, for the dictionary."""

    def __init__(self) -> None:
        from harper import Linter

        self.signature = f"harper-{harper_status().version}"
        self._linter = Linter()

    def check(self, document: Document, sentences: Sequence[Sentence]) -> tuple[Finding, ...]:
        """Findings in these sentences. Harper counts code points, as we do."""
        found = []
        for sentence in sentences:
            for lint in self._linter.lint(sentence.span.of(document.text), language="plaintext"):
                if _is_news(lint):
                    found.append(_finding(lint, sentence.span.start))
        return tuple(sorted(found, key=lambda f: (f.span, f.rule)))


def _is_news(lint: Lint) -> bool:
    """False for taste, for spelling matches on names, and on words that the lexicon knows, such as British ones."""
    if lint.lint_kind == "Spelling":
        return is_misspelt(lint.problem_text)
    return lint.lint_kind not in QUIET_KINDS


def _finding(lint: Lint, start: int) -> Finding:
    span = Span(lint.span.start, lint.span.end).shift(start)
    replacements = tuple(_replacement(lint, suggestion) for suggestion in lint.suggestions)
    return Finding(f"grammar.harper.{lint.lint_kind}", span, lint.message, replacements=replacements)


def _replacement(lint: Lint, suggestion: Suggestion) -> str:
    from harper import SuggestionKind

    inserted = suggestion.kind == SuggestionKind.INSERT_AFTER
    return (lint.problem_text if inserted else "") + suggestion.replacement_text
