"""The OUT folder's tables: whole rows or none, the last decision counts, half rows are left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from repair.archive import out
from repair.archive.fields import dump
from repair.archive.serial import document_to_json, suggestion_to_json
from repair.errors import FormatError, OutputError
from repair.records import Check, Decision, Edit, Evidence, Relation, Span, Suggestion

AT = "2025-05-09T10:00:00+00:00"
ACCEPT = Decision("a", "accept", "ann", AT)
REJECT = Decision("a", "reject", "ann", AT)
EDIT = Decision("b", "edit", "bob", AT, "line one\nline “two” 🌍")
SUGGESTION = Suggestion(
    id="a",
    path="x.txt",
    sentence=Span(0, 5),
    edit=Edit(Span(0, 5), "close", ""),
    origin="rule",
    tier="safe",
    score_before=None,
    score_after=None,
    evidence=(Evidence("y.txt", 1, 3, "ab", Relation.SAME_TEXT),),
    checks=(Check("names", True),),
    reason="a leftover of the page",
)


def test_what_is_appended_is_read(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    out.append_decisions(path, [ACCEPT])
    out.append_decisions(path, [EDIT, REJECT])
    assert list(out.read_decisions(path)) == [ACCEPT, EDIT, REJECT]
    assert out.latest(out.read_decisions(path)) == {"a": REJECT, "b": EDIT}
    assert out.parse_decisions(path.read_bytes(), "import") == (ACCEPT, EDIT, REJECT)


def test_suggestions_and_documents(tmp_path: Path) -> None:
    folder = out.OutFolder(tmp_path)
    line = out.DocumentLine("x", "x.txt", "00", None, 0.5, None, True, (), "failed", "it vanished")
    folder.suggestions.write_text(dump(suggestion_to_json(SUGGESTION)) + "\n", encoding="utf-8")
    folder.documents.write_text(dump(document_to_json(line)) + "\n", encoding="utf-8")
    assert list(out.read_suggestions(folder.suggestions)) == [SUGGESTION]
    assert list(out.read_documents(folder.documents)) == [line]


def test_no_file_is_no_rows(tmp_path: Path) -> None:
    assert list(out.read_decisions(tmp_path / "decisions.jsonl")) == []
    assert out.take_back(tmp_path / "decisions.jsonl", "a") is None


def test_unknown_ids_are_named_once() -> None:
    assert out.unknown_ids([EDIT, ACCEPT, EDIT], [SUGGESTION]) == ("b",)


def test_take_back_restores_the_decision_before(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    out.append_decisions(path, [ACCEPT, REJECT, EDIT])
    assert out.take_back(path, "a") == REJECT
    assert list(out.read_decisions(path)) == [ACCEPT, EDIT]
    assert out.take_back(path, "nobody") is None
    assert [each.name for each in tmp_path.iterdir()] == ["decisions.jsonl"]


def test_half_a_row_is_left_out_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "decisions.jsonl"
    out.append_decisions(path, [ACCEPT, EDIT])
    path.write_bytes(path.read_bytes()[:-20])
    assert list(out.read_decisions(path)) == [ACCEPT]
    assert "line 2: the last line is cut off" in caplog.text
    out.append_decisions(path, [REJECT])
    assert list(out.read_decisions(path)) == [ACCEPT, REJECT]


def test_a_last_row_without_newline_is_a_row(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    out.append_decisions(path, [ACCEPT])
    path.write_bytes(path.read_bytes().rstrip())
    out.append_decisions(path, [REJECT])
    assert list(out.read_decisions(path)) == [ACCEPT, REJECT]


@pytest.mark.parametrize(("row", "cause"), [(b"{oops}\n", "not valid JSON"), (b"\xff\xfe\n", "not UTF-8")])
def test_a_bad_row_names_file_and_line(tmp_path: Path, row: bytes, cause: str) -> None:
    path = tmp_path / "decisions.jsonl"
    out.append_decisions(path, [ACCEPT])
    path.write_bytes(path.read_bytes() + b"\n" + row)
    with pytest.raises(FormatError, match=rf"decisions\.jsonl line 3: {cause}"):
        list(out.read_decisions(path))


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "decisions.jsonl"
    out.append_decisions(path, [ACCEPT])
    before = path.read_bytes()
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real_write(file, data[: len(data) // 2]))
    with pytest.raises(OutputError, match="the disk is full"):
        out.append_decisions(path, [REJECT])
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="gone"):
        out.append_decisions(tmp_path / "gone" / "decisions.jsonl", [ACCEPT])
