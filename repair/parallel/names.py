"""Names in a text: runs of capitalised words that are no plain words, acronyms, and known forms of one name.

A run is cut where plain words ("Foreign Minister") turn into proper ones ("Marco Rubio"), so that a title and a
person can differ one without the other. What is not covered: names written in lower case, and a plain word that
is a name only here ("Apple" at the start of a sentence).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import groupby

from rapidfuzz import fuzz

from repair.parallel.factkinds import Fact, FactKind, fact
from repair.parallel.quantities import MONTHS, SHORT_MONTHS, WEEKDAYS
from repair.parallel.tables import NAME_SHARE, PLAIN_SHARE, aliases, capital_share, is_known_name, is_plain

TOKEN = re.compile(r"(?:[A-Z]\.){2,}|[^\W_]+(?:['’&-][^\W_]+)*")
SENTENCE_START = re.compile(r"(?:[.!?:…]|[.!?:…,][\"“”„'‘’)»]+|\n|[•|\"“„‘«»(\[])\s*[\"“”„'‘’(\[«»]*\s*$")
SHOUTING = 0.6
"""From this share of words in capitals on, a line is a headline: its capitals tell nothing."""
ADDRESS = ("mr", "mrs", "ms", "dr", "sir", "am", "pm", "a.m", "p.m", "ok", "o.k", "tv")
NOT_NAMES = frozenset((*MONTHS, *SHORT_MONTHS, *WEEKDAYS, *ADDRESS))
SAME_NAME = 75.0
"""Names at least this similar (0..100, rapidfuzz `ratio`) can be one name in two spellings: one letter in five."""


@cache
def alias_pattern() -> re.Pattern[str]:
    """Every form in `data/aliases.tsv`, longest first, as written; "US" never finds "us"."""
    forms = sorted(aliases(), key=len, reverse=True)
    return re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, forms))})(?!\w|\.\w)")


def genitive_free(word: str) -> str:
    """`word` without a final 's or apostrophe."""
    return re.sub(r"['’]s?$", "", word)


def read_names(text: str) -> tuple[Fact, ...]:
    """The names of `text`, in order."""
    known = [
        fact(FactKind.NAME, aliases()[match.group()], text, match.start(), match.end())
        for match in alias_pattern().finditer(text)
    ]
    # Known forms are blanked out, so that a run never holds one.
    rest = alias_pattern().sub(lambda match: "\0" * len(match.group()), text)
    found = known + [name for run in _runs(rest) for name in _names_of_run(text, run)]
    return tuple(sorted(found, key=lambda name: name.span))


def _runs(text: str) -> Iterator[list[re.Match[str]]]:
    """Capitalised words that follow one another with one space between, in lines that are no headlines in capitals."""
    for line in re.finditer(r"[^\n]+", text):
        words = list(TOKEN.finditer(text, *line.span()))
        spoken = [word.group() for word in words if word.group()[0].isalpha()]
        if len(spoken) > 2 and sum(word.isupper() and len(word) > 1 for word in spoken) >= SHOUTING * len(spoken):
            continue
        run: list[re.Match[str]] = []
        for word in words:
            if run and not (_capitalised(word.group()) and _joined(text, run[-1], word)):
                yield run
                run = []
            if _capitalised(word.group()):
                run.append(word)
        if run:
            yield run


