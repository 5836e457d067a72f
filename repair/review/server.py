"""The report on 127.0.0.1, where each decision is on the disk before the page is told that it is.

Only this machine can connect, and only the page that we sent can write: its requests carry a random token,
and Host and Origin must be ours, which keeps out other sites that are open in the same browser. Not covered:
another user of this machine who reads the page itself.
"""

from __future__ import annotations

import errno
import getpass
import logging
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from repair.archive.fields import dump
from repair.archive.out import (
    OutFolder,
    append_decisions,
    parse_decisions,
    read_decisions,
    read_suggestions,
    take_back,
    unknown_ids,
)
from repair.archive.serial import decision_to_json
from repair.errors import ConfigError, InputError, RepairError
from repair.review.report import Served, build, load

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
MOST_BYTES = 4 << 20
"""Largest body that is read: some 20,000 decisions, more than an import brings."""
_JSONL = "application/jsonl"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def serve(out: Path, port: int = 0, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve the report until Ctrl-C, then build OUT/report.html again with what was decided.

    Port 0 takes any free one; `on_ready` is told the address. Raises ConfigError where the port cannot be
    had, InputError, OutputError.
    """
    with ReviewServer(out, port) as server:
        if on_ready:
            on_ready(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            log.info("interrupted; %s is done", server.url)
        with server.writing:  # a decision on its way to the disk comes first
            build(out)


class ReviewServer(ThreadingHTTPServer):
    """One OUT folder, served. `with` closes the port."""

    daemon_threads = True

    def __init__(self, out: Path, port: int = 0) -> None:
        """Raises ConfigError where the port cannot be had, InputError where OUT holds no report, OutputError."""
        build(out)
        self.out = OutFolder(out)
        self.suggestions = tuple(read_suggestions(self.out.suggestions))
        self.served = Served(token=secrets.token_urlsafe(24), by=_user())
        self.writing = threading.Lock()
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise ConfigError(f"port {port}", _why_not(error), "Choose another port, or 0 for any free one.") from error

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - its signature
        """What socketserver would print, such as a page that was closed while it loaded."""
        log.warning("a request of %s failed", client_address, exc_info=True)

    @property
    def url(self) -> str:
        """The address of the report."""
        return f"http://{HOST}:{self.server_port}/"


class _RefusedError(Exception):
    """A request that is not answered: the status and, in words, why."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    timeout = 30  # seconds that a silent connection is kept

    def _handle(self) -> None:
        try:
            text, kind = self._reply()
        except _RefusedError as refused:
            self._answer(refused.status, str(refused))
        except InputError as error:
            self._answer(HTTPStatus.BAD_REQUEST, str(error))
        except RepairError as error:
            log.error("%s", error)
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        else:
            self._answer(HTTPStatus.OK, text, kind)

    do_GET = do_POST = do_DELETE = _handle  # noqa: N815 - the names that http.server calls

    def _reply(self) -> tuple[str, str]:
        """The text that answers this request, and its media type."""
        url = urlsplit(self.path)
        routes: dict[tuple[str, str], Callable[[], tuple[str, str]]] = {
            ("GET", "/"): self._page,
            ("GET", "/favicon.ico"): lambda: ("", "image/x-icon"),
            ("GET", "/api/decisions"): self._decisions,
            ("POST", "/api/decisions"): self._add,
            ("DELETE", "/api/decisions"): lambda: self._take_back(parse_qs(url.query).get("id", [])),
        }
        route = routes.get((self.command, url.path))
        if route is None:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")
        self._check_sender(needs_token=url.path.startswith("/api/"))
        return route()

    def _check_sender(self, *, needs_token: bool) -> None:
        hosts = {f"{HOST}:{self.server.server_port}", f"localhost:{self.server.server_port}"}
        host, origin = self.headers.get("Host"), self.headers.get("Origin")
        if host not in hosts or origin not in (None, f"http://{host}"):
            raise _RefusedError(HTTPStatus.FORBIDDEN, "this server answers to its own page only")
        token = self.headers.get("X-Repair-Token", "")
        if needs_token and not secrets.compare_digest(token.encode(), self.server.served.token.encode()):
            raise _RefusedError(HTTPStatus.FORBIDDEN, "the server was started again: load the page anew")

    def _page(self) -> tuple[str, str]:
        return load(self.server.out.root, self.server.served), "text/html"

    def _decisions(self) -> tuple[str, str]:
        rows = read_decisions(self.server.out.decisions)
        return "".join(f"{dump(decision_to_json(row))}\n" for row in rows), _JSONL

    def _add(self) -> tuple[str, str]:
        decisions = parse_decisions(self._body(), "the decisions sent,")
        with self.server.writing:
            append_decisions(self.server.out.decisions, decisions)
        for id in unknown_ids(decisions, self.server.suggestions):
            log.warning("a decision on %r was kept, but this report has no such suggestion", id)
        return "", "text/plain"

    def _take_back(self, ids: list[str]) -> tuple[str, str]:
        if len(ids) != 1:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "name one suggestion: ?id=…")
        with self.server.writing:
            take_back(self.server.out.decisions, ids[0])
        return "", "text/plain"

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "the length of the decisions is missing")
        if len(length) > len(str(MOST_BYTES)) or int(length) > MOST_BYTES:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MOST_BYTES >> 20} MiB at once")
        return self.rfile.read(int(length))

    def _answer(self, status: HTTPStatus, text: str, kind: str = "text/plain") -> None:
        data = text.encode("utf-8", "replace")
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": f"{kind}; charset=utf-8"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """What http.server would print."""
        log.debug(format, *args)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user id without a name, as in some containers
        return "reviewer"


def _why_not(error: OSError | OverflowError) -> str:
    if isinstance(error, OverflowError):
        return "ports go from 0 to 65535"
    if error.errno == errno.EADDRINUSE:
        return "another program is using it"
    return error.strerror or str(error)
