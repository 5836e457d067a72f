"""Closed classes of English words: short lists that do not grow, so that they can be written out."""

from __future__ import annotations

SUBJECTS = frozenset("he she they we there this these it".split())
AUXILIARIES = frozenset(
    "is are was were has have had will would can could may might must should does did isn't aren't wasn't weren't "
    "hasn't haven't hadn't won't wouldn't can't cannot couldn't doesn't didn't".split()
)
CONJUNCTIONS = frozenset("and or nor but".split())

DANGLING = frozenset(
    "a an the of at from into with by as than and or but nor because although while whereas if unless that which who "
    "whose whom my your his its our their whether between among against toward towards upon onto amid despite during "
    "via per versus including such will would should could must cannot".split()
)
"""Words after which an English sentence cannot stop; `his` or `that` may, but not in running news without a full stop
behind them. Not `are` or `was`: “who you are”."""

NEVER_DOUBLED = frozenset(
    "the a an of and or but from with at by as for if into than because while my your his its our their this these "
    "those are were be been has have will would could should must not also they we he she it's".split()
)
"""Words that never stand twice in a row, unlike `had had`, `that that`, `is is`, `in in`, `do do`, `her her`."""

NEVER_NAMES = frozenset(
    "already always also although among and are aren't as at because been being but by can't cannot couldn't did "
    "didn't doesn't during each for from had has have he her his how however if into is isn't it it's its itself "
    "many might nor not often of or other others several she should shouldn't since some such than that their them "
    "themselves then there therefore these they they're this those though through too until upon was wasn't we were "
    "weren't what when where whereas whether which while who whose why with within without would wouldn't you your "
    "you're he's she's that's there's we're we've they've him himself herself never sometimes usually almost "
    "rather quite perhaps earlier recently currently previously immediately especially particularly officially "
    "allegedly reportedly apparently probably certainly actually suddenly".split()
)
"""Ordinary words that hardly ever are a name or the first word of one when all around them is lower case."""

DETERMINERS = frozenset("several many some other such each its their his these those".split())
"""Words that stand before a name but are no part of it."""
TIME_ADVERBS = frozenset("always already often sometimes usually also still never however".split())
"""Words that stand between a name and its verb but are no part of it."""

_OTHERS = frozenset("to in on so no up out off all i".split())
FUNCTION_WORDS = NEVER_NAMES | NEVER_DOUBLED | DANGLING | SUBJECTS | AUXILIARIES | _OTHERS
"""All of them: words that carry no content."""
