"""Rewrites from a real local server that speaks, or misspeaks, the chat completions protocol."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from repair.config import Settings
from repair.errors import ConfigError, MissingPartError
from repair.rewrite import propose
from repair.rewrite.endpoint import KEY_VARIABLE, Endpoint, rewrite
from tests.rewriting import judged


@dataclass
class Server:
    """What the server answers, in order (the last answer for ever), and what it was asked."""

    answers: list[tuple[int, bytes]]
    url: str = ""
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    def answer(self) -> tuple[int, bytes]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def serving(*answers: tuple[int, object]) -> Iterator[Server]:
    server = Server([(code, body if isinstance(body, bytes) else json.dumps(body).encode()) for code, body in answers])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply({})

        def do_POST(self) -> None:
            self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _reply(self, body: dict[str, object]) -> None:
            server.asked.append((self.path, body))
            server.keys.append(self.headers["Authorization"])
            code, answer = server.answer()
            self.send_response(code)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Be quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = Thread(target=http.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def says(words: str) -> tuple[int, object]:
    return 200, {"choices": [{"message": {"role": "assistant", "content": words}}]}


def endpoint(server: Server, **more: float) -> Endpoint:
    return Endpoint(url=f"{server.url}#tiny", wait=0.01, parallel=1, **more)  # type: ignore[arg-type]


def test_sentences_come_back_in_order_without_chatter() -> None:
    with serving(
        says("The ship sailed."), says("Here is the corrected sentence: Nobody saw it.\n\nI hope this helps!")
    ) as server:
        found = rewrite(endpoint(server), [("The ship have sailed.", ""), ("Nobody it saw.", "The ship sailed.")])
    assert found == ["The ship sailed.", "Nobody saw it."]
    path, body = server.asked[0]
    assert (path, body["model"], body["temperature"]) == ("/v1/chat/completions", "tiny", 0)


def test_the_sentence_is_sent_with_what_stands_before_it() -> None:
    with serving(says("It sailed.")) as server:
        rewrite(endpoint(server), [("It have sailed.", "The ship was old.")])
    messages = server.asked[0][1]["messages"]
    assert isinstance(messages, list)
    assert messages[0]["role"] == "system"
    assert "The ship was old." in messages[-1]["content"]
    assert messages[-1]["content"].endswith("It have sailed.")


def test_the_first_model_is_taken_where_none_is_named() -> None:
    with serving((200, {"data": [{"id": "big"}, {"id": "small"}]}), says("It sailed.")) as server:
        rewrite(Endpoint(url=server.url + "/"), [("It have sailed.", "")])
    assert [path for path, _ in server.asked] == ["/v1/models", "/v1/chat/completions"]
    assert server.asked[1][1]["model"] == "big"


def test_a_busy_server_is_asked_again() -> None:
    with serving((503, b"loading"), (429, b"slow down"), says("It sailed.")) as server:
        assert rewrite(endpoint(server), [("It have sailed.", "")]) == ["It sailed."]
    assert len(server.asked) == 3


def test_the_key_is_sent_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(says("It sailed.")) as server:
        rewrite(endpoint(server), [("It have sailed.", "")])
        monkeypatch.setenv(KEY_VARIABLE, "a-key")
        rewrite(endpoint(server), [("It have sailed.", "")])
    assert server.keys == [None, "Bearer a-key"]


@pytest.mark.parametrize(
    ("answer", "cause", "times"),
    [
        ((401, b"no"), "it answered 401", 1),
        ((500, b"oh"), "it answered 500", 3),
        ((200, b"<html>"), "no JSON", 1),
        ((200, b"\xff\xfe\xff"), "no JSON", 1),
        ((200, {"choices": []}), "no chat completion", 1),
        ((200, {"choices": [{"message": {"content": None}}]}), "no chat completion", 1),
    ],
)
def test_a_useless_answer_is_named(answer: tuple[int, object], cause: str, times: int) -> None:
    with serving(answer) as server, pytest.raises(MissingPartError, match=cause) as caught:
        rewrite(endpoint(server), [("It have sailed.", "")])
    assert len(server.asked) == times
    assert server.url in str(caught.value)


def test_a_server_without_models_is_named() -> None:
    with serving((200, {"data": []})) as server, pytest.raises(MissingPartError, match="names no model"):
        rewrite(Endpoint(url=server.url), [("It have sailed.", "")])


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1#m"
        with pytest.raises(MissingPartError, match="does not answer"):
            rewrite(Endpoint(url=url, wait=0.01), [("It have sailed.", "")])


def test_a_silent_server_times_out() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1#m"
        with pytest.raises(MissingPartError, match="does not answer: timed out"):
            rewrite(Endpoint(url=url, timeout=0.1, tries=2, wait=0.01), [("It have sailed.", "")])


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org", "smollm"])
def test_only_http_is_an_endpoint(url: str) -> None:
    with pytest.raises(ConfigError, match="not a URL"):
        Endpoint(url=url)


def test_flagged_sentences_become_proposals_of_the_endpoint() -> None:
    scored: Any = judged("The ship have sailed.")
    with serving(says("The ship has sailed.")) as server:
        settings = Settings(rewriter=f"{server.url}#tiny")
        (proposal,) = propose(scored, (), model=None, settings=settings)
    assert (proposal.origin, proposal.edit.before, proposal.edit.after) == ("endpoint", "have", "has")
    assert server.url in proposal.reason


@pytest.mark.parametrize(("flagged", "rewriter"), [(False, "http://127.0.0.1:9/v1"), (True, "none"), (True, "lm")])
def test_no_model_is_asked_without_need(flagged: bool, rewriter: str) -> None:
    scored: Any = judged("The ship have sailed.", flagged=flagged)
    assert propose(scored, (), model=None, settings=Settings(rewriter=rewriter)) == ()


def test_nothing_to_rewrite_asks_nothing() -> None:
    assert rewrite(Endpoint(url="http://127.0.0.1:9/v1"), []) == []
