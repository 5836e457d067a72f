"""Bytes to text and back, sentences, kinds of line.

    codec.py       bytes <-> text: encoding, byte order mark and newlines are kept
    wraps.py       paragraphs: which line breaks end one, which only wrap it
    sentences.py   paragraphs to sentences; the spans tile the text
    quotes.py      quotation marks: which way each looks, how they pair, what is quoted
    kinds.py       prose, quote, heading, caption, byline, dateline or furniture
    line_rules.py  the table `lines.toml` of lines that are no prose

To know another button or byline, add a row to `lines.toml`; to read another encoding, see `codec.py`.
"""
