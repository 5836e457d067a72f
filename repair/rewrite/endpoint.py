"""Rewrites from an OpenAI-compatible server, such as llama.cpp, vLLM or Ollama; `--rewriter URL`.

Only the flagged sentences and a little of the text before them are sent, and only to the URL that was given. Plain
`urllib`: one kind of request needs no client library.
"""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from repair.errors import ConfigError, MissingPartError
from repair.rewrite.prompts import answer, conversation

KEY_VARIABLE = "REPAIR_REWRITER_KEY"
"""The environment variable with the server's key, where it wants one."""
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be better the next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server and how patient to be with it. Times in seconds."""

    url: str
    """The API's base, such as http://127.0.0.1:8000/v1; `#name` at its end picks the model, else its first is taken."""
    timeout: float = 60.0
    tries: int = 3
    wait: float = 1.0
    """Before the second try; doubled before each further one."""
    parallel: int = 4

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ConfigError(f"--rewriter {self.url}", "not a URL", "Give one that begins with http:// or https://.")

    @property
    def base(self) -> str:
        """The URL without the model's name."""
        return self.url.partition("#")[0].rstrip("/")


def rewrite(endpoint: Endpoint, sentences: Sequence[tuple[str, str]]) -> list[str]:
    """A rewrite for each (sentence, text before it), in order.

    Raises MissingPartError where the server cannot be reached, refuses, or answers what is no chat completion.
    """
    if not sentences:
        return []
    model = endpoint.url.partition("#")[2] or _first_model(endpoint)

    def one(pair: tuple[str, str]) -> str:
        body = {"model": model, "messages": conversation(*pair), "temperature": 0, "max_tokens": 40 + len(pair[0]) // 2}
        return answer(_content(endpoint, _ask(endpoint, "/chat/completions", body)), pair[0])

    with ThreadPoolExecutor(endpoint.parallel) as pool:
        return list(pool.map(one, sentences))


def _first_model(endpoint: Endpoint) -> str:
    match _ask(endpoint, "/models", None):
        case {"data": [{"id": str(name)}, *_]}:
            return name
    raise _unusable(endpoint, "it names no model", "Name one at the end of the URL, after a #.")


def _content(endpoint: Endpoint, reply: object) -> str:
    match reply:
        case {"choices": [{"message": {"content": str(content)}}, *_]}:
            return content
    raise _unusable(endpoint, "its answer is no chat completion", "Is the URL that of an OpenAI-compatible API?")


def _ask(endpoint: Endpoint, path: str, body: object | None) -> object:
    """The server's JSON; tries again, with growing waits, where it is busy or does not answer."""
    wait = endpoint.wait
    for left in reversed(range(endpoint.tries)):
        try:
            return _once(endpoint, path, body)
        except urllib.error.HTTPError as error:
            with error:
                cause = f"it answered {error.code} {error.reason}"
            if error.code not in _BUSY or not left:
                raise _unusable(endpoint, cause, f"Check the URL, and {KEY_VARIABLE} if it wants a key.") from error
        except (OSError, http.client.HTTPException) as error:
            if not left:
                raise _unusable(endpoint, f"it does not answer: {error}", "Is the server running?") from error
        except ValueError as error:
            raise _unusable(endpoint, f"its answer is no JSON: {error}", "Is the URL that of an API?") from error
        time.sleep(wait)
        wait *= 2
    raise AssertionError("tries is at least 1")


def _once(endpoint: Endpoint, path: str, body: object | None) -> object:
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get(KEY_VARIABLE):
        headers["Authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(endpoint.base + path, data, headers)  # noqa: S310 - http(s) only, see Endpoint
    with urllib.request.urlopen(request, timeout=endpoint.timeout) as reply:  # noqa: S310
        result: object = json.load(reply)
    return result


def _unusable(endpoint: Endpoint, cause: str, next_step: str) -> MissingPartError:
    return MissingPartError(f"--rewriter {endpoint.base}", cause, next_step)
