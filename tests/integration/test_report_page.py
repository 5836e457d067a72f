"""The report in a real browser: it opens without a complaint, keys and buttons decide, decisions come out right."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from repair.archive.ledger import Entry
from repair.archive.out import OutFolder, append_decisions, read_decisions
from repair.records import Decision
from repair.review.report import build, render
from repair.review.server import ReviewServer
from tests.review_sample import SAMPLE, report_of, suggestions_of, write_out

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60_000
"""Milliseconds: what a busy machine may take to start a page. What the page itself does is timed where it matters."""
expect.set_options(timeout=PATIENCE)
SHUT, QUOTE, BOATS = "s-shut", "s-quote", "s-boats"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails its test where it complains, or where it asks for anything but itself."""
    context = browser.new_context(accept_downloads=True, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: requests.append(request.url))
    yield page
    opened = page.url
    context.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith((opened, "blob:"))] == []


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return build(write_out(tmp_path / "out"))


def show(page: Page, report: Path) -> None:
    page.goto(report.as_uri())
    expect(page.locator("#inspector h2")).to_be_visible()


def state(page: Page) -> str:
    return page.locator("#inspector .tag").first.inner_text()


def exported(page: Page) -> list[dict[str, Any]]:
    with page.expect_download() as download:
        page.get_by_role("button", name="Export decisions").click()
    assert download.value.suggested_filename == "decisions.jsonl"
    return [json.loads(line) for line in download.value.path().read_text(encoding="utf-8").splitlines()]


def test_it_shows_what_was_found(page: Page, report: Path) -> None:
    show(page, report)
    expect(page).to_have_title("out · repair report")
    expect(page.locator("#documents li")).to_have_count(3)
    expect(page.locator("#figures")).to_contain_text("4 documents")
    expect(page.locator("#figures")).to_contain_text("2 flagged, 1 failed")
    page.keyboard.press("j")
    inspector = page.locator("#inspector")
    expect(inspector).to_contain_text("Mark 2 of 8")
    expect(inspector).to_contain_text("applied automatically")
    expect(inspector.locator(".version").nth(0)).to_contain_text("for the public shut, after the storm had")
    expect(inspector.locator(".version").nth(1)).to_contain_text("Port Elsby's old harbour was closed to the public")
    expect(inspector.locator(".evidence")).to_contain_text("harbour_wire.txt · the same text")
    expect(inspector).to_contain_text("unexpected here: “heavy damaged”")
    expect(inspector.locator(".checks")).to_contain_text("5 of 5 checks passed")
    expect(page.locator("#article del").first).to_have_text("open menu")


def test_a_flagged_sentence_without_suggestion_says_why(page: Page, report: Path) -> None:
    show(page, report)
    page.get_by_role("button", name="Fishermen unload now").click()
    inspector = page.locator("#inspector")
    expect(inspector).to_contain_text("Flagged, but nothing good enough to suggest.")
    expect(inspector).to_contain_text("reads unlike edited English")
    expect(inspector.get_by_role("button", name="Accept")).to_have_count(0)
    page.keyboard.press("a")
    assert exported(page) == []


