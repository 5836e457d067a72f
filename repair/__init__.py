"""Finds garbled, machine-translated English in archives of news and mends it.

The map of the house; data walks through the rooms from top to bottom, imports go to rooms above only:

    errors      the exception tree
    records     the data types, frozen
    edits       pure algebra of edits: check, choose, apply, revert
    text        bytes <-> text; sentences; kinds of line
    config      settings, each default explained
    lm          the small language model and the sentence embedder: fetch, load, score, generate
    scoring     token scores -> features -> head -> calibrated probability
    detectors   findings with a reason
    parallel    find the clean source of a document, align, compare facts
    rewrite     proposals, and the gate that judges them
    pipeline    one document through all of the above
    archive     formats, the batch runner, the ledger, the OUT folder
    api         what the names below do
    review      report page, local server, decisions
    cli         commands: parse, call, print

    >>> import repair
    >>> report = repair.score("The government have hang people from the USA.")    # doctest: +SKIP
    >>> report.flagged_sentences[0].findings                                        # doctest: +SKIP
"""

from __future__ import annotations

__version__ = "0.1.0"

from typing import TYPE_CHECKING

from repair.config import Settings
from repair.errors import (
    ConfigError,
    DecodeError,
    EditError,
    FormatError,
    InputError,
    MissingPartError,
    ModelError,
    OutputError,
    RepairError,
)
from repair.records import (
    CleanedDocument,
    Decision,
    Document,
    Edit,
    Evidence,
    Finding,
    Kind,
    Relation,
    ScoreReport,
    Sentence,
    SentenceScore,
    Skipped,
    Source,
    SourceMatch,
    Span,
    Suggestion,
)

if TYPE_CHECKING:
    from repair.api import Cleaner, clean, score

__all__ = [
    "CleanedDocument",
    "Cleaner",
    "ConfigError",
    "Decision",
    "DecodeError",
    "Document",
    "Edit",
    "EditError",
    "Evidence",
    "Finding",
    "FormatError",
    "InputError",
    "Kind",
    "MissingPartError",
    "ModelError",
    "OutputError",
    "Relation",
    "RepairError",
    "ScoreReport",
    "Sentence",
    "SentenceScore",
    "Settings",
    "Skipped",
    "Source",
    "SourceMatch",
    "Span",
    "Suggestion",
    "__version__",
    "clean",
    "score",
]

_LAZY = ("Cleaner", "clean", "score")
"""Names whose module reaches for heavy libraries: imported when first asked for, so `import repair` stays quick."""


def __getattr__(name: str) -> object:
    if name in _LAZY:
        from repair import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
