"""Rewrites from an OpenAI-compatible server, such as vLLM, Ollama, llama.cpp or transformers; `--rewriter URL`.

Only the suspect sentences, a little of the text before them and what a clean source says in their place are sent, and
only to the URL that was given: redirects are not followed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, TimeoutError

from repair.errors import ConfigError, MissingPartError
from repair.rewrite.answers import AnswerCache, key_of
from repair.rewrite.prompts import Question, answer, conversation, is_cut_off
from repair.rewrite.rewriter import Reply

KEY_VARIABLE = "REPAIR_REWRITER_KEY"
"""The environment variable with the server's key, where it wants one."""
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be better the next time."""
_PATIENCE = 60
"""Seconds that a busy server may ask us to wait."""
_CUT_OFF = "its answer was cut off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server and how patient to be with it. Times in seconds."""

    url: str
    """The API's base, such as http://127.0.0.1:8000/v1; `#name` at its end picks the model, else its first is taken."""
    timeout: float = 120.0
    """A small machine may take a minute for a sentence."""
    tries: int = 3
    """For a server that is busy or cannot be reached; one that was too slow is asked once more only, for it may still
    be at work on what it was asked."""
    wait: float = 1.0
    """Before the third try; doubled before each further one."""
    parallel: int = 4
    """Questions at a time; the servers put them into one batch."""
    give_up: int = 8
    """Questions in a row that got no answer, after which the run asks no more."""

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")) or not urlsplit(self.url).hostname:
            raise ConfigError(f"--rewriter {self.url}", "not a URL", "Give one such as http://127.0.0.1:8080/v1.")

    @property
    def base(self) -> str:
        """The URL without the model's name."""
        return self.url.partition("#")[0].rstrip("/")

    @property
    def model(self) -> str:
        """The model's name, empty where none is given."""
        return self.url.partition("#")[2]


@dataclass(eq=False)
class Server:
    """A server that has answered, and the model there that is asked; a `Rewriter`."""

    endpoint: Endpoint
    model: str
    cache: AnswerCache
    http: urllib3.PoolManager
    problems: Counter[str] = field(default_factory=Counter)
    _in_row: int = 0
    """Questions without an answer since the last that got one."""

    @property
    def name(self) -> str:
        """The model and where it runs."""
        return f"{self.model} at {self.endpoint.base}"

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """A reply to each question, in order; what was answered before is not asked again."""
        bodies = [self.body(question) for question in questions]
        keys = [key_of(self.endpoint.base, body) for body in bodies]
        kept = [self.cache.get(key) for key in keys]
        with ThreadPoolExecutor(self.endpoint.parallel) as pool:
            fresh = pool.map(self._asked, [body for body, old in zip(bodies, kept, strict=True) if old is None])
            replies = [
                self._noted(key, next(fresh)) if old is None else Reply(old)
                for key, old in zip(keys, kept, strict=True)
            ]
        return [
            replace(reply, text=answer(reply.text, question.sentence))
            for reply, question in zip(replies, questions, strict=True)
        ]

    def close(self) -> None:
        """Close connections and cache."""
        self.http.clear()
        self.cache.close()

    def _noted(self, key: str, reply: Reply) -> Reply:
        """The reply, once it is kept, or its problem counted."""
        if reply.problem:
            self.problems[reply.problem] += 1
        else:
            self.cache.put(key, reply.text)
        return reply

    def body(self, question: Question) -> dict[str, object]:
        """The request for one question."""
        return {
            "model": self.model,
            "messages": conversation(question),
            "temperature": 0,
            "max_tokens": 40 + len(question.sentence) // 2,
        }

    def _asked(self, body: dict[str, object]) -> Reply:
        """The model's words as they are, unless the server has been silent for too long. Runs in the pool's threads."""
        if self._in_row >= self.endpoint.give_up:
            return Reply("", f"not asked, after {self.endpoint.give_up} questions in a row without an answer")
        reply = self.complete(body)
        self._in_row = self._in_row + 1 if reply.problem else 0
        return reply

    def complete(self, body: dict[str, object]) -> Reply:
        """What the model says to one request, or why it says nothing."""
        try:
            reply = _ask(self.http, self.endpoint, "/chat/completions", body)
        except _NoAnswerError as error:
            return Reply("", error.cause)
        match reply:
            case {"choices": [{"message": {"content": str(content)}, **choice}, *_]}:
                if choice.get("finish_reason") == "length" and is_cut_off(content):
                    return Reply("", _CUT_OFF)
                return Reply(content)
        return Reply("", "its answer is no chat completion")