def test_what_contradicts_the_source_and_what_was_refused_is_told(page: Page, report: Path) -> None:
    show(page, report)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#inspector")).to_contain_text("Refused by dates.")
    expect(page.locator("#inspector .checks .refused")).to_contain_text("Tuesday became Monday")
    expect(page.get_by_role("button", name="Accept anyway")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#inspector .evidence.contradicted")).to_contain_text("contradicts this sentence")


def test_keys_decide_and_undo(page: Page, report: Path) -> None:
    show(page, report)
    page.keyboard.press("a")
    expect(page.locator("#inspector h2")).to_have_text("Mark 2 of 8")
    page.keyboard.press("r")
    expect(page.locator("#progress-text")).to_have_text("2 of 8 decided by you")
    shut = page.get_by_role("button", name="The old harbour of Port Elsby")
    expect(shut.locator("ins, del")).to_have_count(0)
    assert [(row["id"], row["verdict"]) for row in exported(page)] == [("s-menu", "accept"), (SHUT, "reject")]
    page.keyboard.press("u")
    expect(page.locator("#progress-text")).to_have_text("1 of 8 decided by you")
    assert state(page) == "● applied automatically"
    page.keyboard.press("u")
    page.keyboard.press("u")
    expect(page.locator("#said")).to_contain_text("Nothing to undo")
    assert exported(page) == []


def test_clicks_decide_and_the_last_decision_counts(page: Page, report: Path) -> None:
    show(page, report)
    page.get_by_label("Your name").fill("Ilse")
    page.get_by_role("button", name="The pier, what in 1911").click()
    page.get_by_role("button", name="Accept").click()
    page.keyboard.press("k")
    assert state(page) == "✓ accepted"
    page.get_by_role("button", name="Reject").click()
    page.keyboard.press("k")
    expect(page.get_by_role("button", name="Reject")).to_have_attribute("aria-pressed", "true")
    rows = exported(page)
    assert [(row["id"], row["verdict"], row["by"]) for row in rows] == [
        ("s-pier", "accept", "Ilse"),
        ("s-pier", "reject", "Ilse"),
    ]
    assert list(rows[0]) == ["id", "verdict", "by", "at"]
    page.get_by_role("button", name="Undo").click()
    assert [row["verdict"] for row in exported(page)] == ["accept"]


def test_a_blank_that_goes_can_be_seen(page: Page, report: Path) -> None:
    show(page, report)
    page.get_by_role("button", name="The third -party").click()
    expect(page.locator("#inspector .version").first.locator("del")).to_have_text("␣")
    page.keyboard.press("a")
    page.keyboard.press("k")
    expect(page.locator("#article .changed", has_text="third").locator("del")).to_have_text("␣")


def test_own_words(page: Page, report: Path) -> None:
    show(page, report)
    page.keyboard.press("j")
    page.keyboard.press("e")
    field = page.get_by_label("Your words")
    expect(field).to_be_focused()
    expect(field).to_have_value(SAMPLE["documents"][0]["suggestions"][1]["after"])
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    page.keyboard.press("e")
    field.fill("A storm closed “the” harbour. j k a r <b>")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("k")
    assert state(page) == "✎ your own words"
    expect(page.locator("#article ins").filter(has_text="A storm closed")).to_have_text(
        "A storm closed “the” harbour. j k a r <b>"
    )
    row = exported(page)[0]
    assert (row["id"], row["verdict"], row["text"]) == (SHUT, "edit", "A storm closed “the” harbour. j k a r <b>")
    assert list(row) == ["id", "verdict", "text", "by", "at"]


def test_markup_in_an_article_is_text(page: Page, report: Path) -> None:
    show(page, report)
    page.keyboard.press("n")
    expect(page.locator("#article")).to_contain_text("<script>alert(1)</script>")
    expect(page.locator("#article")).to_contain_text("<img src=x onerror=alert(2)>")
    expect(page.locator("#article img, #article script, #inspector b")).to_have_count(0)
    arabic = page.locator("#article p", has_text="الوزيرة")
    assert arabic.evaluate("node => getComputedStyle(node).direction") == "rtl"
    page.get_by_role("button", name="families wait").click()
    page.keyboard.press("a")
    expect(page.locator("#article ins").last).to_have_text("boats to ")


def test_decisions_stay_when_the_page_is_opened_again(page: Page, report: Path) -> None:
    show(page, report)
    page.keyboard.press("r")
    expect(page.locator("#progress-text")).to_have_text("1 of 8 decided by you")
    page.reload()
    expect(page.locator("#progress-text")).to_have_text("1 of 8 decided by you")
    later = Decision(QUOTE, "accept", "bob", "2030-01-01T00:00:00Z")
    append_decisions(OutFolder(report.parent).decisions, [later])
    build(report.parent)
    page.reload()
    assert [row["id"] for row in exported(page)] == ["s-menu", QUOTE]


def test_export_is_imported_elsewhere(page: Page, report: Path, tmp_path: Path) -> None:
    show(page, report)
    lines = [
        {"id": BOATS, "verdict": "edit", "text": "…", "by": "ann", "at": "2025-01-01T00:00:00Z"},
        {"id": "s-unknown", "verdict": "reject", "by": "ann", "at": "2025-01-01T00:00:00Z"},
    ]
    file = tmp_path / "decisions.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    page.locator("#import-file").set_input_files(file)
    expect(page.locator("#progress-text")).to_have_text("1 of 8 decided by you")
    expect(page.locator("#notices")).to_contain_text("1 decision is about suggestions that this report does not have")
    assert exported(page) == lines
    page.locator("#import-file").set_input_files(file)
    assert exported(page) == lines
    file.write_text('{"id": "x", "verdict": "maybe"}\n', encoding="utf-8")
    page.locator("#import-file").set_input_files(file)
    expect(page.locator("#notices")).to_contain_text("was not imported: line 1: “verdict” is not accept")
    assert exported(page) == lines


def test_filters(page: Page, report: Path) -> None:
    show(page, report)
    page.get_by_label("Origin").select_option("grammar")
    expect(page.locator("#documents li")).to_have_count(1)
    expect(page.locator("#inspector")).to_contain_text("by the grammar checker")
    page.get_by_label("Origin").select_option("")
    page.get_by_label("Show").select_option("all")
    expect(page.locator("#documents li")).to_have_count(4)
    page.get_by_label("Show").select_option("failed")
    expect(page.locator("#article")).to_contain_text("could not be cleaned: odd/scan_0042.txt")
    page.get_by_label("Find a document").fill("nowhere")
    expect(page.locator("#article")).to_have_text("No document fits these filters.")
    expect(page.locator("#documents-count")).to_have_text("0 of 4 documents")


def test_every_mark_can_be_read(page: Page, report: Path) -> None:
    show(page, report)
    for _ in range(11):
        inspector = page.locator("#inspector")
        assert not re.search(r"\b(undefined|null|NaN|false)\b|\[object", inspector.inner_text())
        expect(inspector.locator(".version").first).to_be_visible()
        page.keyboard.press("j")
    expect(page.locator("#said")).to_have_text("That was the last mark.")


def test_a_remark_on_a_clean_document_can_be_read(page: Page, tmp_path: Path) -> None:
    case = SAMPLE["documents"][2]
    finding = {"rule": "quotes.unpaired", "words": "storm", "message": "opens nowhere", "severity": "minor"}
    remarked = {**case, "sentences": [{**case["sentences"][0], "findings": [finding]}, *case["sentences"][1:]]}
    page.goto(build(write_out(tmp_path / "out", {"documents": [remarked], "failed": []})).as_uri())
    expect(page.locator("#article")).to_contain_text("Nothing to do: no document is flagged.")
    page.get_by_label("Show").select_option("all")
    expect(page.locator("#documents li")).to_contain_text("1 remark")
    expect(page.locator("#inspector")).to_contain_text("A remark; the sentence is not flagged.")
    expect(page.locator("#inspector")).to_contain_text("opens nowhere")


def test_help_and_focus(page: Page, report: Path) -> None:
    show(page, report)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next, previous mark")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Next mark").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Next mark")).to_be_focused()
    expect(page.locator(".sentence[tabindex='0']")).to_have_count(1)
    assert page.locator(".sentence[aria-current]").get_attribute("aria-description") == (
        "97 % garbled, applied automatically, refused by a check"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1440])
