"""Files as documents and back: what was not changed is the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from repair.archive.formats import parse_container
from repair.errors import DecodeError, FormatError, OutputError

words = st.one_of(
    st.text(st.sampled_from('aé "“,;|\t\n\r\u2028\\/'), max_size=8),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20),
)


def ids(data: bytes, path: str, text_field: str | None = None) -> list[str]:
    return [document.id for document in parse_container(data, path=path, text_field=text_field).documents]


def texts(data: bytes, path: str, text_field: str | None = None) -> list[str]:
    return [document.text for document in parse_container(data, path=path, text_field=text_field).documents]


# ------------------------------------------------------------------ plain text


def test_plain_text() -> None:
    data = b"\xef\xbb\xbfOne.\r\nTwo."
    container = parse_container(data, path="news/a.txt", name="a.txt")
    (document,) = container.documents
    assert (document.id, document.source.path, document.text) == ("a.txt", "news/a.txt", "One.\r\nTwo.")
    assert container.writable
    assert container.write({}) == data
    assert container.write({"a.txt": document.text}) == data
    assert container.write({"a.txt": "Onë.\r\nTwo."}) == "\ufeffOnë.\r\nTwo.".encode()


@pytest.mark.parametrize("path", ["a.txt", "a.md", "a", "a.TXT", "a.story"])
def test_any_ending_is_a_text(path: str) -> None:
    assert texts(b"One.", path) == ["One."]


def test_an_unknown_id_is_refused() -> None:
    with pytest.raises(KeyError):
        parse_container(b"One.", path="a.txt").write({"b.txt": "Two."})


def test_a_text_that_the_encoding_cannot_hold() -> None:
    container = parse_container("The café is “closed”.".encode("cp1252"), path="a.txt")
    with pytest.raises(OutputError, match="cp1252 cannot write"):
        container.write({"a.txt": "Price ₹5"})


def test_a_json_file_is_refused() -> None:
    with pytest.raises(FormatError, match=r"a\.json: a JSON file is no text\. Write one JSON object a line"):
        parse_container(b"{}", path="a.json")


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(DecodeError, match="the file is empty"):
        parse_container(b"", path="empty.jsonl")


# ------------------------------------------------------------------ JSON lines

JSONL = (
    b'{"id": "x", "n": 1.50, "text": "One \\u201cA\\u201d.", "tags": ["a", {"text": "no"}]}\r\n'
    b"\n"
    b'  { "text" : "Two \xe2\x80\x9cB\xe2\x80\x9d.\\/" , "id":7}\n'
    b'{"title": "Three", "text": null}\n'
    b'{"id": "x", "text": "Four."}'
)


def test_jsonl_documents() -> None:
    assert ids(JSONL, "a.jsonl") == ["x", "7", "a.jsonl:3", "x#2"]
    assert texts(JSONL, "a.jsonl") == ["One “A”.", "Two “B”./", "", "Four."]


def test_jsonl_changes_one_string_and_nothing_else() -> None:
    container = parse_container(JSONL, path="a.jsonl")
    assert container.write({}) == JSONL
    assert container.write({"x": "One “A”.", "7": "Two “B”./"}) == JSONL
    changed = container.write({"x": "Ünd \n", "7": "“B”"})
    # Escaped where the old string was escaped, plain where it was plain.
    assert changed == JSONL.replace(b"One \\u201cA\\u201d.", b"\\u00dcnd \\n").replace(
        b"Two \xe2\x80\x9cB\xe2\x80\x9d.\\/", "“B”".encode()
    )


def test_jsonl_in_an_older_encoding_escapes_what_it_cannot_hold() -> None:
    data = '{"text": "The café on the corner is “closed” today."}\n'.encode("cp1252")
    container = parse_container(data, path="a.jsonl")
    assert json.loads(container.write({"a.jsonl:1": "Price ₹5"}).decode("cp1252")) == {"text": "Price ₹5"}


def test_jsonl_a_row_without_a_text_cannot_be_given_one() -> None:
    with pytest.raises(KeyError):
        parse_container(JSONL, path="a.jsonl").write({"a.jsonl:3": "New."})


@settings(deadline=None)
@given(rows=st.lists(st.tuples(words, words), min_size=1, max_size=6), ascii_only=st.booleans(), new=words)
def test_jsonl_comes_back(rows: list[tuple[str, str]], ascii_only: bool, new: str) -> None:
    lines = [json.dumps({"title": title, "text": text}, ensure_ascii=ascii_only) for title, text in rows]
    data = "\n".join(lines).encode()
    container = parse_container(data, path="a.jsonl")
    assert [document.text for document in container.documents] == [text for _, text in rows]
    assert container.write({}) == data
    after = container.write({container.documents[0].id: new})
    assert after.decode().split("\n")[1:] == lines[1:]
    assert json.loads(after.decode().split("\n")[0]) == {"title": rows[0][0], "text": new}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"text": "a"}\n{"text": \n', r"a\.jsonl, line 2: no JSON object"),
        (b'{"text": "a"}\n["b"]\n', r"a\.jsonl, line 2: no JSON object \(not an object\)"),
        (b'{"text": "a"} {"text": "b"}', r"a\.jsonl, line 1: no JSON object \(Extra data\)"),
        (b'{"text": "a"}\n\n{"text": 5}', r"a\.jsonl, line 3: its text is no string"),
        (b'{"title": "a", "lead": "b"}', r"its columns are title, lead.*--text-field"),
        (b'{"text": "a \\ud83d"}', r"row 1 has half a surrogate pair"),
        (b"\n \n", r"a\.jsonl: it has no rows"),
        (b'{"text": ' + b"[" * 100_000, r"a\.jsonl, line 1: no JSON object"),
    ],
)
def test_jsonl_a_bad_row_fails_the_file(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_container(data, path="a.jsonl")


# ------------------------------------------------------------------ which column, which id


@pytest.mark.parametrize(
    ("line", "text_field", "text"),
    [
        ('{"body": "b", "content": "c"}', None, "c"),
        ('{"article": "a", "body": "b"}', None, "b"),
        ('{"text": "t", "lead": "l"}', "lead", "l"),
    ],
)
def test_the_column_of_the_text(line: str, text_field: str | None, text: str) -> None:
    assert texts(line.encode(), "a.jsonl", text_field) == [text]


def test_a_named_column_that_is_not_there() -> None:
    with pytest.raises(FormatError, match=r"a\.csv: no column lead; its columns are id, text"):
        parse_container(b"id,text\n1,a\n", path="a.csv", text_field="lead")


def test_double_ids_get_a_number() -> None:
    rows = ["a", "a", "a#2", "a", ""]
    data = "\n".join(json.dumps({"id": id, "text": "t"}) for id in rows).encode()
    assert ids(data, "a.jsonl") == ["a", "a#2", "a#2#2", "a#3", "a.jsonl:5"]


# ------------------------------------------------------------------ CSV and TSV

CSV = (
    b"\xef\xbb\xbfid;title;text\r\n"
    b'1;"One; ""A""";"First line.\r\nSecond ""line""."\r\n'
    b"\r\n"
    b"2;Two;Plain text.\r\n"
    b'3;Three;""\r\n'
    b'4;Four;"No end of line"'
)


