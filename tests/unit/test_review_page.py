"""The report page as data and as HTML: what it is told, and that no text of an article gets out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repair.archive.ledger import Entry
from repair.archive.out import OutFolder, append_decisions, read_documents, read_suggestions
from repair.errors import InputError
from repair.records import Decision, Document, Finding, Kind, ScoreReport, Sentence, SentenceScore, Span
from repair.review.report import Served, build, render
from repair.review.view import page
from tests.review_sample import SAMPLE, report_of, suggestions_of, write_out

AT = "2025-05-09T10:00:00Z"


class Tags(HTMLParser):
    """All tags of a page with their attributes, and what stands in its scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.code: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style") and data.strip():
            self.code.append((self.tags[-1][1].get("type") or self.tags[-1][0], data))


def entry_of(case: dict[str, Any]) -> Entry:
    report = report_of(case)
    return Entry(case["id"], case["path"], report.document.text, report, tuple(case["applied"]), case["skipped"], None)


def sample_page() -> Any:
    suggestions = [s for case in SAMPLE["documents"] for s in suggestions_of(case, report_of(case))]
    return page([entry_of(case) for case in SAMPLE["documents"]], suggestions)


def data_of(html: str) -> Any:
    return json.loads(next(text for kind, text in Tags(html).code if kind == "application/json"))


def policy_of(html: str) -> str:
    tags = Tags(html).tags
    return next(a["content"] for _, a in tags if a.get("http-equiv") == "Content-Security-Policy") or ""


def test_summary_counts() -> None:
    assert sample_page()["summary"] == {
        "documents": 3,
        "flagged": 2,
        "failed": 0,
        "flagged_sentences": 8,
        "suggestions": 8,
        "safe": 4,
        "applied": 4,
    }


def test_every_suggestion_is_shown_once_and_where_its_sentence_is() -> None:
    shown = [
        (suggestion["id"], sentence["index"])
        for document in sample_page()["documents"]
        for paragraph in document["paragraphs"]
        for sentence in paragraph["sentences"]
        for suggestion in sentence["suggestions"]
    ]
    expected = [(each["id"], each["sentence"]) for case in SAMPLE["documents"] for each in case["suggestions"]]
    assert sorted(shown) == sorted(expected)


def test_the_text_of_an_article_is_whole() -> None:
    for case, document in zip(SAMPLE["documents"][:2], sample_page()["documents"], strict=False):
        paragraphs = [
            "".join(each["gap"] + "".join(text for text, _ in each["pieces"]) for each in paragraph["sentences"])
            for paragraph in document["paragraphs"]
        ]
        assert paragraphs == [line for line in report_of(case).document.text.split("\n") if line]


def test_a_clean_document_is_listed_without_its_text() -> None:
    clean = sample_page()["documents"][2]
    assert (clean["work"], clean["paragraphs"], clean["score"]) == (False, [], 0.02)


def test_a_remark_alone_shows_the_text_but_is_no_work() -> None:
    case = {**SAMPLE["documents"][2], "id": "remarked.txt"}
    finding = {"rule": "quotes.unpaired", "words": "storm", "message": "…", "severity": "minor"}
    case["sentences"] = [{**case["sentences"][0], "findings": [finding]}]
    told: Any = page([entry_of(case)], [])
    assert told["documents"][0]["work"] is False
    assert told["documents"][0]["paragraphs"][0]["sentences"][0]["findings"][0]["words"] == "storm"


def test_rivals_name_each_other() -> None:
    sentence = sample_page()["documents"][0]["paragraphs"][3]["sentences"][0]
    assert {each["id"]: each["rivals"] for each in sentence["suggestions"]} == {
        "s-shut": ["s-shut-lm"],
        "s-shut-lm": ["s-shut"],
    }


