"""The rules of `repair.detectors`: catching, correcting and silent examples, as data in tests/cases/rules/."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import FrameType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repair import detectors, edits
from repair.detectors import RULES, attach, leftovers
from repair.detectors.article import Article, Rule, run
from repair.records import Document, Edit, Finding, ScoreReport, SentenceScore, Span, TokenScores
from repair.text.sentences import split

CASES = Path(__file__).parents[1] / "cases" / "rules"
NAMES = {rule: rule.find.__module__.rsplit(".", 1)[1] for rule in RULES}


def load(name: str) -> list[dict]:
    return json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))


def report_of(text: str, flagged: bool = True) -> ScoreReport:
    sentences = tuple(SentenceScore(s, 0.9, flagged, 50.0, 10) for s in split(text))
    return ScoreReport(Document.of_text(text), sentences, 0.9, flagged, 50.0, 0.5, "test")


def find(text: str, rules: tuple[Rule, ...] = RULES) -> tuple[Finding, ...]:
    report = report_of(text)
    return run(rules, Article(report.document, report))


def tokens_of(text: str, rows: list[tuple[str, float, float]]) -> TokenScores:
    starts, at = [], 0
    for piece, *_ in rows:
        at = text.index(piece, at)
        starts.append(at)
        at += len(piece)
    ends = [start + len(piece) for start, (piece, *_) in zip(starts, rows, strict=True)]
    values = np.array([row[1:] for row in rows], dtype=np.float32)
    return TokenScores(np.array(starts), np.array(ends), values[:, 0], values[:, 1])


EXAMPLES = [
    pytest.param(rule, case, id=f"{name}-{i}")
    for rule, name in NAMES.items()
    if name != "surprise"
    for i, case in enumerate(load(name))
]


@pytest.mark.parametrize(("rule", "case"), EXAMPLES)
def test_rule_finds_exactly_this(rule: Rule, case: dict) -> None:
    text = case["text"]
    found = find(text, (rule,))
    assert [(f.rule, f.span.of(text)) for f in found] == [(e["rule"], e["words"]) for e in case["finds"]]
    for finding, expected in zip(found, case["finds"], strict=True):
        assert finding.replacements[:1] == ((expected["replacement"],) if "replacement" in expected else ())
        assert finding.message


@pytest.mark.parametrize("case", load("negative"), ids=lambda case: case["about"])
def test_all_rules_are_silent_on_right_english(case: dict) -> None:
    assert [(f.rule, f.span.of(case["text"])) for f in find(case["text"])] == []


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=pytest.mark.xfail(reason=c["why"])) for c in load("known_failures")]
)
def test_known_failures(case: dict) -> None:
    assert (case["rule"], case["words"]) in [(f.rule, f.span.of(case["text"])) for f in find(case["text"])]


@pytest.mark.parametrize("case", load("surprise"))
def test_surprise_marks_whole_words_of_flagged_sentences(case: dict) -> None:
    report = report_of(case["text"], case["flagged"])
    found = detectors.find(report.document, report, tokens_of(case["text"], case["tokens"]))
    found = [f for f in found if f.rule == "lm.surprise"]
    assert [f.span.of(case["text"]) for f in found] == case["finds"]
    assert all(f.message == f"unexpected here: {f.span.of(case['text'])}" for f in found)
    assert all(f.score is not None and 0 < f.score < 1 for f in found)


def test_each_rule_has_catching_and_silent_examples() -> None:
    for rule, name in NAMES.items():
        cases = load(name)
        assert any(not case["finds"] for case in cases), f"{name}: no silent example"
        if name != "surprise":
            caught = {found["rule"] for case in cases for found in case["finds"]}
            untried = set(rule.ids) - caught
            assert not untried, f"{name}: no example catches {untried}"


def test_rule_ids_are_unique_and_dotted() -> None:
    ids = [id for rule in RULES for id in rule.ids]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+", id) for id in ids)


def test_leftover_table_gives_a_reason_and_a_language_for_each_entry() -> None:
    table = tomllib.loads(Path(leftovers.__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    assert set(table) == {"leftover", "words"}
    for row in (*table["leftover"], *table["words"]):
        assert row["reason"].strip()
        assert re.fullmatch(r"[a-z]+", row["language"])
    words = [word for row in table["words"] for word in row["words"].split()]
    assert len(words) == len(set(words)), "a word stands under two languages"


@pytest.mark.parametrize("number", ["000", "002"])
def test_clean_articles_have_no_findings(seeds: dict[str, Document], number: str) -> None:
    assert find(seeds[number].text) == ()


def test_clean_article_with_lost_marks_has_just_what_is_there(seeds: dict[str, Document]) -> None:
    text = seeds["004"].text
    assert [(f.rule, f.span.of(text), f.replacements) for f in find(text)] == [
        ("sentence.cutoff", "the", ()),
        ("quote.unbalanced", "This", ("“This",)),
        ("quote.unbalanced", "We", ("“We",)),
        ("quote.unbalanced", "Despite", ("“Despite",)),
        ("quote.unbalanced", "Without", ("“Without",)),
        ("page.furniture", "Related Articles", ("",)),
    ]


def test_damaged_articles_have_what_each_rule_is_for(seeds: dict[str, Document]) -> None:
    found = {number: {(f.rule, f.span.of(seeds[number].text)) for f in find(seeds[number].text)} for number in seeds}
    assert {("caps.stray", "Always"), ("caps.stray", "Already"), ("quote.doubled", "” ”")} <= found["001"]
    assert {
        ("leftover.german", "such as: B."),
        ("spacing.hyphen", "third -party"),
        ("word.unknown", "loathous"),
        ("word.repeated", "officials of the Libyan Officials of"),
        ("page.furniture", "close"),
        ("page.furniture", "Leave a Comment"),
    } <= found["003"]
    assert [rule for rule, _ in found["003"]].count("quote.twisted") == 1


def test_mended_marks_are_not_found_again(seeds: dict[str, Document]) -> None:
    text = seeds["004"].text
    lost = [f for f in find(text) if f.rule == "quote.unbalanced"]
    mended = edits.apply(text, [Edit(f.span, f.span.of(text), f.replacements[0]) for f in lost])
    assert [f.rule for f in find(mended)] == ["sentence.cutoff", "page.furniture"]


def test_attach_puts_each_finding_under_its_sentence(seeds: dict[str, Document]) -> None:
    report = report_of(seeds["004"].text)
    findings = detectors.find(report.document, report, None)
    attached = attach(report, findings)
    assert attached.findings == findings
    for scored in attached.sentences:
        for finding in scored.findings:
            assert scored.sentence.span.start <= finding.span.start <= scored.sentence.span.end


PIECES = st.sampled_from(
    "the The was said “ ” \" „ ‘ ’ , . : ! ? - – ( ) « » \n \n\n \u00a0 und z.B. 3,5 1.250.000 percent Already It's "
    "loathous wasnâ€™t &amp; 😀 é ß я 中 close Friday He U.S. third -party it,it".split(" ")
)


@settings(deadline=None)
@given(st.lists(st.tuples(PIECES, st.sampled_from(["", " ", "  "])), max_size=30))
def test_any_text_gives_spans_inside_it_in_order_and_the_same_again(pieces: list[tuple[str, str]]) -> None:
    text = "".join(piece + gap for piece, gap in pieces)
    found = find(text)
    assert found == find(text)
    assert [f.span for f in found] == sorted(f.span for f in found)
    for finding in found:
        assert 0 <= finding.span.start < finding.span.end <= len(text)
        assert finding.span.of(text) not in finding.replacements


def work(rule: Rule, paragraphs: int) -> int:
    """How many functions are called while the rule reads so many paragraphs, each with all that rules look for."""
    letters = "bcdfghjklmnpqrst"
    names = ["".join(letters[n // 16**i % 16] for i in range(3)) for n in range(paragraphs)]
    text = "\n\n".join(
        f'"We go," said officials of the Libyan officials of the "{name}". The "great" Several Always "Controlled '
        f'harbour" of und near the loa{name}ous sea, she "said so" there.” He wrote "as it is. Now we" go go home.'
        for name in names
    )
    report = report_of(text)
    article = Article(report.document, report, tokens_of(text, [(w, 9.0, 1.0) for w in text.split()]))
    calls = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        found = list(rule.find(article))
    finally:
        sys.setprofile(None)
    return calls + len(found)


@pytest.mark.parametrize("rule", RULES, ids=NAMES.values())
def test_four_times_the_text_is_four_times_the_work(rule: Rule) -> None:
    work(rule, 4)  # word lists are read once
    assert work(rule, 160) <= 4.4 * work(rule, 40)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a b", "“", "”", '"', "„", " ", "\n\n", "‘"]), max_size=40).map("".join))
def test_what_is_quoted_is_found_by_one_look(text: str) -> None:
    report = report_of(text)
    article = Article(report.document, report)
    assert all(one.end <= two.start for one, two in pairwise(article.outermost))
    for start in range(len(text)):
        span = Span(start, min(len(text), start + 2))
        assert article.is_quoted(span) == any(quoted.contains(span) for quoted in article.quotes.quoted)


def test_empty_document_has_no_findings() -> None:
    report = report_of("")
    assert detectors.find(report.document, report, None) == ()
    assert attach(report, ()) == report


def test_sentence_without_tokens_has_no_surprise() -> None:
    report = report_of("The harbour is closed.")
    empty = np.array([], dtype=np.float32)
    nowhere = np.array([], dtype=np.int64)
    assert detectors.find(report.document, report, TokenScores(nowhere, nowhere, empty, empty)) == ()


def test_judged_words_are_marked_with_their_severity_and_neighbours_are_joined() -> None:
    text = "The mayor hang people out."
    tokens = tokens_of(text, [(word, 1, 1) for word in ("The", "mayor", "hang", "people", "out")])
    damage = np.array([[0.1, 0.9], [0.2, 0.9], [0.8, 0.2], [0.6, 0.7], [0.4, 0.9]], np.float32)
    report = report_of(text)
    found = detectors.find(report.document, report, replace(tokens, damage=damage))
    marked = [(f.span.of(text), f.severity, f.score) for f in found if f.rule == "lm.surprise"]
    assert marked == [("hang people", "major", pytest.approx(0.8))]
