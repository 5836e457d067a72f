"""A folder through the passes with fake models: what is written, what is resumed, what fails and how."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from repair.archive.ledger import Ledger
from repair.archive.runner import Summary, apply_decisions, clean_archive, preview
from repair.config import Settings
from repair.errors import InputError, ModelError, OutputError
from repair.records import Document, ScoreReport, SourceMatch, Suggestion
from tests.fakes import FakeCleaner

CLEAN = "The council approved the budget on Monday.\r\nNobody objected to it.\r\n"
GARBLED = "The council zzz the budget on Monday.\r\nNobody objected to it.\r\n"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A clean article, a garbled one, and a table with one of each."""
    folder = tmp_path / "archive"
    (folder / "sub").mkdir(parents=True)
    (folder / "clean.txt").write_bytes(CLEAN.encode())
    (folder / "sub" / "garbled.txt").write_bytes(GARBLED.encode("utf-8-sig"))
    rows = [{"id": "r1", "text": CLEAN}, {"id": "r2", "text": GARBLED, "n": 1.50}]
    (folder / "table.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def run(archive: Path, out: Path, cleaner: FakeCleaner | None = None, **settings: str | int) -> Summary:
    chosen = Settings(**settings)  # type: ignore[arg-type]
    return clean_archive(archive, out, chosen, cleaner=cleaner or FakeCleaner(chosen))


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def stamps(folder: Path) -> dict[str, tuple[str, int]]:
    every = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p): (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns) for p in every}


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_what_evidence_supports_is_applied_and_the_rest_is_the_original(archive: Path, out: Path) -> None:
    summary = run(archive, out)
    assert tree(out / "clean") == {
        "clean.txt": CLEAN.encode(),
        "sub/garbled.txt": GARBLED.replace("zzz", "mended").encode("utf-8-sig"),
        "table.jsonl": (archive / "table.jsonl").read_bytes().replace(b"zzz", b"mended"),
    }
    assert (summary.documents, summary.flagged, summary.sourced, summary.applied, summary.failures) == (4, 2, 2, 2, ())


def test_originals_are_left_as_they_are(archive: Path, out: Path) -> None:
    before = stamps(archive)
    run(archive, out)
    apply_decisions(out)
    apply_decisions(out, revert=True)
    assert stamps(archive) == before