def test_csv_documents() -> None:
    assert ids(CSV, "a.csv") == ["1", "2", "3", "4"]
    assert texts(CSV, "a.csv") == ['First line.\r\nSecond "line".', "Plain text.", "", "No end of line"]


def test_csv_changes_one_field_and_nothing_else() -> None:
    container = parse_container(CSV, path="a.csv")
    assert container.write({"2": "Plain text."}) == CSV
    assert container.write({"2": "Other text."}) == CSV.replace(b"Plain text.", b"Other text.")
    assert container.write({"2": 'A; "B"'}) == CSV.replace(b"Plain text.", b'"A; ""B"""')
    assert container.write({"1": "New.", "4": "End"}) == CSV.replace(
        b'"First line.\r\nSecond ""line""."', b'"New."'
    ).replace(b'"No end of line"', b'"End"')


def test_csv_an_emptied_field_is_still_a_row() -> None:
    after = parse_container(b"text\none\ntwo\n", path="a.csv").write({"a.csv:1": ""})
    assert texts(after, "a.csv") == ["", "two"]


@pytest.mark.parametrize(
    ("data", "path", "text"),
    [
        (b"id,text\n1,a b\n", "a.csv", "a b"),
        (b"id|text\n1|a, b\n", "a.csv", "a, b"),
        (b"id\ttext\n1\ta, b\n", "a.csv", "a, b"),
        (b"id\ttext;x\ttext\n1\t2\ta\n", "a.tsv", "a"),
        (b"a,b;text\n1,2;c\n", "a.csv", "c"),
        (b"text\rone\r", "a.csv", "one"),
    ],
)
def test_csv_delimiters(data: bytes, path: str, text: str) -> None:
    assert texts(data, path) == [text]


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(words, words, words), min_size=1, max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    quote_all=st.booleans(),
    newline=st.sampled_from(["\n", "\r\n"]),
    new=words,
)
@example(rows=[("", "", "")], delimiter="\t", quote_all=False, newline="\n", new="a")
def test_csv_comes_back(
    rows: list[tuple[str, str, str]], delimiter: str, quote_all: bool, newline: str, new: str
) -> None:
    data = written([("title", "text", "tail"), *rows], delimiter, quote_all, newline)
    container = parse_container(data, path="a.csv")
    assert [document.text for document in container.documents] == [row[1] for row in rows]
    assert container.write({}) == data
    after = container.write({container.documents[0].id: new})
    read = list(csv.reader(io.StringIO(after.decode(), newline=""), delimiter=delimiter, strict=True))
    assert read[1:] == [[rows[0][0], new, rows[0][2]], *map(list, rows[1:])]
    assert after.endswith(written(rows[1:], delimiter, quote_all, newline))


