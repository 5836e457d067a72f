"""Rewrites from servers that are slow, busy, broken or gone. `tests/integration/test_rewriter.py` asks a real one."""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from repair.config import Settings
from repair.errors import ConfigError, MissingPartError
from repair.records import Relation
from repair.rewrite import propose
from repair.rewrite.answers import AnswerCache
from repair.rewrite.endpoint import KEY_VARIABLE, Endpoint, Server, _connections, open_server
from repair.rewrite.prompts import Question
from tests.rewriting import judged, source


@dataclass
class Script:
    """What the server answers, in order (the last answer for ever), and what it was asked."""

    answers: list[tuple[int, bytes]]
    url: str = ""
    delay: float = 0.0
    """Seconds before each answer."""
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    def answer(self) -> tuple[int, bytes]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def serving(*answers: tuple[int, object]) -> Iterator[Script]:
    server = Script([(code, body if isinstance(body, bytes) else json.dumps(body).encode()) for code, body in answers])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply({})

        def do_POST(self) -> None:
            self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _reply(self, body: dict[str, object]) -> None:
            server.asked.append((self.path, body))
            server.keys.append(self.headers["Authorization"])
            time.sleep(server.delay)
            code, answer = server.answer()
            self.send_response(code)
            self.send_header("Location", "/elsewhere")  # heeded only with a 3xx
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Be quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def says(words: str) -> tuple[int, object]:
    return 200, {"choices": [{"message": {"role": "assistant", "content": words}}]}


def asking(script: Script, cache: AnswerCache | None = None, **more: Any) -> Server:
    """The server as `open_server` hands it over, but that it was asked nothing yet."""
    endpoint = Endpoint(url=f"{script.url}#tiny", **{"wait": 0.01, "parallel": 1, **more})
    return Server(endpoint, "tiny", cache or AnswerCache(Path(":memory:")), _connections(endpoint))


SHIP = Question("The ship have sailed.")
NOBODY = Question("Nobody it saw.", before="The ship sailed.")


def test_a_busy_server_is_asked_again() -> None:
    with serving((503, b"loading"), (429, b"slow down"), says("It sailed.")) as script:
        (reply,) = asking(script).ask([SHIP])
    assert (reply.text, reply.problem) == ("It sailed.", "")
    assert len(script.asked) == 3


def test_the_key_is_sent_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(says("It sailed.")) as script:
        asking(script).ask([SHIP])
        monkeypatch.setenv(KEY_VARIABLE, "a-key")
        asking(script).ask([SHIP])
    assert script.keys == [None, "Bearer a-key"]


@pytest.mark.parametrize(
    ("answer", "cause", "times"),
    [
        ((401, b"no"), "it answered 401 Unauthorized", 1),
        ((500, b"oh"), "it answered 500 Internal Server Error", 3),
        ((302, b""), "it answered 302 Found", 1),
        ((200, b"<html>"), "its answer is no JSON", 1),
        ((200, b"\xff\xfe\xff"), "its answer is no JSON", 1),
        ((200, {"choices": []}), "its answer is no chat completion", 1),
        ((200, {"choices": [{"message": {"content": None}}]}), "its answer is no chat completion", 1),
        (
            (200, {"choices": [{"message": {"content": "It sai"}, "finish_reason": "length"}]}),
            "its answer was cut off",
            1,
        ),
        (
            (200, {"choices": [{"message": {"content": "<think>The\nship"}, "finish_reason": "length"}]}),
            "its answer was cut off",
            1,
        ),
    ],
)
def test_one_useless_answer_is_named_and_the_next_is_read(answer: tuple[int, object], cause: str, times: int) -> None:
    with serving(*[answer] * times, says("Nobody saw it.")) as script:
        server = asking(script)
        bad, good = server.ask([SHIP, NOBODY])
    assert (bad.text, bad.problem) == ("", cause)
    assert (good.text, good.problem) == ("Nobody saw it.", "")
    assert server.problems == Counter({cause: 1})
    assert [path for path, _ in script.asked] == ["/v1/chat/completions"] * (times + 1)


def test_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "answers.sqlite"
    with serving(says("It sailed."), (401, b"no")) as script:
        first = asking(script, AnswerCache(path))
        assert [reply.text for reply in first.ask([SHIP, NOBODY])] == ["It sailed.", ""]
        first.close()
        again = asking(script, AnswerCache(path)).ask([SHIP, NOBODY])
    assert [(reply.text, reply.problem) for reply in again] == [
        ("It sailed.", ""),
        ("", "it answered 401 Unauthorized"),
    ]
    assert len(script.asked) == 3, "only what got no answer is asked again"


def test_another_sentence_context_or_source_is_another_question() -> None:
    with serving(says("It sailed.")) as script:
        server = asking(script)
        server.ask([SHIP, Question(SHIP.sentence, before="It rained."), Question(SHIP.sentence, source="It has left.")])
        server.ask([SHIP])
    assert len(script.asked) == 3


