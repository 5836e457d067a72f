"""Find the clean source of a damaged document, align their sentences, compare what they say.

index.py          SourceIndex: which documents tell what this one tells
store.py          its documents on disk: texts, terms, the matrix of words
align.py          which sentences tell the same, and how they stand to each other
copies.py         whether a document is another one told again sentence by sentence
pairs.py          how sure it is that two sentences tell the same
contradiction.py  where two sentences that tell the same differ in what they say
profile.py        a document made ready for comparing: sentences, facts, terms, embeddings
facts.py          extract and compare: the facts of a text, and what another text lost or added
names.py          names, acronyms, known forms of one name
quantities.py     numbers, units, dates
quotations.py     quotations as facts
wording.py        negation, modality, words with an opposite
factkinds.py      the types of facts
tables.py         the word tables in data/
"""

from repair.parallel.index import SourceIndex

__all__ = ["SourceIndex"]
