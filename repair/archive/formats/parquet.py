"""Parquet: one document a row. Schema, metadata, compression and row groups are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from repair.archive.formats.columns import ID_FIELD, table_documents, text_column
from repair.archive.formats.container import Container, Raw, changed
from repair.errors import FormatError
from repair.records import Document, Source

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """The documents of a Parquet file."""

    documents: tuple[Document, ...]
    column: str
    data: bytes
    writable: ClassVar[bool] = True

    def write(self, texts: Mapping[str, str]) -> bytes:
        """The file with these texts in the text's column; see `Container.write`."""
        new = changed(self.documents, texts)
        if not new:
            return self.data
        import pyarrow as pa
        import pyarrow.parquet as pq

        file = pq.ParquetFile(pa.BufferReader(self.data))
        table = file.read()
        place = table.schema.get_field_index(self.column)
        values = table.column(place).to_pylist()
        for i, text in new.items():
            values[i] = text
        table = table.set_column(place, table.schema.field(place), _column(values, table.schema.field(place).type))
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression=_compression(file), row_group_size=_row_group_size(file))
        return bytes(sink.getvalue())


def read(raw: Raw, text_field: str | None) -> Container:
    """A Parquet file; a row without a text is an empty document. Raises FormatError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(raw.data))
        column = text_column(raw.path, file.schema_arrow.names, text_field)
        has_id = ID_FIELD in file.schema_arrow.names
        table = file.read(columns=[ID_FIELD, column] if has_id and column != ID_FIELD else [column])
    except (pa.ArrowException, OSError) as error:
        cause = str(error).splitlines()[0].rstrip(".")
        raise FormatError(raw.path, f"no Parquet file that can be read ({cause})", "Fetch it again.") from error
    if not _is_text(table.schema.field(column).type):
        kind = table.schema.field(column).type
        raise FormatError(raw.path, f"its column {column} holds {kind}, not text", "Name another with --text-field.")
    texts = [text or "" for text in table.column(column).to_pylist()]
    ids = table.column(ID_FIELD).to_pylist() if has_id else [None] * len(texts)
    return ParquetTable(table_documents(raw, Source(raw.path), ids, texts), column, raw.data)


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _column(values: list[str | None], kind: pa.DataType) -> pa.Array:
    """A column of the same type, dictionary-encoded where it was."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type).dictionary_encode().cast(kind)
    return pa.array(values, kind)


def _compression(file: pa.parquet.ParquetFile) -> dict[str, str]:
    """The codec of each column, as the first row group has it."""
    group = file.metadata.row_group(0)
    chunks = [group.column(i) for i in range(group.num_columns)]
    return {chunk.path_in_schema: chunk.compression.replace("UNCOMPRESSED", "NONE") for chunk in chunks}


def _row_group_size(file: pa.parquet.ParquetFile) -> int:
    return int(max(file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)))
