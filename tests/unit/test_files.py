"""Walking an archive, keeping OUT apart from it, writing whole files or none."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from repair.archive import files
from repair.errors import InputError, OutputError


def put(path: Path, text: str = "An article.\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def names(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in files.walk(root).files]


# --- walking


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/b/c.txt", "c.txt"):
        put(tmp_path / name)
    assert names(tmp_path) == ["a/b/c.txt", "a/z.txt", "b.txt", "c.txt"]


def test_hidden_files_and_version_control_are_skipped(tmp_path: Path) -> None:
    for name in (".hidden.txt", ".git/config", "CVS/Root", "a.txt"):
        put(tmp_path / name)
    assert names(tmp_path) == ["a.txt"]


def test_a_loop_of_links_is_walked_once(tmp_path: Path) -> None:
    put(tmp_path / "a" / "x.txt")
    (tmp_path / "a" / "back").symlink_to(tmp_path, target_is_directory=True)
    listing = files.walk(tmp_path)
    assert [path.name for path in listing.files] == ["x.txt"]
    assert [(p.path.name, p.failed) for p in listing.passed_over] == [("back", False)]


def test_a_link_to_itself_is_a_failed_file_and_the_others_are_found(tmp_path: Path) -> None:
    put(tmp_path / "x.txt")
    (tmp_path / "self.txt").symlink_to("self.txt")
    listing = files.walk(tmp_path)
    assert [path.name for path in listing.files] == ["x.txt"]
    assert [(p.path.name, p.failed) for p in listing.passed_over] == [("self.txt", True)]


def test_a_linked_folder_is_walked(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "x.txt")
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert names(tmp_path / "archive") == ["linked/x.txt"]


def test_a_named_pipe_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "x.txt")
    os.mkfifo(tmp_path / "pipe")
    assert [p.reason for p in files.walk(tmp_path).passed_over] == ["no regular file"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.jsonl", '{"file": "a.txt", "text": "An article.", "severity": 0}\n'),
        ("metadata.csv", "file_name,year\na.txt,2020\n"),
        ("index.tsv", "path\ttitle\na.txt\tAn article\n"),
    ],
)
def test_a_table_about_other_files_is_passed_over(tmp_path: Path, name: str, content: str) -> None:
    put(tmp_path / "a.txt")
    put(tmp_path / name, content)
    listing = files.walk(tmp_path)
    assert [path.name for path in listing.files] == ["a.txt"]
    assert "a.txt" in listing.passed_over[0].reason


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("articles.jsonl", '{"id": "1", "text": "An article."}\n'),
        ("articles.jsonl", '{"file": "gone.txt", "text": "An article."}\n'),
        ("articles.jsonl", '{"file": "articles.jsonl", "text": "An article."}\n'),
        ("articles.jsonl", "not json\n"),
        ("articles.csv", "path,text\n../../x,An article.\n"),
        ("empty.jsonl", ""),
    ],
)
def test_a_table_of_articles_is_kept(tmp_path: Path, name: str, content: str) -> None:
    put(tmp_path / "a.txt")
    put(tmp_path / name, content)
    assert names(tmp_path) == ["a.txt", name]


def test_a_folder_without_articles_is_refused(tmp_path: Path) -> None:
    put(tmp_path / ".hidden")
    with pytest.raises(InputError, match="holds no articles"):
        files.walk(tmp_path)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        files.walk(tmp_path / "gone")
    with pytest.raises(InputError, match="no folder"):
        files.walk(put(tmp_path / "a.txt"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.txt: there is no such file"):
        files.read_bytes(tmp_path / "gone.txt")


# --- OUT and ARCHIVE


@pytest.mark.parametrize(
    ("archive", "out", "cause"),
    [("a", "a", "same folder"), ("a", "a/out", "inside ARCHIVE"), ("a/b", "a", "inside OUT")],
)
def test_overlap_is_refused(tmp_path: Path, archive: str, out: str, cause: str) -> None:
    put(tmp_path / archive / "x.txt")
    with pytest.raises(OutputError, match=cause):
        files.keep_apart(tmp_path / archive, tmp_path / out)


def test_overlap_through_a_link_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "a" / "x.txt")
    (tmp_path / "link").symlink_to(tmp_path / "a", target_is_directory=True)
    with pytest.raises(OutputError, match="inside ARCHIVE"):
        files.keep_apart(tmp_path / "a", tmp_path / "link" / "out")


def test_a_link_in_the_archive_into_out_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "a" / "x.txt")
    put(tmp_path / "out" / "clean" / "x.txt")
    (tmp_path / "a" / "y.txt").symlink_to(tmp_path / "out" / "clean" / "x.txt")
    with pytest.raises(OutputError, match="link into OUT"):
        files.keep_apart(tmp_path / "a", tmp_path / "out", files.walk(tmp_path / "a"))


def test_folders_beside_each_other_are_fine(tmp_path: Path) -> None:
    files.keep_apart(tmp_path / "a", tmp_path / "ab")


# --- writing


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "x.txt"
    files.write_atomic(target, iter([b"one ", b"two"]))
    assert target.read_bytes() == b"one two"
    assert [path.name for path in target.parent.iterdir()] == ["x.txt"]


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.write_atomic(tmp_path / "x", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o640


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x.txt"
    target.write_bytes(b"before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="disk is full") as caught:
        files.write_atomic(target, b"after")
    assert "x.txt" in caught.value.what
    assert target.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["x.txt"]


def test_an_interrupted_write_leaves_no_part(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_atomic(tmp_path / "x.txt", pieces())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip("mounting a small file system takes root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_is_told_and_nothing_is_half_written(small_disk: Path) -> None:
    files.write_atomic(small_disk / "fits", b"x" * 1000)
    with pytest.raises(OutputError, match="disk is full"):
        files.write_atomic(small_disk / "large", b"x" * 100_000)
    assert [path.name for path in small_disk.iterdir()] == ["fits"]


def test_a_file_in_the_way_of_a_folder_is_told(tmp_path: Path) -> None:
    put(tmp_path / "out")
    with pytest.raises(OutputError, match="file is in the way"):
        files.write_atomic(tmp_path / "out" / "x.txt", b"")


def test_parts_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    put(tmp_path / "clean" / ".repair-abc.part")
    put(tmp_path / "clean" / "x.txt")
    files.remove_parts(tmp_path)
    assert [path.name for path in (tmp_path / "clean").iterdir()] == ["x.txt"]
