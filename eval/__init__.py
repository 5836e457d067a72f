"""Measures the tool: `python -m eval` prints the table, `python -m eval.gate` holds pinned floors.

data      sentences and stories out of the evaluation files, and who may read which
seeds     the five articles and what a person says of their sentences
metrics   AUC, detection at few false alarms, edit rates, bootstrap intervals
run       the table: detection, repair, speed
context   how much of the document before a sentence the language model should see
gate      floors that a change may not fall below
LOG.md    what was tried, with figures, and what did not work
"""
