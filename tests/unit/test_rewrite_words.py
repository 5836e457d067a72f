"""Which words may stand for which, and what of a model's answer is the sentence."""

from __future__ import annotations

import pytest

from repair.rewrite import prompts, words


@pytest.mark.parametrize(
    ("word", "some", "none"),
    [
        ("ban", set(), {"bans", "band", "bane"}),
        ("condemned", {"condemn", "condemns", "condemning"}, set()),
        ("countries", set(), {"country", "counter"}),
        ("use", {"used", "using"}, {"uses", "user"}),
        ("pass", {"passed", "passing"}, {"pas", "passes"}),
        ("carry", {"carried", "carrying"}, {"carries", "carrion"}),
    ],
)
def test_forms_of_a_word(word: str, some: set[str], none: set[str]) -> None:
    found = words.forms(word)
    assert some <= found
    assert not none & found
    assert word not in found


@pytest.mark.parametrize("word", ["may", "not", "he", "before", "against", "harbour", "no"])
def test_words_that_carry_the_meaning_are_never_swapped(word: str) -> None:
    assert words.swaps(word) == frozenset()
    assert not words.is_function_word(word)
    assert word not in words.INSERTABLE


def test_function_words_are_swapped_within_their_class() -> None:
    assert words.swaps("The") == {"a", "an"}
    assert words.swaps("was") >= {"is", "were"}
    assert "the" not in words.swaps("was")


@pytest.mark.parametrize(
    ("word", "other", "expected"),
    [
        ("minnister", "minister", True),  # no word: a slip of the pen
        ("registrer", "register", True),
        ("have", "has", False),  # irregular: a swap, no form
        ("ban", "band", False),
        ("house", "horse", False),  # both are words: another meaning
        ("strike", "strikes", False),  # one or many
        ("discuss", "discussed", True),
        ("masurian", "malarial", False),  # too far
    ],
)
def test_related(word: str, other: str, expected: bool) -> None:
    assert words.related(word, other) is expected


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("The ship sailed.", "The ship sailed."),
        ("\n\nThe ship sailed.\nWrong: More.", "The ship sailed."),
        ("Here is the corrected sentence: The ship sailed.", "The ship sailed."),
        ("Sure! Here's the sentence:\n\nThe ship sailed.", "The ship sailed."),
        ("Corrected sentence: “The ship sailed.”", "The ship sailed."),
        ('"The ship sailed."', "The ship sailed."),
        ("“We sailed,” he said. “Twice.”", "“We sailed,” he said. “Twice.”"),
        ("The captain put it so: the ship sailed.", "The captain put it so: the ship sailed."),
        ("", ""),
    ],
)
def test_the_answer_in_a_reply(reply: str, answer: str) -> None:
    assert prompts.answer(reply, "The ship have sailed.") == answer


def test_quotation_marks_around_the_sentence_itself_stay() -> None:
    assert prompts.answer("“The ship sailed.”", "“The ship have sailed.”") == "“The ship sailed.”"


@pytest.mark.parametrize(
    ("text", "echoes"),
    [
        ("Sure, here is the answer: it sailed.", True),
        ("Corrected: it sailed.", True),
        ("It sailed.<|im_end|>", True),
        ("Right: it sailed.", True),
        ("It **sailed**.", True),
        ("The right to sail: a history.", False),
        ("Sure of victory, the captain sailed.", False),
        ("Here is where the captain stood.", False),
    ],
)
def test_echoes(text: str, echoes: bool) -> None:
    assert prompts.echoes(text) is echoes


def test_the_prompt_ends_where_the_answer_begins() -> None:
    assert prompts.completion("The ship have sailed.").endswith("Wrong: The ship have sailed.\nRight:")
