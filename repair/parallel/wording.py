"""Negation, modality and words with an opposite: the small words that turn a sentence round."""

from __future__ import annotations

import re

from repair.parallel.factkinds import Fact, FactKind, fact
from repair.parallel.tables import antonyms, denied

NEGATION = re.compile(
    r"\b(?:(?P<joined>\w+?)n['’]t|(?P<bare>do|does|did|is|was|were|would|could|should|has|have|ca|wo)nt"
    r"|not|cannot|never|none|nobody|nothing|nowhere|neither|nor|without|hardly|barely|scarcely|no)\b(?!-)",
    re.IGNORECASE,
)
NO_NEGATION = re.compile(
    r"(?:not\s+(?:only|just|merely|least)|no\s+(?:doubt|matter|wonder)|can(?:not|['’]t)\s+(?:help\s+)?but)\b"
    r"|no\.?\s*\d",
    re.IGNORECASE,
)
OR_NOT = re.compile(r"\bor\s+$", re.IGNORECASE)
MODAL = re.compile(
    r"\b(?:may|might|[Cc]ould|[Mm]ust|[Ss]hould|shall|will|[Ww]ould|[Cc]an)(?=n['’]t\b|\b)"
    r"|\b[Cc]an(?=not\b)|\b[Ww]o(?=n['’]t\b)|(?<=[a-z])['’]ll\b"
)
MODAL_FORM = {"wo": "will", "'ll": "will"}
NEAR_MOODS = tuple(frozenset(group.split()) for group in ("may might could", "can could", "will would"))
"""Modal verbs that stand for one another in another tense. "May" and "can", "should" and "must" do not."""
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def read_negations(text: str) -> tuple[Fact, ...]:
    """The negations of `text`. All have the value "not"; "not only", "no doubt", "No 10" and "or not" are none."""
    found: list[Fact] = []
    for match in NEGATION.finditer(text):
        word = match.group().lower()
        if NO_NEGATION.match(text, match.start()) or (word == "not" and OR_NOT.search(text[: match.start()][-6:])):
            continue
        if word == "nor" and found:  # "neither … nor" denies once
            continue
        found.append(fact(FactKind.NEGATION, "not", text, *match.span()))
    return tuple(found)


def read_modality(text: str) -> tuple[Fact, ...]:
    """The modal verbs of `text`, as whole words: "won't" is "will" (and a negation)."""
    return tuple(
        fact(FactKind.MODALITY, MODAL_FORM.get(word, word), text, *match.span())
        for match in MODAL.finditer(text)
        for word in [match.group().lower().replace("’", "'")]
    )


def near_moods(one: str, other: str) -> bool:
    """True for two modal verbs of one group of NEAR_MOODS."""
    return any({one, other} <= group for group in NEAR_MOODS)


def read_antonyms(text: str) -> tuple[Fact, ...]:
    """The words of `text` that stand in the table of opposites, one fact per word."""
    return tuple(
        fact(FactKind.ANTONYM, match.group().lower(), text, *match.span())
        for match in WORD.finditer(text)
        if match.group().lower() in antonyms()
    )


NOT_DENIED = frozenset(("unless", "until", "under", "unit", "unite", "union", "unique", "uncle"))
"""Words that begin like a denied one."""


def opposite(one: str, other: str) -> bool:
    """True where two words in lower case are opposites: by the table, or by a prefix that denies."""
    table = antonyms()
    mine, theirs = table.get(one, frozenset()), table.get(other, frozenset())
    return any((row, 1 - side) in theirs for row, side in mine) or undenied(one) == other or undenied(other) == one


def undenied(word: str) -> str | None:
    """The word without the prefix that denies it: "legal" for "illegal", "known" for "unknown"; None without one."""
    if word in denied():
        return denied()[word]
    for prefix in ("un", "non-", "non"):
        stem = word.removeprefix(prefix)
        if stem != word and len(stem) > 3 and word not in NOT_DENIED:
            return stem
    return None
