"""The five articles through the commands, with the real models: from `score` to `apply --revert`."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from repair.archive.ledger import Ledger
from repair.cli import main
from repair.config import Settings

SEEDS = Path(__file__).parents[2] / "seeds"
ARTICLES = {path.name: path.read_bytes() for path in sorted(SEEDS.glob("*.txt"))}
CLEAN = ("000", "002")


@pytest.fixture(scope="module")
def out(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `repair clean seeds --apply all` leaves. `settings` skips where the models were never fetched."""
    folder = tmp_path_factory.mktemp("seeds") / "out"
    assert main(["clean", str(SEEDS), "-o", str(folder), "--apply", "all", "--grammar", "harper", "-q"]) == 0
    return folder


def copies(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((out / "clean").iterdir())}


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_labels_are_no_article(out: Path) -> None:
    assert [line["id"] for line in rows(out / "documents.jsonl")] == list(ARTICLES)


def test_the_damaged_are_flagged_and_the_clean_are_not(out: Path) -> None:
    flagged = {str(line["id"])[:3] for line in rows(out / "documents.jsonl") if line["flagged"]}
    assert flagged == {"001", "003"}


def test_score_prints_what_the_readme_shows(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the scores' decimals, which hang on the processor."""

    def masked(text: str) -> str:
        return re.sub(r"\b[01]\.\d\d\b", "#", text)

    root = SEEDS.parent
    monkeypatch.chdir(root)
    assert main(["score", "seeds", "--grammar", "none", "--lm", settings.lm]) == 1
    printed = masked("".join(capsys.readouterr()))
    shown = (root / "README.md").read_text(encoding="utf-8").split("shortened:\n\n```\n")[1].split("\n```")[0]
    lines = [line.removesuffix("…").rstrip() for line in masked(shown).splitlines() if line != "…"]
    assert len(lines) > 5
    assert [line for line in lines if line not in printed] == []


def test_damaged_documents_find_their_clean_sources(out: Path) -> None:
    found = {
        str(line["id"])[:3]: {source["path"][:3] for source in line["sources"]}  # type: ignore[attr-defined]
        for line in rows(out / "documents.jsonl")
    }
    assert "002" in found["003"]
    assert "000" in found["001"]


def test_clean_articles_stay_byte_for_byte_even_when_all_is_applied(out: Path) -> None:
    written = copies(out)
    assert list(written) == list(ARTICLES)
    assert {name for name in written if name.startswith(CLEAN) and written[name] != ARTICLES[name]} == set()


def test_every_suggestion_has_a_reason_and_ends_once(out: Path) -> None:
    suggestions = rows(out / "suggestions.jsonl")
    assert suggestions
    assert all(row["reason"] for row in suggestions)
    assert all(row["evidence"] for row in suggestions if row["origin"] == "parallel")
    with Ledger.open(out) as ledger:
        ended = [id for entry in ledger.entries() for id in (*entry.applied_ids, *entry.skipped)]
    assert sorted(ended) == sorted(str(row["id"]) for row in suggestions)


def test_the_report_is_one_file_that_reaches_for_nothing(out: Path) -> None:
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<script src" not in page
    assert "http-equiv" in page


def test_revert_gives_the_originals_and_apply_the_copies_again(out: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shutil.copytree(out, folder)
    written = copies(folder)
    assert main(["apply", str(folder), "--revert", "-q"]) == 0
    assert copies(folder) == ARTICLES
    assert main(["apply", str(folder), "-q"]) == 0
    assert copies(folder) == written


def test_score_prints_a_line_a_document(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    article = next(SEEDS.glob("000*"))
    code = main(["score", str(article), "--format", "jsonl", "--grammar", "none", "-q"])
    scored = json.loads(capfd.readouterr().out)
    text = article.read_text(encoding="utf-8")
    assert code == (1 if scored["document"]["flagged_sentences"] else 0)
    end = 0
    for sentence in scored["sentences"]:
        assert text[end : sentence["start"]].strip() == ""
        assert text[sentence["start"] : sentence["end"]] == sentence["text"]
        end = sentence["end"]
    assert text[end:].strip() == ""
