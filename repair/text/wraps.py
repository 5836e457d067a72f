"""Lines and paragraphs: which line breaks end a paragraph and which only wrap it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from repair.records import Span

# Text is wrapped for mail and terminals at 60 to 80 columns, rarely under 40 or over 100.
MIN_WIDTH, MAX_WIDTH = 40, 100
# Of the line breaks inside a wrapped file, at least this share has no room for the next word, and at least this share
# falls in mid-sentence before a small letter. One-paragraph-a-line news has next to none of either.
MIN_FULL, MIN_CARRYING = 0.6, 0.3
MIN_BREAKS = 2

# A dash before a small letter is no bullet: it goes on with the sentence.
_BULLET = re.compile(r"(?:[-*•‣◦·>#]|\(?\d{1,3}[.)])\s+[^a-z\s]")
_ENDED = re.compile(r"[.!?…:;][\"'”’»)\]]*$")


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph: its trimmed span, and whether a blank line stands before it."""

    span: Span
    after_blank: bool


def blocks(text: str) -> tuple[Block, ...]:
    """The paragraphs of `text` that hold anything but white space, in order.

    A line is a paragraph, except in hard-wrapped text: there a line runs on into the next where that one's first word
    had no room left, or goes on with a small letter in mid-sentence.
    """
    lines = _lines(text)
    shown = [span.of(text) for span in lines]
    width = _wrap_width(shown)
    found: list[Block] = []
    blank = False
    for i, span in enumerate(lines):
        if not span:
            blank = True
        elif width and i and shown[i - 1] and _runs_on(shown[i - 1], shown[i], width):
            found[-1] = Block(Span(found[-1].span.start, span.end), found[-1].after_blank)
        else:
            found.append(Block(span, blank))
            blank = False
    return tuple(found)


def _lines(text: str) -> list[Span]:
    """The lines without the white space around them; blank ones are empty."""
    spans: list[Span] = []
    at = 0
    for line in text.splitlines(keepends=True):
        body = line.strip()
        start = at + len(line) - len(line.lstrip()) if body else at
        spans.append(Span(start, start + len(body)))
        at += len(line)
    return spans


def _wrap_width(lines: list[str]) -> int:
    """The column that the text is wrapped at, 0 where it is not."""
    breaks = [(one, two) for one, two in pairwise(lines) if one and two]
    if len(breaks) < MIN_BREAKS:
        return 0
    # Not the longest line: a web address may stick out.
    width = sorted(len(one) for one, _ in breaks)[int(0.9 * (len(breaks) - 1))]
    if not MIN_WIDTH <= width <= MAX_WIDTH:
        return 0
    full = sum(_is_full(one, two, width) for one, two in breaks)
    carrying = sum(_carries(one, two) for one, two in breaks)
    wrapped = full >= MIN_FULL * len(breaks) and carrying >= MIN_CARRYING * len(breaks)
    return width if wrapped else 0


def _runs_on(one: str, two: str, width: int) -> bool:
    return not _BULLET.match(two) and (_is_full(one, two, width) or _carries(one, two))


def _is_full(one: str, two: str, width: int) -> bool:
    """True where the first word of `two` had no room at the end of `one`."""
    return len(one) + 1 + len(two.split(maxsplit=1)[0]) > width


def _carries(one: str, two: str) -> bool:
    """True where a sentence goes on from `one` to `two`, by its punctuation and the small letter."""
    return two[0].islower() and not _ENDED.search(one[-8:])
