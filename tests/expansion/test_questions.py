"""Questions to the person, and what their answers make of the definition."""

from __future__ import annotations

import pytest

from concepts.definition.document import Criterion, Definition, Query
from concepts.definition.questions import DefinitionQuestion, Offered, Questions, answer, ask, still_open
from concepts.errors import DiscernError

KITCHEN = Definition(
    name="Kitchen",
    description="a room to cook in",
    criteria=(
        Criterion(kind="necessary", text="a room"),
        Criterion(kind="undecided", text="a toy kitchen", of="a room", origin="model"),
    ),
)
TOYS = DefinitionQuestion(
    question="Do toy kitchens count?",
    about="a toy kitchen",
    answers=[
        Offered(answer="Yes", kind="included", criterion="a toy kitchen"),
        Offered(answer="Only if high", kind="included", criterion="a toy kitchen as high as a child"),
        Offered(answer="It depends", kind="nothing"),
    ],
)
SIGN = DefinitionQuestion(
    question="What shows that it is for cooking?",
    answers=[
        Offered(answer="A stove", kind="necessary", criterion="a stove can be seen"),
        Offered(answer="Nothing in particular", kind="nothing"),
    ],
)


def test_an_offered_answer_becomes_a_criterion_of_the_persons_own_with_the_answer_beside_it() -> None:
    turned = answer(KITCHEN, TOYS, "yes").criteria[1]
    assert (turned.kind, turned.text, turned.of) == ("included", "a toy kitchen", "a room")
    assert (turned.origin, turned.note) == ("person", "from your answer: “yes”")
    with pytest.raises(DiscernError, match="At most 300"):
        answer(KITCHEN, TOYS, "x" * 301)


@pytest.mark.parametrize(
    ("question", "words", "becomes"),
    [
        (TOYS, "no, never", {"a toy kitchen": "excluding"}),
        (TOYS, "not sure", {"a toy kitchen": "undecided"}),
        (TOYS, "Yes, wooden ones", {"a toy kitchen, wooden ones": "included"}),
        (TOYS, "only life-size", {"a toy kitchen, only life-size": "included"}),
        (TOYS, "It depends", {}),
        (SIGN, "a sink", {"a sink": "necessary"}),
        (SIGN, "A stove", {"a stove can be seen": "necessary"}),
        (SIGN, "maybe a sink", {"maybe a sink": "undecided"}),
        (SIGN, "", {}),
    ],
)
def test_own_words_say_what_they_mean(
    question: DefinitionQuestion, words: str, becomes: dict[str, str]
) -> None:
    answered = answer(KITCHEN, question, words)
    assert still_open([question], answered) == []
    assert {c.text: c.kind for c in answered.criteria if c not in KITCHEN.criteria} == becomes


def test_without_a_model_it_is_asked_once_whether_look_alikes_of_the_vocabulary_count() -> None:
    assert ask(KITCHEN, None) == []
    proposed = [("room", True), ("citrus", False), ("fruit tree", False), ("fruit punch", False)]
    fruit = Definition(
        name="Fruit",
        description="fruit, but no citrus",
        queries=tuple(Query(text=t, counts=counts, origin="vocabulary") for t, counts in proposed),
    )
    tree, punch = ask(fruit, None)
    assert (tree.question, punch.about) == ("Does “fruit tree” count?", "fruit punch")
    answered = answer(answer(fruit, tree, "It doesn’t count"), punch, "It counts")
    said = [(c.kind, c.text) for c in answered.criteria]
    assert said == [("excluding", "fruit tree"), ("included", "fruit punch")]
    assert [q.text for q in answered.queries if not q.counts] == ["citrus", "fruit tree"]
    assert ask(answered, None) == []


def test_a_question_that_can_not_be_used_takes_none_of_the_others_with_it() -> None:
    assert Offered(answer="Yes", kind="included", criterion="criterion").criterion == ""
    twice = {"question": "Do toys count?", "answers": [{"answer": "Yes", "kind": "nothing"}] * 2}
    copied = SIGN.model_dump() | {"question": "question"}
    said = Questions.model_validate({"questions": [twice, copied, SIGN.model_dump()]})
    assert said.questions == [SIGN]
    for nothing in ([], [twice], [copied], [SIGN.model_dump() | {"question": "kitchen"}]):
        with pytest.raises(ValueError, match="at least"):
            Questions.model_validate({"questions": nothing})
