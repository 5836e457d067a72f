"""An archive on the disk: files in, cleaned copies and tables out, and a ledger between.

files.py      walking a folder, keeping OUT apart from ARCHIVE, writing whole files or none
formats/      text, JSON lines, CSV, Parquet, HTML: a file as documents, and back
reading.py    paths, folders and stdin as documents, in order
runner.py     the passes over an archive: score, repair, write; and apply, revert, preview
repairing.py  the second of them: documents held against sources
run.py        what every pass needs
ledger.py     state.sqlite: what is done, so that a killed run goes on where it was
out.py        the paths in OUT, and its tables of decisions
tables.py     suggestions.jsonl and documents.jsonl, from the ledger
serial.py     records <-> JSON, as the contract draws them
fields.py     JSON read with types
"""
