"""Bytes to text and back, sentences, kinds of line.

    codec.py       bytes <-> text: encoding, byte order mark and newlines are kept
    wraps.py       paragraphs: which line breaks end one, which only wrap it
    sentences.py   paragraphs to sentences; the spans tile the text
    quotes.py      where quotation marks open and close
    kinds.py       prose, quote, heading, caption, byline, dateline or furniture
    line_rules.py  the table `lines.toml` of lines that are no prose

To know another button or byline, add a row to `lines.toml`; to read another encoding, see `codec.py`.
"""
