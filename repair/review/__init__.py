"""What a person sees and decides: the report page, and the local server that saves decisions.

diff        what changes between two texts, word by word
view        the ledger's entries as the JSON that the page reads
report      the page itself, one self-contained file (templates/ holds its parts)
server      the same page on 127.0.0.1
"""
