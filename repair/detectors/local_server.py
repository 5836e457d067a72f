"""A LanguageTool server of our own: on 127.0.0.1, started, watched, and gone when we are."""

from __future__ import annotations

import atexit
import http.client
import logging
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from repair.errors import MissingPartError

log = logging.getLogger(__name__)

START_SECONDS = 90.0
"""How long Java may take: 1 s when idle, half a minute where every core is busy."""
STOP_SECONDS = 5.0

_JAVA_OPTIONS = ("-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""A bound on memory, no threads of its own for that, and the quick compiler alone: runs are too short for the other."""

# Its standard input closes when we die, however we die; then it ends the server.
_WATCH = """
import os, signal, sys
sys.stdin.buffer.read()
try:
    os.kill(int(sys.argv[1]), getattr(signal, "SIGKILL", signal.SIGTERM))
except ProcessLookupError:
    pass
"""


class LocalServer:
    """One Java process and the small one that watches over it."""

    is_ours = True

    def __init__(self, version: str, *, seconds: float = START_SECONDS) -> None:
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None
        self._version = version
        self._seconds = seconds
        self._watcher: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers; one that still runs is stopped first.

        Raises MissingPartError where it ends at once or does not answer in time.
        """
        self.stop()
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}/v2/"
        atexit.register(self.stop)
        self.process = _spawn(_command(self._version, port))
        watch = [sys.executable, "-I", "-S", "-c", _WATCH, str(self.process.pid)]
        self._watcher = subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603
        try:
            self._wait(self.process)
        except MissingPartError:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server, politely first, and then its watcher."""
        if self.process is not None:
            _end(self.process)
        # After the server, so that its process id cannot have gone to another process when the watcher acts on it.
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
        self.process = self._watcher = None
        atexit.unregister(self.stop)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self._seconds
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise MissingPartError(
                    "LanguageTool", f"its server ended with code {process.returncode}", "Run `repair doctor`."
                )
            if _answers(self.url):
                return
            time.sleep(0.1)
        raise MissingPartError("LanguageTool", f"no answer within {self._seconds:.0f} s", "Try `--grammar harper`.")


def _command(version: str, port: int) -> list[str]:
    from language_tool_python.download_lt import LocalLanguageTool

    java, *rest = LocalLanguageTool.from_version_name(version).get_server_cmd(port)
    return [java, *_JAVA_OPTIONS, *rest]


def _spawn(command: list[str]) -> subprocess.Popen[bytes]:
    """A session of its own: Ctrl-C in the terminal is ours to answer, not the server's."""
    quiet = subprocess.DEVNULL
    try:
        return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)  # noqa: S603
    except OSError as error:
        raise MissingPartError(command[0], str(error), "Install Java 17 or newer.") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url + "healthcheck", timeout=2) as response:
            return bool(response.status == 200)
    except urllib.error.HTTPError:
        return False
    except (OSError, http.client.HTTPException):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
