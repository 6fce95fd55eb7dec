from functools import cache

import pytest
from fake_openai import says
from hypothesis import given
from hypothesis import strategies as st

from concepts.definition.document import Criterion, Definition, Query
from concepts.definition.expansion import choose_nouns, expand
from concepts.definition.vocabulary import Noun, Vocabulary
from concepts.encoders.sentences import SentenceEncoder

PROPOSAL = {
    "necessary": [
        *("A playground can be seen.", "Something could hurt a child.", "It is outdoors.", "A fourth")
    ],
    "reason_to_split": "Safe playgrounds are common.",
    "seen_apart": ["a new playground", "a saw", "a forest", "anything"],
    "supporting": ["Rust or broken parts.", "rust or broken parts. "],
    "excluding": ["A playground that is being built."],
    "queries_that_count": [f"broken swing {n}" for n in range(7)],
    "queries_that_look_similar": [f"new playground {n}" for n in range(4)],
}
JUICE = Definition(name="Juice", description="Bottles of fruit juice")


@cache
def vocabulary() -> Vocabulary:
    return Vocabulary(SentenceEncoder().encode)


def queries(definition, counts):
    return [query.text for query in definition.queries if query.counts is counts]


def test_a_model_proposes_and_the_person_s_own_words_stay_first(server, model):
    server.script(says(PROPOSAL))
    written = Definition(
        name="unsafe playground",
        description="a playground where a child could get hurt",
        criteria=(
            Criterion(kind="necessary", text="It is a playground."),
            Criterion(kind="excluding", text="A drawing", origin="model"),
        ),
        queries=(Query(text="Broken Swing 3"), Query(text="ball pit", counts=False)),
        examples=("a" * 64,),
    )
    proposed = expand(written, model, vocabulary())
    necessary = proposed.of_kind("necessary")
    assert [c.text for c in necessary] == ["It is a playground.", *PROPOSAL["necessary"][:2]]
    assert [c.origin for c in necessary] == ["person", "model", "model"]
    assert [c.text for c in proposed.of_kind("supporting")] == ["Rust or broken parts."]
    assert [c.text for c in proposed.of_kind("excluding")] == ["A playground that is being built."]
    assert queries(proposed, True)[0] == "Broken Swing 3"
    assert len(queries(proposed, True)) == 7
    assert queries(proposed, False) == ["ball pit", *PROPOSAL["queries_that_look_similar"]]
    assert proposed.examples == ("a" * 64,)


def test_where_a_model_gives_too_few_queries_the_vocabulary_adds_to_them_but_nothing_excluded(server, model):
    few = {**PROPOSAL, "queries_that_count": ["swing", "Swing ", "slide"], "queries_that_look_similar": []}
    server.script(says(few))
    proposed = expand(JUICE, model, vocabulary())
    assert queries(proposed, True)[:3] == ["swing", "slide", "Juice"]
    assert len(queries(proposed, True)) == 6
    assert "fruit tree" in queries(proposed, False)
    assert [query.text for query in proposed.queries if query.origin == "model"] == ["swing", "slide"]
    assert len(server.requests) == 1
    server.script(says({**PROPOSAL, "included": [], "queries_that_count": ["juice on ice"]}))
    written = Definition(name="Juice", description="bottles of fruit juice, but not orange juice")
    counting = queries(expand(written, model, vocabulary()), True)
    assert len(counting) > 1
    assert not any("orange" in query for query in counting)


@pytest.mark.parametrize(
    ("description", "count", "do_not"),
    [
        ("fashionable clothes for a wedding", {"bridal gown", "dinner dress"}, set()),
        ("Cartons and bottles of fruit juice", {"orange juice", "grape juice"}, {"fruit tree"}),
        ("a room that looks messy", set(), {"clean room"}),  # sounds alike, but is something else
    ],
)
def test_without_a_model_the_nearest_nouns_become_queries(description, count, do_not):
    proposed = expand(Definition(name="It", description=description), None, vocabulary())
    assert proposed.criteria == ()
    assert count <= set(queries(proposed, True))
    assert do_not <= set(queries(proposed, False))
    assert {query.origin for query in proposed.queries} == {"vocabulary"}
    vague = Definition(name="pleasant", description="pictures that make people feel good")
    assert queries(expand(vague, None, vocabulary()), True) == ["pleasant"]  # where no noun is near


@pytest.mark.parametrize(
    "description",
    [
        "Bottles of fruit juice",
        "bottles of fruit  juice.",
        "“Bottles of fruit juice”",
        "Bottles of fruit juice; not lemonade",
    ],
)
def test_the_sentence_is_neither_a_criterion_nor_searched_for_a_second_time(description):
    proposed = expand(Definition(name="BOTTLES OF FRUIT JUICE!", description=description), None, vocabulary())
    assert not proposed.of_kind("necessary")
    assert not any("bottles" in query.text.casefold() for query in proposed.queries)


@pytest.mark.parametrize(
    ("noun", "topic", "lookalikes"),
    [
        ("luxury liner", "Looks expensive: luxury that looks expensive", []),
        ("luxury liner", "Looks expensive: cheap, but looks expensive", []),
        ("luxury liner", "Cheap hotel: a cheap hotel", ["luxury liner"]),
        ("fruit tree", "Juice: fruit juice", ["fruit tree"]),
    ],
)
def test_what_shares_only_a_quality_with_what_counts_is_no_counter_example(noun, topic, lookalikes):
    assert choose_nouns([Noun("furniture", 0.6), Noun(noun, 0.45)], topic, [])[1] == lookalikes


def test_what_the_sentence_excepts_becomes_an_excluding_criterion_and_queries():
    description = "clothes for a wedding, but not the bride's dress or veil"
    proposed = expand(Definition(name="guests", description=description), None, vocabulary())
    assert [c.text for c in proposed.of_kind("excluding")] == ["the bride's dress or veil"]
    assert queries(proposed, False)[:2] == ["the bride's dress", "veil"]
    assert "bridal gown" not in queries(proposed, True)


def test_what_the_person_says_beside_the_sentence_counts_or_not_as_they_say():
    def proposed(kind, text):
        own = Criterion(kind=kind, text=text)
        found = expand(JUICE.model_copy(update={"criteria": (own,)}), None, vocabulary())
        assert found.criteria[0] == own
        return queries(found, True), queries(found, False)

    counting, others = proposed("excluding", "orange juice or lemonade")
    assert {"orange juice", "lemonade"} <= set(others)
    assert not any("orange" in query for query in counting)
    assert "tomato juice" in proposed("excluding", "fruit juice in a glass")[0]  # though it shares words
    assert "fruit tree" not in proposed("included", "fruit tree")[1]


def test_expanding_again_replaces_proposals_and_changes_nothing_else():
    mine = Definition(name="Milk", description="Cartons of milk", queries=(Query(text="milk shelf"),))
    once = expand(mine, None, vocabulary())
    assert expand(once, None, vocabulary()) == once
    assert once.queries[0] == mine.queries[0]


@given(
    st.text(min_size=1, max_size=120).filter(str.strip), st.text(min_size=1, max_size=400).filter(str.strip)
)
def test_any_concept_can_be_expanded(blind, name, description):
    written = Definition(name=name, description=description)
    proposed = expand(written, None, blind)
    assert (proposed.name, proposed.description) == (written.name, written.description)
