"""How the trained rewriter is asked: one form for training and for use."""

from __future__ import annotations

LONGEST_BEFORE = 240
"""Characters of the text before a sentence that the rewriter sees, the last ones."""


def asked(sentence: str, *, before: str = "", source: str = "") -> str:
    """What the answer follows: the sentence, with what stands before it and the aligned source where there are any."""
    lines = [f"Before: {before[-LONGEST_BEFORE:]}"] if before else []
    lines += [f"Source: {source}"] if source else []
    return "\n".join([*lines, f"Damaged: {sentence}", "Mended:"])


def answered(sentence: str) -> str:
    """The answer to `asked`, as the rewriter gives it before it ends."""
    return f" {sentence}"
