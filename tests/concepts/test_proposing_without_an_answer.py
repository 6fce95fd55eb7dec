"""Propose goes on with the built-in words where the model that is set gives no answer, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_openai import MODEL, FakeOpenAI, Reply, cut_off, refuses, says, status

from concepts.collaborator.proposals import ask_questions, propose
from concepts.definition.document import Query
from concepts.definition.revisions import definition_of, revise
from concepts.results.concepts import begin_concept
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import Concept

PROPOSED = {
    "necessary": ["A fruit can be seen."],
    "supporting": ["It is ripe.", "It lies in a bowl."],
    "excluding": ["Only juice is shown.", "It is drawn."],
    "queries_that_count": [f"fruit {n}" for n in range(6)],
    "queries_that_look_similar": [f"vegetable {n}" for n in range(4)],
}


@pytest.fixture
def concept(warm_home: Path, server: FakeOpenAI) -> Concept:
    server.answer = lambda request: PROPOSED
    bench = open_app(Settings(home=warm_home, openai_base_url=server.base_url, llm_model=MODEL))
    return begin_concept(bench, "Fruit", "whole fruit, but not juice")


def proposed(concept: Concept) -> set[str]:
    definition = definition_of(concept).definition
    return {criterion.origin for criterion in definition.criteria if criterion.origin != "person"}


WITHOUT = {
    "a wrong key": [status(401, "bad key")],
    "a refusal": [refuses("No.")],
    "an answer that is cut off": [cut_off()],
    "a page": [Reply(raw=b"<html>Log in</html>")],
    "its own request": [says(PROPOSED | {"necessary": ["necessary"], "queries_that_count": ["100"]})] * 2,
    "excluded words": [says(PROPOSED | {"necessary": ["a juice"], "queries_that_count": ["juice on ice"]})],
}


@pytest.mark.parametrize("what", WITHOUT)
def test_without_an_answer_the_built_in_words_propose_and_it_is_said_why(
    concept: Concept, server: FakeOpenAI, what: str
) -> None:
    server.script(*WITHOUT[what])
    done = concept.begin(propose).wait()
    assert done.problem
    revision = definition_of(concept)
    assert revision.author == "built-in vocabulary"
    assert revision.note == f"proposed from the description, as {MODEL} gave no answer"
    assert proposed(concept) == {"vocabulary"}


def test_a_model_proposes_and_where_built_in_words_add_searches_the_definition_says_so(
    concept: Concept, server: FakeOpenAI
) -> None:
    revision = concept.begin(propose).wait()
    assert (revision.author, revision.problem) == (MODEL, "")
    assert proposed(concept) == {"model"}
    server.script(says(PROPOSED | {"queries_that_count": ["ripe fruit"]}))
    begun = begin_concept(concept.app, "Ripe fruit", "whole fruit, but not juice")
    done = begun.begin(propose).wait()
    assert (done.author, done.problem) == (MODEL, "")
    note = definition_of(begun).note
    assert note == "proposed from the description, with searches from the built-in words"


def test_without_an_answer_the_built_in_vocabulary_asks_and_it_is_said_why(
    concept: Concept, server: FakeOpenAI
) -> None:
    begun = begin_concept(concept.app, "Juice", "Bottles of fruit juice")
    noun = Query(text="fruit tree", counts=False, origin="vocabulary")
    proposed = definition_of(begun).definition.model_copy(update={"queries": (noun,)})
    revise(begun, proposed, author="built-in vocabulary", note="")
    server.script(status(401, "bad key"), status(401, "bad key"))
    asked = begun.begin(ask_questions).wait()
    assert asked.author == "built-in vocabulary"
    assert [question.about for question in asked.questions] == ["fruit tree"]
    assert "Check the key" in asked.problem
    nothing = concept.begin(ask_questions).wait()
    assert nothing.questions == []
    assert nothing.problem