@settings(deadline=None)
@given(st.text(max_size=20), st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_pieces_tile_the_sentence_and_mark_the_words(before: str, marked: str, after: str) -> None:
    text = before + marked + after
    span = Span(len(before), len(before) + len(marked))
    finding = Finding("r", span, "m")
    scored = SentenceScore(Sentence(0, Span(0, len(text)), Kind.PROSE), 0.9, True, None, 1, (finding,))
    report = ScoreReport(Document.of_text(text), (scored,), 0.9, True, None, 0.5, "s")
    told: Any = page([Entry("a", "a", text, report, (), {}, None)], [])
    pieces = told["documents"][0]["paragraphs"][0]["sentences"][0]["pieces"]
    assert "".join(piece for piece, _ in pieces) == text
    assert "".join(piece for piece, marks in pieces if marks) == marked


def test_places_of_changes_count_in_utf16() -> None:
    suggestion = sample_page()["documents"][1]["paragraphs"][2]["sentences"][0]["suggestions"][0]
    text = SAMPLE["documents"][1]["sentences"][2]["text"].encode("utf-16-le")
    start, end = suggestion["at"]
    assert text[2 * start : 2 * end].decode("utf-16-le") == "for the to boats come"


def test_many_clean_documents_become_a_number() -> None:
    report = ScoreReport(Document.of_text(""), (), 0.01, False, None, 0.5, "s")
    told = page((Entry(str(n), str(n), "", report, (), {}, None) for n in range(2_100)), [])
    assert told["unlisted"] == 100
    assert told["summary"]["documents"] == 2_100  # type: ignore[index, call-overload]


# --- the page


def built(tmp_path: Path) -> str:
    return build(write_out(tmp_path / "out")).read_text(encoding="utf-8")


def test_text_that_looks_like_markup_stays_data(tmp_path: Path) -> None:
    html = built(tmp_path)
    assert "<script>alert(1)" not in html
    assert "<img" not in html
    assert [tag for tag, _ in Tags(html).tags].count("script") == 2
    texts = [text for text, _ in data_of(html)["documents"][1]["paragraphs"][0]["sentences"][0]["pieces"]]
    assert "".join(texts).startswith("The page said <script>alert(1)</script> and </script><img src=x")


@settings(deadline=None)
@given(st.text())
def test_any_text_survives_the_data_block(text: str) -> None:
    html = render([], [], [Decision("x", "edit", "by", AT, f"</script><!--{text}")], text)
    assert data_of(html)["decisions"][0]["text"] == f"</script><!--{text}"
    assert [tag for tag, _ in Tags(html).tags].count("script") == 2


def test_nothing_runs_or_loads_but_our_own(tmp_path: Path) -> None:
    html = built(tmp_path)
    parsed = Tags(html)
    policy = policy_of(html)
    code = dict(parsed.code)
    for directive, kind in (("script-src", "module"), ("style-src", "style")):
        digest = base64.b64encode(hashlib.sha256(code[kind].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "connect-src 'none'" in policy
    assert "unsafe" not in policy
    names = {name for _, attributes in parsed.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")} | (names & {"src", "style"})
    assert not re.search(r"https?://|innerHTML|insertAdjacentHTML|document\.write|\beval\(", html)


def test_the_served_page_may_talk_to_its_server_alone() -> None:
    html = render([], [], [], "t", served=Served("secret", "ann"))
    assert "connect-src 'self'" in policy_of(html)
    assert data_of(html)["server"] == {"token": "secret", "by": "ann"}
    assert data_of(render([], [], [], "t"))["server"] is None


def test_build_reads_the_whole_folder(tmp_path: Path) -> None:
    out = write_out(tmp_path / "out")
    append_decisions(OutFolder(out).decisions, [Decision("s-eg", "reject", "ann", AT)])
    data = data_of(build(out).read_text(encoding="utf-8"))
    assert data["decisions"] == [{"id": "s-eg", "verdict": "reject", "by": "ann", "at": AT}]
    assert data["summary"]["documents"] == 4
    assert data["summary"]["failed"] == 1
    assert data["documents"][0]["sources"] == [{"path": "harbour_wire.txt", "score": 0.88}]
    assert data["documents"][0]["after"] == 0.31
    assert {line.id for line in read_documents(OutFolder(out).documents)} == {d["id"] for d in data["documents"]}
    assert data["summary"]["suggestions"] == len(list(read_suggestions(OutFolder(out).suggestions)))


def test_a_folder_that_clean_never_wrote_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="repair clean"):
        build(tmp_path)


# --- colours


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, by WCAG 2.2."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def palettes() -> dict[str, dict[str, str]]:
    css = (files("repair.review") / "templates" / "report.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    colour = r"--([\w-]+): (#[0-9a-f]{6})"
    return {"light": dict(re.findall(colour, light)), "dark": dict(re.findall(colour, dark))}


GROUNDS = {
    "ink": ("paper", "surface", "sunken", "current", "mark", "ins-back", "del-back"),
    "muted": ("paper", "surface", "sunken", "current"),
    "ins": ("ins-back", "surface"),
    "del": ("del-back", "surface"),
    "on-accent": ("accent",),
    "minor": ("surface", "paper"),
    "major": ("surface", "paper"),
    "critical": ("surface", "paper"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), [(text, ground) for text in GROUNDS for ground in GROUNDS[text]])
def test_contrast_is_at_least_aa(scheme: str, text: str, ground: str) -> None:
    colours = palettes()[scheme]
    lighter, darker = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
