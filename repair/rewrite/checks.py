"""The checks of the gate that need no model: each looks at a text before and after, and names itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from repair.parallel.facts import Difference, FactKind, absolute_figures, compare, extract
from repair.parallel.names import names_nothing_new
from repair.parallel.quantities import is_relative
from repair.records import Check, Evidence, Relation
from repair.rewrite import quotes
from repair.rewrite.differences import changes
from repair.rewrite.names import without_mends
from repair.rewrite.prompts import echoes

LENGTH = (0.8, 1.3)
"""Share of the characters that a rewrite may have. By `eval/gate_rates.py` on postedit_train: 97 % of what people
made of machine translation lies within, and 1 % of sentences whose end is left out."""
WORDING = (FactKind.NEGATION, FactKind.MODALITY, FactKind.ANTONYM)
"""Facts that a machine's other words for a sentence gain and lose."""
_TWICE = re.compile(r"\b(?!(?:had|that)\b)(\w+) (?=\1\b)", re.IGNORECASE)
_ENDS = re.compile(r"[.!?…:;][\"”’')\]]*$")


def changes_something(before: str, after: str) -> Check:
    """Refuses an edit that changes nothing, or nothing but white space."""
    return Check("change", before.split() != after.split())


def format_kept(before: str, after: str) -> Check:
    """Refuses new lines, a model's chatter, words said twice, a lost full stop and a lost capital at the start."""
    faults = []
    if after.count("\n") > before.count("\n"):
        faults.append("new lines")
    if after and (after != after.strip()) > (before != before.strip()):
        faults.append("white space at an end")
    if echoes(after) and not echoes(before):
        faults.append("words about the answer, not of it")
    if after and _ENDS.search(before) and not _ENDS.search(after):
        faults.append("no full stop at the end")
    if len(_TWICE.findall(after)) > len(_TWICE.findall(before)):
        faults.append("a word said twice")
    if before[:1].isupper() and after[:1].islower():
        faults.append("a small letter at the start")
    return Check("format", not faults, detail=", ".join(faults))


def length_kept(before: str, after: str) -> Check:
    """Refuses what grows or shrinks more than people's corrections do."""
    ratio = len(after) / max(1, len(before))
    return Check("length", LENGTH[0] <= ratio <= LENGTH[1], round(ratio, 3), f"{LENGTH[0]} to {LENGTH[1]} are allowed")


def marks_paired(before: str, after: str, *, allowed: int = 0) -> Check:
    """Refuses an edit of a paragraph after which more quotation marks lack their partner, but for `allowed` ones."""
    lost, had = quotes.unpaired(after), quotes.unpaired(before) + allowed
    return Check("quote_marks", lost <= had, float(lost), f"{lost} without a partner, {had} before")


def quotation_kept(before: str, after: str, evidence: Sequence[Evidence]) -> Check:
    """Refuses other words between quotation marks, unless a clean source has that quotation word for word."""
    lost, new = quotes.changed(before, after)
    said = [quotes.words(e.text) for e in evidence]
    unfounded = [words for words in new if not any(words in text for text in said)]
    if unfounded or (lost and not new):
        return Check("quotation", False, detail=f"between quotation marks: {'; '.join(unfounded or lost)}")
    return Check("quotation", True, detail="as the source has it" if new else "")


def facts_kept(
    before: str, after: str, evidence: Sequence[Evidence], *, told_again: str | None = None, renamed: str = ""
) -> list[Check]:
    """One check for each kind of fact but quotations, which `quotation_kept` sees in their whole paragraph.

    Without evidence nothing may be lost or added; a name may be mended (`names`).
    With evidence a fact may become what the aligned source says: what is added must stand there, what is lost must
    have something added in its place or stand in a quotation that the source restores. Where the document tells the
    whole text `told_again` once more, what that has anywhere is not lost, and denials and moods are its own: where they
    contradict, alignment has said so. Names in `renamed` may go: the source has another word for them.
    """
    differences = compare(extract(before), extract(after))
    if not evidence:
        found = changes(before, after)
        differences = tuple(without_mends(difference, found) for difference in differences)
    allowed = [d for d in differences if evidence and _is_sourced(d, before, evidence)]
    if renamed:
        allowed += [d for d in differences if not d.added and _are_names_in(d, renamed)]
    if told_again is not None:
        allowed += [d for d in differences if _told_anyway(d, told_again)]
    checks = []
    for kind in (k for k in FactKind if k is not FactKind.QUOTATION):
        refused = [d for d in differences if d.kind is kind and (d.lost or d.added) and d not in allowed]
        checks.append(Check(f"facts.{kind}", not refused, detail="; ".join(map(str, refused))))
    return checks


def _are_names_in(difference: Difference, text: str) -> bool:
    return difference.kind is FactKind.NAME and all(fact.surface in text for fact in difference.lost)


def _told_anyway(difference: Difference, told: str) -> bool:
    """True where the difference is one of words, or all that was lost and added stands somewhere in `told`."""
    facts = (*difference.lost, *difference.added)
    if difference.kind in WORDING:
        return True
    if difference.kind in (FactKind.NUMBER, FactKind.DATE):
        return all(is_relative(fact.value) or fact.value in absolute_figures(told) for fact in facts)
    if difference.kind is FactKind.NAME:
        return all(names_nothing_new(fact, told) for fact in difference.lost)
    return not (difference.lost and difference.added)  # units: their numbers are looked at by themselves


def _is_sourced(difference: Difference, before: str, evidence: Sequence[Evidence]) -> bool:
    told = [extract(e.text) for e in evidence]
    values = {fact.value for facts in told for fact in facts.of(difference.kind)}
    if any(fact.value not in values for fact in difference.added):
        return False
    restores = any(e.relation is not Relation.SAME_TEXT for e in evidence)
    return bool(difference.added) or all(restores and quotes.within(before, fact.span) for fact in difference.lost)