def open_server(endpoint: Endpoint, cache: AnswerCache) -> Server:
    """The server behind a URL, after it has answered one question that holds no word of an article.

    Raises MissingPartError where it cannot be reached, refuses, or answers what is no chat completion.
    """
    http = _connections(endpoint)
    server = Server(endpoint, endpoint.model or _first_model(http, endpoint), cache, http)
    reply = server.complete(server.body(Question("The ship have sailed.")))
    if reply.problem not in ("", _CUT_OFF):
        step = f"Check the URL, the model's name after its #, and {KEY_VARIABLE} if the server wants a key."
        raise MissingPartError(f"--rewriter {endpoint.url}", reply.problem, step)
    return server


class _NoAnswerError(Exception):
    """A request that brought nothing."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def _connections(endpoint: Endpoint) -> urllib3.PoolManager:
    """Connections that are kept open, through the proxy that the environment names for this host, if any."""
    tries = endpoint.tries - 1
    retries = urllib3.Retry(
        total=tries,
        read=min(1, tries),
        redirect=False,
        allowed_methods=None,
        status_forcelist=_BUSY,
        raise_on_status=False,
        backoff_factor=endpoint.wait,
        retry_after_max=_PATIENCE,
    )
    parts = urlsplit(endpoint.base)
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.hostname or ""):
        return urllib3.ProxyManager(proxy, retries=retries, timeout=endpoint.timeout, maxsize=endpoint.parallel)
    return urllib3.PoolManager(retries=retries, timeout=endpoint.timeout, maxsize=endpoint.parallel)


def _first_model(http: urllib3.PoolManager, endpoint: Endpoint) -> str:
    what = f"--rewriter {endpoint.url}"
    try:
        reply = _ask(http, endpoint, "/models", None)
    except _NoAnswerError as unanswered:
        step = "Is the server running? If it lists no models, name one at the end of the URL, after a #."
        raise MissingPartError(what, unanswered.cause, step) from unanswered
    match reply:
        case {"data": [{"id": str(name)}, *_]}:
            return name
    raise MissingPartError(what, "it names no model", "Name one at the end of the URL, after a #.")


def _ask(http: urllib3.PoolManager, endpoint: Endpoint, path: str, body: dict[str, object] | None) -> object:
    """The server's JSON. Raises _NoAnswerError once all tries are used up, or trying again is of no use."""
    key = os.environ.get(KEY_VARIABLE)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = endpoint.base + path
    try:
        if body is None:
            reply = http.request("GET", url, headers=headers)
        else:
            reply = http.request("POST", url, json=body, headers={"Content-Type": "application/json", **headers})
        if reply.status != 200:
            raise _NoAnswerError(f"it answered {reply.status} {reply.reason or ''}".rstrip())
        result: object = reply.json()
    except HTTPError as error:
        raise _NoAnswerError(_cause(error, endpoint)) from error
    except ValueError as error:
        raise _NoAnswerError("its answer is no JSON") from error
    return result


def _cause(error: HTTPError, endpoint: Endpoint) -> str:
    """What went wrong, in words that are the same for the same cause."""
    reason = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    if isinstance(reason, NewConnectionError):
        return f"it cannot be reached ({str(reason).rpartition('] ')[2].lower()})"
    if isinstance(reason, TimeoutError):
        return f"no answer within {endpoint.timeout:g} seconds"
    return f"the connection failed ({reason})"
