"""Findings with a reason: what is wrong with a sentence, where, and where it is sure what stands there instead.

    article.py         what every rule looks at, and what a rule is
    lexicon.py         which words English has, and how common they are
    function_words.py  closed classes of words

    surprise.py        lm.surprise: words that the language model did not expect
    leftovers.py       leftover.*: the source language (table: leftovers.toml)
    spacing.py         spacing.*: spaces in hyphenated words, before and after marks
    quotes.py          quote.*: quotation marks lost, doubled, turned round
    capitals.py        caps.stray: capitals on words that are no names
    cutoff.py          sentence.cutoff: a paragraph that breaks off
    fused.py           sentence.fused: two sentences without a full stop between
    unknown_words.py   word.unknown: words that English does not have
    repeats.py         word.repeated: words and phrases said twice
    furniture.py       page.furniture: leftovers of a web page
    mojibake.py        text.mojibake: letters broken by a wrong decoding

    grammar.py         the door to the grammar tools, which are asked about flagged sentences alone
    checker.py         what a grammar tool is, and whether it is ready
    languagetool.py    grammar.languagetool.*: questions and answers
    local_server.py    a LanguageTool server of our own: started, watched, stopped
    harper_adapter.py  grammar.harper.*
    utf16.py           offsets of tools that count UTF-16 units

A rule is a function of one article; a new one is one file here, its line in RULES, and its examples in
`tests/cases/rules/`. Findings explain; they never decide what is flagged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from repair.detectors import (
    capitals,
    cutoff,
    furniture,
    fused,
    leftovers,
    mojibake,
    quotes,
    repeats,
    spacing,
    surprise,
    unknown_words,
)
from repair.detectors.article import Article, Rule, run
from repair.records import Document, Finding, ScoreReport, TokenScores

RULES: tuple[Rule, ...] = (
    surprise.RULE,
    leftovers.RULE,
    spacing.RULE,
    quotes.RULE,
    capitals.RULE,
    cutoff.RULE,
    fused.RULE,
    unknown_words.RULE,
    repeats.RULE,
    furniture.RULE,
    mojibake.RULE,
)
"""All rules that need no server."""


def find(document: Document, report: ScoreReport, tokens: TokenScores | None) -> tuple[Finding, ...]:
    """What all rules find, in the order of the text.

    `lm.surprise` needs `tokens` and looks at flagged sentences only; all others need neither.
    """
    return run(RULES, Article(document, report, tokens))


def attach(report: ScoreReport, findings: Iterable[Finding]) -> ScoreReport:
    """The report with each finding under the sentence in which it begins, in the order of the text."""
    by_sentence: dict[int, list[Finding]] = {}
    position = 0
    for finding in sorted(findings, key=lambda f: (f.span, f.rule)):
        while position + 1 < len(report.sentences) and (
            report.sentences[position + 1].sentence.span.start <= finding.span.start
        ):
            position += 1
        by_sentence.setdefault(position, []).append(finding)
    sentences = (
        replace(scored, findings=(*scored.findings, *by_sentence.get(i, ())))
        for i, scored in enumerate(report.sentences)
    )
    return replace(report, sentences=tuple(sentences))
