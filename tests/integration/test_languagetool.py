"""LanguageTool itself: its findings, a killed server, a killed parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from repair.config import Settings
from repair.detectors.grammar import languagetool_status, open_checker
from repair.detectors.languagetool import LanguageToolChecker
from repair.detectors.local_server import LocalServer
from repair.records import Document, Kind, Sentence, Span

BESIDE = Path(__file__).parents[2].parent / "shared" / "languagetool"
TEXT = "😀😀 He go home after the the meeting."
SENTENCE = Sentence(0, Span(0, len(TEXT)), Kind.PROSE)
# The first answer takes half a minute where every core is busy.
PATIENCE = 240.0


@pytest.fixture(scope="module")
def version() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        if "LTP_PATH" not in os.environ and BESIDE.is_dir():
            patch.setenv("LTP_PATH", str(BESIDE))
        status = languagetool_status()
        if not status.ready:
            pytest.skip(f"{status.detail}. {status.next_step}")
        yield status.version


@pytest.fixture(scope="module")
def server(version: str) -> Iterator[LocalServer]:
    server = LocalServer(version, seconds=PATIENCE)
    yield server
    server.stop()


def ask(checker: LanguageToolChecker) -> list[tuple[str, str, tuple[str, ...]]]:
    found = checker.check(Document.of_text(TEXT), [SENTENCE])
    return [(f.rule, f.span.of(TEXT), f.replacements[:1]) for f in found]


def ended(pid: int, seconds: float = 20.0) -> bool:
    """True once the process is gone."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_finds_on_the_right_words_behind_emoji(server: LocalServer, version: str) -> None:
    found = ask(LanguageToolChecker(server, version, seconds=PATIENCE))
    assert ("grammar.languagetool.ENGLISH_WORD_REPEAT_RULE", "the the", ("the",)) in found
    assert ("grammar.languagetool.HE_VERB_AGR", "go", ("goes",)) in found
    assert server.process is not None
    listening = [c for c in psutil.Process(server.process.pid).net_connections("tcp") if c.status == "LISTEN"]
    assert {c.laddr.ip.removeprefix("::ffff:") for c in listening} == {"127.0.0.1"}


def test_a_killed_server_is_started_again_once_and_then_left_out(
    server: LocalServer, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    checker = LanguageToolChecker(server, version, seconds=PATIENCE)
    first = ask(checker)
    assert first
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    assert ask(checker) == first
    assert "started again" in caplog.text
    server.process.kill()
    server.process.wait()
    assert ask(checker) == []
    assert "left out" in caplog.text
    assert server.process is None


def test_the_door_opens_lazily_and_leaves_nothing_behind(version: str) -> None:
    with open_checker(Settings(grammar="auto")) as checker:
        assert isinstance(checker, LanguageToolChecker)
        assert checker.signature == f"languagetool-{version}"
        assert checker.check(Document.of_text(TEXT), []) == ()
        assert not psutil.Process().children()


PARENT = """
import sys, time
from repair.detectors.local_server import LocalServer
server = LocalServer(sys.argv[1], seconds=240)
server.start()
print(server.process.pid, flush=True)
time.sleep(600)
"""


def test_the_server_does_not_outlive_a_killed_parent(version: str) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, version], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert psutil.pid_exists(pid)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert ended(pid)
