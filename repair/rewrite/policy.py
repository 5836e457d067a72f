"""Which of the judged suggestions are made: the policy's choice, and above it a person's decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from repair.config import ApplyPolicy
from repair.edits import Choice, choose
from repair.errors import EditError
from repair.records import Decision, Edit, Origin, Skipped, Suggestion

_PREFERENCE: tuple[Origin, ...] = ("parallel", "rule", "grammar", "endpoint", "lm")
"""What a clean source says before what a rule says before what a model guesses."""


def decide(
    suggestions: Sequence[Suggestion], policy: ApplyPolicy, decisions: Mapping[str, Decision] | None = None
) -> Choice:
    """What to apply of one document's suggestions; every suggestion ends once, chosen or skipped with a reason.

    `none` applies nothing, `safe` the tier `safe`, `all` whatever no check refused. A person's decision
    stands above the policy: `accept` applies even what a check refused, `edit` puts the person's words in
    place of ours, `reject` leaves the text alone. Where two collide, a person's choice goes first, then what a
    clean source says, then `safe`, then by origin, then the lower score.

    Raises EditError where a decision `edit` has no text.
    """
    decisions = decisions or {}
    wanted: list[Suggestion] = []
    skipped: list[Skipped] = []
    for suggestion in suggestions:
        reason = _why_not(suggestion, policy, decisions.get(suggestion.id))
        if reason is None:
            wanted.append(_as_decided(suggestion, decisions.get(suggestion.id)))
        else:
            skipped.append(Skipped(suggestion, reason))
    choice = choose(sorted(wanted, key=lambda s: _rank(s, by_person=s.id in decisions)))
    return Choice(choice.chosen, (*skipped, *choice.skipped))


def _why_not(suggestion: Suggestion, policy: ApplyPolicy, decision: Decision | None) -> str | None:
    if decision is not None:
        return f"rejected by {decision.by}" if decision.verdict == "reject" else None
    if suggestion.refused_by:
        return "refused by " + ", ".join(check.name for check in suggestion.refused_by)
    if policy == "none":
        return "nothing is applied under --apply none"
    if policy == "safe" and suggestion.tier != "safe":
        return f"tier {suggestion.tier} under --apply safe"
    return None


def _as_decided(suggestion: Suggestion, decision: Decision | None) -> Suggestion:
    if decision is None or decision.verdict != "edit":
        return suggestion
    if decision.text is None:
        raise EditError(
            f"decision on suggestion {decision.id}", "its verdict is `edit`, but it has no text", "Add the text."
        )
    return replace(suggestion, edit=Edit(suggestion.edit.span, suggestion.edit.before, decision.text))


def _rank(suggestion: Suggestion, *, by_person: bool) -> tuple[bool, bool, bool, int, float, int, str]:
    worst = 1.0
    return (
        not by_person,
        suggestion.origin != "parallel",
        suggestion.tier != "safe",
        _PREFERENCE.index(suggestion.origin),
        worst if suggestion.score_after is None else suggestion.score_after,
        suggestion.edit.span.start,
        suggestion.id,
    )