def test_a_server_that_never_answers_is_let_be() -> None:
    with serving((401, b"no")) as script:
        server = asking(script, give_up=2)
        replies = server.ask([SHIP, NOBODY, Question("It rain.")]) + server.ask([Question("It snow.")])
    assert len(script.asked) == 2
    assert {reply.problem for reply in replies[2:]} == {"not asked, after 2 questions in a row without an answer"}
    assert server.problems.total() == 4


def test_a_slow_server_is_asked_once_more() -> None:
    with serving(says("It sailed.")) as script:
        script.delay = 0.3
        (reply,) = asking(script, timeout=0.05).ask([SHIP])
    assert (reply.text, reply.problem) == ("", "no answer within 0.05 seconds")
    assert len(script.asked) <= 2


# --- opening


def test_the_first_model_is_taken_where_none_is_named() -> None:
    with serving((200, {"data": [{"id": "big"}, {"id": "small"}]}), says("It sailed.")) as script:
        server = open_server(Endpoint(url=script.url + "/"), AnswerCache(Path(":memory:")))
    assert server.name == f"big at {script.url}"
    assert [path for path, _ in script.asked] == ["/v1/models", "/v1/chat/completions"]
    assert script.asked[1][1]["model"] == "big"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ((200, {"data": []}), "names no model"),
        ((404, b""), "it answered 404"),
        ((200, b"<html>"), "no JSON"),
    ],
)
def test_a_server_that_lists_no_models_is_named(answer: tuple[int, object], cause: str) -> None:
    with serving(answer) as script, pytest.raises(MissingPartError, match=cause) as caught:
        open_server(Endpoint(url=script.url), AnswerCache(Path(":memory:")))
    assert "after a #" in caught.value.next_step
    assert script.url in caught.value.what


def test_a_server_that_is_not_there_is_one_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        for one in (url, f"{url}#m"):
            with pytest.raises(MissingPartError, match=r"cannot be reached \(connection refused\)"):
                open_server(Endpoint(url=one, wait=0.01), AnswerCache(Path(":memory:")))


def test_a_wrong_model_name_is_told_at_once() -> None:
    with serving((404, b"no such model")) as script, pytest.raises(MissingPartError, match="it answered 404") as caught:
        open_server(Endpoint(url=f"{script.url}#typo"), AnswerCache(Path(":memory:")))
    assert "the model's name after its #" in caught.value.next_step


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org", "smollm", "http://"])
def test_only_http_is_an_endpoint(url: str) -> None:
    with pytest.raises(ConfigError, match="not a URL"):
        Endpoint(url=url)


# --- from a document


def test_an_unanswered_sentence_is_told_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    scored: Any = judged("The ship have sailed. Nobody it saw at sea.")
    with serving((400, b""), says("Nobody saw it at sea.")) as script, caplog.at_level("WARNING", "repair"):
        (proposal,) = propose(scored, (), model=None, rewriter=asking(script), settings=Settings())
    assert (proposal.origin, proposal.edit.after) == ("endpoint", "saw it")
    assert script.url in proposal.reason
    assert [record.getMessage() for record in caplog.records] == [
        f"copy.txt: 1 of 2 sentences got no rewrite from tiny at {script.url}: it answered 400 Bad Request"
    ]


def test_the_text_before_and_the_aligned_source_are_sent() -> None:
    text = "The ship was old. It have sailed on Monday."
    scored: Any = judged(text)
    wire = "The ship left the port on Monday. Nobody was hurt."
    match = source(wire, (1, (0,), Relation.SAME_FACT))
    with serving(says("It sailed.")) as script:
        propose(scored, (match,), model=None, rewriter=asking(script), settings=Settings())
    asked = [body["messages"][-1]["content"] for _, body in script.asked]  # type: ignore[index]
    assert asked[0] == "Sentence: The ship was old."
    assert asked[1].splitlines() == [
        "Text before: The ship was old.",
        "Clean report: The ship left the port on Monday.",
        "Sentence: It have sailed on Monday.",
    ]


class Unasked:
    """A rewriter that must not be asked."""

    name = "none"
    problems: ClassVar[Counter[str]] = Counter()

    def ask(self, questions: object) -> list[Any]:
        pytest.fail("it was asked")

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize(("flagged", "rewriter"), [(False, "http://127.0.0.1:9/v1"), (True, "none")])
def test_no_model_is_asked_without_need(flagged: bool, rewriter: str) -> None:
    scored: Any = judged("The ship have sailed.", flagged=flagged)
    assert propose(scored, (), model=None, rewriter=Unasked(), settings=Settings(rewriter=rewriter)) == ()


# --- the cache


def test_a_cache_that_cannot_be_opened_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "answers.sqlite"
    path.write_bytes(b"this is no database, and it is long enough to be read as one" * 20)
    with caplog.at_level("WARNING", "repair"):
        cache = AnswerCache(path)
    cache.put("a", "b")
    assert cache.get("a") == "b"
    assert str(path) in caplog.text
