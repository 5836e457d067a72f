"""The review server over real sockets: decisions reach the disk, strangers do not reach the decisions."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from repair.archive.out import OutFolder, read_decisions
from repair.errors import ConfigError, InputError
from repair.records import Decision
from repair.review import server as review_server
from repair.review.server import HOST, MOST_BYTES, ReviewServer, serve
from tests.review_sample import write_out

ACCEPT = Decision("s-pier", "accept", "ann", "2025-05-09T10:00:00Z")
LINE = b'{"id": "s-pier", "verdict": "accept", "by": "ann", "at": "2025-05-09T10:00:00Z"}\n'


@pytest.fixture
def running(tmp_path: Path) -> Iterator[ReviewServer]:
    with ReviewServer(write_out(tmp_path / "out")) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: ReviewServer, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of an answer. The token is sent unless `headers` has its own."""
    connection = HTTPConnection(HOST, server.server_port, timeout=10)
    sent = {"X-Repair-Token": server.served.token} | {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    text = answer.read().decode("utf-8")
    connection.close()
    return answer.status, dict(answer.getheaders()), text


def saved(server: ReviewServer) -> list[Decision]:
    return list(read_decisions(server.out.decisions))


def test_it_listens_on_this_machine_only(running: ReviewServer) -> None:
    assert running.server_address[0] == "127.0.0.1"


def test_the_page_carries_the_token_and_is_never_kept(running: ReviewServer) -> None:
    status, headers, html = ask(running, "GET", "/")
    assert status == 200
    assert json.dumps(running.served.token) in html
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert running.served.token not in running.out.report.read_text(encoding="utf-8")


def test_a_decision_is_on_the_disk_when_the_answer_comes(running: ReviewServer) -> None:
    assert ask(running, "POST", "/api/decisions", LINE)[0] == 200
    assert saved(running) == [ACCEPT]
    assert json.loads(ask(running, "GET", "/api/decisions")[2]) == json.loads(LINE)


def test_many_at_once_all_arrive(running: ReviewServer) -> None:
    threads = [
        threading.Thread(target=ask, args=(running, "POST", "/api/decisions", LINE.replace(b"s-pier", b"x%d" % n)))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {decision.id for decision in saved(running)} == {f"x{n}" for n in range(12)}


def test_take_back(running: ReviewServer) -> None:
    ask(running, "POST", "/api/decisions", LINE + LINE.replace(b"accept", b"reject"))
    assert ask(running, "DELETE", "/api/decisions?id=s-pier")[0] == 200
    assert saved(running) == [ACCEPT]
    assert ask(running, "DELETE", "/api/decisions")[0] == 400


def test_an_unknown_id_is_kept_with_a_warning(running: ReviewServer, caplog: pytest.LogCaptureFixture) -> None:
    ask(running, "POST", "/api/decisions", LINE.replace(b"s-pier", b"s-gone"))
    assert [decision.id for decision in saved(running)] == ["s-gone"]
    assert "'s-gone' was kept, but this report has no such suggestion" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/api/decisions", {"X_Repair_Token": ""}, 403),
        ("POST", "/api/decisions", {"X_Repair_Token": "guess\xe9"}, 403),
        ("GET", "/api/decisions", {"X_Repair_Token": "guess"}, 403),
        ("POST", "/api/decisions", {"Origin": "https://example.org"}, 403),
        ("POST", "/api/decisions", {"Origin": "null"}, 403),
        ("POST", "/api/decisions", {"Host": "example.org"}, 403),
        ("DELETE", "/api/decisions?id=s-pier", {"Host": "example.org"}, 403),
        ("GET", "/", {"Host": "example.org:80"}, 403),
        ("GET", "/state.sqlite", {}, 404),
        ("GET", "/../decisions.jsonl", {}, 404),
        ("POST", "/", {}, 404),
        ("POST", "/api/decisions", {"Content_Length": "many"}, 411),
        ("POST", "/api/decisions", {"Content_Length": str(MOST_BYTES + 1)}, 413),
        ("PUT", "/api/decisions", {}, 501),
    ],
)
def test_strangers_are_refused(
    running: ReviewServer, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    body = None if "Content_Length" in headers or method in ("GET", "DELETE") else LINE
    assert ask(running, method, path, body, **headers)[0] == status
    assert saved(running) == []


def test_a_bad_line_is_refused_whole(running: ReviewServer) -> None:
    status, _, text = ask(running, "POST", "/api/decisions", LINE + b'{"id": "x"}\n')
    assert (status, saved(running)) == (400, [])
    assert "line 2" in text
    assert '"verdict" is missing' in text


def test_a_disk_that_refuses_is_told_to_the_page(running: ReviewServer) -> None:
    running.out.decisions.mkdir()
    status, _, text = ask(running, "POST", "/api/decisions", LINE)
    assert status == 500
    assert "decisions.jsonl" in text


def test_a_port_that_is_taken_is_an_error(tmp_path: Path) -> None:
    out = write_out(tmp_path / "out")
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"port {port}: another program is using it"):
            ReviewServer(out, port)
    with pytest.raises(ConfigError, match="ports go from 0 to 65535"):
        ReviewServer(out, 70_000)


def test_a_folder_without_a_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="repair clean"):
        serve(tmp_path)


def test_ctrl_c_ends_it_and_the_page_shows_what_was_decided(tmp_path: Path) -> None:
    out = write_out(tmp_path / "out")
    # A shell's background jobs are born deaf to SIGINT, and their children with them.
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "from pathlib import Path; from repair.review.server import serve; "
    code += "serve(Path(sys.argv[1]), on_ready=lambda url: print(url, flush=True))"
    process = subprocess.Popen([sys.executable, "-c", code, str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    url = process.stdout.readline().decode()
    port = int(url.strip().rstrip("/").rpartition(":")[2])
    connection = HTTPConnection(HOST, port, timeout=10)
    connection.request("GET", "/")
    html = connection.getresponse().read().decode("utf-8")
    token = re.search(r'"token": "([\w-]+)"', html)
    assert token is not None
    connection.request("POST", "/api/decisions", LINE, {"X-Repair-Token": token[1]})
    assert connection.getresponse().status == 200
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")
    assert list(read_decisions(OutFolder(out).decisions)) == [ACCEPT]
    assert '"verdict": "accept"' in (out / "report.html").read_text(encoding="utf-8")


def test_a_user_without_a_name_can_review(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(review_server.getpass, "getuser", nameless)
    assert review_server._user() == "reviewer"
