"""What a sentence wants and what it excludes, read without a model."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concepts.definition.document import Definition
from concepts.definition.expansion import expand
from concepts.definition.negations import Reading, items_of, read_negations, speaks_of
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.sentences import SentenceEncoder

MESSY = "a room that looks messy; not one that is only old, dark or full of furniture"

READ = [
    # (as people write, what is wanted, what is excluded)
    (MESSY, "a room that looks messy", ["one that is only old, dark or full of furniture"]),
    ("Cartons of milk, but not yoghurt", "Cartons of milk", ["yoghurt"]),
    ("Dogs. Not puppies. No drawings", "Dogs", ["puppies", "drawings"]),
    ("steel bridges without graffiti", "steel bridges", ["graffiti"]),
    ("all birds except for owls and hawks", "all birds", ["owls", "hawks"]),
    ("birds (not owls) on a branch", "birds on a branch", ["owls"]),
    ("Not dogs", "", ["dogs"]),
    ("Kitchens; bedrooms don't count", "Kitchens", ["bedrooms"]),
    ("Kitchens, but bedrooms and bathrooms don’t count", "Kitchens", ["bedrooms", "bathrooms"]),
    ("Bread. Cakes, pies and biscuits don't count.", "Bread", ["Cakes", "pies", "biscuits"]),
    ("A cat counts, a dog doesn't.", "A cat counts", ["a dog"]),
    ("not a photo but a drawing", "a drawing", ["a photo"]),
    (
        "A messy room, not dirty, with clothes on the floor",
        "A messy room, with clothes on the floor",
        ["dirty"],
    ),
    ("Dogs unless they are puppies", "Dogs", ["they are puppies"]),
    ("Puppies don't count unless they're asleep. Dogs do.", "Dogs do", ["Puppies, unless they're asleep"]),
    ("No people, unless they are tiny; a street", "a street", ["people, unless they are tiny"]),
    ("Streets with no people or cars", "Streets", ["people", "cars"]),
    ("A playground. Neither parks nor gardens count.", "A playground", ["parks", "gardens"]),
    ("fruit, no citrus (lemons, oranges or limes)", "fruit", ["citrus (lemons, oranges or limes)"]),
    ("It must not show people. A quiet street.", "A quiet street", ["people"]),
    ("Exclude posters, flyers and stickers. Graffiti.", "Graffiti", ["posters", "flyers", "stickers"]),
    (
        "Street art\nNot:\n- posters\n- stickers\nMust be outdoors",
        "Street art; Must be outdoors",
        ["posters", "stickers"],
    ),
    ("Street art. Not included: posters; adverts", "Street art", ["posters", "adverts"]),
    ("bridges without cars, but with people", "bridges with people", ["cars"]),
    ("Murals. Posters don't count, nor do photos of posters.", "Murals", ["Posters", "photos of posters"]),
    ("Dogs, please don't include wolves or foxes", "Dogs", ["wolves", "foxes"]),
    (
        "a quiet beach, no crowds, no umbrellas and no litter",
        "a quiet beach",
        ["crowds", "umbrellas", "litter"],
    ),
    (
        "Healthy food: salads, fish; never sweets, fries or soda",
        "Healthy food: salads, fish",
        ["sweets", "fries", "soda"],
    ),
    ("any vehicle other than cars and trucks", "any vehicle", ["cars", "trucks"]),
    ("pictures that don't show people", "pictures", ["people"]),
    ("a cup. Mugs are fine, glasses aren't.", "a cup. Mugs are fine", ["glasses"]),
    ("guests, but not the bride's dress or veil", "guests", ["the bride's dress or veil"]),
    ("plates, but not dirty plates or glasses", "plates", ["dirty plates or glasses"]),
    ("pets; no cats or dogs on a leash", "pets", ["cats or dogs on a leash"]),
]

# Negations that exclude nothing.
KEPT = [
    "cats, not only black ones",
    "Not only dogs but also cats",
    "not just the church but the whole square",
    "nothing but flowers",
    "a landmark that can't be missed",
    "no less than three dogs",
    "no more than two people",
    "dogs, with or without a collar",
    "balls of any colour, no matter the size",
    "No smoking signs",
    'a sign that says "no entry"',
    "a knot in a notable rope",
    "hundreds, if not thousands, of birds",
    "the no. 7 bus",
]

# Sentences that could be read in two ways: (as written, what may be searched for).
UNCLEAR = [
    ("rooms that are not tidy", "rooms"),
    ("People not wearing helmets", "People"),
    ("no animals but dogs", ""),
    ("bread, not cake, pastries", "bread"),
    ("Toy cars? Those don't count", ""),
    ("chairs, not stools, and tables", "chairs"),
    ("Apart from dogs, cats count too", ""),
    ("A dirty floor isn't enough", ""),
    ("Rooms without people, except bedrooms", "Rooms"),
    ("houses no longer lived in", "houses"),
    ("Wolves aren't dogs", ""),
]


@pytest.mark.parametrize(("sentence", "wanted", "unwanted"), READ)
def test_what_a_sentence_excludes_is_taken_out_of_what_it_wants(
    sentence: str, wanted: str, unwanted: list[str]
) -> None:
    read = read_negations(sentence)
    assert (read.wanted, list(read.unwanted)) == (wanted, unwanted)
    assert (read.searchable, read.doubts) == (wanted, ())


@pytest.mark.parametrize("sentence", KEPT)
def test_what_only_looks_like_a_negation_excludes_nothing(sentence: str) -> None:
    assert read_negations(sentence) == Reading(sentence, sentence, (), ())


@pytest.mark.parametrize(("sentence", "searchable"), UNCLEAR)
def test_what_can_be_read_in_two_ways_is_left_as_it_was_written(sentence: str, searchable: str) -> None:
    read = read_negations(sentence)
    assert (read.wanted, read.unwanted, read.searchable) == (sentence, (), searchable)
    assert read.doubts


def test_a_doubt_says_what_to_ask_about() -> None:
    assert [doubt.about for doubt in read_negations("Dogs. People not wearing helmets").doubts] == [
        "wearing helmets"
    ]


def test_a_negation_of_the_name_is_part_of_what_is_wanted() -> None:
    assert read_negations("No entry or no hats signs", name="no hats sign").unwanted == ()


def test_an_excluded_list_is_searched_for_item_by_item_unless_it_is_only_so() -> None:
    assert items_of("the bride's dress or veil") == ["the bride's dress", "veil"]
    assert items_of("one that is only old, dark or full") == ["old, dark or full"]
    assert items_of("black and white") == ["black and white"]


def test_words_that_were_excluded_are_found_again_in_other_words() -> None:
    assert speaks_of("a bowl of citrus fruits", ["citrus fruit"])
    assert speaks_of("three oranges in a net", ["lemons or an orange"])
    assert speaks_of("a grey wolf", ["no dogs", "wolves"])
    assert speaks_of("glasses and boxes", ["a box"])
    assert speaks_of("a child", ["children"])
    assert not speaks_of("a messy old room", ["one that is only old, dark or full"])


def test_the_built_in_words_never_turn_a_sentence_round() -> None:
    proposed = expand(Definition(name="messy room", description=MESSY), None, vocabulary())
    assert [c.text for c in proposed.of_kind("necessary")] == ["a room that looks messy"]
    assert [c.text for c in proposed.of_kind("excluding")] == [
        "one that is only old, dark or full of furniture"
    ]
    assert not [q.text for q in proposed.queries if q.counts and "furniture" in q.text]


# Paraphrases: a concept, what is wanted, and a list of what isn't, said in many ways.

CONCEPTS = ["Birds", "a messy room", "Street art", "old wooden boats", "pictures of healthy food"]
WANTED = ["with bright colours", "seen from above", "on a windy day", "close to water"]
KINDS = ["owls", "a parrot", "plastic toys", "the neighbours' dog", "graffiti", "drawings of cats", "ice"]
KINDS += ["empty rooms", "people in uniform", "an aquarium", "snow-covered roofs", "Lego"]
UNWANTED = st.lists(st.sampled_from(KINDS), min_size=1, max_size=4, unique=True)
FORMS = ["not", "but not", "except", "except for", "excluding", "other than", "without", "no", "never"]
FORMS += ["apart from", "but no", "rather than", "instead of", "not counting", "definitely not", "and not"]
BEHIND = ["don't count", "don’t count", "doesn't count", "do not count", "are not included", "are out"]
BEHIND += ["shouldn't count", "don't count either", "isn't one", "are excluded", "never count"]
OPENING = ["Not", "No", "Never", "Exclude", "Without", "Don't include", "Please ignore", "It must not show"]
OPENING += ["There should be no", "Neither", "Leave out", "I don't want"]


@st.composite
def listed(draw: st.DrawFn, items: list[str]) -> str:
    """ "a, b or c" with and without the comma before the conjunction, which may also stand everywhere."""
    word = draw(st.sampled_from(["or", "and", "nor"]))
    if len(items) == 1:
        return items[0]
    if draw(st.booleans()):
        return f" {word} ".join(items)
    comma = draw(st.sampled_from(["", ","])) if len(items) > 2 else ""
    return f"{', '.join(items[:-1])}{comma} {word} {items[-1]}"


@st.composite
def sentences(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """(sentence, what it wants, what it doesn't)."""
    concept, more = draw(st.sampled_from(CONCEPTS)), draw(st.sampled_from(WANTED))
    unwanted = draw(UNWANTED)
    said = draw(listed(unwanted))
    form = draw(st.sampled_from(FORMS))
    shape = draw(st.integers(0, 11))
    comma = draw(st.sampled_from([", ", " – ", "; ", " ("] if shape == 0 else [", "]))
    close = ")" if comma == " (" else ""
    opening, behind = draw(st.sampled_from(OPENING)), draw(st.sampled_from(BEHIND))
    texts = {
        0: f"{concept} {more}{comma}{form} {said}{close}",
        1: f"{concept} ({form} {said}) {more}",
        2: f"{concept} {more}. {opening} {said}.",
        3: f"{opening} {said}. {concept} {more}",
        4: f"{concept} {more}; {said} {behind}.",
        5: f"{concept} {more}. {said} {behind}",
        6: f"{concept}, {form} {said}, but {more}",
        7: f"{concept} {more}\nNot:\n" + "\n".join(f"- {item}" for item in unwanted),
        8: f"{concept} {more}, " + ", ".join(f"no {item}" for item in unwanted),
        9: f"{concept} {more} unless it shows {said}",
        10: f"{concept} {more}. Exceptions: {', '.join(unwanted)}",
        11: f"{concept} {more} - {form} {said} - at any hour",
    }
    text = texts[shape]
    if draw(st.booleans()):
        text = text.replace("'", "’")
    return text, [concept, more], unwanted


@settings(max_examples=600)
@given(sentences())
def test_however_it_is_said_nothing_unwanted_counts_and_nothing_wanted_is_excluded(
    said: tuple[str, list[str], list[str]],
) -> None:
    text, wanted, unwanted = said
    proposed = expand(Definition(name="It", description=text), None, Blind())
    must = " ".join(c.text for c in proposed.criteria if c.kind != "excluding")
    excluded = [c.text for c in proposed.of_kind("excluding")]
    left_alone = must == " ".join(re.sub(r"(?<=[^\s.,;:!?])\s*\n\s*", "; ", text).split()).strip(" .")
    searched = [q.text for q in proposed.queries if q.counts]
    for item in unwanted:
        assert not any(has(query, item) for query in searched), (item, searched)
        assert left_alone or not has(must, item), (item, must)
        assert left_alone or any(has(criterion, item) for criterion in excluded), (item, excluded)
    for item in wanted:
        assert not any(has(criterion, item) for criterion in excluded), (item, excluded)


@given(sentences())
def test_most_ways_to_say_it_are_understood(said: tuple[str, list[str], list[str]]) -> None:
    text, wanted, _ = said
    read = read_negations(text)
    if not read.doubts:
        assert all(has(read.wanted, item) for item in wanted)
        assert read.unwanted


@given(
    st.sampled_from(CONCEPTS),
    st.lists(st.sampled_from(WANTED + KINDS), max_size=4),
    st.sampled_from([", ", " and ", "; "]),
)
def test_a_sentence_without_a_negation_is_left_as_it_is(concept: str, more: list[str], between: str) -> None:
    text = between.join([concept, *more])
    assert read_negations(text) == Reading(text, text, (), ())


WORDS = ["not", "but", "no", "without", "except", "for", "dogs", "or", ",", ".", "(", ")", "–", "doesn't"]
WORDS += ["count", "unless", "that", "is", ":", "\n", "-", "neither", "nor", "only", "“", "”", "and"]


@settings(deadline=None)
@given(st.text(max_size=2000) | st.lists(st.sampled_from(WORDS), max_size=100).map(" ".join))
def test_any_sentence_can_be_read(text: str) -> None:
    read = read_negations(text)
    assert all(0 < len(phrase) <= 300 for phrase in read.unwanted)
    assert read_negations(text) == read


def has(text: str, phrase: str) -> bool:
    return re.search(rf"\b{re.escape(phrase)}\b", text.replace("’", "'"), re.IGNORECASE) is not None


@cache
def vocabulary() -> Vocabulary:
    return Vocabulary(SentenceEncoder().encode)


class Blind(Vocabulary):
    """Knows no noun, so that thousands of sentences are tried without embedding them."""

    def __init__(self) -> None:
        super().__init__(lambda texts: NotImplemented)

    def nearest(self, text, n):  # type: ignore[no-untyped-def]
        return []
