"""Reading JSON with types: each wrong field is a FormatError that names the place. Writing JSON on one line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias, TypeVar

from repair.errors import FormatError
from repair.records import Span

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = Mapping[str, Json]
Word = TypeVar("Word", bound=str)

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object, read field by field. `where` names file and line for the error."""

    value: Mapping[str, object]
    where: str

    def refuse(self, cause: str) -> NoReturn:
        """Raise the FormatError that says what is wrong here."""
        raise FormatError(self.where, cause, "Mend this line or delete it; `repair clean` writes its files anew.")

    def _get(self, key: str) -> object:
        if key not in self.value:
            self.refuse(f'"{key}" is missing')
        return self.value[key]

    def text(self, key: str) -> str:
        """A string."""
        value = self._get(key)
        return value if isinstance(value, str) else self.refuse(f'"{key}" is no string')

    def maybe_text(self, key: str) -> str | None:
        """A string, or None where the field is null or missing."""
        return None if self.value.get(key) is None else self.text(key)

    def number(self, key: str) -> float:
        """A finite number."""
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(f'"{key}" is no number')
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        return number if math.isfinite(number) else self.refuse(f'"{key}" is not finite')

    def maybe_number(self, key: str) -> float | None:
        """A finite number, or None where the field is null or missing."""
        return None if self.value.get(key) is None else self.number(key)

    def integer(self, key: str) -> int:
        """A whole number."""
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(f'"{key}" is no whole number')
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self._get(key)
        return value if isinstance(value, bool) else self.refuse(f'"{key}" is neither true nor false')

    def one_of(self, key: str, words: Sequence[Word]) -> Word:
        """One of `words`."""
        text = self.text(key)
        found = next((word for word in words if word == text), None)
        return self.refuse(f'"{key}" is {text!r}, not one of {", ".join(words)}') if found is None else found

    def _list(self, key: str) -> Sequence[object]:
        value = self._get(key)
        return value if isinstance(value, list) else self.refuse(f'"{key}" is no list')

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        values = self._list(key)
        words = tuple(value for value in values if isinstance(value, str))
        return words if len(words) == len(values) else self.refuse(f'"{key}" holds something that is no string')

    def object(self, key: str) -> Fields:
        """An object inside this one."""
        return _fields(self._get(key), f"{self.where}, {key}")

    def objects(self, key: str) -> tuple[Fields, ...]:
        """A list of objects."""
        return tuple(_fields(value, f"{self.where}, {key}[{n}]") for n, value in enumerate(self._list(key)))

    def span(self) -> Span:
        """The span that `start` and `end` give."""
        start, end = self.integer("start"), self.integer("end")
        if not 0 <= start <= end:
            self.refuse(f"{start}..{end} is no span")
        return Span(start, end)


def _fields(value: object, where: str) -> Fields:
    if not isinstance(value, dict):
        raise FormatError(where, "this is no JSON object", "Mend this line or delete it.")
    return Fields(value, where)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def parse(line: str, where: str) -> Fields:
    """The object that one line of JSON holds. Raises FormatError, naming `where`."""
    try:
        value: object = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FormatError(where, f"not valid JSON ({error})", "Mend this line or delete it.") from error
    return _fields(value, where)


def dump(value: Json) -> str:
    """JSON on one line, without its newline; readable, yet safe to encode whatever the text holds.

    Raises ValueError for a number that is not finite: JSON has none.
    """
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", line)
