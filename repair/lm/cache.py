"""The user's model cache: where it is, what a finished model looks like in it, and whether it is still whole.

    <cache>/models/<name>@<sha8>/   a finished model: config.json, tokenizer.json, *.safetensors, stamp.json
    <cache>/partial/<name>/         work of a fetch that runs, or leftovers of one that died
    <cache>/locks/<name>.lock       held while a fetch runs

A folder under `models` appears by one rename, so it is whole or absent.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_cache_path

from repair.errors import ModelError
from repair.lm.card import ModelCard

STAMP = "stamp.json"
# Raise it whenever `convert` writes other bytes than before: models converted by an older one are fetched again.
CONVERTER = 1
AGAIN = "Fetch it again: `repair models fetch`."


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Size in bytes and digest of a file in a finished model."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a finished model was made from, and what its files must be."""

    name: str
    package: str
    version: str
    wheel_sha256: str
    weights_sha256: str
    """Of the weights as they came, before any conversion."""
    converter: int
    files: dict[str, FileStamp]


def cache_dir() -> Path:
    """The folder that `REPAIR_CACHE` names, else the user's cache (`XDG_CACHE_HOME`)."""
    chosen = os.environ.get("REPAIR_CACHE")
    return Path(chosen).expanduser().absolute() if chosen else user_cache_path("repair", appauthor=False)


def home_of(card: ModelCard) -> Path:
    """Where a finished model lies, whether it is there or not."""
    return cache_dir() / "models" / f"{card.name}@{card.sha256[:8]}"


def installed(card: ModelCard) -> Path | None:
    """The finished model's folder, or None. Looks at its stamp and at file sizes, not at digests."""
    home = home_of(card)
    if not (home / STAMP).is_file():
        return None
    stamp = read_stamp(home)
    made_from = (card.wheel.sha256, CONVERTER)
    sizes = all((home / n).is_file() and (home / n).stat().st_size == f.size for n, f in stamp.files.items())
    return home if sizes and (stamp.wheel_sha256, stamp.converter) == made_from else None


def stamp_folder(card: ModelCard, folder: Path) -> Stamp:
    """Write the stamp of all files in `folder`, and push everything to the disk."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    files = {path.name: FileStamp(path.stat().st_size, digest(path)) for path in paths}
    wheel = card.wheel
    stamp = Stamp(card.name, wheel.package, wheel.version, wheel.sha256, card.sha256, CONVERTER, files)
    (folder / STAMP).write_text(json.dumps(asdict(stamp), indent=1) + "\n", encoding="utf-8", newline="\n")
    for path in (*paths, folder / STAMP):
        path.chmod(0o644)  # weights are no secret, and the cache may be shared
        sync(path)
    sync(folder)
    return stamp


def read_stamp(folder: Path) -> Stamp:
    """The stamp of a finished model. Raises ModelError where it is missing or damaged."""
    path = folder / STAMP
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        files = {name: FileStamp(**file) for name, file in table.pop("files").items()}
        return Stamp(**table, files=files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(str(path), f"cannot be read: {error}", AGAIN) from error


def check_digests(folder: Path) -> None:
    """Compare every file of a finished model with its stamp. Raises ModelError that names the first bad one."""
    stamp = read_stamp(folder)
    for name, expected in stamp.files.items():
        path = folder / name
        if not path.is_file():
            raise ModelError(str(path), "the file is gone", AGAIN)
        if (actual := digest(path)) != expected.sha256:
            cause = f"its sha256 is {actual[:16]}…, expected {expected.sha256[:16]}…"
            raise ModelError(str(path), cause, AGAIN)


def digest(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Push a file, or the entries of a folder, to the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