def _joined(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    """True where two words are one space apart and the first is no genitive ("Trump's White House")."""
    return text[one.end() : other.start()] == " " and genitive_free(one.group()) == one.group()


def _capitalised(word: str) -> bool:
    return word[0].isupper() or ("-" in word and any(part[:1].isupper() for part in word.split("-")))


def _names_of_run(text: str, run: list[re.Match[str]]) -> Iterator[Fact]:
    """The names in a run: proper words together, plain words together where they make a title or an office."""
    # Twelve characters hold any sentence end; the start of the text counts as one.
    before = text[max(0, run[0].start() - 12) : run[0].start()]
    if (not before.strip() or SENTENCE_START.search(before)) and _at_start_plain(run[0].group(), alone=len(run) == 1):
        run = run[1:]
    for proper, group in groupby(run, key=lambda word: _proper(word.group())):
        words = [word for word in group if not _is_no_name(word.group())]
        if not proper:
            words = _title(words)
        if not words:
            continue
        start, end = words[0].start(), words[-1].start() + len(_name_part(words[-1].group()))
        yield fact(FactKind.NAME, normal_form(text[start:end]), text, start, end)


def _name_part(word: str) -> str:
    """The capitalised part of a word: "GNA" of "GNA-aligned", "Trump" of "Trump's"."""
    if word.endswith("."):
        return word
    parts = genitive_free(word).split("-")
    while len(parts) > 1 and not any(letter.isupper() for letter in parts[-1]) and not parts[-1].isdigit():
        parts.pop()
    return genitive_free("-".join(parts))


def _is_no_name(word: str) -> bool:
    """True for forms of address, days, months and single letters ("I'm", the B of "z. B.")."""
    bare = re.split("['’]", word)[0].lower().rstrip(".")
    return len(bare) == 1 or bare in NOT_NAMES


def _proper(word: str) -> bool:
    """True for an acronym, a known name, or a word that is no known plain word."""
    part = _name_part(word)
    if len(part) > 1 and part.isupper():
        return True
    share = capital_share(part)
    return share is None or share >= NAME_SHARE


def _at_start_plain(word: str, *, alone: bool) -> bool:
    """True where the capital of a first word is the sentence's, not the word's own."""
    share = capital_share(_name_part(word))
    return share is not None and share < (NAME_SHARE if alone else PLAIN_SHARE)


def _title(words: list[re.Match[str]]) -> list[re.Match[str]]:
    """Plain words that make a name together ("White House"); a single one, or a mistaken capital, is none."""
    named = [word for word in words if (capital_share(_name_part(word.group())) or 0) >= PLAIN_SHARE]
    return named if len(named) > 1 and len(named) == len(words) else []


def normal_form(name: str) -> str:
    """`name` in lower case, without dots, genitive and the s of a plural."""
    words = [genitive_free(word).replace(".", "").lower() for word in name.split()]
    return " ".join(word.removesuffix("s") if len(word) > 4 and not word.endswith("ss") else word for word in words)


def names_nothing_new(name: Fact, told: str) -> bool:
    """True where a name of one text is no fact that `told` lacks.

    So it is with a title in plain words ("Federal Minister"), with a capital that only begins the text, and with a name
    that has a word of its own in `told`: "Hillary Clinton" is there as "Clinton".
    """
    proper = [word for word in TOKEN.findall(name.surface) if not is_plain(word)]
    if name.span.start == 0 and proper == [name.surface] and not is_known_name(name.surface):
        return True
    known = _bare_words(told)
    return not proper or any(_bare(word) in known for word in proper)


@lru_cache(maxsize=64)
def _bare_words(text: str) -> frozenset[str]:
    return frozenset(_bare(word) for word in TOKEN.findall(text))


def _bare(word: str) -> str:
    """The word in lower case, without genitive and accents."""
    parts = unicodedata.normalize("NFKD", genitive_free(word).casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def initials(name: str) -> str:
    """The first letters of a name's capitalised words: "GNU" for "Government of National Unity"."""
    return "".join(word[0] for word in name.split() if word[0].isupper())


def respelled(one: str, other: str) -> bool:
    """True where two different names are one name in two spellings ("Starmer", "Starrer").

    Words that both names share are set aside; two different known names ("Austria", "Australia") never match.
    """
    mine, theirs = one.split(), other.split()
    if len(mine) != len(theirs):
        return False
    unlike = [(a, b) for a, b in zip(mine, theirs, strict=True) if a.lower() != b.lower()]
    return bool(unlike) and all(_misspelled(a, b) for a, b in unlike)


def _misspelled(one: str, other: str) -> bool:
    if min(len(one), len(other)) < 4 or (is_known_name(one) and is_known_name(other)):
        return False
    return fuzz.ratio(one.lower(), other.lower()) >= SAME_NAME