def test_nothing_sticks_out(page: Page, report: Path, width: int, scheme: Any) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.emulate_media(color_scheme=scheme)
    show(page, report)
    page.keyboard.press("j")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("[...document.querySelectorAll('.panes > *')].every(e => e.scrollWidth <= e.clientWidth + 1)")
    expect(page.get_by_role("button", name="Reject")).to_be_in_viewport()


def test_an_empty_archive(page: Page, tmp_path: Path) -> None:
    page.goto(build(write_out(tmp_path / "out", {"documents": [], "failed": []})).as_uri())
    expect(page.locator("#article")).to_have_text("There are no documents in this report.")
    page.keyboard.press("j")
    page.keyboard.press("a")
    assert exported(page) == []


def test_reading_the_article_by_keyboard(page: Page, report: Path) -> None:
    show(page, report)
    page.get_by_role("button", name="Fishermen unload now").focus()
    page.keyboard.press("Space")
    expect(page.locator("#inspector")).to_contain_text("Flagged, but nothing good enough to suggest.")
    page.keyboard.press("j")
    expect(page.get_by_role("button", name="The third -party")).to_be_focused()


def test_five_hundred_documents_and_a_very_long_sentence(page: Page, tmp_path: Path) -> None:
    first = SAMPLE["documents"][0]
    long = {"text": "harbour " * 12_000, "gap": "\n\n", "score": 0.9, "flagged": True}
    entries, suggestions = [], []
    for n in range(500):
        sentences = [*first["sentences"], long] if n == 1 else first["sentences"]
        report = report_of({**first, "id": f"{n}.txt", "path": f"{n}.txt", "sentences": sentences})
        own = [replace(each, id=f"{each.id}-{n}") for each in suggestions_of(first, report)]
        skipped = {each.id: "tier review" for each in own}
        entries.append(Entry(f"{n}.txt", f"{n}.txt", report.document.text, report, (), skipped, None))
        suggestions += own
    report_html = tmp_path / "report.html"
    report_html.write_text(render(entries, suggestions, [], "five hundred"), encoding="utf-8")
    began = time.monotonic()
    show(page, report_html)
    assert time.monotonic() - began < 10
    expect(page.locator("#documents li")).to_have_count(500)
    worst = page.evaluate(
        """() => {
          let worst = 0;
          for (const key of ["j", "a", "r", "n", "j", "u", "p"]) {
            const began = performance.now();
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            document.body.getBoundingClientRect();
            worst = Math.max(worst, performance.now() - began);
          }
          return worst;
        }"""
    )
    assert worst < 5_000  # milliseconds: it answers at all beside other work; a sentence of 96,000 characters


