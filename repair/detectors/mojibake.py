"""`text.mojibake`: letters broken by a wrong decoding, and HTML entities that nobody decoded.

What is broken and what stood there are ftfy's to say (https://ftfy.readthedocs.io, Speer 2019).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from repair.detectors.article import Article, Rule
from repair.records import Finding, Span

ID = "text.mojibake"
MESSAGE = "letters broken by a wrong decoding: {broken}"
MESSAGE_ENTITY = "an HTML entity that was not decoded: {broken}"
MESSAGE_LOST = "a character that could not be decoded is lost here"

# Not \S: the second half of a broken letter may be a no-break space.
_CHUNK = re.compile(r"[^ \t\r\n]+")
_ENTITY = re.compile(r"&(?:amp|quot|apos|lt|gt|nbsp|[lr][sd]quo|[mn]dash|hellip|#\d{2,5}|#x[0-9a-fA-F]{2,5});")
_LOST = re.compile("\N{REPLACEMENT CHARACTER}+")


def find(article: Article) -> Iterator[Finding]:
    """Broken chunks with what ftfy makes of them, undecoded entities, and replacement characters."""
    import ftfy
    from ftfy.badness import is_bad

    for scored in article.report.sentences:
        span = scored.sentence.span
        for chunk in _CHUNK.finditer(article.text, span.start, span.end):
            broken = chunk.group()
            if not broken.isascii() and is_bad(broken) and (fixed := ftfy.fix_encoding(broken)) != broken:
                where = Span(*chunk.span())
                yield Finding(ID, where, MESSAGE.format(broken=broken), "major", replacements=(fixed,))
        for entity in _ENTITY.finditer(article.text, span.start, span.end):
            message = MESSAGE_ENTITY.format(broken=entity.group())
            yield Finding(ID, Span(*entity.span()), message, replacements=(html.unescape(entity.group()),))
        for lost in _LOST.finditer(article.text, span.start, span.end):
            yield Finding(ID, Span(*lost.span()), MESSAGE_LOST, "major")


RULE = Rule((ID,), find)
