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
    review      report page, local server, decisions
    engines     the same batch on other runners
    cli         commands: parse, call, print
"""

from __future__ import annotations

__version__ = "0.1.0"
