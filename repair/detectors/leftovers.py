"""`leftover.<language>`, `leftover.script`: what a translation leaves of the language it came from.

The patterns and their reasons are a table, `leftovers.toml`: a new language is a new entry there.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from repair.detectors.article import Article, Rule, Word
from repair.detectors.lexicon import zipf
from repair.records import Finding, SentenceScore, Span

SCRIPT = "leftover.script"
MESSAGE_SCRIPT = "letters of another script in an English sentence: {words}"
MESSAGE_MIXED = "a word that mixes scripts: {words}"

KNOWN = 4.0
"""Zipf that both neighbours of a foreign function word need, so that names and phrases are left alone."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """One pattern of the table. The group `left`, where there is one, is what is marked."""

    rule: str
    pattern: re.Pattern[str]
    reason: str
    replace: str | None
    quoted: bool
    """Whether it is wrong inside quotation marks too."""


@cache
def _table() -> tuple[tuple[Leftover, ...], dict[str, tuple[str, str]]]:
    """The patterns, and for each foreign function word its rule and reason."""
    text = resources.files("repair.detectors").joinpath("leftovers.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    patterns = tuple(
        Leftover(
            f"leftover.{row['language']}",
            re.compile(row["pattern"]),
            row["reason"],
            row.get("replace"),
            row.get("quoted", True),
        )
        for row in table["leftover"]
    )
    words: dict[str, tuple[str, str]] = {}
    for row in table["words"]:
        for word in row["words"].split():
            words.setdefault(word, (f"leftover.{row['language']}", row["reason"]))
    return patterns, words


def _ids() -> tuple[str, ...]:
    patterns, words = _table()
    return (*sorted({p.rule for p in patterns} | {rule for rule, _ in words.values()}), SCRIPT)


def find(article: Article) -> Iterator[Finding]:
    """Abbreviations, numbers, marks, function words and letters of another language in running text."""
    for paragraph in article.paragraphs:
        yield from _patterns(article, paragraph)
    for scored in article.running:
        yield from _words(article, scored)
        yield from _scripts(article, scored)


def _patterns(article: Article, paragraph: Span) -> Iterator[Finding]:
    text = article.text
    taken: list[Span] = []
    for leftover in _table()[0]:
        for match in leftover.pattern.finditer(text, paragraph.start, paragraph.end):
            where = Span(*match.span("left" if "left" in leftover.pattern.groupindex else 0))
            if any(where.overlaps(other) for other in taken) or (not leftover.quoted and article.is_quoted(where)):
                continue
            taken.append(where)
            mend = () if leftover.replace is None else (match.expand(leftover.replace),)
            message = f"{leftover.reason}: “{where.of(text).strip()}”"
            yield Finding(leftover.rule, where, message, "major", replacements=mend)


def _words(article: Article, scored: SentenceScore) -> Iterator[Finding]:
    words = article.words(scored)
    foreign = _table()[1]
    for i in range(1, len(words) - 1):
        word = words[i].text
        if word in foreign and not article.is_quoted(words[i].span) and _amid_english(article.text, words, i):
            rule, reason = foreign[word]
            yield Finding(rule, words[i].span, f"{reason}: “{word}”", "major")


def _amid_english(text: str, words: list[Word], i: int) -> bool:
    before, word, after = words[i - 1 : i + 2]
    spaced = text[before.span.end : word.span.start] == " " == text[word.span.end : after.span.start]
    return spaced and all(
        w.is_lower and w.text.isascii() and w.text not in _table()[1] and zipf(w.text) >= KNOWN for w in (before, after)
    )


@cache
def _script(letter: str) -> str:
    """`LATIN`, `CYRILLIC`, `CJK`, …: the first word of the letter's Unicode name."""
    return unicodedata.name(letter, "UNKNOWN").split(" ", 1)[0].split("-", 1)[0]


def _scripts(article: Article, scored: SentenceScore) -> Iterator[Finding]:
    words = article.words(scored)
    letters = "".join(w.text for w in words)
    letters = "".join(c for c in letters if c.isalpha())
    if letters.isascii() or sum(_script(c) == "LATIN" for c in letters) * 2 < len(letters):
        return
    for word in words:
        found = {_script(c) for c in word.text if c.isalpha()} - {"MODIFIER", "MICRO", "FEMININE", "MASCULINE"}
        if found <= {"LATIN"}:
            continue
        if "LATIN" in found:
            if len(word.text) > 3:  # shorter ones are units: μg, kΩ
                yield Finding(SCRIPT, word.span, MESSAGE_MIXED.format(words=word.text), "major")
        elif len(word.text) > 1 and not _is_gloss(article, word):
            yield Finding(SCRIPT, word.span, MESSAGE_SCRIPT.format(words=word.text), "major")


def _is_gloss(article: Article, word: Word) -> bool:
    """True in brackets and quotation marks: “Xi Jinping (习近平)”."""
    line = article.text[article.text.rfind("\n", 0, word.span.start) + 1 : word.span.start]
    return line.count("(") > line.count(")") or article.is_quoted(word.span)


RULE = Rule(_ids(), find)
