"""Bytes to text and back without loss: encoding, byte order mark and newlines are kept.

What is read is what is written: `encode(document.text, document.source)` gives the original bytes, and `decode`
checks that before it returns. Text is never repaired here, only read.
"""

from __future__ import annotations

import codecs
import hashlib
import re

from charset_normalizer import CharsetMatch, from_bytes

from repair.errors import DecodeError, OutputError
from repair.records import Document, Source

# Four bytes before two: the UTF-32 mark begins with the UTF-16 one.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BOM_OF = {encoding: mark for mark, encoding in _BOMS}

# File signatures that no text begins with, from the "magic" files of file(1).
_MAGIC = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive (or docx, xlsx, epub)"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"\x1f\x8b", "gzip-compressed"),
    (b"BZh", "bzip2-compressed"),
    (b"\xfd7zXZ\x00", "xz-compressed"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"{\\rtf", "an RTF document"),
)

# The largest share of noise ("chaos") in a guessed decoding that we believe. charset-normalizer's own limit is .2; its
# right guesses on English and other European prose stay under .05, double-encoded and binary data over .1.
MAX_CHAOS = 0.1
# A guess that is not Windows-1252 must also look like a language: charset-normalizer's "coherence" of right guesses is
# .15 and more, of letters by chance 0.
MIN_COHERENCE = 0.1
# Encodings that share most letters with Windows-1252 come out within .05 of it by chance; it must be beaten by more.
COHERENCE_MARGIN = 0.1
# Control characters above this share of the text mean data, not text.
MAX_CONTROL = 0.05

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_C1 = re.compile(r"[\x80-\x84\x86-\x9f]")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_AS_TEXT = "Save it as UTF-8 text, or leave it out"


def decode(data: bytes, *, path: str, id: str | None = None) -> Document:
    """The bytes of one file as a document. `path` names it in errors; `id` is the path unless given.

    UTF-8 and UTF-16/32 with a byte order mark are read as such; UTF-8 without one next; then UTF-16 without a mark and
    Windows-1252 and the other older encodings where charset-normalizer is sure (`MAX_CHAOS`, `MIN_COHERENCE`).

    Raises DecodeError for no bytes at all, binary data, damaged UTF-8, and bytes in no encoding that we trust.
    """
    if not data:
        raise DecodeError(path, "the file is empty (0 bytes)", "Remove it, or fetch it again.")
    kind = next((name for magic, name in _MAGIC if data.startswith(magic)), None)
    if kind is not None:
        raise DecodeError(path, f"it is {kind}, not text", f"{_AS_TEXT}.")
    text, encoding, bom = _read(data, path)
    controls = len(_CONTROL.findall(text))
    if "\x00" in text or controls > MAX_CONTROL * len(text):
        raise DecodeError(path, f"it is binary data ({controls} control characters)", f"{_AS_TEXT}.")
    source = Source(path, encoding, bom, main_newline(text), hashlib.sha256(data).hexdigest())
    if encode(text, source) != data:
        raise DecodeError(path, f"read as {encoding} it would not be written back as it was", f"{_AS_TEXT}.")
    return Document(path if id is None else id, text, source)


def encode(text: str, source: Source) -> bytes:
    """The bytes of `text` in the encoding of `source`, with its byte order mark.

    Raises OutputError where the encoding has no such character.
    """
    try:
        body = text.encode(source.encoding)
    except UnicodeEncodeError as error:
        raise OutputError(
            source.path,
            f"{source.encoding} cannot write {error.object[error.start]!a} (character {error.start})",
            "Convert the file to UTF-8 and run again, or reject the change.",
        ) from error
    return _BOM_OF[source.encoding] + body if source.bom else body


def main_newline(text: str) -> str:
    r"""The newline that most lines of `text` end with; `\n` where there is none."""
    found = _NEWLINE.findall(text)
    return max(("\n", "\r\n", "\r"), key=found.count)


def _read(data: bytes, path: str) -> tuple[str, str, bool]:
    """Text, encoding, and whether a byte order mark stood before it."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), encoding, True
            except UnicodeDecodeError as error:
                if encoding.startswith("utf-32"):
                    continue  # UTF-16 whose first character is U+0000
                raise _damaged(path, encoding, error.start + len(mark)) from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if _is_mostly_utf8(data):
            raise _damaged(path, "utf-8", error.start) from error
        return _guess(data, path)
    # ASCII in UTF-16 without a mark is valid UTF-8 with a NUL beside every letter.
    return _guess(data, path) if "\x00" in text else (text, "utf-8", False)


def _damaged(path: str, encoding: str, offset: int) -> DecodeError:
    return DecodeError(path, f"it is {encoding} with a wrong byte at offset {offset}", "Fetch or convert it again.")


def _is_mostly_utf8(data: bytes) -> bool:
    """True where more characters beyond ASCII are good UTF-8 than are wrong: read as cp1252 it would be gibberish."""
    good = sum(c > "\x7f" for c in data.decode("utf-8", "ignore"))
    wrong = data.decode("utf-8", "surrogateescape")
    return good > sum("\udc80" <= c <= "\udcff" for c in wrong)


def _guess(data: bytes, path: str) -> tuple[str, str, bool]:
    """What charset-normalizer makes of bytes that are no UTF-8."""
    if b"\x00" in data:
        match = _likely(data, ["utf_16_le", "utf_16_be"])
        if match is None or not (match.coherence >= MIN_COHERENCE or _is_mostly_ascii(str(match))):
            raise DecodeError(path, "it is binary data (NUL bytes)", f"{_AS_TEXT}.")
    else:
        match = _western_or_any(data)
    if match is None:
        raise DecodeError(path, "its encoding cannot be told", "Convert it to UTF-8, or leave it out.")
    encoding = codecs.lookup(match.encoding).name
    return data.decode(encoding), encoding, False


def _is_mostly_ascii(text: str) -> bool:
    """True where every second byte of UTF-16 was NUL more often than not: by chance that does not happen."""
    return 2 * sum(c < "\x80" for c in text) > len(text)


def _western_or_any(data: bytes) -> CharsetMatch | None:
    """Windows-1252, which holds all of printable Latin-1, unless another encoding reads clearly better.

    On the few bytes of a short text the general guess alone would prefer Asian and DOS encodings.
    """
    western = _likely(data, ["cp1252"])
    other = _likely(data, None)
    if other is None or other.coherence < MIN_COHERENCE:
        return western
    close = western is not None and western.coherence + COHERENCE_MARGIN >= other.coherence
    return western if close else other


def _likely(data: bytes, encodings: list[str] | None) -> CharsetMatch | None:
    """The likeliest decoding among `encodings` (None: all), or None where it is noise or leaves C1 controls."""
    match = from_bytes(data, cp_isolation=encodings).best()
    if match is None or match.chaos > MAX_CHAOS or _C1.search(str(match)):
        return None
    return match
