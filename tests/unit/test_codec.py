"""Bytes to text and back: nothing is lost, nothing is guessed that is not sure."""

from __future__ import annotations

import codecs
import hashlib
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from repair.errors import DecodeError, OutputError
from repair.records import Source
from repair.text.codec import decode, encode, main_newline

ARTICLE = (
    "The minister said the café on the corner was “closed” — for good.\r\n\r\n"
    "It’s £5 to see the façade, he added, and the queue is long."
)
MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
# Text as files hold it: any character but control characters, with newlines of every kind.
texts = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\t\n\r"), min_size=1)


@pytest.mark.parametrize("encoding", MARKS)
@settings(deadline=None)
@given(text=texts)
@example(text="one\r\ntwo\rthree\nfour")
@example(text="\ufeffa mark inside")
def test_marked_text_comes_back(encoding: str, text: str) -> None:
    data = MARKS[encoding] + text.encode(encoding)
    document = decode(data, path="a.txt")
    assert (document.text, document.source.encoding, document.source.bom) == (text, encoding, True)
    assert encode(document.text, document.source) == data


@settings(deadline=None)
@given(text=texts)
def test_utf8_comes_back(text: str) -> None:
    data = text.encode()
    assume(not data.startswith((codecs.BOM_UTF8, b"%PDF-", b"PK\x03", b"GIF8", b"BZh", b"{\\rtf")))
    document = decode(data, path="a.txt")
    assert (document.text, document.source.encoding, document.source.bom) == (text, "utf-8", False)
    assert encode(document.text, document.source) == data


@settings(deadline=None)
@given(data=st.binary(min_size=1))
@example(data=codecs.BOM_UTF16_LE + b"\x00\x00a\x00")
@example(data=b"caf\xe9")
def test_any_bytes_come_back_or_are_refused(data: bytes) -> None:
    try:
        document = decode(data, path="a.bin")
    except DecodeError:
        return  # test_refused_bytes_name_file_and_cause says which are
    assert encode(document.text, document.source) == data


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", ARTICLE),
        ("cp1252", "It’s late."),
        ("cp1252", "café"),
        ("cp1252", "Málaga and São Paulo were closed by the police on Monday."),
        ("cp1251", "Премьер-министр сказал в понедельник, что переговоры будут продолжены. " * 3),
        ("cp932", "首相は月曜日、協議を続けると述べた。会談は来週の予定だ。" * 3),
        ("utf-16-le", ARTICLE),
        ("utf-16-be", "The minister left on Monday.\r\n"),
    ],
)
def test_unmarked_encodings(encoding: str, text: str) -> None:
    document = decode(text.encode(encoding), path="a.txt")
    assert (document.text, document.source.encoding) == (text, encoding)


def test_what_the_source_says() -> None:
    data = codecs.BOM_UTF8 + b"one\r\ntwo\r\nthree\n"
    document = decode(data, path="news/a.txt", id="a")
    assert document.id == "a"
    assert document.text == "one\r\ntwo\r\nthree\n"
    assert document.source == Source("news/a.txt", "utf-8", True, "\r\n", hashlib.sha256(data).hexdigest())


def test_the_path_is_the_id_of_a_document_without_one() -> None:
    assert decode(b"one", path="news/a.txt").id == "news/a.txt"


@pytest.mark.parametrize(
    ("text", "newline"),
    [("", "\n"), ("a", "\n"), ("a\nb", "\n"), ("a\r\nb\r\nc\nd", "\r\n"), ("a\rb", "\r"), ("a\nb\r\nc", "\n")],
)
def test_main_newline(text: str, newline: str) -> None:
    assert main_newline(text) == newline


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "the file is empty (0 bytes)"),
        (b"%PDF-1.7\n1 0 obj", "a PDF document"),
        (b"PK\x03\x04\x14\x00", "a zip archive"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "a PNG image"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG image"),
        (b"\x1f\x8b\x08\x00", "gzip-compressed"),
        (b"plain\x00then\x00\x00more", "binary data"),
        (b"\x01\x02\x03\x04 four words of text", "binary data (4 control characters)"),
        (codecs.BOM_UTF16_LE + b"a", "utf-16-le with a wrong byte at offset 2"),
        ("“Café” is “closed”.".encode() + b"\xe2\x80", "utf-8 with a wrong byte at offset 28"),
        (b"caf\x81\x8d", "encoding cannot be told"),
        (bytes(range(128, 256)) * 4, "encoding cannot be told"),
    ],
)
def test_refused_bytes_name_file_and_cause(data: bytes, cause: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(data, path="news/a.txt")
    assert caught.value.what == "news/a.txt"
    assert cause in caught.value.cause
    assert caught.value.next_step.endswith(".")


def test_a_character_that_the_encoding_has_not() -> None:
    with pytest.raises(OutputError, match=r"a\.txt: cp1252 cannot write '\\u20b9' \(character 6\)"):
        encode("Price ₹5", Source("a.txt", "cp1252"))


def test_the_seeds_come_back(root: Path) -> None:
    for path in sorted((root / "seeds").glob("*.txt")):
        document = decode(path.read_bytes(), path=path.name)
        assert encode(document.text, document.source) == path.read_bytes()
