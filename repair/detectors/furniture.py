"""`page.furniture`: leftovers of a web page among the sentences, which can be taken out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from repair.detectors.article import Article, Rule
from repair.records import Finding, Kind

ID = "page.furniture"
MESSAGE = "leftover of a web page, not part of the article: {what}"

_WHAT = (
    (re.compile(r"\bcomments?\b|\breply\b", re.I), "a link to the comments"),
    (re.compile(r"\b(?:related|recommended|trending|popular|latest|read (?:more|next|also)|more (?:on|from))\b", re.I),
     "a link to other articles"),
    (re.compile(r"\b(?:close|menu|search|skip|toggle|open|expand|back to top|next|previous)\b", re.I), "a button"),
    (re.compile(r"\b(?:share|tweet|follow|facebook|twitter|whatsapp|linkedin|e-?mail|print|copy link)\b", re.I),
     "a share button"),
    (re.compile(r"\b(?:subscribe|sign (?:up|in)|log ?in|newsletter|register|account)\b", re.I),
     "an invitation to sign up"),
    (re.compile(r"\badvert|\bsponsor|\bpromoted\b", re.I), "an advertisement"),
    (re.compile(r"\bcookies?\b|\bprivacy\b|\bconsent\b", re.I), "a cookie or privacy notice"),
    (re.compile(r"©|\(c\)|\bcopyright\b|\brights reserved\b", re.I), "a copyright line"),
)  # fmt: skip


def find(article: Article) -> Iterator[Finding]:
    """Each sentence that the text room calls furniture, with the empty string as its replacement."""
    for scored in article.report.sentences:
        if scored.sentence.kind is Kind.FURNITURE:
            words = scored.sentence.span.of(article.text)
            what = next((name for pattern, name in _WHAT if pattern.search(words)), "no sentence of the article")
            yield Finding(ID, scored.sentence.span, MESSAGE.format(what=what), replacements=("",))


RULE = Rule((ID,), find)
