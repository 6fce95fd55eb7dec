"""What a sentence plainly excludes; whatever else it says stays among its words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concepts.definition.document import Definition
from concepts.definition.exclusions import has_negation, items_of, speaks_of, split_sentence
from concepts.definition.expansion import expand
from concepts.definition.vocabulary import Vocabulary

SPLIT = [
    # (as people write, what counts, what doesn't)
    (
        "a messy room; not one that is only old, dark or full",
        "a messy room",
        ["one that is only old, dark or full"],
    ),
    ("Cartons of milk, but not yoghurt", "Cartons of milk", ["yoghurt"]),
    ("Dogs. Not puppies. No drawings", "Dogs", ["puppies", "drawings"]),
    ("a quiet beach, no crowds and no litter", "a quiet beach", ["crowds", "litter"]),
    ("A round shape; not one with corners, not a line.", "A round shape", ["one with corners", "a line"]),
    ("Animals; not toys, and not pictures for Easter", "Animals", ["toys", "pictures for Easter"]),
    ("fruit, no citrus (lemons, oranges or limes)", "fruit", ["citrus (lemons, oranges or limes)"]),
    ("Healthy food: fish; never sweets, fries, and soda", "Healthy food: fish", ["sweets, fries, and soda"]),
    ("old boats - not ships - at any hour", "old boats - at any hour", ["ships"]),
    ("Street art\nNot posters\nMust be outdoors", "Street art; Must be outdoors", ["posters"]),
    ("a room, not a kitchen, not a kitchen", "a room", ["a kitchen"]),
    ("Calm places, no people, nothing dramatic", "Calm places", ["people", "dramatic"]),
    ("Nuts, with or without the shell; not bolts", "Nuts, with or without the shell", ["bolts"]),
]

# Other negations, and sentences that can be read in two ways.
LEFT = [
    "Not dogs",
    "rooms that are not tidy",
    "Kitchens; bedrooms don't count",
    "bridges without cars, but with people",
    "all birds except for owls and hawks",
    "bread, not cake, pastries",
    "chairs, not stools, and tables",
    "A messy room, not dirty, with clothes on the floor",
    "birds, no owls but parrots",
    "birds (of prey, not owls) on a branch",
    "Street art. No: posters",
    "shelves, nothing but books",
    "cups, nothing in them",
    "a plain plate, nothing more",
    "Tables. Nothing is on them",
]


EXCLUDES_NOTHING = [
    "cats, not only black ones",
    "dogs, no less than three",
    "balls of any colour, no matter the size",
    "dogs, with or without a collar",
    "a knot in a notable rope",
    "the bus, no 7",
]


@pytest.mark.parametrize(("sentence", "counts", "excluded"), SPLIT)
def test_a_plain_not_at_the_start_of_a_part_is_split_off(
    sentence: str, counts: str, excluded: list[str]
) -> None:
    assert split_sentence(sentence) == (counts, excluded)


@pytest.mark.parametrize("sentence", [*LEFT, *EXCLUDES_NOTHING])
def test_any_other_negation_stays_among_the_words_and_is_known_for_one_or_for_none(sentence: str) -> None:
    assert split_sentence(sentence) == (sentence, [])
    assert has_negation(sentence) == (sentence in LEFT)


def test_an_excluded_list_is_searched_for_item_by_item_unless_it_is_only_so() -> None:
    assert items_of("the bride's dress or veil") == ["the bride's dress", "veil"]
    assert items_of("posters, flyers, and stickers") == ["posters", "flyers", "stickers"]
    assert items_of("one that is only old, dark or full") == ["one that is only old, dark or full"]
    assert items_of("black and white") == ["black and white"]


def test_words_that_were_excluded_are_found_again_in_other_words() -> None:
    assert speaks_of("a bowl of citrus fruits", ["citrus fruit"])
    assert speaks_of("three oranges in a net", ["lemons or an orange"])
    assert speaks_of("a grey wolf", ["no dogs", "wolves"])
    assert speaks_of("glasses and boxes", ["a box"])
    assert speaks_of("a child", ["children"])
    assert not speaks_of("a messy old room", ["one that is only old, dark or full"])
    assert not speaks_of("a room", ["one of them"])


# Paraphrases: a concept, what is wanted, and a list of what isn't, said in many ways.

CONCEPTS = ["Birds", "a messy room", "old wooden boats", "pictures of healthy food"]
WANTED = ["with bright colours", "seen from above", "on a windy day", "close to water"]
KINDS = ["owls", "a parrot", "plastic toys", "the neighbours' dog", "graffiti", "drawings of cats", "ice"]
KINDS += ["empty rooms", "people in uniform", "snow-covered roofs", "Lego"]
PLAIN = ["not", "no", "never", "nothing", "but not", "but no", "and not"]
FORMS = [*PLAIN, "except", "except for", "excluding", "other than", "without", "apart from", "rather than"]
FORMS += ["instead of", "definitely not"]
BEHIND = ["don't count", "don’t count", "do not count", "isn't one", "are excluded", "are out"]


@st.composite
def lists(draw: st.DrawFn) -> tuple[list[str], str]:
    """The items of "a, b or c", with and without the comma before the conjunction, and how they are said."""
    items = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4, unique=True))
    if len(items) == 1:
        return items, items[0]
    comma = draw(st.sampled_from(["", ","])) if len(items) > 2 else ""
    word = draw(st.sampled_from(["or", "and"])) if comma else "or"
    return items, f"{', '.join(items[:-1])}{comma} {word} {items[-1]}"


@st.composite
def sentences(draw: st.DrawFn, forms: list[str]) -> tuple[str, list[str], list[str]]:
    """(sentence, what it wants, what it doesn't)."""
    concept, more, behind = (draw(st.sampled_from(texts)) for texts in (CONCEPTS, WANTED, BEHIND))
    form, between = draw(st.sampled_from(forms)), draw(st.sampled_from([", ", "; ", ". ", " – ", "\n"]))
    unwanted, said = draw(lists())
    texts = [f"{concept} {more}{between}{form} {said}", f"{concept} – {form} {said} – {more}"]
    if forms is FORMS:
        texts += [f"{concept} ({form} {said}) {more}", f"{form} {said}. {concept} {more}"]
        texts += [f"{concept} {more}; {said} {behind}.", f"{concept} {more}{between}unless it shows {said}"]
        texts += [f"{concept} {form} {said}, but {more}", f"{concept} {more}. Exceptions: {said}"]
    return draw(st.sampled_from(texts)) + draw(st.sampled_from(["", "."])), [concept, more], unwanted


@given(sentences(PLAIN))
def test_however_a_plain_list_is_said_it_is_split_off(said: tuple[str, list[str], list[str]]) -> None:
    sentence, wanted, unwanted = said
    counts, [excluded] = split_sentence(sentence)
    assert all(has(counts, item) and not has(excluded, item) for item in wanted)
    assert all(has(excluded, item) and not has(counts, item) for item in unwanted)


@settings(max_examples=300)
@given(sentences(FORMS))
def test_however_it_is_said_nothing_unwanted_is_searched_for_nor_wanted_excluded(
    blind: Vocabulary,
    said: tuple[str, list[str], list[str]],
) -> None:
    sentence, wanted, unwanted = said
    proposed = expand(Definition(name="It", description=sentence), None, blind)
    searched = [query.text for query in proposed.queries if query.counts]
    excluded = [criterion.text for criterion in proposed.of_kind("excluding")]
    assert not [item for item in unwanted for text in searched if has(text, item)]
    assert not [item for item in wanted for text in excluded if has(text, item)]


WORDS = ["not", "but", "no", "never", "nothing", "and", "without", "dogs", "or", "only", *",.;()–-"]
ANY = st.text(max_size=400) | st.lists(st.sampled_from([*WORDS, "\n", ":", "count"]), max_size=60).map(
    " ".join
)


@given(ANY)
def test_any_sentence_is_split_once_and_none_of_its_words_is_lost(sentence: str) -> None:
    counts, excluded = split_sentence(sentence)
    assert split_sentence(counts) == (counts, [])
    assert all(0 < len(phrase) <= 300 and phrase in " ".join(sentence.split()) for phrase in excluded)
    kept = sorted(words(" ".join([counts, *excluded])))
    left_out = {"but", "and", "not", "no", "never", "nothing"}
    assert [w for w in kept if w not in left_out] == sorted(w for w in words(sentence) if w not in left_out)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def has(text: str, phrase: str) -> bool:
    return re.search(rf"\b{re.escape(phrase)}\b", text, re.IGNORECASE) is not None
