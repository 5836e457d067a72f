"""A run that is killed or interrupted, in a process of its own, and the run after it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from repair.archive.runner import clean_archive
from repair.config import Settings
from tests.fakes import FakeCleaner

ROOT = Path(__file__).parents[2]
DOCUMENTS = 12
PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are born deaf to it
import repair.archive.runner as runner
from tests.fakes import FakeCleaner

class Slow(FakeCleaner):
    def score(self, document):
        time.sleep(0.3)
        return super().score(document)

runner.Cleaner = Slow
from repair.cli import main
sys.exit(main(["clean", sys.argv[1], "-o", sys.argv[2]]))
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    for n in range(DOCUMENTS):
        word = "zzz" if n % 2 else "approved"
        (folder / f"{n:02}.txt").write_text(f"The council {word} budget {n} on Monday.\n", encoding="utf-8")
    return folder


def start(archive: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(archive), str(out)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def wait_for(out: Path, documents: int) -> None:
    """Until the ledger holds that many documents."""
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        if scored(out) >= documents:
            return
        time.sleep(0.05)
    pytest.fail("the run did not begin")


def scored(out: Path) -> int:
    state = out / "state.sqlite"
    if not state.is_file():
        return 0
    try:
        with sqlite3.connect(f"file:{state}?mode=ro", uri=True) as ledger:
            return int(ledger.execute("SELECT count(*) FROM documents").fetchone()[0])
    except sqlite3.OperationalError:  # being written
        return 0


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_the_next_run_goes_on_where_it_was(archive: Path, tmp_path: Path, sent: signal.Signals, code: int) -> None:
    out = tmp_path / "out"
    with start(archive, out) as process:
        wait_for(out, 3)
        os.kill(process.pid, sent)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in err
    done = scored(out)
    assert 3 <= done < DOCUMENTS

    second = FakeCleaner()
    summary = clean_archive(archive, out, Settings(), cleaner=second)
    again = second.parts.scorer.read[: DOCUMENTS - done]  # type: ignore[attr-defined]
    assert again == [f"{n:02}.txt" for n in range(done, DOCUMENTS)]
    assert (summary.documents, summary.flagged, summary.applied) == (DOCUMENTS, DOCUMENTS // 2, DOCUMENTS // 2)

    clean_archive(archive, tmp_path / "whole", Settings(), cleaner=FakeCleaner())
    for name in ("documents.jsonl", "suggestions.jsonl"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    copies = {path.name: path.read_bytes() for path in (out / "clean").iterdir()}
    assert copies == {path.name: path.read_bytes() for path in (tmp_path / "whole" / "clean").iterdir()}
    lines = (out / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"{n:02}.txt" for n in range(DOCUMENTS)]
