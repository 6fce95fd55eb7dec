"""What a model proposes: signals and kinds of pictures. The model is SIMULATED behind real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fake_openai import FakeOpenAI, says

from concepts.definition.document import AskedQuestion, Criterion, Definition
from concepts.definition.questions import Questions
from concepts.definition.tree import MoreKinds, Proposal, propose_kinds, propose_tree
from concepts.errors import ModelAnswerError
from concepts.language.base import Message, ModelQuestion, wire_schema
from concepts.language.dialects import EndpointDialect
from concepts.language.prompts import load_prompt

TREE: dict[str, Any] = {
    "necessary": ["A dog can be seen.", "It is on a beach."],
    "reason_to_split": "Dogs elsewhere and empty beaches are common.",
    "seen_apart": ["a dog in a kitchen", "an empty beach"],
    "included": [{"text": "a dog that swims", "of": 2}, {"text": "a puppy", "of": 1}],
    "excluding": [{"text": "a statue of a dog", "of": 1}],
    "undecided": [{"text": "a dog on a lake shore", "of": 2}, {"text": "a wolf", "of": 9}],
    "supporting": ["footprints in the sand"],
    "queries_that_count": [f"dog near the sea {n}" for n in range(6)],
    "queries_that_look_similar": [f"seal on a beach {n}" for n in range(4)],
}
BEACH = Definition(name="Beach dog", description="a dog on a beach")
Apart = Callable[[str, str], bool]
Propose = Callable[..., Definition]


@pytest.fixture
def propose(server: FakeOpenAI, model: Any) -> Propose:
    """What the model proposes where it says the tree with some changes."""

    def made(concept: Definition = BEACH, apart: Apart | None = None, **changes: Any) -> Definition:
        server.script(says({**TREE, **changes}))
        return propose_tree(concept, model, [], apart)

    return made


def texts(definition: Definition, kind: str) -> list[str]:
    return [criterion.text for criterion in definition.criteria if criterion.kind == kind]


def test_every_kind_stands_under_the_signal_it_belongs_to_and_is_searched_for(propose: Propose) -> None:
    proposed = propose()
    assert texts(proposed, "necessary") == ["A dog can be seen.", "It is on a beach."]
    assert {c.text: c.of for c in proposed.criteria if c.of} == {
        "a dog that swims": "It is on a beach.",
        "a puppy": "A dog can be seen.",
        "a statue of a dog": "A dog can be seen.",
        "a dog on a lake shore": "It is on a beach.",
    }
    assert "Must: A dog can be seen.\n  Counts: a puppy\n  Not: a statue of a dog" in proposed.as_text()
    assert proposed.as_text().splitlines()[-11] == "Not decided: a wolf"
    kinds = [f"a dog of kind {n}" for n in range(6)]
    other = BEACH.model_copy(update={"name": "Dog by the sea"})
    assert propose(other, included=kinds, queries_that_count=[]).searched_kinds()[:6] == kinds


@pytest.mark.parametrize(
    "change",
    [
        {"reason_to_split": " "},
        {"seen_apart": []},
        {"seen_apart": ["a dog", "A dog "]},
        {"necessary": ["A cute dog on a beach", "A dog on a beach"]},
        {"necessary": ["A dog on  a beach."]},
        {"apart": lambda one, other: False},  # the same pictures show both parts
    ],
)
def test_a_concept_is_left_whole_where_its_parts_cant_be_told_apart(
    propose: Propose, change: dict[str, Any]
) -> None:
    """Then the sentence is all that says what counts: it is no criterion of itself."""
    proposed = propose(**change)
    assert not proposed.of_kind("necessary")
    assert not any(criterion.of for criterion in proposed.criteria)


def test_what_the_person_excluded_is_never_proposed_as_counting(propose: Propose) -> None:
    drawing = Criterion(kind="excluding", text="a drawing of fruit")
    fruit = Definition(name="Fruit", description="fruit; no citrus, lemons or limes", criteria=(drawing,))
    proposed = propose(
        fruit,
        necessary=["A fruit can be seen."],
        included=["a bowl of citrus", "a banana", "a drawing of some fruit"],
        undecided=["a lemon tree"],
        supporting=["a slice of lime", "a picture without lemons"],
        queries_that_count=["citrus fruits", "lime on ice", *(f"apple {n}" for n in range(6))],
    )
    assert texts(proposed, "included") == ["a banana"]
    assert texts(proposed, "undecided") == []
    assert texts(proposed, "supporting") == ["a picture without lemons"]
    assert [q.text for q in proposed.queries if q.counts] == [f"apple {n}" for n in range(6)]
    assert texts(proposed, "excluding")[:2] == ["a drawing of fruit", "citrus, lemons or limes"]
    first = propose(fruit.model_copy(update={"criteria": ()}), necessary=["necessary", "fruit"])
    assert not first.of_kind("necessary")  # without a usable signal only what the sentence excludes is one
    [first, *_] = first.of_kind("excluding")
    said = (first.text, first.origin, first.note)
    assert said == ("citrus, lemons or limes", "vocabulary", "from your description")


def test_what_the_person_answered_is_told_to_the_model(server: FakeOpenAI, propose: Propose) -> None:
    propose(BEACH.model_copy(update={"asked": (AskedQuestion(question="Do toys count?", answer="no"),)}))
    assert "Do toys count? – no" in server.requests[-1].text


@pytest.mark.parametrize(
    "nothing",
    [
        {"necessary": ["necessary"], "included": ["Queries_that_count"], "queries_that_count": ["not"]},
        {"necessary": ["100"], "included": ["]["], "queries_that_count": ["kinds of pictures that count"]},
        {"necessary": [], "included": [], "queries_that_count": []},
    ],
)
def test_an_answer_that_says_nothing_is_shown_to_the_model_once(
    server: FakeOpenAI, model: Any, nothing: dict[str, Any]
) -> None:
    server.script(says({**TREE, **nothing}), says({**TREE, **nothing}))
    with pytest.raises(ModelAnswerError, match="words of your own"):
        propose_tree(BEACH, model, [])
    assert len(server.requests) == 2


def test_what_is_copied_from_the_request_is_no_proposal(propose: Propose) -> None:
    proposed = propose(
        necessary=["necessary", "A dog on a beach"],
        included=["Included", "cute animals", "a puppy", "a dog on the beach"],
        excluding=["queries_that_look_similar", "a dog on a beach", "a seal"],
        undecided=["some other kind of picture that doesn't count", "safety concerns"],
        supporting=["child on a rusty swing", "sand", "of: 1}],", "one that was not seen apart", "</text>"],
        queries_that_count=[
            *("4 to 8 short search texts for pictures that count", "300", "a dog on a beach"),
            "dog in the surf",
        ],
    )
    assert texts(proposed, "necessary") == []
    assert texts(proposed, "included") == ["a puppy", "a dog on the beach"]
    assert texts(proposed, "excluding") == ["a seal"]
    assert texts(proposed, "undecided") == []
    assert texts(proposed, "supporting") == ["sand"]
    assert [q.text for q in proposed.queries if q.counts] == ["dog in the surf"]
    own = Definition(name="Cute", description="cute animals and flowers")
    assert texts(propose(own, included=["cute animals"]), "included") == ["cute animals"]


def test_no_negation_turns_an_exclusion_round_and_what_is_said_both_ways_is_neither(propose: Propose) -> None:
    proposed = propose(
        Definition(name="Fruit", description="fruit, but no citrus"),
        included=["no citrus", "a pear", "a quince"],
        excluding=["no citrus", "A quince", "a turnip"],
        undecided=["no citrus"],
        queries_that_count=["not citrus", "pears"],
        queries_that_look_similar=["no citrus", "peas"],
    )
    assert texts(proposed, "included") == ["a pear"]
    assert texts(proposed, "excluding") == ["citrus", "a turnip"]
    assert texts(proposed, "undecided") == []
    assert [q.text for q in proposed.queries] == ["pears", "peas"]


def test_a_phrase_that_a_grammar_cut_off_ends_with_its_last_whole_sentence(propose: Propose) -> None:
    cut = "A dog swims in the sea. It is a big brown dog that"
    ends = "a big brown dog that is lying in the warm sand and"
    assert len(cut) == len(ends) == 50
    proposed = propose(included=[cut, ends, "a wet dog"])
    assert texts(proposed, "included") == ["A dog swims in the sea", "a wet dog"]


def test_endpoints_that_obey_limits_are_told_them_and_strict_ones_are_not() -> None:
    limited = wire_schema(Proposal, limits=True)
    limits = limited["properties"]["queries_that_count"]
    assert (limits["minItems"], limits["maxItems"], limits["items"]["maxLength"]) == (6, 6, 50)
    assert all("maxItems" in part for part in limited["properties"].values() if part["type"] == "array")
    assert "maxItems" not in json.dumps(wire_schema(Proposal))


def test_the_longest_answer_that_the_limits_allow_fits_beside_the_request_in_4096_tokens() -> None:
    """At 3 characters a token; English has about 4."""
    for answer, prompt in ((Proposal, "tree"), (MoreKinds, "kinds"), (Questions, "questions")):
        asked = [Message("system", load_prompt(f"scope.{prompt}.system").text), Message("user", "x" * 600)]
        question = ModelQuestion("", "", tuple(asked), answer, "scope")
        request = EndpointDialect(rung="json_object_schema").messages(asked, question)
        longest = len(json.dumps(_longest(question.limited)))
        assert sum(len(message.text) for message in request) + longest < 3 * 4096


def _longest(schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return max(schema["enum"], key=lambda value: len(str(value)))
    if schema["type"] == "array":
        return [_longest(schema["items"])] * schema["maxItems"]
    if schema["type"] == "object":
        return {name: _longest(part) for name, part in schema["properties"].items()}
    return "x" * schema["maxLength"]


def test_more_kinds_come_behind_the_others_and_bring_nothing_twice(server: FakeOpenAI, model: Any) -> None:
    criteria = (
        Criterion(kind="necessary", text="a dog"),
        Criterion(kind="included", text="a puppy", of="a dog"),
    )
    known = Definition(name="Beach dog", description="a dog on a beach, no wolves", criteria=criteria)
    kinds = [("A Puppy", "excluding"), ("a grey wolf", "included"), ("a robot dog", "undecided")]
    server.script(says({"kinds": [{"text": text, "kind": kind} for text, kind in kinds]}))
    more = propose_kinds(known, model, "a dog")
    assert [(c.kind, c.text, c.of) for c in more.criteria[2:]] == [("undecided", "a robot dog", "a dog")]