# --- served


@pytest.fixture
def running(tmp_path: Path) -> Iterator[ReviewServer]:
    with ReviewServer(write_out(tmp_path / "out")) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_served_decisions_land_in_the_file(page: Page, running: ReviewServer) -> None:
    page.goto(running.url)
    expect(page.get_by_label("Your name")).to_have_value(running.served.by)
    for key, count in (("a", 1), ("r", 2), ("u", 1)):
        with page.expect_response("**/api/decisions*") as response:
            page.keyboard.press(key)
        assert response.value.status == 200
        assert len(list(read_decisions(running.out.decisions))) == count
    (kept,) = read_decisions(running.out.decisions)
    assert (kept.id, kept.verdict, kept.by) == ("s-menu", "accept", running.served.by)
    page.reload()
    expect(page.locator("#progress-text")).to_have_text("1 of 8 decided by you")


def test_a_server_that_is_gone_is_told_and_nothing_is_lost(browser: Browser, running: ReviewServer) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(running.url)
    page.route("**/api/decisions", lambda route: route.abort())
    page.bring_to_front()  # a page in the background may not hear a key
    page.keyboard.press("a")
    expect(page.locator("#notices")).to_contain_text("1 decision is not saved: the server does not answer")
    page.keyboard.press("a")
    expect(page.locator("#notices")).to_contain_text("2 decisions are not saved: the server does not answer")
    page.unroute("**/api/decisions")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#notices")).to_be_empty()
    assert [decision.id for decision in read_decisions(running.out.decisions)] == ["s-menu", SHUT]
    context.close()
