"""`grammar.harper.<kind>`: what Harper says. It runs in this process, offline, with no server and no Java."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING

from repair.detectors.checker import Status
from repair.detectors.lexicon import is_misspelt, zipf
from repair.records import Document, Finding, Sentence, Span

if TYPE_CHECKING:
    from harper import Lint, Linter, Suggestion

QUIET_KINDS = frozenset("Style Readability Enhancement Formatting Redundancy Regionalism Capitalization".split())
"""Matters of taste and of layout; capitals, because Harper takes every name it does not know for an error."""


def harper_status() -> Status:
    """Whether Harper is installed."""
    if find_spec("harper") is None:
        return Status(False, "", "harper-py is not installed", "Install it: pip install harper-py")
    version = importlib.metadata.version("harper-py")
    return Status(True, version, f"Harper by harper-py {version}")


class HarperChecker:
    """Asks Harper. Its dictionary takes a second to build: in a thread, so that others can load beside it."""

    def __init__(self) -> None:
        self.signature = f"harper-{harper_status().version}"
        pool = ThreadPoolExecutor(1, thread_name_prefix="harper")
        self._linter = pool.submit(_linter)
        pool.shutdown(wait=False)

    def check(self, document: Document, sentences: Sequence[Sentence]) -> tuple[Finding, ...]:
        """Findings in these sentences. Harper counts code points, as we do."""
        found = []
        linter = self._linter.result()
        for sentence in sentences:
            for lint in linter.lint(sentence.span.of(document.text), language="plaintext"):
                if _is_news(lint):
                    found.append(_finding(lint, sentence.span.start))
        return tuple(sorted(found, key=lambda f: (f.span, f.rule)))


def _linter() -> Linter:
    """Harper, and the lexicon that judges its findings."""
    from harper import Linter

    linter = Linter()
    zipf("the")
    return linter


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
