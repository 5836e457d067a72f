"""Any model that the user has, behind one small door: a server (`endpoint`) or a model in memory (`local`).

A question that gets no answer never ends a run and is never hidden: its reply says why, and the rewriter counts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from repair.config import Settings
from repair.rewrite.prompts import Question


@dataclass(frozen=True, slots=True)
class Reply:
    """A rewrite, empty where the model has none; or the problem that kept it from answering."""

    text: str
    problem: str = ""


class Rewriter(Protocol):
    """What is asked for rewrites."""

    @property
    def name(self) -> str:
        """What names the model in a proposal's reason."""
        ...

    @property
    def problems(self) -> Counter[str]:
        """How many questions got no answer so far, by cause."""
        ...

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """A reply to each question, in order."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


def is_small_model(rewriter: str) -> bool:
    """True where a setting names none, or the small model that scores: no other is opened for it."""
    return rewriter in ("none", "lm")


def open_rewriter(settings: Settings) -> Rewriter:
    """What `settings.rewriter` names, ready to be asked.

    Raises ConfigError where it is no URL that we can use, MissingPartError where a server does not answer, ModelError
    where a model is missing or cannot be read.
    """
    from repair.rewrite.answers import AnswerCache, cache_path

    if "://" in settings.rewriter:
        from repair.rewrite.endpoint import Endpoint, open_server

        return open_server(Endpoint(url=settings.rewriter), AnswerCache(cache_path()))
    from repair.rewrite.local import load_chat

    return load_chat(settings, AnswerCache(cache_path()))
