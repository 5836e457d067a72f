"""Settings: each default explained where it stands. Loading them from flags, environment and files."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import NoneType
from typing import Literal, get_args, get_origin, get_type_hints

from repair.errors import ConfigError

ApplyPolicy = Literal["none", "safe", "all"]
Device = Literal["auto", "cpu", "cuda"]
Value = str | int | float | bool | None

ENVIRONMENT = "REPAIR_"
"""What the name of a setting in the environment begins with: `REPAIR_THRESHOLD=0.9`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every stage may ask. Frozen; a stage never changes it.

    Raises ConfigError for a value that no stage could use.
    """

    lm: str = "smollm2-135m-instruct"
    """The causal language model: a name in `models/`, a folder, or a hub name."""
    embedder: str = "all-minilm-l6-v2"
    """The sentence embedder, likewise."""
    threshold: float | None = None
    """Probability from which a sentence is flagged; None takes the one kept with the scorer (1 % false
    positives on clean news)."""
    context_tokens: int = 128
    """Tokens of the document before a sentence that the language model may see. `eval/context` shows why."""
    sources: str | None = None
    """A folder of clean articles that are not in the archive."""
    apply: ApplyPolicy = "safe"
    """`safe` applies what a clean source or a sure rule supports; `all` also what only the model proposes;
    neither ever applies what the gate refused."""
    rewriter: str = "lm"
    """`none`, `lm` (the small model), a model's name or folder, or the URL of an OpenAI-compatible server."""
    grammar: str = "auto"
    """`none`, `harper`, `languagetool`, the URL of a LanguageTool server, or `auto`: LanguageTool where it is
    ready, else Harper."""
    device: Device = "auto"
    jobs: int = 1
    """Processes that read, split and write. The model has its own threads."""
    text_field: str | None = None
    """The column with the text in jsonl, csv and parquet; None tries `text`, `content`, `body`, `article`."""
    offline: bool = True
    """Nothing leaves this machine; only an explicit URL does."""

    def __post_init__(self) -> None:
        for name, hint in _hints().items():
            object.__setattr__(self, name, _check(name, getattr(self, name), hint, "the settings"))

    def fingerprint(self, *names: str) -> str:
        """The first 8 hex digits of the sha256 of the named settings, for signatures."""
        values = json.dumps({name: getattr(self, name) for name in sorted(names)})
        return hashlib.sha256(values.encode()).hexdigest()[:8]


_RANGES: Mapping[str, tuple[float, float]] = {"threshold": (0, 1), "context_tokens": (0, 8192), "jobs": (1, 1024)}


def load(
    flags: Mapping[str, Value] | None = None,
    *,
    config: Path | None = None,
    start: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Settings from flags over environment (`REPAIR_…`) over one file over the defaults.

    The file is `config`, else the nearest `repair.toml`, or `pyproject.toml` with a `[tool.repair]` table, in
    `start` (default: the working folder) or a parent of it. A flag that is None was not given. `sources` in a
    file is taken relative to that file. Raises ConfigError.
    """
    values: dict[str, Value] = {}
    path = config or _nearest(start or Path.cwd())
    if path is not None:
        values |= _from_file(path)
    values |= _from_environment(os.environ if environ is None else environ)
    for name, value in (flags or {}).items():
        if value is not None:
            values[name] = _check(name, value, _hints()[name], f"--{name.replace('_', '-')}")
    return Settings(**values)  # type: ignore[arg-type]  # each value was checked against its field's type


def nearest_names(name: str, known: Iterable[str]) -> str:
    """A hint for a mistyped name: "Did you mean `x`?", or all known names."""
    known = sorted(known)
    close = get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    return f"Did you mean `{close[0]}`?" if close else f"Known are: {', '.join(known)}."


def _hints() -> dict[str, object]:
    return get_type_hints(Settings)


def _nearest(start: Path) -> Path | None:
    for folder in (start, *start.resolve().parents):
        if (own := folder / "repair.toml").is_file():
            return own
        if (shared := folder / "pyproject.toml").is_file() and _table(shared, required=False) is not None:
            return shared
    return None


def _table(path: Path, *, required: bool) -> dict[str, object] | None:
    """The settings in a file: `[tool.repair]` of a pyproject.toml, the whole of any other."""
    try:
        content: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(str(path), error.strerror or str(error), "Name a file that can be read.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if not required:  # someone else's pyproject.toml: not ours to judge, and not ours to obey
            return None
        raise ConfigError(str(path), f"it is no TOML ({error})", "Correct the file.") from error
    if path.name != "pyproject.toml":
        return content
    tool = content.get("tool")
    table = tool.get("repair") if isinstance(tool, dict) else None
    if table is None and required:
        raise ConfigError(str(path), "it has no [tool.repair] table", "Add one, or name another file.")
    if table is not None and not isinstance(table, dict):
        raise ConfigError(str(path), "tool.repair is no table", "Write [tool.repair] and the settings below it.")
    return table


def _from_file(path: Path) -> dict[str, Value]:
    hints = _hints()
    values: dict[str, Value] = {}
    for key, value in (_table(path, required=True) or {}).items():
        name = key.replace("-", "_")
        if name not in hints:
            raise ConfigError(str(path), f"`{key}` is no setting", nearest_names(name, hints))
        values[name] = _check(name, value, hints[name], str(path))
    if values.get("sources"):
        values["sources"] = str(path.parent / str(values["sources"]))
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, Value]:
    """Other variables may begin like ours (REPAIR_CACHE does), so only a near miss is an error."""
    hints = _hints()
    values: dict[str, Value] = {}
    for key, text in environ.items():
        if not key.startswith(ENVIRONMENT):
            continue
        name = key.removeprefix(ENVIRONMENT).lower()
        if name in hints:
            values[name] = _check(name, _parse(text, hints[name]), hints[name], f"environment variable {key}")
        elif get_close_matches(name, hints, n=1, cutoff=0.8):
            raise ConfigError(f"environment variable {key}", "it is no setting", nearest_names(name, hints))
    return values


def _choices(hint: object) -> tuple[object, ...]:
    """The types, or the literal values, that a hint allows."""
    return get_args(hint) or (hint,)


def _parse(text: str, hint: object) -> Value:
    """What the text of an environment variable stands for; the text itself where it stands for nothing."""
    allowed = _choices(hint)
    if bool in allowed:
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(text.lower(), text)
    if NoneType in allowed and not text:
        return None
    for kind in (int, float):
        if kind in allowed:
            try:
                return kind(text)
            except ValueError:
                return text
    return text


def _check(name: str, value: object, hint: object, where: str) -> Value:
    """`value` where it is of the setting's type and range. Raises ConfigError naming what is allowed."""
    allowed = _choices(hint)
    if get_origin(hint) is Literal:
        if value in allowed:
            return str(value)
        choices = ", ".join(str(choice) for choice in allowed)
        raise ConfigError(where, f"`{name}` cannot be {value!r}", f"Choose one of: {choices}.")
    if float in allowed and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) not in allowed or not isinstance(value, str | int | float | None):
        wanted = " or ".join(_WORDS[kind] for kind in allowed if kind is not NoneType)
        raise ConfigError(where, f"`{name}` cannot be {value!r}", f"Give {wanted}.")
    low, high = _RANGES.get(name, (float("-inf"), float("inf")))
    if isinstance(value, int | float) and not low <= value <= high:
        raise ConfigError(where, f"`{name}` cannot be {value!r}", f"Give a number from {low} to {high}.")
    return value


_WORDS: Mapping[object, str] = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
