"""Numbers, units and dates: in digits or in words, one normal form each.

"two-hundred", "200" and "two hundred" are the number 200; "$6 million" is 6000000 and the unit dollar; "22 May 2024"
is the month, the day and the year. "One" alone is left out: it is a pronoun more often than a number. What is not
covered: Roman numerals, fractions other than "half", numbers above the trillions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache

from repair.parallel.factkinds import Fact, FactKind, fact
from repair.parallel.tables import number_words, units

CARDINALS = number_words("cardinal")
SCALES = number_words("scale")
ABBREVIATIONS = number_words("abbreviation")
ORDINALS = number_words("ordinal")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
SHORT_MONTHS = {name[:3]: name for name in MONTHS} | {"sept": "september"}
PERIODS = (
    "day|night|morning|afternoon|evening|week|weekend|month|quarter|year|decade|century|spring|summer|autumn|winter"
)

_SHORT_MONTH = [rf"{short.title()}\." for short in SHORT_MONTHS] + ["Jan", "Feb", "Aug", "Sept", "Oct", "Nov", "Dec"]
_MONTH = "|".join([name.title() for name in MONTHS] + _SHORT_MONTH)
_DAY = r"(?P<{}>[0-3]?\d)(?:st|nd|rd|th)?(?![\d,.]*\d)"
DATE = re.compile(
    rf"""
    \b(?P<iso>(?P<iso_year>(?:1[1-9]|20)\d\d)-(?P<iso_month>0[1-9]|1[0-2])-(?P<iso_day>[0-3]\d))\b
    | \b(?P<weekday>{"|".join(day.title() for day in WEEKDAYS)})s?\b
    | \b{_DAY.format("day_before")}\s+(?:of\s+)?(?P<month_after>{_MONTH})(?!\w)
    | \b(?P<month>{_MONTH})(?!\w)(?:\s+{_DAY.format("day_after")}\b)?
    | \b(?P<clock>[0-2]?\d[:.][0-5]\d)\s?(?P<half>[ap]\.?m\b\.?)
    | \b(?P<clock24>[0-2]?\d:[0-5]\d)\b
    | \b(?P<which>(?i:last|this|next|previous|past|coming))\s+(?P<period>{PERIODS})\b
    | \b(?P<relative>(?i:today|yesterday|tomorrow|tonight))\b
    | \b(?P<decade>(?:1[1-9]|20)\d0)['’]?s\b
    | (?<![\d,.$€£])\b(?P<year>(?:1[1-9]|20)\d\d)\b(?![,.:]\d|\s?(?:%|percent|per\s+cent|million|billion|people))
    """,
    re.VERBOSE,
)
# "May" and "March" are months only beside a day, a year or a word that dates take.
UNSURE_MONTH = re.compile(
    r"(?:\b(?:in|of|on|by|since|until|till|from|last|this|next|early|late|mid|to|and)[ -]|[(,])\s*$"
)

_SPELLED = "|".join(CARDINALS)
_SCALE = "|".join(SCALES)
_SHORT = "|".join(ABBREVIATIONS)
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}|\d+(?:[.,]\d+)?"
NUMBER = re.compile(
    rf"""
    (?P<currency>US\$|[$€£¥₹]|\b(?:USD|EUR|GBP|JPY)(?=\s?\d))?\s?(?P<sign>(?<!\w)[-−])?(?<![\w.])(?P<digits>{_DIGITS})(?!\d|['’]?s\b)
        (?:(?P<ordinal>st|nd|rd|th)\b|[\s-]?(?P<scale>(?:{_SCALE})s?|{_SHORT})\b(?![.-]?\w))?
    | (?<![\w-])(?P<spelled>(?:half\s+)?(?:(?:a|{_SPELLED}|{_SCALE})(?:\s+and\s+|[\s-]+))*(?:{_SPELLED}|{_SCALE}))\b
    | (?<![\w-])(?P<ordinal_word>{"|".join(ORDINALS)})\b
    | \b(?P<vague>dozens|hundreds|thousands|millions|billions|trillions)\b
    | \b(?P<half>half)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NOUN_NEXT = re.compile(r"\s+(?!(?:and|but|before|after|later|ago|when|while|until|per|for|from|with|the)\b)[a-z]{3,}")
SECOND_OF_TIME = re.compile(r"(?:\b(?:per|each|every|split|one|a)|\d)[\s-]*$", re.IGNORECASE)


@cache
def unit_pattern() -> re.Pattern[str]:
    """Any unit that may stand after a number, longest first."""
    forms = sorted(units(), key=len, reverse=True)
    return re.compile(rf"[\s-]?(?P<unit>{'|'.join(map(re.escape, forms))})(?!\w)")


def is_relative(value: str) -> bool:
    """True for the value of a date that hangs on the day of writing: "yesterday", "last week"."""
    return value.split()[0] in ("last", "this", "next", "today", "yesterday", "tomorrow", "tonight")


def read_quantities(text: str) -> tuple[Fact, ...]:
    """The dates, numbers and units of `text`, in order; a date's numbers are not counted again as numbers."""
    dates = [found for match in DATE.finditer(text) for found in _date_parts(text, match)]
    rest = list(text)
    for date in dates:
        rest[date.span.start : date.span.end] = "_" * len(date.span)
    counts = [found for match in NUMBER.finditer("".join(rest)) for found in _number_parts(text, match)]
    return tuple(sorted([*dates, *counts], key=lambda found: found.span))


def _date_parts(text: str, match: re.Match[str]) -> Iterator[Fact]:
    groups = {name: value for name, value in match.groupdict().items() if value is not None}
    if _unsure_month(text, match, groups):
        return
    for name, value in groups.items():
        start, end = match.span(name)
        if name in ("month", "month_after"):
            yield fact(FactKind.DATE, _month(value), text, start, end)
        elif name == "iso_month":
            yield fact(FactKind.DATE, MONTHS[int(value) - 1], text, start, end)
        elif name in ("day_before", "day_after", "iso_day"):
            yield fact(FactKind.DATE, f"day {int(value)}", text, start, end)
        elif name == "clock":
            yield fact(FactKind.DATE, _clock(value, groups["half"]), text, *match.span())
        elif name == "clock24":
            yield fact(FactKind.DATE, _clock(value, ""), text, start, end)
        elif name == "which":
            which = {"past": "last", "previous": "last", "coming": "next"}.get(value.lower(), value.lower())
            yield fact(FactKind.DATE, f"{which} {groups['period']}", text, *match.span())
        elif name == "decade":
            yield fact(FactKind.DATE, f"{value}s", text, *match.span())
        elif name in ("weekday", "relative", "year", "iso_year"):
            yield fact(FactKind.DATE, value.lower(), text, start, end)


def _unsure_month(text: str, match: re.Match[str], groups: dict[str, str]) -> bool:
    if groups.get("month") not in ("May", "March") or "day_after" in groups:
        return False
    followed_by_year = re.match(r",?\s+(?:1[1-9]|20)\d\d\b", text[match.end() :])
    return not followed_by_year and not UNSURE_MONTH.search(text[max(0, match.start() - 12) : match.start()])


def _month(written: str) -> str:
    lower = written.lower().rstrip(".")
    return SHORT_MONTHS.get(lower, lower)


def _clock(written: str, half: str) -> str:
    hour, minute = re.split("[:.]", written)
    afternoon = half.lower().startswith("p") and int(hour) < 12
    return f"{int(hour) + 12 * afternoon}:{minute}"


def _number_parts(text: str, match: re.Match[str]) -> Iterator[Fact]:
    value = _value(text, match)
    if value is None:
        return
    start, end = match.span()
    start += len(match.group()) - len(match.group().lstrip())
    yield fact(FactKind.NUMBER, value, text, start, end)
    if match["currency"]:
        yield fact(FactKind.UNIT, units()[match["currency"].upper()], text, *match.span("currency"))
    elif (unit := unit_pattern().match(text, end)) and not match["ordinal_word"]:
        yield fact(FactKind.UNIT, units()[unit["unit"]], text, *unit.span("unit"))


def _value(text: str, match: re.Match[str]) -> str | None:
    """The normal form of a number, or None where the word is no number here."""
    if match["digits"]:
        number = _digits(match["digits"])
        if match["ordinal"]:
            return f"ordinal {number:f}"
        scale = (match["scale"] or "").lower()
        number *= (SCALES | ABBREVIATIONS).get(scale if len(scale) < 3 else scale.removesuffix("s"), 1)
        return _plain(-number if match["sign"] else number)
    if match["spelled"]:
        words = re.findall(r"[a-z]+", match["spelled"].lower())
        return None if words == ["one"] else _plain(_spelled(words))
    if match["ordinal_word"]:
        word = match["ordinal_word"].lower()
        is_time = word == "second" and SECOND_OF_TIME.search(text[max(0, match.start() - 8) : match.start()])
        return None if is_time and not _is_second_of_row(text, match) else f"ordinal {ORDINALS[word]}"
    return match["vague"].lower() if match["vague"] else "0.5"


def _is_second_of_row(text: str, match: re.Match[str]) -> bool:
    """True for "a second term": an article before, and no unit of time meant, as a noun follows."""
    before = text[max(0, match.start() - 3) : match.start()].lower()
    return bool(re.search(r"\ba\s$", before)) and bool(_NOUN_NEXT.match(text, match.end()))


def _digits(written: str) -> Decimal:
    """The value of digits, in the habits of other languages too: "2,5", "170.000", "1.234.567".

    English writes no decimals that end in a zero after three digits: "170.000" is a hundred and seventy thousand.
    """
    if re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3}){2,}|[1-9]\d{0,2}\.\d\d0", written):
        return Decimal(written.replace(".", ""))
    if re.fullmatch(r"\d+,\d+", written) and not re.fullmatch(r"\d{1,3},\d{3}", written):
        return Decimal(written.replace(",", "."))
    return Decimal(written.replace(",", ""))


def _spelled(words: list[str]) -> Decimal:
    """The value of a number in words: "two hundred and five thousand" is 205000."""
    total = Decimal(0)
    group = Decimal(0)
    factor = Decimal("0.5") if words[0] == "half" else Decimal(1)
    for word in words:
        if word in CARDINALS:
            group += CARDINALS[word]
        elif word in SCALES:
            scaled = (group or Decimal(1)) * SCALES[word]
            if SCALES[word] >= 1000:
                total, group = total + scaled, Decimal(0)
            else:
                group = scaled
    return (total + group) * factor


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
