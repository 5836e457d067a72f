"""The table of lines that are no prose: `lines.toml`, read once and matched against whole lines.

How to add a row: write it in `lines.toml` with its reason, and give a line that it knows in `tests/cases/kinds.json`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import regex

from repair.records import Kind

# No byline or credit is longer, and no text of a button; a caption that says it is one may be.
MAX_LENGTH, MAX_BUTTON_LENGTH = 400, 100
MAX_NAME_LENGTH = 60

# One word of a person's name, and two to five of them with their particles: "Fayez al-Serraj", "Ursula von der Leyen".
_PART = r"\p{Lu}[\p{L}\p{M}'’.-]*"
_PARTICLE = r"(?:(?:al|el|de|da|dos|di|du|la|le|van|von|der|den|bin|ben|ibn|y)[ -])"
_SHAPES = {
    "part": _PART,
    "name": rf"(?:{_PART}(?: {_PARTICLE}{{0,2}}{_PART}){{1,3}})",
    "month": (
        "(?:January|February|March|April|May|June|July|August|September|October|November|December|"
        "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
    ),
    "role": "(?i:handout|file|stringer|pool|courtesy|contributor|staff)",
    "day": "(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Mon|Tue|Wed|Thu|Fri|Sat|Sun)",
}
_NAME = regex.compile(_SHAPES["name"])
# Arrows, bullets and crosses around the words of a button.
_MARKS = " ×✕•*›»>→←‹«|–—+…:-"
_QUOTES = str.maketrans("‘’“”", "''\"\"")


@dataclass(frozen=True, slots=True)
class LineRule:
    """One row of the table. `anywhere` is False for lines that count only at the edge of an article."""

    kind: Kind
    anywhere: bool
    photo: bool
    reason: str
    texts: frozenset[str]
    pattern: regex.Pattern[str] | None


def find_rule(line: str) -> LineRule | None:
    """The first row that knows the whole of `line`, or None."""
    if len(line) > MAX_LENGTH:
        return None
    if len(line) <= MAX_BUTTON_LENGTH and (rule := _by_text().get(_plain(line))) is not None:
        return rule
    flat = " ".join(line.split())
    return next((r for r in rules() if r.pattern is not None and r.pattern.fullmatch(flat)), None)


def is_name(line: str) -> bool:
    """True where `line` has the shape of a person's name, two to four capitalised words, and nothing else."""
    return len(line) <= MAX_NAME_LENGTH and _NAME.fullmatch(line) is not None


@cache
def rules() -> tuple[LineRule, ...]:
    """All rows, in the order of the file."""
    table = tomllib.loads(files("repair.text").joinpath("lines.toml").read_text(encoding="utf-8"))
    shapes = _SHAPES | {
        "wire": _any_of(table["lists"]["wire"]),
        "agency": _any_of([*table["lists"]["agency"], *table["lists"]["wire"]]),
    }
    return tuple(
        LineRule(
            kind=Kind(row["kind"]),
            anywhere=row["where"] == "any",
            photo=row.get("photo", False),
            reason=row["reason"],
            texts=frozenset(map(_plain, row.get("texts", ()))),
            pattern=_compile(row["pattern"], shapes) if "pattern" in row else None,
        )
        for row in table["line"]
    )


@cache
def _by_text() -> dict[str, LineRule]:
    return {text: rule for rule in reversed(rules()) for text in rule.texts}


def _plain(line: str) -> str:
    """What is compared: small letters, single spaces, straight quotes, no marks around."""
    flat = " ".join(line.split()).strip(_MARKS)
    if flat.endswith("..."):
        flat = flat.rstrip(". ")
    return flat.translate(_QUOTES).casefold()


def _any_of(names: Sequence[str]) -> str:
    """Names as they stand, in capitals, or with one capital a word ("Afp"); the longest first."""
    spelled = {form for name in names for form in (name, name.upper(), name.title())}
    longest_first = sorted(spelled, key=lambda s: (-len(s), s))
    return f"(?:{'|'.join(regex.escape(s, special_only=True) for s in longest_first)})"


def _compile(pattern: str, shapes: dict[str, str]) -> regex.Pattern[str]:
    for name, shape in shapes.items():
        pattern = pattern.replace(f"{{{name}}}", shape)
    return regex.compile(pattern)