def test_originals_are_never_opened_for_writing(archive: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins
    import io

    opened: list[tuple[str, str]] = []
    real = io.open

    def watch(file: object, mode: str = "r", *args: object, **kwargs: object) -> object:
        opened.append((str(file), mode))
        return real(file, mode, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(io, "open", watch)
    monkeypatch.setattr(builtins, "open", watch)
    run(archive, out)
    inside = {mode for name, mode in opened if name.startswith(str(archive))}
    assert inside
    assert not any(set(mode) & set("wax+") for mode in inside)


class Forgetful(FakeCleaner):
    """Its rewriter leaves one sentence of each named document unanswered. Counts the documents it is asked about."""

    def __init__(self, *silent: str) -> None:
        super().__init__(Settings())
        self.silent, self.problems, self.asked = silent, Counter[str](), list[str]()

    @property
    def unanswered(self) -> dict[str, int]:
        return dict(self.problems)

    def suggest(self, report: ScoreReport, sources: Sequence[SourceMatch]) -> tuple[Suggestion, ...]:
        self.asked.append(report.document.id)
        if report.document.id in self.silent:
            self.problems["it answered 500"] += 1
        return super().suggest(report, sources)


def test_what_a_rewriter_left_unanswered_is_told_and_asked_again(archive: Path, out: Path) -> None:
    first = clean_archive(archive, out, Settings(), cleaner=Forgetful("r2"))
    assert first.notes == (
        "1 sentence got no rewrite: it answered 500. The same command asks again, and nothing twice",
    )
    assert first.failures == ()
    again = Forgetful()
    second = clean_archive(archive, out, Settings(), cleaner=again)
    assert again.asked == ["r2"]
    assert second.notes == ()
    assert second.applied == first.applied == 2


def test_tables_are_in_input_order_and_say_what_became_of_each(archive: Path, out: Path) -> None:
    run(archive, out)
    lines = rows(out / "documents.jsonl")
    assert [(line["id"], line["status"]) for line in lines] == [
        ("clean.txt", "unchanged"),
        ("sub/garbled.txt", "cleaned"),
        ("r1", "unchanged"),
        ("r2", "cleaned"),
    ]
    garbled = lines[1]
    assert garbled["sha256_out"] == hashlib.sha256((out / "clean/sub/garbled.txt").read_bytes()).hexdigest()
    assert (garbled["score_before"], garbled["score_after"]) == (0.99, 0.01)
    assert [source["path"] for source in garbled["sources"]] == ["clean.txt", "table.jsonl"]  # type: ignore[attr-defined]
    assert lines[0]["sha256_in"] == lines[0]["sha256_out"]
    assert [row["path"] for row in rows(out / "suggestions.jsonl")] == ["sub/garbled.txt", "table.jsonl"]


def test_a_garbled_document_is_no_source(archive: Path, out: Path, tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "a.txt").write_text("This zzz source is garbled.\n", encoding="utf-8")
    (sources / "b.txt").write_text("This source is clean.\n", encoding="utf-8")
    for name in ("clean.txt", "table.jsonl"):
        (archive / name).unlink()
    run(archive, out, sources=str(sources))
    found = rows(out / "documents.jsonl")[0]["sources"]
    assert [source["path"] for source in found] == [(sources / "b.txt").as_posix()]  # type: ignore[attr-defined]


def test_nothing_accepted_means_identical_bytes(archive: Path, out: Path) -> None:
    run(archive, out, apply="none")
    assert tree(out / "clean") == tree(archive)


def test_every_suggestion_ends_once_with_a_reason(archive: Path, out: Path) -> None:
    run(archive, out, apply="none")
    with Ledger.open(out) as ledger:
        entries = list(ledger.entries())
    ids = {row["id"] for row in rows(out / "suggestions.jsonl")}
    ended = [id for entry in entries for id in (*entry.applied_ids, *entry.skipped)]
    assert sorted(ended) == sorted(ids)
    assert all(reason for entry in entries for reason in entry.skipped.values())


def test_revert_gives_the_originals_and_apply_the_copies_again(archive: Path, out: Path) -> None:
    run(archive, out)
    cleaned, report = tree(out / "clean"), (out / "documents.jsonl").read_bytes()
    apply_decisions(out, revert=True)
    assert tree(out / "clean") == tree(archive)
    assert {line["status"] for line in rows(out / "documents.jsonl")} == {"unchanged"}
    apply_decisions(out)
    assert tree(out / "clean") == cleaned
    after = [{**line, "score_after": None} for line in rows(out / "documents.jsonl")]
    assert after == [{**json.loads(line), "score_after": None} for line in report.splitlines()]


def test_apply_needs_no_archive(archive: Path, out: Path) -> None:
    run(archive, out)
    archive.rename(archive.with_name("moved"))
    apply_decisions(out, revert=True)
    assert tree(out / "clean") == tree(archive.with_name("moved"))


def decide(path: Path, id: object, verdict: str, **more: str) -> None:
    line = {"id": id, "verdict": verdict, **more, "by": "me", "at": "2025-05-08T10:00:00+00:00"}
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")


def test_decisions_stand_above_the_policy(archive: Path, out: Path) -> None:
    run(archive, out)
    first, second = (row["id"] for row in rows(out / "suggestions.jsonl"))
    decide(out / "decisions.jsonl", first, "reject")
    decide(out / "decisions.jsonl", second, "edit", text="passed")
    apply_decisions(out)
    assert tree(out / "clean")["sub/garbled.txt"] == (archive / "sub" / "garbled.txt").read_bytes()
    assert b"council passed the" in tree(out / "clean")["table.jsonl"]
    copies = tree(out / "clean")
    run(archive, out)
    assert tree(out / "clean") == copies, "a second run of clean forgets no decision"


def test_decisions_on_nothing_are_told(archive: Path, out: Path, tmp_path: Path) -> None:
    run(archive, out)
    decide(tmp_path / "mine.jsonl", "0" * 16, "accept")
    assert "0" * 16 in apply_decisions(out, tmp_path / "mine.jsonl").notes[0]
    with pytest.raises(InputError, match="no such file"):
        apply_decisions(out, tmp_path / "gone.jsonl")


def test_preview_is_what_is_written(archive: Path, out: Path) -> None:
    run(archive, out)
    shown = {cleaned.document.source.path: cleaned for cleaned in preview(out)}
    written = (out / "clean" / "sub" / "garbled.txt").read_bytes()
    assert shown["sub/garbled.txt"].text.encode("utf-8-sig") == written


def test_a_copy_changed_by_hand_is_left_alone(archive: Path, out: Path) -> None:
    run(archive, out)
    copy = out / "clean" / "sub" / "garbled.txt"
    copy.write_bytes(b"mine")
    summary = apply_decisions(out, revert=True)
    assert copy.read_bytes() == b"mine"
    assert [(f.path, "by hand" in f.reason) for f in summary.failures] == [("sub/garbled.txt", True)]
    copy.unlink()
    assert apply_decisions(out, revert=True).failures == ()


def test_a_second_run_scores_nothing_again(archive: Path, out: Path) -> None:
    run(archive, out)
    second = FakeCleaner()
    run(archive, out, second)
    assert second.parts.scorer.read == []  # type: ignore[attr-defined]


def test_a_changed_file_is_done_anew_alone(archive: Path, out: Path) -> None:
    run(archive, out, apply="none")
    (archive / "clean.txt").write_text("Something else zzz entirely.\n", encoding="utf-8")
    second = FakeCleaner(Settings(apply="none"))
    summary = run(archive, out, second, apply="none")
    assert second.parts.scorer.read[:1] == ["clean.txt"]  # type: ignore[attr-defined]
    assert summary.flagged == 3


def test_a_new_signature_does_all_anew(archive: Path, out: Path) -> None:
    run(archive, out)
    second = FakeCleaner(Settings(threshold=0.6))
    clean_archive(archive, out, second.settings, cleaner=second)
    assert len(set(second.parts.scorer.read)) == 4  # type: ignore[attr-defined]


def test_another_version_does_all_anew(archive: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(archive, out)
    monkeypatch.setattr("repair.archive.runner.__version__", "99")
    second = FakeCleaner()
    assert run(archive, out, second).failures == ()
    assert len(set(second.parts.scorer.read)) == 4  # type: ignore[attr-defined]


def test_a_file_that_is_gone_takes_its_copy_along(archive: Path, out: Path) -> None:
    run(archive, out)
    (archive / "clean.txt").unlink()
    run(archive, out)
    assert sorted(tree(out / "clean")) == ["sub/garbled.txt", "table.jsonl"]
    assert [line["id"] for line in rows(out / "documents.jsonl")] == ["sub/garbled.txt", "r1", "r2"]


def test_another_archive_is_refused(archive: Path, out: Path, tmp_path: Path) -> None:
    run(archive, out)
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.txt").write_text("An article.\n", encoding="utf-8")
    with pytest.raises(OutputError, match="another archive"):
        run(other, out)


# --- what can go wrong


@pytest.mark.parametrize(
    ("name", "data", "cause"),
    [
        ("binary.txt", bytes(range(256)) * 8, "binary"),
        ("image.png", b"\x89PNG\r\n\x1a\n" + bytes(64), "PNG"),
        ("damaged.txt", "Überall Ärger, öfter als früher.".encode() + b"\xff\xfe\xfa", "wrong byte"),
        ("empty.txt", b"", "empty"),
        ("broken.jsonl", b'{"text": \n', ""),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(archive: Path, out: Path, name: str, data: bytes, cause: str) -> None:
    (archive / name).write_bytes(data)
    summary = run(archive, out)
    assert [failure.path for failure in summary.failures] == [name]
    assert cause in summary.failures[0].reason
    assert summary.applied == 2
    assert name not in tree(out / "clean")
    failed = [line for line in rows(out / "documents.jsonl") if line["status"] == "failed"]
    assert [(line["id"], line["error"]) for line in failed] == [(name, summary.failures[0].reason)]


def test_a_file_mended_since_is_done_in_the_next_run(archive: Path, out: Path) -> None:
    (archive / "late.txt").write_bytes(b"")
    assert run(archive, out).failures
    (archive / "late.txt").write_text("An article.\n", encoding="utf-8")
    assert run(archive, out).failures == ()
    assert tree(out / "clean")["late.txt"] == b"An article.\n"


class Meddler(FakeCleaner):
    """Does something when a document is scored."""

    def __init__(self, meddle: Callable[[Document], None]) -> None:
        super().__init__()
        self.meddle = meddle

    def score(self, document: Document) -> ScoreReport:
        report = super().score(document)
        self.meddle(document)
        return report


def test_a_file_that_vanishes_before_its_turn_is_one_line(archive: Path, out: Path) -> None:
    def remove(_: Document) -> None:
        (archive / "sub" / "garbled.txt").unlink(missing_ok=True)

    summary = run(archive, out, Meddler(remove))
    assert [failure.path for failure in summary.failures] == ["sub/garbled.txt"]
    assert sorted(tree(out / "clean")) == ["clean.txt", "table.jsonl"]


def test_a_file_that_vanishes_after_its_turn_is_one_line(archive: Path, out: Path) -> None:
    def remove(document: Document) -> None:
        if document.id == "r2":
            (archive / "clean.txt").unlink(missing_ok=True)

    summary = run(archive, out, Meddler(remove))
    assert [(f.path, "no such file" in f.reason) for f in summary.failures] == [("clean.txt", True)]
    assert sorted(tree(out / "clean")) == ["sub/garbled.txt", "table.jsonl"]


def test_a_file_that_changes_while_we_run_is_not_mixed_up(archive: Path, out: Path) -> None:
    def change(document: Document) -> None:
        if document.id == "r2":
            (archive / "sub" / "garbled.txt").write_bytes(b"Another text.\n")

    summary = run(archive, out, Meddler(change))
    assert [(f.path, "changed while we ran" in f.reason) for f in summary.failures] == [("sub/garbled.txt", True)]
    assert "sub/garbled.txt" not in tree(out / "clean")


def test_an_interrupted_run_goes_on_where_it_was(archive: Path, out: Path) -> None:
    def interrupt(document: Document) -> None:
        if document.id == "r1":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(archive, out, Meddler(interrupt))
    second = FakeCleaner()
    summary = run(archive, out, second)
    assert second.parts.scorer.read[0] == "r1"  # type: ignore[attr-defined]
    assert (summary.documents, summary.applied) == (4, 2)


def test_a_missing_model_ends_the_run(archive: Path, out: Path) -> None:
    def fail(_: Document) -> None:
        raise ModelError("smollm2", "not fetched", "Run `repair models fetch`.")

    with pytest.raises(ModelError):
        run(archive, out, Meddler(fail))
    assert not (out / "clean").exists()


@pytest.mark.parametrize("place", ["archive/out", "", "archive"])
def test_overlap_is_refused_before_anything_is_written(archive: Path, tmp_path: Path, place: str) -> None:
    before = stamps(tmp_path)
    with pytest.raises(OutputError):
        run(archive, tmp_path / place)
    assert stamps(tmp_path) == before
    assert not (archive / "out").exists()


def test_an_out_that_cannot_be_made_is_told(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="in the way"):
        run(archive, tmp_path / "file" / "out")


def test_a_link_out_of_out_is_refused(archive: Path, out: Path) -> None:
    out.mkdir()
    (out / "clean").mkdir()
    (out / "clean" / "sub").symlink_to(archive / "sub", target_is_directory=True)
    before = stamps(archive)
    with pytest.raises(OutputError, match="leads out of OUT"):
        run(archive, out)
    assert stamps(archive) == before


def test_two_runs_at_once_are_refused(archive: Path, out: Path) -> None:
    def again(_: Document) -> None:
        with pytest.raises(OutputError, match="another run"):
            run(archive, out)

    assert run(archive, out, Meddler(again)).failures == ()


@pytest.fixture(params=["48k", "64k", "96k", "128k"])
def small_out(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """An OUT on a small file system, which is full in the ledger or in a copy."""
    import subprocess

    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={request.param}", "tmpfs", disk], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("mounting a small file system takes root")
    yield disk / "out"
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_ends_the_run_and_it_goes_on_elsewhere(archive: Path, small_out: Path, out: Path) -> None:
    (archive / "large.txt").write_text("A long row of words, " * 4_000, encoding="utf-8")
    before = stamps(archive)
    with pytest.raises(OutputError, match="disk is full"):
        run(archive, small_out)
    assert stamps(archive) == before
    copies = tree(small_out / "clean") if (small_out / "clean").exists() else {}
    assert all(".part" not in name for name in copies)
    assert {name for name, data in copies.items() if data == b""} == set()
    assert run(archive, out).failures == ()


def test_no_run_in_out_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no `repair clean`"):
        apply_decisions(tmp_path)


def test_a_damaged_ledger_is_told(archive: Path, out: Path) -> None:
    out.mkdir()
    (out / "state.sqlite").write_bytes(b"no database at all, " * 100)
    with pytest.raises(OutputError, match="damaged"):
        run(archive, out)


def test_a_ledger_of_another_layout_is_told(archive: Path, out: Path) -> None:
    import sqlite3

    out.mkdir()
    with sqlite3.connect(out / "state.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(OutputError, match="another version"):
        run(archive, out)


def test_pages_are_scored_and_not_rewritten(archive: Path, out: Path) -> None:
    page = (
        "<html><body><article><p>"
        + "The council zzz the budget on Monday evening. " * 5
        + "</p></article></body></html>"
    )
    (archive / "page.html").write_text(page, encoding="utf-8")
    run(archive, out)
    assert tree(out / "clean")["page.html"] == page.encode()
    with Ledger.open(out) as ledger:
        entry = next(entry for entry in ledger.entries() if entry.path == "page.html")
    assert entry.report is not None
    assert entry.report.flagged
    assert set(entry.skipped.values()) == {"files of this format are scored, not rewritten"}


RETOLD = "The council backed the budget on Monday.\r\nNobody was against it.\r\n"


def test_a_retold_clean_document_is_told_so_and_stays(archive: Path, out: Path) -> None:
    (archive / "again.txt").write_bytes(RETOLD.encode())
    run(archive, out)
    assert (out / "clean" / "again.txt").read_bytes() == RETOLD.encode()
    with Ledger.open(out) as ledger:
        found = {entry.id: entry.report for entry in ledger.entries() if entry.path == "again.txt"}
    report = found["again.txt"]
    assert report is not None
    assert "source.retold" in [finding.rule for finding in report.findings]


def test_progress_is_told(archive: Path, out: Path) -> None:
    told: list[tuple[str, int, int]] = []
    clean_archive(archive, out, Settings(), lambda *step: told.append(step), cleaner=FakeCleaner())
    assert [step for step in told if step[1] == step[2]] == [("scoring", 3, 3), ("repairing", 4, 4), ("writing", 3, 3)]


def test_two_jobs_give_what_one_gives(archive: Path, out: Path, tmp_path: Path) -> None:
    run(archive, out)
    run(archive, tmp_path / "two", jobs=2)
    assert tree(tmp_path / "two" / "clean") == tree(out / "clean")
    assert (tmp_path / "two" / "documents.jsonl").read_bytes() == (out / "documents.jsonl").read_bytes()
