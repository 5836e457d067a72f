"""What a grammar tool is to the rest of the house: a checker, and a word on whether it is ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from repair.records import Document, Finding, Sentence


class GrammarChecker(Protocol):
    """Asked about single sentences, it explains; it never flags."""

    @property
    def signature(self) -> str:
        """Tool and version, such as `languagetool-6.8`."""

    def check(self, document: Document, sentences: Sequence[Sentence]) -> tuple[Finding, ...]:
        """Findings `grammar.<tool>.<rule>` in these sentences, in the order of the text."""


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a tool can be used. `next_step` says what to type where it cannot, and is empty where it can."""

    ready: bool
    version: str
    detail: str
    next_step: str = ""
