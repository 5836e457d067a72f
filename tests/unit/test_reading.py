"""Paths as documents: ids, order, errors in their place, more than one process."""

from __future__ import annotations

from pathlib import Path

import pytest

from repair.archive.reading import Task, is_single, load, neighbours, read_folder, read_inputs
from repair.errors import InputError
from repair.records import Document


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "a.txt").write_text("An article.\n", encoding="utf-8")
    (tmp_path / "in" / "b.txt").write_bytes(b"")
    (tmp_path / "in" / "sub" / "c.txt").write_text("Another article.\n", encoding="utf-8")
    (tmp_path / "in" / "t.jsonl").write_text('{"text": "A row."}\n{"id": "x", "text": "A row."}\n', encoding="utf-8")
    return tmp_path / "in"


def seen(found: list[Document | InputError]) -> list[str]:
    return [each.id if isinstance(each, Document) else f"error {Path(each.what).name}" for each in found]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_folder_in_order_with_errors_in_their_place(folder: Path, jobs: int) -> None:
    found = list(read_inputs([folder], jobs=jobs))
    assert seen(found) == ["a.txt", "error b.txt", "sub/c.txt", "t.jsonl:1", "x"]


def test_paths_are_shown_as_they_were_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    documents = [each for each in read_inputs([Path("in"), Path("in/a.txt")]) if isinstance(each, Document)]
    assert [each.source.path for each in documents] == [
        "in/a.txt",
        "in/sub/c.txt",
        "in/t.jsonl",
        "in/t.jsonl",
        "in/a.txt",
    ]
    assert documents[-1].id == "a.txt"


def test_a_file_that_is_known_is_not_parsed(folder: Path) -> None:
    first = load(Task(folder / "a.txt", "a.txt", "a.txt", None))
    assert not isinstance(first, InputError)
    again = load(Task(folder / "a.txt", "a.txt", "a.txt", None, first.sha256))
    assert not isinstance(again, InputError)
    assert again.documents is None


def test_one_plain_file_is_single(folder: Path) -> None:
    assert is_single([folder / "a.txt"])
    assert is_single([Path("-")])
    assert not is_single([folder / "t.jsonl"])
    assert not is_single([folder])
    assert not is_single([folder / "a.txt", folder / "sub" / "c.txt"])


def test_sources_leave_out_what_cannot_be_read(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    ids = [document.id for document in read_folder(str(folder))]
    assert ids[0] == (folder / "a.txt").as_posix()
    assert len(ids) == 4
    assert "b.txt" in caplog.text


def test_neighbours_are_the_other_files_beside_it(folder: Path) -> None:
    paths = {document.source.path for document in neighbours(folder / "a.txt")}
    assert paths == {(folder / "t.jsonl").as_posix()}