def written(rows: Sequence[Sequence[str]], delimiter: str, quote_all: bool, newline: str) -> bytes:
    """Rows as CSV. Not by csv.writer: before Python 3.13 it leaves a lone carriage return without quotation marks."""

    def field(text: str) -> str:
        marked = quote_all or any(mark in text for mark in (delimiter, '"', "\r", "\n"))
        return '"' + text.replace('"', '""') + '"' if marked else text

    return "".join(delimiter.join(map(field, row)) + newline for row in rows).encode()


def test_csv_a_long_article() -> None:
    article = "The town will mend the bridge. " * 10_000
    assert texts(f"text,n\n{article},1\n".encode(), "a.csv") == [article]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'id,text\n1,a\n2,"b\n3,c\n', r"a\.csv, line 3: unexpected end of data"),
        (b'id,text\n1,"a"b\n', r"a\.csv, line 2: .*expected after"),
        (b"id,text\n1,a\n2\n", r"a\.csv, line 3: 1 fields where the header has 2"),
        (b"id,lead\n1,a\n", r"its columns are id, lead"),
        (b" \n\n", r"a\.csv: it has no header"),
    ],
)
def test_csv_a_bad_row_fails_the_file(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_container(data, path="a.csv")


# ------------------------------------------------------------------ Parquet


def parquet(table: pa.Table, compression: str = "zstd", row_group_size: int = 2) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression=compression, row_group_size=row_group_size)
    return bytes(sink.getvalue())


def a_table(kind: pa.DataType) -> pa.Table:
    field = pa.field("text", kind, metadata={"lang": "en"})
    schema = pa.schema([("id", pa.int64()), field, ("tags", pa.list_(pa.string()))], metadata={"made": "by hand"})
    column = pa.array(["One.", None, "Three."], pa.string()).cast(kind)
    return pa.table([pa.array([1, 2, 2]), column, pa.array([["a"], [], None], pa.list_(pa.string()))], schema=schema)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "lz4"])
def test_parquet(kind: pa.DataType, compression: str) -> None:
    table = a_table(kind)
    data = parquet(table, compression)
    container = parse_container(data, path="a.parquet")
    assert [(d.id, d.text) for d in container.documents] == [("1", "One."), ("2", ""), ("2#2", "Three.")]
    assert container.write({"1": "One."}) == data
    after = pq.ParquetFile(io.BytesIO(container.write({"2#2": "Drei “3”."})))
    before = pq.ParquetFile(io.BytesIO(data))
    assert after.schema_arrow.equals(before.schema_arrow, check_metadata=True)
    assert after.read().column("text").to_pylist() == ["One.", None, "Drei “3”."]
    assert after.read().drop_columns("text").equals(before.read().drop_columns("text"))
    assert row_groups(after) == row_groups(before)


def row_groups(file: pq.ParquetFile) -> list[tuple[int, str]]:
    groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
    return [(group.num_rows, group.column(1).compression) for group in groups]


@settings(deadline=None)
@given(rows=st.lists(words, min_size=1, max_size=5), new=words)
def test_parquet_comes_back(rows: list[str], new: str) -> None:
    data = parquet(pa.table({"text": rows}))
    container = parse_container(data, path="a.parquet")
    assert container.write({}) == data
    assert texts(container.write({"a.parquet:1": new}), "a.parquet") == [new, *rows[1:]]


def test_parquet_without_text() -> None:
    with pytest.raises(FormatError, match=r"its columns are a, b"):
        parse_container(parquet(pa.table({"a": ["x"], "b": ["y"]})), path="a.parquet")
    with pytest.raises(FormatError, match=r"its column text holds int64, not text"):
        parse_container(parquet(pa.table({"text": [1]})), path="a.parquet")


@pytest.mark.parametrize("data", [b"", b"PAR1", b"no table at all", b"PAR1" + b"\x00" * 100 + b"PAR1"])
def test_parquet_that_is_none(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"a\.parquet: no Parquet file that can be read"):
        parse_container(data, path="a.parquet")


# ------------------------------------------------------------------ HTML

PAGE = """<!DOCTYPE html><html><head><title>Bridge</title></head><body>
<nav><a href="/">Home</a> <a href="/more">More</a></nav>
<article><h1>Town to mend the bridge</h1>
<p>The town will mend the bridge over the river, the mayor said on Monday, after two years of talks with the state.</p>
<p>The work begins in June and will cost “more than we have”, she said. It is to end in the spring of next year.</p>
</article><footer>All rights reserved</footer></body></html>"""


def test_page() -> None:
    container = parse_container(PAGE.encode(), path="a.html")
    (document,) = container.documents
    assert "The work begins in June and will cost “more than we have”, she said." in document.text
    assert "All rights reserved" not in document.text
    assert not container.writable
    assert container.write({"a.html": document.text}) == PAGE.encode()
    with pytest.raises(OutputError, match=r"a\.html: an HTML page can be scored, but not rewritten"):
        container.write({"a.html": "New."})


def test_a_page_without_an_article() -> None:
    with pytest.raises(FormatError, match="no article was found"):
        parse_container(b"<html><body></body></html>", path="a.htm")
